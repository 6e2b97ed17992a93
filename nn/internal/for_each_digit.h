// The signed digits of a weight: the one definition of which monomials a weight is.
#pragma once

#include <bit>
#include <cstdint>

#include "checked_math.h"

namespace fcn::nn::internal {

// visit(exponent, negate) for each +-b^exponent that weight is the sum of, exponents rising; a digit d counts |d| times.
// Digits are balanced, and non-adjacent for b = 2.
template <class Visit>
void for_each_digit(std::int64_t weight, std::int64_t base, Visit visit) {
  const bool negative = weight < 0;
  std::uint64_t rest = magnitude(weight);
  if (base == 2) {
    for (unsigned exponent = 0; rest != 0;) {
      const auto zeros = static_cast<unsigned>(std::countr_zero(rest));
      rest >>= zeros;
      exponent += zeros;
      const bool minus = (rest & 3) == 3;  // the odd digit that leaves a multiple of 4
      visit(static_cast<std::uint16_t>(exponent), minus != negative);
      rest = minus ? rest + 1 : rest - 1;
    }
    return;
  }
  const auto b = static_cast<std::uint64_t>(base);
  for (std::uint16_t exponent = 0; rest != 0; ++exponent) {
    const std::uint64_t digit = rest % b;
    const bool minus = 2 * digit > b;
    rest = rest / b + minus;
    for (std::uint64_t i = minus ? b - digit : digit; i > 0; --i) visit(exponent, minus != negative);
  }
}

}  // namespace fcn::nn::internal
