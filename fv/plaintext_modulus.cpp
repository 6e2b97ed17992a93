#include "plaintext_modulus.h"

#include <bit>
#include <cmath>

#include "../platform/floating_point.h"
#include "../platform/wide.h"

namespace fcn::fv {
namespace {

using platform::concat;
using platform::invalid_argument;

constexpr unsigned kMaxResidueBits = 61;

bool is_power_of_two(std::size_t x) {
  return x != 0 && (x & (x - 1)) == 0;
}

// round(x), ties to even, for |x| <= 2^51, and back: adding 1.5 * 2^52, whose unit in the last place is 1, leaves the
// integer in the low bits. No branch, no table: constant time; and plain enough for compilers to make vectors of it.
constexpr double kMagic = 6755399441055744.0;
static_assert(kMagic == 3.0 * (std::uint64_t{1} << 51));
std::int64_t round_to_integer(double x) {
  return std::bit_cast<std::int64_t>(x + kMagic) - std::bit_cast<std::int64_t>(kMagic);
}
double small_to_double(std::int64_t x) {
  return std::bit_cast<double>(x + std::bit_cast<std::int64_t>(kMagic)) - kMagic;
}

// round(x / b) for |x| <= 2^51, ties towards zero: they are moved by 1/4b, and no other quotient is that close to
// one. So 3 = 2 + 1 and 1 carry the same way: with ties to even the carries of 3, 1, 1, ... in base 2 would go round
// for ever.
std::int64_t round_quotient(std::int64_t x, double inverse_b) {
  const double value = small_to_double(x);
  return round_to_integer((value - std::copysign(0.25, value)) * inverse_b);
}

// 1 / x, correctly rounded. Volatile: nothing but memory holds the division between the two calls of a
// FloatingPointEnvironment (floating_point.h).
double inverse_of(double x) {
  const volatile double operand = x;
  const volatile double inverse = 1.0 / operand;
  return inverse;
}

}  // namespace

platform::Result<PlaintextModulus> PlaintextModulus::integer(std::size_t n, std::uint64_t modulus) {
  const platform::FloatingPointEnvironment nearest;
  if (!is_power_of_two(n)) return invalid_argument(concat("n = ", n, " is not a power of two"));
  if (modulus < 2 || modulus > kMaxIntegerModulus) {
    return invalid_argument(concat("t = ", modulus, " is not in [2, 2^40]"));
  }
  PlaintextModulus t;
  t.n_ = t.length_ = n;
  t.digits_ = 1;
  t.base_ = t.p_ = modulus;
  t.inverse_base_ = inverse_of(static_cast<double>(modulus));
  t.norm1_ = static_cast<double>(modulus);
  t.norm2_squared_ = t.norm1_ * t.norm1_;
  t.log2_p_ = std::log2(t.norm1_);
  return t;
}

platform::Result<PlaintextModulus> PlaintextModulus::binomial(std::size_t n, std::size_t k, std::uint64_t b) {
  const platform::FloatingPointEnvironment nearest;
  if (!is_power_of_two(n)) return invalid_argument(concat("n = ", n, " is not a power of two"));
  if (!is_power_of_two(k) || k >= n) {
    return invalid_argument(concat("k = ", k, " does not divide n = ", n, " with k < n"));
  }
  if (b < 2 || b > kMaxBase || b % 2 != 0) {
    return invalid_argument(concat("b = ", b, " is not an even number in [2, ", kMaxBase, "]"));
  }
  PlaintextModulus t;
  t.n_ = n;
  t.length_ = k;
  t.digits_ = n / k;
  t.base_ = b;
  const double base = static_cast<double>(b);
  t.inverse_base_ = inverse_of(base);
  t.norm1_ = base + 1;
  t.norm2_squared_ = base * base + 1;
  t.log2_p_ = static_cast<double>(t.digits_) * std::log2(base);
  if (t.log2_p_ < kMaxResidueBits) {
    t.p_ = 1;
    for (std::size_t i = 0; i < t.digits_; ++i) t.p_ *= b;
    ++t.p_;
  }
  return t;
}

std::size_t PlaintextModulus::reduce(std::int64_t* x, std::size_t used) const noexcept {
  const std::int64_t base = static_cast<std::int64_t>(base_);
  if (is_integer()) {
    for (std::size_t j = 0; j < n_; ++j) {
      x[j] -= base * round_quotient(x[j], inverse_base_);
    }
    return 1;
  }
  // A carry starts below 2^50 / b * 2 and shrinks by b each digit, so it is gone within `reach` further
  // digits.
  std::size_t reach = 1;
  for (std::uint64_t c = std::uint64_t{1} << 51; c > 1; c = (c + 1) / base_) ++reach;
  std::size_t active = used + reach < digits_ ? used + reach : digits_;
  // Carries run from digit i to i + 1 and from the last digit, negated (b^m = -1), to the first. Each round
  // divides what it wraps by b^m; the last one wraps at most 1, which stays on digit 0.
  const int rounds = active < digits_ ? 1 : 2 + static_cast<int>(51 / log2_p_);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < active; ++i) {
      std::int64_t* row = x + i * length_;
      const bool last = i + 1 == digits_;
      std::int64_t* next = last ? x : row + length_;
      const std::int64_t sign = last ? -1 : 1;
      for (std::size_t j = 0; j < length_; ++j) {
        const std::int64_t carry = round_quotient(row[j], inverse_base_);
        row[j] -= base * carry;
        if (i + 1 < active || last) next[j] += sign * carry;
        FCN_CHECK(i + 1 < active || last || carry == 0);
      }
    }
  }
  FCN_CHECK_BOUND(x, n_, -digit_bound(), digit_bound());
  return active;
}

