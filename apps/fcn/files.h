// Files of the command line: "-" is stdin or stdout; outputs appear whole or not at all; a secret key is its owner's.
#pragma once

#include <string>

#include "../../nn/client.h"
#include "../../platform/file.h"
#include "streams.h"

namespace fcn::apps {

inline constexpr std::size_t kMaxKeyBytes = std::size_t{1} << 30;      // an evaluation keys message in a file
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 34;  // any other message in a file

class InputFile final : public ByteSource {
 public:
  // Errors: kUnavailable naming path and reason.
  static platform::Result<InputFile> open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile() override;
  platform::Result<std::size_t> read(std::span<std::uint8_t> out) override;
  // Errors: kUnavailable when this is a file that others than its owner may use.
  platform::Status check_private() const;

 private:
  InputFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_;
  std::string path_;
};

// Written aside; commit() gives it its name. Without commit() nothing is left. stdout is written at once.
class OutputFile final : public ByteSink {
 public:
  // Errors: kUnavailable naming path and reason; a device or a pipe is refused, as by platform::write_file.
  static platform::Result<OutputFile> create(const std::string& path, platform::FileAccess access);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile() override;
  platform::Status write(fv::ByteSpan bytes) override;
  platform::Status commit();

 private:
  OutputFile(int descriptor, std::string path, std::string aside)
      : descriptor_(descriptor), path_(std::move(path)), aside_(std::move(aside)) {}
  platform::Status unavailable(int reason) const;
  int descriptor_;
  std::string path_, aside_;
};

// Errors of a file's content, with its name in front.
platform::Status name_file(const std::string& path, const platform::Status& status);

// The one message of a file. Errors: each names path.
platform::Result<fv::Bytes> read_message_file(const std::string& path, nn::MessageKind expected,
                                              std::uint64_t max_bytes);
platform::Status write_message_file(const std::string& path, fv::ByteSpan message);

// The client whose secret key file this is. Errors: as above, and kUnavailable when others than the owner may read or
// write the file.
platform::Result<nn::Client> load_client(const std::string& path);

// "stdin" for "-", else path itself.
std::string input_name(const std::string& path);

}  // namespace fcn::apps
