// The paper's table with a measured row of ours below each of its rows: as text, Markdown and JSON.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "../nn/op_counter.h"
#include "../nn/systems.h"

namespace fcn::apps {

// What was measured of one system. Times are medians over the images run encrypted.
struct SystemResult {
  nn::System system;
  nn::OpCounts counts;                // of one inference, as carried out; where nothing was run, as planned
  std::size_t images = 0, exact = 0;  // run encrypted, and equal to the integer network in every score
  std::size_t correct = 0, test_images = 0;  // of the integer network
  double encrypt_seconds = 0, infer_seconds = 0, decrypt_seconds = 0;
  std::size_t upload_bytes = 0, download_bytes = 0, key_bytes = 0;
  std::size_t n = 0, primes = 0, threads = 0;
  double log2_q = 0, log2_failure = 0;
  std::string key_switching;  // "digits of 11 bits", "a special prime of 40 bits"
  std::string isa;
  std::size_t peak_rss_bytes = 0;  // of the whole process so far

  double accuracy_percent() const {
    return test_images == 0 ? 0 : 100.0 * static_cast<double>(correct) / static_cast<double>(test_images);
  }
  bool reaches_aim() const { return accuracy_percent() >= system.least_accuracy_percent; }
};

// remarks: sentences about what was run and what was left out.
std::string table_markdown(const std::vector<SystemResult>& results, const std::vector<std::string>& remarks);
std::string table_text(const std::vector<SystemResult>& results, const std::vector<std::string>& remarks);
std::string table_json(const std::vector<SystemResult>& results, const std::vector<std::string>& remarks);

}  // namespace fcn::apps
