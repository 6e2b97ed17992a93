// The answers of an integer network for many images: as exact as plain_run_wide, at the speed of doubles.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../platform/thread_pool.h"
#include "network.h"
#include "progress.h"

namespace fcn::nn {

// Computes in doubles, many images at once, with a bound on all rounding: products and sums of integers below 2^53 have
// none. Where the bound leaves open which score is the largest, the image is run again in exact integers.
class ExactClassifier {
 public:
  // Errors: those of validate().
  static platform::Result<ExactClassifier> create(const Network& network);

  // answers[i] = the index of the largest score of image i, the first of equal ones. pixels: answers.size() images of
  // input.size() integers in [0, input_max] each.
  // Errors: kInvalidArgument (a pixel out of range, another number of pixels); those of plain_run_wide where it is
  // needed. exact_runs (optional): how many images took a run in exact integers.
  platform::Status classify(std::span<const std::int64_t> pixels, std::span<std::size_t> answers,
                            platform::ThreadPool& pool, std::size_t* exact_runs = nullptr,
                            const Progress& progress = {}) const;

 private:
  class Batch;
  explicit ExactClassifier(const Network& network) : network_(network) {}
  Network network_;
  std::vector<double> row_sums_;   // for each layer, the largest sum of a row's absolute weights, bias aside
  std::vector<double> row_terms_;  // and the largest number of its terms, bias included
  std::vector<double> biases_;     // and the largest absolute bias
};

}  // namespace fcn::nn
