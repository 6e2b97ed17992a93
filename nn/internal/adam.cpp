#include "adam.h"

#include <algorithm>
#include <cmath>

namespace fcn::nn::internal {
namespace {
constexpr std::size_t kChunk = 4096;
constexpr float kMeanDecay = 0.9f, kSquareDecay = 0.999f, kEpsilon = 1e-8f;
}  // namespace

void Adam::step(std::span<float> parameters, std::span<const float> learns,
                std::span<const std::vector<float>* const> gradients, float divisor, float rate,
                platform::ThreadPool& pool) {
  ++steps_;
  const double steps = static_cast<double>(steps_);
  // Both means start at 0; this makes up for it.
  const float correction = static_cast<float>(std::sqrt(1 - std::pow(double{kSquareDecay}, steps)) /
                                              (1 - std::pow(double{kMeanDecay}, steps)));
  const float step_size = rate * correction;
  const std::size_t count = parameters.size();
  pool.parallel_for((count + kChunk - 1) / kChunk, [&](std::size_t chunk, std::size_t) {
    const std::size_t begin = chunk * kChunk, length = std::min(count - begin, kChunk);
    float total[kChunk] = {};
    for (const std::vector<float>* gradient : gradients) {
      for (std::size_t i = 0; i < length; ++i) total[i] += (*gradient)[begin + i];
    }
    for (std::size_t i = 0; i < length; ++i) {
      const std::size_t k = begin + i;
      const float g = total[i] / divisor;
      mean_[k] = kMeanDecay * mean_[k] + (1 - kMeanDecay) * g;
      square_[k] = kSquareDecay * square_[k] + (1 - kSquareDecay) * g * g;
      parameters[k] -= step_size * learns[k] * mean_[k] / (std::sqrt(square_[k]) + kEpsilon);
    }
  });
}

}  // namespace fcn::nn::internal
