// Picture files: PGM (plain and raw) and, where libpng was there at build time, PNG.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../platform/status.h"
#include "gray_image.h"

namespace fcn::apps {

inline constexpr std::size_t kMaxImageBytes = std::size_t{1} << 28;
inline constexpr std::size_t kMaxImagePixels = std::size_t{1} << 26;

// Whether this build reads PNG.
bool can_read_png() noexcept;

// The picture in bytes; colours become their luminance, transparency white. source names it in messages.
// Errors: kCorrupt (not a known format, truncated, a value above its maxval), kOutOfRange (more than
// kMaxImagePixels), kUnsupported (PNG in a build without libpng).
platform::Result<GrayImage> parse_image(std::span<const std::uint8_t> bytes, const std::string& source);

// The picture at path. Errors: as above, and kUnavailable when it cannot be read.
platform::Result<GrayImage> read_image(const std::string& path);

}  // namespace fcn::apps
