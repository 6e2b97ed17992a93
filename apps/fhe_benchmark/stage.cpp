#include "stage.h"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "../../platform/file.h"
#include "../flags.h"

namespace fcn::apps {

using platform::concat;
using platform::Result;
using platform::Status;

namespace {

constexpr const char* kSizes[] = {"single", "small", "medium", "large"};  // 1, 15, 1000, 10000 images
constexpr std::size_t kMaxTextBytes = std::size_t{1} << 28;

StagePaths paths_of(const char* size) {
  const std::string data = concat("datasets/", size, "/intermediate/"), io = concat("io/", size, "/");
  return {data + "test_pixels.txt",
          data + "quantized_pixels.txt",
          data + "decrypted_scores.txt",
          io + "public_keys/evaluation_keys",
          io + "secret_key/client_key",
          io + "ciphertexts_upload/requests",
          io + "ciphertexts_download/answers",
          io + "encrypted_model_predictions.txt"};
}

Status make_folders(const StagePaths& paths) {
  for (const std::string& path : {paths.keys, paths.secret, paths.upload, paths.download}) {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::filesystem::create_directories(folder, error);
    if (error) {
      return {platform::StatusCode::kUnavailable,
              concat("cannot make the folder ", folder.string(), ": ", error.message())};
    }
  }
  return {};
}

}  // namespace

int run_stage(int count, char** words, Status (*stage)(const StagePaths&)) {
  const std::string program = count > 0 ? std::filesystem::path(words[0]).filename().string() : "stage";
  const bool known = count == 2 && std::strlen(words[1]) == 1 && words[1][0] >= '0' && words[1][0] <= '3';
  if (!known) {
    std::fprintf(stderr, "usage: %s SIZE, with SIZE 0 (single), 1 (small), 2 (medium) or 3 (large)\n",
                 program.c_str());
    return kExitBadInput;
  }
  const StagePaths paths = paths_of(kSizes[words[1][0] - '0']);
  Status status = make_folders(paths);
  if (status.ok()) status = stage(paths);
  if (status.ok()) return kExitOk;
  std::fprintf(stderr, "%s: %s\n", program.c_str(), status.message().c_str());
  return kExitBadInput;
}

Result<std::vector<std::vector<std::int64_t>>> read_rows(const std::string& path, std::size_t row) {
  FCN_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, platform::read_file(path, kMaxTextBytes));
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<std::vector<std::int64_t>> rows;
  while (!text.empty()) {
    std::vector<std::int64_t>& values = rows.emplace_back();
    for (bool more = true; more;) {
      std::int64_t& value = values.emplace_back();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end == text.data() + text.size() || (*end != ' ' && *end != '\n'))
        return platform::corrupt(concat(path, ", line ", rows.size(), ": integers were expected"));
      more = *end == ' ';
      text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    }
    if (values.size() != row)
      return platform::corrupt(
          concat(path, ", line ", rows.size(), ": ", values.size(), " numbers, not ", row));
  }
  if (rows.empty()) return platform::corrupt(concat(path, " is empty"));
  return rows;
}

Status write_rows(const std::string& path, const std::vector<std::vector<std::int64_t>>& rows) {
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) text += concat(i == 0 ? "" : " ", row[i]);
    text += '\n';
  }
  return platform::write_file(path, text);
}

}  // namespace fcn::apps
