#include "adam.h"

#include <algorithm>
#include <cmath>

#include "tensor_kernels.h"

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
  const AdamRates rates{kMeanDecay, kSquareDecay, kEpsilon, rate * correction};
  const std::size_t count = parameters.size();
  pool.parallel_for((count + kChunk - 1) / kChunk, [&](std::size_t chunk, std::size_t) {
    const std::size_t begin = chunk * kChunk, length = std::min(count - begin, kChunk);
    float total[kChunk] = {};
    for (const std::vector<float>* gradient : gradients) {
      for (std::size_t i = 0; i < length; ++i) total[i] += (*gradient)[begin + i];
    }
    for (std::size_t i = 0; i < length; ++i) total[i] /= divisor;
    kernels_->adam_step(rates, parameters.data() + begin, mean_.data() + begin, square_.data() + begin, total,
                        learns.data() + begin, length);
  });
}

void Adam::save(platform::ByteWriter& out) const {
  out.u64(steps_);
  write_floats(out, mean_);
  write_floats(out, square_);
}

platform::Status Adam::load(platform::ByteReader& in) {
  FCN_RETURN_IF_ERROR(in.u64(steps_, "Adam's steps"));
  FCN_RETURN_IF_ERROR(read_floats(in, mean_, "Adam's means"));
  return read_floats(in, square_, "Adam's squares");
}

}  // namespace fcn::nn::internal
