// FileWriter: from a path to a file that appears in one step.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "file.h"

namespace fcn::platform {
namespace {

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

int open_retrying(const char* path, int flags, mode_t mode = 0) {
  for (;;) {
    const int descriptor = ::open(path, flags | O_CLOEXEC, mode);
    if (descriptor >= 0 || errno != EINTR) return descriptor;
  }
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The entries of a folder to the disk. Folders that cannot be opened or flushed are none of a writer's business:
// a disk that fails has said so when the file itself was flushed.
void flush_folder(const std::string& folder) {
  const int descriptor = open_retrying(folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return;
  (void)::fsync(descriptor);
  ::close(descriptor);
}

// Gives a file without a name a name. 0, or errno.
int link_descriptor(int descriptor, const std::string& name) {
  std::array<char, 32> self;
  std::snprintf(self.data(), self.size(), "/proc/self/fd/%d", descriptor);
  return ::linkat(AT_FDCWD, self.data(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

Status refused(const std::string& path, const char* reason) {
  return {StatusCode::kUnavailable, concat("cannot write '", path, "': ", reason)};
}

}  // namespace

int descriptor_named_by(const std::string& path) noexcept {
  constexpr const char* kStandard[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
  for (int i = 0; i < 3; ++i)
    if (path == kStandard[i]) return i;
  for (const char* folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (path.compare(0, std::strlen(folder), folder) != 0) continue;
    const char* digits = path.c_str() + std::strlen(folder);
    int number = 0;
    const char* at = digits;
    for (; *at >= '0' && *at <= '9' && number < 100000000; ++at) number = 10 * number + (*at - '0');
    if (at != digits && *at == '\0') return number;
  }
  return -1;
}

Result<std::string> follow_links(const std::string& path) {
  constexpr int kMostLinks = 40;  // as Linux has it
  std::string at = path;
  for (int links = 0; descriptor_named_by(at) < 0; ++links) {
    struct stat about;
    if (::lstat(at.c_str(), &about) != 0 || !S_ISLNK(about.st_mode)) return at;
    if (links == kMostLinks) return refused(path, "too many links");
    if (about.st_uid != ::geteuid() && about.st_uid != 0)
      return refused(path, concat("the link ", at, " belongs to user ", about.st_uid).c_str());
    std::array<char, 4096> to;
    const ssize_t length = ::readlink(at.c_str(), to.data(), to.size());
    if (length < 0 || static_cast<std::size_t>(length) == to.size())
      return refused(path, "a link that cannot be read");
    const std::string target(to.data(), static_cast<std::size_t>(length));
    at = target[0] == '/' ? target : concat(folder_of(at), "/", target);
  }
  return at;
}

Status FileWriter::unavailable(int reason) const {
  if (reason == EEXIST && if_exists_ == IfExists::kRefuse)
    return invalid_argument(concat("'", path_, "' exists already, and is not replaced"));
  return refused(path_, std::generic_category().message(reason).c_str());
}

Result<FileWriter> FileWriter::create(const std::string& path, FileAccess access, IfExists if_exists,
                                      Aside aside) {
  FileWriter file(path, access, if_exists);
  FCN_RETURN_IF_ERROR(file.open(aside));
  return file;
}

Status FileWriter::open(Aside aside) {
  FCN_ASSIGN_OR_RETURN(target_, follow_links(path_));
  if (const int number = descriptor_named_by(target_); number >= 0) {
    direct_ = true;
    descriptor_ = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
    return descriptor_ >= 0 ? Status() : unavailable(errno);
  }
  struct stat about;
  if (::stat(target_.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {
    if (S_ISDIR(about.st_mode)) return unavailable(EISDIR);
    if (!S_ISFIFO(about.st_mode) && !S_ISCHR(about.st_mode))  // a disk, a socket
      return refused(path_, "not a regular file");
    direct_ = true;
    descriptor_ = open_retrying(target_.c_str(), O_WRONLY | O_NOCTTY);
    return descriptor_ >= 0 ? Status() : unavailable(errno);
  }
  if (::stat(target_.c_str(), &about) == 0 && if_exists_ == IfExists::kRefuse) return unavailable(EEXIST);
  if (target_.empty()) return unavailable(ENOENT);
  if (target_.back() == '/') return unavailable(EISDIR);
  const int reason = open_aside(aside);
  return reason == 0 ? Status() : unavailable(reason);
}

int FileWriter::open_aside([[maybe_unused]] Aside aside) {
  const mode_t mode = access_ == FileAccess::kOwnerOnly ? 0600 : 0666;
#if defined(O_TMPFILE)
  // Whatever keeps this from working, the other way below works or tells the reason.
  if (aside == Aside::kNameless && ::access("/proc/self/fd", X_OK) == 0) {
    descriptor_ = open_retrying(folder_of(target_).c_str(), O_TMPFILE | O_RDWR, mode);
    if (descriptor_ >= 0) return 0;
  }
#endif
  for (int attempt = 0;; ++attempt) {
    std::string name = concat(target_, ".", ::getpid(), ".", attempt, ".tmp");
    descriptor_ = open_retrying(name.c_str(), O_RDWR | O_CREAT | O_EXCL, mode);
    if (descriptor_ >= 0) {
      aside_ = std::move(name);
      return 0;
    }
    if (errno != EEXIST || attempt == 1000) return errno;
  }
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      access_(other.access_),
      if_exists_(other.if_exists_),
      direct_(other.direct_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      aside_(std::exchange(other.aside_, std::string())),
      made_(std::exchange(other.made_, false)) {}

FileWriter::~FileWriter() {
  close_and_remove();
}

void FileWriter::close_and_remove() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!aside_.empty()) ::unlink(aside_.c_str());
  aside_.clear();
}

Status FileWriter::write(std::span<const std::uint8_t> bytes) {
  const int reason = write_all(descriptor_, bytes);
  return reason == 0 ? Status() : unavailable(reason);
}

Status FileWriter::commit() {
  int reason = 0;
  if (!direct_ && ::fsync(descriptor_) != 0) reason = errno;
  if (!direct_ && reason == 0) reason = publish();
  if (reason == 0 && !made_ && ::close(std::exchange(descriptor_, -1)) != 0) reason = errno;
  if (!made_) close_and_remove();
  return reason == 0 ? Status() : unavailable(reason);
}

// The file aside to its place. 0, or errno.
int FileWriter::publish() {
  bool published = false;
  if (aside_.empty()) {
    if (const int reason = give_name(published)) return reason;
  }
  if (!published && if_exists_ == IfExists::kRefuse) {
    // A hard link never replaces anything. Where there are none (FAT, some network file systems), an empty file that
    // is made exclusively claims the name, and then the rename can replace nothing but this claim.
    int reason = ::link(aside_.c_str(), target_.c_str()) == 0 ? 0 : errno;
    if (reason == EEXIST) return reason;
    if (reason == 0) {
      ::unlink(aside_.c_str());
    } else {
      const int claim = open_retrying(target_.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
      if (claim < 0) return errno;
      ::close(claim);
      if (std::rename(aside_.c_str(), target_.c_str()) != 0) {
        reason = errno;
        ::unlink(target_.c_str());
        return reason;
      }
    }
    aside_.clear();
  } else if (!published) {
    if (std::rename(aside_.c_str(), target_.c_str()) == 0) {
      aside_.clear();
    } else if (errno == EBUSY) {  // a mount point
      if (const int reason = write_in_place()) return reason;
    } else {
      return errno;
    }
  }
  flush_folder(folder_of(target_));
  made_ = if_exists_ == IfExists::kRefuse;
  return 0;
}

// A file without a name gets the target's when that is free, else one beside it. 0, or errno.
int FileWriter::give_name(bool& published) {
  int reason = link_descriptor(descriptor_, target_);
  published = reason == 0;
  if (reason != EEXIST || if_exists_ == IfExists::kRefuse) return reason;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    std::string name = concat(target_, ".", ::getpid(), ".", attempt, ".tmp");
    reason = link_descriptor(descriptor_, name);
    if (reason == 0) aside_ = std::move(name);
    if (reason != EEXIST) return reason;
  }
  return reason;
}

// The bytes aside into a file that cannot be replaced. 0, or errno.
int FileWriter::write_in_place() {
  const struct Closing {
    int number;
    ~Closing() {
      if (number >= 0) ::close(number);
    }
  } out{open_retrying(target_.c_str(), O_WRONLY | O_NOFOLLOW)};
  if (out.number < 0) return errno;
  if (access_ == FileAccess::kOwnerOnly && ::fchmod(out.number, 0600) != 0) return errno;
  if (::lseek(descriptor_, 0, SEEK_SET) != 0 || ::ftruncate(out.number, 0) != 0) return errno;
  std::array<std::uint8_t, 4096> piece;
  for (;;) {
    const ssize_t got = ::read(descriptor_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) break;
    if (const int reason = write_all(out.number, std::span(piece).first(static_cast<std::size_t>(got))))
      return reason;
  }
  return ::fsync(out.number) == 0 ? 0 : errno;
}

void FileWriter::take_back() noexcept {
  struct stat own, there;
  if (!std::exchange(made_, false) || ::fstat(descriptor_, &own) != 0) return;
  if (::lstat(target_.c_str(), &there) == 0 && own.st_dev == there.st_dev && own.st_ino == there.st_ino)
    ::unlink(target_.c_str());
}

}  // namespace fcn::platform
