// How far from zero the doubles of a transform may be, in units of q; the proofs are in double_arithmetic.inc.
//
// Every value is an integer, and stays exact as long as it is at most 2^53 = 8 * 2^50 in absolute value.
// The functions are static so that no file with flags of its own gives them to others.
#pragma once

#include <cstddef>

namespace fcn::ntt::internal {

inline constexpr double kLargestValue = 8;

// What remains of a value of at most kLargestValue after `reduced`.
inline constexpr double kReduced = 0.5 + 0x1p-48;
// a * w for |a| <= bound: with w and w / q from the table, and with w alone.
static constexpr double product_with_quotient(double bound) {
  return 0.5 + bound / 8;
}
static constexpr double product_without_quotient(double bound) {
  return 0.5 + bound * 3 / 16;
}

struct Level {
  bool reduce;   // the value that is not multiplied (forward), or the sum (inverse)
  double bound;  // of the level's outputs
};

// Forward, x + w*y and x - w*y. The limit leaves room for the last two levels, which have no quotients.
inline constexpr double kForwardLimit = 4.75;
static constexpr Level forward_level(double bound) {
  const double grown = bound + product_with_quotient(bound);
  if (grown <= kForwardLimit) return {false, grown};
  return {true, kReduced + product_with_quotient(bound)};
}

// Inverse, x + y and (x - y) * w, where x - y is at most twice the bound.
static constexpr Level inverse_level(double bound) {
  if (4 * bound <= kLargestValue) return {false, 2 * bound};
  return {true, product_with_quotient(2 * bound)};
}

}  // namespace fcn::ntt::internal
