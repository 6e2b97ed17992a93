#include "file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/stat.h>

namespace fcn::platform {

Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_bytes) {
  const auto unavailable = [&](const char* action, int reason) -> Status {
    return {StatusCode::kUnavailable,
            concat("cannot ", action, " '", path, "': ", std::generic_category().message(reason))};
  };
  const struct Descriptor {
    int number;
    ~Descriptor() {
      if (number >= 0) ::close(number);
    }
  } file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) return unavailable("open", errno);
  std::vector<std::uint8_t> bytes;
  struct stat about;
  if (::fstat(file.number, &about) == 0 && about.st_size > 0) {
    bytes.reserve(std::min(static_cast<std::size_t>(about.st_size), max_bytes));
  }
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  std::vector<std::uint8_t> piece(kPiece);
  for (;;) {
    const ssize_t got = ::read(file.number, piece.data(), kPiece);
    if (got == 0) return bytes;
    if (got < 0) {
      if (errno == EINTR) continue;
      return unavailable("read", errno);
    }
    if (static_cast<std::size_t>(got) > max_bytes - bytes.size()) {
      return out_of_range(concat("'", path, "' is longer than ", max_bytes, " bytes"));
    }
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + got);
  }
}

Status write_file(const std::string& path, std::span<const std::uint8_t> bytes, FileAccess access) {
  FCN_ASSIGN_OR_RETURN(FileWriter file, FileWriter::create(path, access));
  FCN_RETURN_IF_ERROR(file.write(bytes));
  return file.commit();
}

Status write_file(const std::string& path, const std::string& text, FileAccess access) {
  return write_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), access);
}

}  // namespace fcn::platform
