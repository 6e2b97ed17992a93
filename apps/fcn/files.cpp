#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace fcn::apps {

using fv::Bytes;
using fv::ByteSpan;
using nn::MessageKind;
using platform::concat;
using platform::Result;
using platform::SecretBuffer;
using platform::Status;
using platform::StatusCode;

namespace {

constexpr std::size_t kMaxSecretBytes = nn::kMaxSpecBytes + (std::size_t{1} << 20);

Status cannot(const char* action, const std::string& path, int reason) {
  return {StatusCode::kUnavailable,
          concat("cannot ", action, " ", path, ": ", std::generic_category().message(reason))};
}

}  // namespace

std::string input_name(const std::string& path) {
  return path == "-" ? "stdin" : path;
}

Status name_file(const std::string& path, const Status& status) {
  // Errors of the system name the file already.
  return status.code() == StatusCode::kUnavailable ? status : status.with_context(input_name(path));
}

Result<InputFile> InputFile::open(const std::string& path) {
  if (path == "-") return InputFile(STDIN_FILENO, "stdin");
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return cannot("open", path, errno);
  return InputFile(descriptor, path);
}

InputFile::InputFile(InputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

InputFile::~InputFile() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

Result<std::size_t> InputFile::read(std::span<std::uint8_t> out) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, out.data(), out.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return cannot("read", path_, errno);
  }
}

Status InputFile::check_private() const {
  struct stat about;
  if (::fstat(descriptor_, &about) != 0) return cannot("read", path_, errno);
  if (!S_ISREG(about.st_mode) || (about.st_mode & 077) == 0) return {};
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", about.st_mode & 07777u);
  return {StatusCode::kUnavailable, concat("WARNING: others can use the secret key file ", path_, " (mode ",
                                           mode, "), so it is not used; chmod 600 makes it private")};
}

Result<OutputFile> OutputFile::create(const std::string& path, platform::FileAccess access) {
  if (path == "-") return OutputFile(STDOUT_FILENO, "stdout", "");
  struct stat about;
  if (::stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {
    return Status(StatusCode::kUnavailable, concat("cannot write ", path, ": not a regular file"));
  }
  const mode_t mode = access == platform::FileAccess::kOwnerOnly ? 0600 : 0666;
  for (int attempt = 0;; ++attempt) {
    std::string aside = concat(path, ".", ::getpid(), ".", attempt, ".tmp");
    const int descriptor = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor >= 0) return OutputFile(descriptor, path, std::move(aside));
    if (errno != EEXIST || attempt == 1000) return cannot("write", path, errno);
  }
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      aside_(std::exchange(other.aside_, std::string())) {}

OutputFile::~OutputFile() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
  if (!aside_.empty()) ::unlink(aside_.c_str());
}

Status OutputFile::unavailable(int reason) const {
  return cannot("write", path_, reason);
}

Status OutputFile::write(ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return unavailable(written == 0 ? ENOSPC : errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status OutputFile::commit() {
  if (aside_.empty()) return {};
  if (::fsync(descriptor_) != 0) return unavailable(errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) return unavailable(errno);
  if (std::rename(aside_.c_str(), path_.c_str()) != 0) return unavailable(errno);
  aside_.clear();
  return {};
}

Result<Bytes> read_message_file(const std::string& path, MessageKind expected, std::uint64_t max_bytes) {
  FCN_ASSIGN_OR_RETURN(InputFile file, InputFile::open(path));
  auto message = read_message(file, expected, max_bytes);
  if (!message.ok()) return name_file(path, message.status());
  if (!message.value().has_value()) return platform::corrupt(concat(input_name(path), " is empty"));
  std::uint8_t more = 0;
  FCN_ASSIGN_OR_RETURN(const std::size_t got, file.read({&more, 1}));
  if (got != 0) {
    return platform::corrupt(
        concat(input_name(path), ": more bytes follow ", nn::message_kind_name(expected)));
  }
  return std::move(*message.value());
}

Status write_message_file(const std::string& path, ByteSpan message) {
  FCN_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(path, platform::FileAccess::kPublic));
  FCN_RETURN_IF_ERROR(file.write(message));
  return file.commit();
}

Result<nn::Client> load_client(const std::string& path) {
  FCN_ASSIGN_OR_RETURN(InputFile file, InputFile::open(path));
  // Into memory that is wiped, twice as large whenever it is full.
  FCN_ASSIGN_OR_RETURN(auto bytes, SecretBuffer<std::uint8_t>::create(std::size_t{1} << 14));
  std::size_t filled = 0;
  bool is_key = false;
  for (;;) {
    FCN_ASSIGN_OR_RETURN(const std::size_t got,
                         read_up_to(file, {bytes.data() + filled, bytes.size() - filled}));
    filled += got;
    is_key = bytes[3] == static_cast<std::uint8_t>(MessageKind::kClientKey);
    if (filled < bytes.size() || !is_key) break;
    if (filled > kMaxSecretBytes)
      return platform::out_of_range(concat(input_name(path), " is too long for a key"));
    FCN_ASSIGN_OR_RETURN(auto larger, SecretBuffer<std::uint8_t>::create(2 * bytes.size()));
    std::copy(bytes.begin(), bytes.end(), larger.begin());
    bytes = std::move(larger);
  }
  if (is_key) FCN_RETURN_IF_ERROR(file.check_private());
  auto client = nn::deserialize_client_key({bytes.data(), filled});
  if (!client.ok()) return client.status().with_context(input_name(path));
  return client;
}

}  // namespace fcn::apps
