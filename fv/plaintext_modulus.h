// The plaintext modulus t(X): an integer t, or the binomial X^k - b; and arithmetic on small representatives
// modulo it.
//
// A plaintext is a class of Z[X]/(X^n + 1, t). Both kinds are coefficient rings Z_p[X] of some length:
//   integer t:  length n, p = t,         one coefficient a residue;
//   X^k - b:    length k, p = b^m + 1,   m = n/k coefficients a residue: the digits d_i at X^(j + k i) stand
//   for
//                                        sum of d_i b^i, because X^k = b and b^m = X^n = -1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../platform/status.h"

namespace fcn::fv {

inline constexpr std::uint64_t kMaxIntegerModulus = std::uint64_t{1} << 40;
inline constexpr std::uint64_t kMaxBase = 1024;

// Immutable; cheap to copy.
class PlaintextModulus {
 public:
  PlaintextModulus() noexcept = default;
  // t = modulus for ring degree n. Errors: kInvalidArgument unless 2 <= modulus <= kMaxIntegerModulus.
  static platform::Result<PlaintextModulus> integer(std::size_t n, std::uint64_t modulus);
  // t = X^k - b for ring degree n. Errors: kInvalidArgument unless k divides n, k < n, and 2 <= b <= kMaxBase
  // is even.
  static platform::Result<PlaintextModulus> binomial(std::size_t n, std::size_t k, std::uint64_t b);

  bool is_integer() const noexcept { return digits_ == 1; }
  std::size_t n() const noexcept { return n_; }
  std::size_t length() const noexcept { return length_; }  // k, or n for an integer
  std::uint64_t base() const noexcept { return base_; }    // b, or t for an integer
  std::size_t digits() const noexcept { return digits_; }  // m = n / length
  // p when it has at most 61 bits, else 0.
  std::uint64_t residue_modulus() const noexcept { return p_; }
  double log2_residue_modulus() const noexcept { return log2_p_; }
  // Sum of the absolute values of t's coefficients, and of their squares: b + 1 and b^2 + 1, or t and t^2.
  double norm1() const noexcept { return norm1_; }
  double norm2_squared() const noexcept { return norm2_squared_; }
  // Largest absolute coefficient that reduce() leaves.
  std::int64_t digit_bound() const noexcept { return static_cast<std::int64_t>(base_ / 2 + 1); }

  // Replaces the polynomial by a representative of the same class with coefficients of at most digit_bound().
  // Shape: n coefficients, of which those at digit indices >= used (public) are zero; returns the new such
  // number. Bounds: absolute values at most 2^50. Order: natural. Constant time in the values.
  std::size_t reduce(std::int64_t* coefficients, std::size_t used) const noexcept;

  // For an integer t: a number congruent to x y, of absolute value below t. Bounds: |x|, |y| <= digit_bound().
  // Constant time.
  std::int64_t multiply_integers(std::int64_t x, std::int64_t y) const noexcept;

  // The residue modulo p that digits j, j + k, ... stand for, and the reverse with balanced digits.
  // Needs residue_modulus() != 0. Bounds: |coefficient| <= 2^40; residue < p. Constant time in the values.
  std::uint64_t residue(const std::int64_t* coefficients, std::size_t j) const noexcept;
  void set_residue(std::int64_t* coefficients, std::size_t j, std::uint64_t residue) const noexcept;

  friend bool operator==(const PlaintextModulus& x, const PlaintextModulus& y) noexcept {
    return x.n_ == y.n_ && x.length_ == y.length_ && x.base_ == y.base_;
  }

 private:
  std::size_t n_ = 0, length_ = 0, digits_ = 0;
  std::uint64_t base_ = 0, p_ = 0;
  double inverse_base_ = 0, log2_p_ = 0, norm1_ = 0, norm2_squared_ = 0;
};

}  // namespace fcn::fv
