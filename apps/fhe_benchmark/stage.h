// What the seven stage programs share: the size on the command line, the places of files, errors and exit codes.
//
// All paths are relative to the working directory, as the harness of the HomomorphicEncryption.org FHE benchmarking
// suite (workload ML inference) has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../platform/status.h"

namespace fcn::apps {

struct StagePaths {
  std::string pixels;       // datasets/SIZE/intermediate/test_pixels.txt, from the harness
  std::string input;        // datasets/SIZE/intermediate/quantized_pixels.txt, preprocessed
  std::string scores;       // datasets/SIZE/intermediate/decrypted_scores.txt, one image a line
  std::string keys;         // io/SIZE/public_keys/evaluation_keys
  std::string secret;       // io/SIZE/secret_key/client_key
  std::string upload;       // io/SIZE/ciphertexts_upload/requests
  std::string download;     // io/SIZE/ciphertexts_download/answers
  std::string predictions;  // io/SIZE/encrypted_model_predictions.txt, one label a line
};

// main of a stage that is given SIZE, 0 to 3. Folders of outputs are made where they are missing. Exit codes 0 and 2.
int run_stage(int count, char** words, platform::Status (*stage)(const StagePaths&));

// Integers, one row a line. Errors: each names path.
platform::Result<std::vector<std::vector<std::int64_t>>> read_rows(const std::string& path, std::size_t row);
platform::Status write_rows(const std::string& path, const std::vector<std::vector<std::int64_t>>& rows);

}  // namespace fcn::apps
