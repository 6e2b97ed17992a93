// Whole files: read with a size limit, written aside and renamed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "status.h"

namespace fcn::platform {

enum class FileAccess { kPublic, kOwnerOnly };  // kOwnerOnly: mode 0600 from the first byte on

// The whole file. Errors: kUnavailable (cannot open or read), kOutOfRange (longer than max_bytes); each names path.
Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_bytes);

// Replaces path by bytes in one step: an interrupted or failed write leaves the old file, or none.
// Errors: kUnavailable, naming path and the system's reason (a full disk, a missing folder), or that path is a device.
Status write_file(const std::string& path, std::span<const std::uint8_t> bytes,
                  FileAccess access = FileAccess::kPublic);
Status write_file(const std::string& path, const std::string& text, FileAccess access = FileAccess::kPublic);

}  // namespace fcn::platform
