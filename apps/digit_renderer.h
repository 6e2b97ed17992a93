// Handwritten-looking digits drawn from strokes, so that the demo needs no data set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gray_image.h"

namespace fcn::apps {

// How many ways there are to write digit (0 to 9).
std::size_t digit_variants(int digit) noexcept;

// What the variant's shape is called ("with bar").
const char* digit_variant_name(int digit, std::size_t variant) noexcept;

// Digit `digit` in the shape `variant` modulo digit_variants(digit); seed chooses slant, proportions,
// thickness and the unsteadiness of the hand. Normalised as MNIST does. Same arguments, same pixels.
Digit draw_digit(int digit, std::size_t variant, std::uint64_t seed);

struct DrawnDigit {
  int label = 0;
  std::size_t variant = 0;
  Digit pixels = {};
};

// count digits: 0 to 9 in turn, each round in the next variant.
std::vector<DrawnDigit> draw_digits(std::size_t count, std::uint64_t seed);

}  // namespace fcn::apps
