#include "file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace fcn::platform {
namespace {

Status unavailable(const char* action, const std::string& path, int reason) {
  return {StatusCode::kUnavailable,
          concat("cannot ", action, " '", path, "': ", std::generic_category().message(reason))};
}

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const noexcept { return number_; }
  bool open() const noexcept { return number_ >= 0; }
  // 0, or errno.
  int close() noexcept {
    const int number = std::exchange(number_, -1);
    return number >= 0 && ::close(number) != 0 ? errno : 0;
  }

 private:
  int number_;
};

// 0, or errno. Everything, whatever pieces the system takes it in.
int write_all(int descriptor, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (written == 0 || errno != EINTR) {
      return written == 0 ? ENOSPC : errno;
    }
  }
  return 0;
}

// Writes a new file at path, which holds nothing yet. 0, or errno.
int write_new(Descriptor& file, std::span<const std::uint8_t> bytes) {
  if (const int reason = write_all(file.get(), bytes)) return reason;
  if (::fsync(file.get()) != 0) return errno;
  return file.close();
}

}  // namespace

Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return unavailable("open", path, errno);
  std::vector<std::uint8_t> bytes;
  struct stat about;
  if (::fstat(file.get(), &about) == 0 && about.st_size > 0) {
    bytes.reserve(std::min(static_cast<std::size_t>(about.st_size), max_bytes));
  }
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  std::vector<std::uint8_t> piece(kPiece);
  for (;;) {
    const ssize_t got = ::read(file.get(), piece.data(), kPiece);
    if (got == 0) return bytes;
    if (got < 0) {
      if (errno == EINTR) continue;
      return unavailable("read", path, errno);
    }
    if (static_cast<std::size_t>(got) > max_bytes - bytes.size()) {
      return out_of_range(concat("'", path, "' is longer than ", max_bytes, " bytes"));
    }
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + got);
  }
}

Status write_file(const std::string& path, std::span<const std::uint8_t> bytes, FileAccess access) {
  struct stat about;
  if (::stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {
    // A device or a pipe would be replaced by a file, which nobody wants.
    if (S_ISDIR(about.st_mode)) return unavailable("write", path, EISDIR);
    return {StatusCode::kUnavailable, concat("cannot write '", path, "': not a regular file")};
  }
  const mode_t mode = access == FileAccess::kOwnerOnly ? 0600 : 0666;
  for (int attempt = 0;; ++attempt) {
    const std::string aside = concat(path, ".", ::getpid(), ".", attempt, ".tmp");
    Descriptor file(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file.open()) {
      if (errno == EEXIST && attempt < 1000) continue;
      return unavailable("write", path, errno);
    }
    int reason = write_new(file, bytes);
    if (reason == 0 && std::rename(aside.c_str(), path.c_str()) != 0) reason = errno;
    if (reason == 0) return {};
    file.close();
    ::unlink(aside.c_str());
    return unavailable("write", path, reason);
  }
}

Status write_file(const std::string& path, const std::string& text, FileAccess access) {
  return write_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), access);
}

}  // namespace fcn::platform
