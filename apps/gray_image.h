// Images as the program passes them around: any size in 8-bit gray, and the 28 x 28 digits a network reads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fcn::apps {

// Row by row from the top left; 0 is black.
struct GrayImage {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

inline constexpr int kDigitSide = 28;

// A digit as in MNIST: ink is 255, paper 0.
using Digit = std::array<std::uint8_t, std::size_t{kDigitSide} * kDigitSide>;

}  // namespace fcn::apps
