// Random numbers for training: a stream of its own for every purpose, epoch and image, so that neither the
// number of threads nor the order of work changes what is drawn.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "../platform/random.h"

namespace fcn::nn {

enum class Purpose : std::uint8_t { kInitialWeights, kShuffle, kAugment };

class TrainingRandom {
 public:
  // epoch < 2^24, index < 2^32.
  TrainingRandom(std::uint64_t seed, Purpose purpose, std::uint64_t epoch, std::uint64_t index) noexcept
      : generator_(expand(seed), static_cast<std::uint64_t>(purpose) << 56 | epoch << 32 | index) {}

  // In [low, high).
  float uniform(float low, float high) noexcept {
    return low + (high - low) * (static_cast<float>(generator_.next_u64() >> 40) * 0x1p-24f);
  }
  // 0 .. count-1 in random order (Fisher-Yates; the bias of the remainder is below count * 2^-64).
  std::vector<std::uint32_t> permutation(std::size_t count) {
    std::vector<std::uint32_t> order(count);
    for (std::size_t i = 0; i < count; ++i) order[i] = static_cast<std::uint32_t>(i);
    for (std::size_t i = count; i > 1; --i) {
      std::swap(order[i - 1], order[static_cast<std::size_t>(generator_.next_u64() % i)]);
    }
    return order;
  }

 private:
  static platform::Seed expand(std::uint64_t seed) noexcept {
    platform::Seed bytes{};
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(seed >> (8 * i));
    return bytes;
  }
  platform::ChaCha20 generator_;
};

}  // namespace fcn::nn
