// From grey values to the integers that a network reads: the one definition, for training and for clients
// alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fcn::nn {

// level = floor((pixel * input_max + 127) / 255): 0 stays 0 and 255 becomes input_max.
// Bounds: 1 <= input_max <= kMaxInput of network.h.
inline std::vector<std::int64_t> quantize_pixels(std::span<const std::uint8_t> pixels,
                                                 std::int64_t input_max) {
  std::vector<std::int64_t> levels(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) levels[i] = (pixels[i] * input_max + 127) / 255;
  return levels;
}

}  // namespace fcn::nn
