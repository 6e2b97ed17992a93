#include "exact_classifier.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "internal/for_each_on.h"
#include "internal/for_each_tap.h"
#include "internal/layer_check.h"
#include "plain_run.h"

namespace fcn::nn {

using platform::concat;
using platform::Result;
using platform::Status;

namespace {

constexpr std::size_t kLanes = 16;       // images computed at once
constexpr double kRounding = 0x1p-53;    // of one operation, relative to its result
constexpr double kExactBelow = 0x1p53;   // integers of at most this size are doubles
constexpr double kMargin = 1 + 0x1p-20;  // for the rounding of the bounds themselves

}  // namespace

// The values of kLanes images after a layer, and how far each may be from the integer that it stands for.
class ExactClassifier::Batch {
 public:
  Batch(const ExactClassifier& classifier, std::span<const std::int64_t> pixels)
      : classifier_(classifier), values_(classifier.network_.input.size() * kLanes, 0) {
    const std::size_t inputs = classifier.network_.input.size();
    for (std::size_t lane = 0; lane * inputs < pixels.size(); ++lane) {
      for (std::size_t i = 0; i < inputs; ++i)
        values_[i * kLanes + lane] = static_cast<double>(pixels[lane * inputs + i]);
    }
  }

  void run() {
    const Network& network = classifier_.network_;
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& layer = network.layers[l];
      if (layer.kind == LayerKind::kFlatten) continue;
      const double largest = largest_value();
      if (layer.kind == LayerKind::kPolynomial) {
        evaluate(layer.coefficients, largest);
      } else {
        add_up(layer, l, largest);
      }
    }
  }

  // The index of the largest score, or false where rounding leaves it open.
  bool answer(std::size_t lane, std::size_t& index) const {
    const std::size_t outputs = values_.size() / kLanes;
    index = 0;
    for (std::size_t o = 1; o < outputs; ++o) {
      if (values_[o * kLanes + lane] > values_[index * kLanes + lane]) index = o;
    }
    const double best = values_[index * kLanes + lane];
    for (std::size_t o = 0; o < outputs; ++o) {
      // Exact scores may be equal: then the first of them is the answer.
      if (o != index && error_ != 0 && !(best - values_[o * kLanes + lane] > 2 * error_ * kMargin))
        return false;
    }
    return std::isfinite(best) && std::isfinite(error_);
  }

 private:
  // Of the integers that the values stand for.
  double largest_value() const {
    double largest = 0;
    for (const double value : values_) largest = std::max(largest, std::fabs(value));
    return (largest + error_) * kMargin;
  }

  void add_up(const Layer& layer, std::size_t l, double largest) {
    const std::size_t outputs = layer.out.size();
    const std::size_t plane = static_cast<std::size_t>(layer.out.height) * layer.out.width;
    const bool biased = internal::has_weights(layer);
    next_.resize(outputs * kLanes);
    for (std::size_t o = 0; o < outputs; ++o) {
      double sums[kLanes];
      std::fill(sums, sums + kLanes, biased ? static_cast<double>(layer.bias[o / plane]) : 0);
      internal::for_each_tap(layer, o, [&](std::uint32_t input, std::int64_t weight) {
        const double w = static_cast<double>(weight);
        const double* x = values_.data() + std::size_t{input} * kLanes;
        for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += w * x[lane];
      });
      std::copy(sums, sums + kLanes, next_.begin() + static_cast<std::ptrdiff_t>(o * kLanes));
    }
    values_.swap(next_);
    const double size = classifier_.row_sums_[l] * largest + classifier_.biases_[l];  // of all terms together
    const bool exact = error_ == 0 && size * kMargin < kExactBelow;
    error_ = exact ? 0
                   : (classifier_.row_sums_[l] * error_ + 2 * classifier_.row_terms_[l] * kRounding * size) *
                         kMargin;
  }

  void evaluate(const std::vector<std::int64_t>& a, double largest) {
    for (double& value : values_) {
      const double x = value;
      double y = 0;
      for (std::size_t i = a.size(); i-- > 0;) y = y * x + static_cast<double>(a[i]);
      value = y;
    }
    double size = 0, slope = 0;  // of the sum of |a_i| x^i at the largest x
    for (std::size_t i = a.size(); i-- > 0;) {
      slope = slope * largest + size;
      size = size * largest + std::fabs(static_cast<double>(a[i]));
    }
    const bool exact = error_ == 0 && size * kMargin < kExactBelow;
    error_ =
        exact ? 0 : (slope * error_ + 2 * static_cast<double>(2 * a.size()) * kRounding * size) * kMargin;
  }

  const ExactClassifier& classifier_;
  std::vector<double> values_, next_;  // (values, lanes)
  double error_ = 0;
};

Result<ExactClassifier> ExactClassifier::create(const Network& network) {
  FCN_RETURN_IF_ERROR(validate(network));
  ExactClassifier classifier(network);
  for (const Layer& layer : network.layers) {
    double sum = 0, terms = 0, bias = 0;
    const bool linear = internal::has_weights(layer) || layer.kind == LayerKind::kSumPool;
    for (std::size_t o = 0; linear && o < layer.out.size(); ++o) {
      double row = 0, count = 1;
      internal::for_each_tap(layer, o, [&](std::uint32_t, std::int64_t weight) {
        row += std::fabs(static_cast<double>(weight));
        ++count;
      });
      sum = std::max(sum, row);
      terms = std::max(terms, count);
    }
    for (const std::int64_t b : layer.bias) bias = std::max(bias, std::fabs(static_cast<double>(b)));
    classifier.row_sums_.push_back(sum);
    classifier.row_terms_.push_back(terms);
    classifier.biases_.push_back(bias);
  }
  return classifier;
}

Status ExactClassifier::classify(std::span<const std::int64_t> pixels, std::span<std::size_t> answers,
                                 platform::ThreadPool& pool, std::size_t* exact_runs,
                                 const Progress& progress) const {
  const std::size_t inputs = network_.input.size(), count = answers.size();
  if (pixels.size() != inputs * count) {
    return platform::invalid_argument(
        concat(pixels.size(), " pixels where ", count, " images of ", inputs, " pixels belong"));
  }
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    if (pixels[i] < 0 || pixels[i] > network_.input_max) {
      return platform::invalid_argument(concat("image ", i / inputs, ", pixel ", i % inputs, " = ", pixels[i],
                                               " is not in [0, ", network_.input_max, "]"));
    }
  }
  std::vector<std::size_t> exact(pool.size(), 0);
  const std::size_t batches = (count + kLanes - 1) / kLanes;
  FCN_RETURN_IF_ERROR(internal::for_each_on(pool, batches, [&](std::size_t b, std::size_t worker) -> Status {
    if (progress && worker == 0) progress("images", b * kLanes, count);
    const std::size_t first = b * kLanes, lanes = std::min(kLanes, count - first);
    Batch batch(*this, pixels.subspan(first * inputs, lanes * inputs));
    batch.run();
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if (batch.answer(lane, answers[first + lane])) continue;
      ++exact[worker];
      FCN_ASSIGN_OR_RETURN(const auto scores,
                           plain_run_wide(network_, pixels.subspan((first + lane) * inputs, inputs)));
      answers[first + lane] = argmax(scores);
    }
    return {};
  }));
  if (progress) progress("images", count, count);
  if (exact_runs != nullptr) {
    *exact_runs = 0;
    for (const std::size_t runs : exact) *exact_runs += runs;
  }
  return {};
}

}  // namespace fcn::nn
