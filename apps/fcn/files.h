// Files of the command line: "-" is stdin or stdout; outputs appear whole or not at all; a secret key is its owner's.
#pragma once

#include <string>

#include "../../nn/client.h"
#include "../../platform/file.h"
#include "../remove_on_signal.h"
#include "streams.h"

namespace fcn::apps {

inline constexpr std::size_t kMaxKeyBytes = std::size_t{1} << 30;      // an evaluation keys message in a file
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 34;  // any other message in a file

// kShared, what --allow-shared-secret says: a secret that others may read, or that belongs to another user, is used
// nevertheless. It may lie on a volume that its user cannot change.
enum class SecretAccess { kOwnerOnly, kShared };
inline constexpr const char* kSharedSecretHelp =
    "use the secret key file though others may read it or it is another user's, as on a read-only volume";

class InputFile final : public ByteSource {
 public:
  // Errors: kUnavailable naming path and reason.
  static platform::Result<InputFile> open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile() override;
  platform::Result<std::size_t> read(std::span<std::uint8_t> out) override;
  // Errors: kUnavailable when this is a file that is not fit to hold a secret: another user's (but root's), or one that
  // others may use; with SecretAccess::kShared only one that others may write.
  platform::Status check_private(SecretAccess access) const;

 private:
  InputFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_;
  std::string path_;
};

// A platform::FileWriter that never replaces a client's secret key, and of which a signal that ends the program leaves
// nothing. "-" is stdout, written at once.
class OutputFile final : public ByteSink {
 public:
  // Errors: those of FileWriter::create and refuse_secret_key.
  static platform::Result<OutputFile> create(const std::string& path, platform::FileAccess access,
                                             platform::IfExists if_exists = platform::IfExists::kReplace);
  platform::Status write(fv::ByteSpan bytes) override { return writer_.write(bytes); }
  platform::Status commit();
  // Removes what commit() made (FileWriter::take_back).
  void take_back() noexcept { writer_.take_back(); }

 private:
  OutputFile(std::string path, platform::FileWriter writer)
      : path_(std::move(path)), aside_(writer.aside_name()), writer_(std::move(writer)) {}
  std::string path_;
  RemoveOnSignal aside_;
  platform::FileWriter writer_;
};

// Errors of a file's content, with its name in front.
platform::Status name_file(const std::string& path, const platform::Status& status);

// The one message of a file. Errors: each names path.
platform::Result<fv::Bytes> read_message_file(const std::string& path, nn::MessageKind expected,
                                              std::uint64_t max_bytes);
platform::Status write_message_file(const std::string& path, fv::ByteSpan message);

// The client whose secret key file this is. Errors: as above, and those of InputFile::check_private.
platform::Result<nn::Client> load_client(const std::string& path,
                                         SecretAccess access = SecretAccess::kOwnerOnly);

// "stdin" for "-", else path itself.
std::string input_name(const std::string& path);

}  // namespace fcn::apps
