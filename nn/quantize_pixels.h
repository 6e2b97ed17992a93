// From grey values to the integers that a network reads: the one definition, for training and for clients
// alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../platform/wide.h"
#include "network.h"

namespace fcn::nn {

// floor(x / 255), exactly, for x <= 2^40, by a product: the time of a division depends on what it divides,
// and compilers that save space divide where the source does. 255 * kReciprocal255 = 2^64 + 254, so the
// product is x / 255 plus an error of x * 254 / (255 * 2^64), which is below 2^-24. The fraction of x / 255
// is at most 254/255, and no sum of the two is 1.
inline constexpr std::uint64_t kReciprocal255 = 0x0101010101010102;
static_assert(255 * kReciprocal255 == 254);  // modulo 2^64
constexpr std::uint64_t divide_by_255(std::uint64_t x) noexcept {
  return platform::multiply_high(x, kReciprocal255);
}
static_assert(255 * std::uint64_t{kMaxInput} + 127 <= std::uint64_t{1} << 40);

// level = floor((pixel * input_max + 127) / 255): 0 stays 0 and 255 becomes input_max.
// Bounds: 1 <= input_max <= kMaxInput. Secret: constant time in the pixels.
inline std::vector<std::int64_t> quantize_pixels(std::span<const std::uint8_t> pixels,
                                                 std::int64_t input_max) {
  const auto top = static_cast<std::uint64_t>(input_max);
  std::vector<std::int64_t> levels(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i)
    levels[i] = static_cast<std::int64_t>(divide_by_255(pixels[i] * top + 127));
  return levels;
}

}  // namespace fcn::nn
