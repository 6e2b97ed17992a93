#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "../output_guard.h"

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

Status InputFile::check_private(SecretAccess access) const {
  struct stat about;
  if (::fstat(descriptor_, &about) != 0) return cannot("read", path_, errno);
  const unsigned mode = about.st_mode & 07777u, others = mode & 077u;
  const bool foreign = about.st_uid != ::geteuid() && about.st_uid != 0;
  if (!S_ISREG(about.st_mode) || (others == 0 && !foreign)) return {};
  if (access == SecretAccess::kShared && (mode & 022u) == 0) return {};
  char octal[8];
  std::snprintf(octal, sizeof octal, "%04o", mode);
  const std::string reason =
      others == 0
          ? concat("the secret key file ", path_, " belongs to user ", about.st_uid)
          : concat("others can ", (mode & 022u) != 0 && access == SecretAccess::kShared ? "write" : "use",
                   " the secret key file ", path_, " (mode ", octal, ")");
  const char* remedy =
      access == SecretAccess::kShared ? ""
      : others == 0                   ? "; --allow-shared-secret uses it nevertheless"
                    : "; chmod 600 makes it private, --allow-shared-secret uses it though others read it";
  return {StatusCode::kUnavailable, concat("WARNING: ", reason, ", so it is not used", remedy)};
}

Result<OutputFile> OutputFile::create(const std::string& path, platform::FileAccess access,
                                      platform::IfExists if_exists) {
  if (path != "-") FCN_RETURN_IF_ERROR(refuse_secret_key(path));
  FCN_ASSIGN_OR_RETURN(platform::FileWriter writer,
                       platform::FileWriter::create(path == "-" ? "/dev/stdout" : path, access, if_exists));
  return OutputFile(path, std::move(writer));
}

Status OutputFile::commit() {
  if (path_ != "-") FCN_RETURN_IF_ERROR(refuse_secret_key(path_));  // that came in the meantime
  return writer_.commit();
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

Result<nn::Client> load_client(const std::string& path, SecretAccess access) {
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
  if (is_key) FCN_RETURN_IF_ERROR(file.check_private(access));
  auto client = nn::deserialize_client_key({bytes.data(), filled});
  if (!client.ok()) return client.status().with_context(input_name(path));
  return client;
}

}  // namespace fcn::apps