// |x y / t| <= 2^38 + 2, so the double is within 2^-12 of it; the difference is taken modulo 2^64, exactly.
std::int64_t PlaintextModulus::multiply_integers(std::int64_t x, std::int64_t y) const noexcept {
  const std::int64_t quotient =
      round_to_integer(static_cast<double>(x) * static_cast<double>(y) * inverse_base_);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(x) * static_cast<std::uint64_t>(y) -
                                   static_cast<std::uint64_t>(quotient) * base_);
}

std::uint64_t PlaintextModulus::residue(const std::int64_t* x, std::size_t j) const noexcept {
  // Horner's rule modulo p, from the highest digit; quotients come from doubles and are off by at most one.
  const double inverse_p = 1.0 / static_cast<double>(p_);
  const auto p = static_cast<std::int64_t>(p_);
  // Signed throughout: compilers turn doubles into unsigned words, and back, by a branch.
  std::int64_t value = 0;
  for (std::size_t i = digits_; i-- > 0;) {
    const std::int64_t digit = x[i * length_ + j];
    const std::int64_t small = digit - p * round_to_integer(static_cast<double>(digit) * inverse_p);
    const auto quotient =
        static_cast<std::int64_t>(static_cast<double>(value) * static_cast<double>(base_) * inverse_p);
    // Modulo 2^64; the true value is in (-2p, 3p), which fits since p <= 2^61.
    value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) * base_ -
                                      static_cast<std::uint64_t>(quotient) * p_) +
            small;
    for (int step = 0; step < 2; ++step) value += p & (value >> 63);  // in [0, 3p)
    for (int step = 0; step < 2; ++step) {
      value -= p;
      value += p & (value >> 63);
    }
  }
  return static_cast<std::uint64_t>(value);
}

void PlaintextModulus::set_residue(std::int64_t* x, std::size_t j, std::uint64_t residue) const noexcept {
  const auto half = static_cast<std::int64_t>(base_ / 2);
  const auto base = static_cast<std::int64_t>(base_);
  if (is_integer()) {
    const auto value = static_cast<std::int64_t>(residue);
    x[j] = value - (base & -static_cast<std::int64_t>(value > half));
    return;
  }
  const std::uint64_t reciprocal = ~std::uint64_t{0} / base_;
  std::int64_t carry = 0;
  for (std::size_t i = 0; i < digits_; ++i) {
    std::uint64_t quotient = platform::multiply_high(residue, reciprocal);  // floor(residue / b) or one less
    std::uint64_t digit = residue - quotient * base_;
    const std::uint64_t correction = digit >= base_;
    digit -= base_ & (0 - correction);
    residue = quotient + correction;
    const std::int64_t value = static_cast<std::int64_t>(digit) + carry;
    carry = value > half;
    x[i * length_ + j] = value - (base & -carry);
  }
  // What is left counts b^m = -1: the residue p - 1 = b^m itself, or the carry out of the highest digit.
  x[j] -= static_cast<std::int64_t>(residue) + carry;
}

}  // namespace fcn::fv
