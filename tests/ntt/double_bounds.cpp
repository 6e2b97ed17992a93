// The bounds of the transforms in doubles: the claims about one product in exact arithmetic, and the growth
// from level to level recomputed with fractions.
#include "ntt/internal/double_bounds.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/ring_oracle.h"

namespace fcn::ntt::internal {
namespace {

__extension__ using Int128 = __int128;
using test::Uint128;

// A multiple of 2^-96, rounded up.
struct Fraction {
  Uint128 value;
  bool operator<=(Fraction other) const { return value <= other.value; }
  Fraction operator+(Fraction other) const { return {value + other.value}; }
  Fraction times(unsigned numerator, unsigned denominator) const {
    return {(value * numerator + denominator - 1) / denominator};
  }
};
constexpr Uint128 kOne = Uint128{1} << 96;
constexpr Fraction kHalf = {kOne / 2}, kLimit = {8 * kOne};

// What the library says, and a little more: its own recursion rounds.
Fraction fraction(double value) {
  return {(static_cast<Uint128>(std::ldexp(value, 60)) << 36) + (kOne >> 44)};
}

TEST(DoubleBounds, LimitIsWhatADoubleHolds) {
  EXPECT_EQ(kLargestValue * 0x1p50, 0x1p53);
  EXPECT_GT(kReduced, 0.5);
}

TEST(DoubleBounds, ForwardLevelsStayBelowTheLimit) {
  for (unsigned log2_n = 4; log2_n <= 16; ++log2_n) {
    Fraction exact =
        Fraction{kOne} + kHalf + Fraction{kOne}.times(1, 8);  // after the first level, of values below q
    double claimed = 1 + product_with_quotient(1);
    for (unsigned level = 1; level < log2_n - 2; ++level) {
      ASSERT_TRUE(exact <= fraction(claimed)) << log2_n << " " << level;
      ASSERT_TRUE(exact <= kLimit);
      const Level next = forward_level(claimed);
      const Fraction product = kHalf + exact.times(1, 8);
      exact = next.reduce ? kHalf + Fraction{kOne >> 48} + product : exact + product;
      claimed = next.bound;
    }
    for (int level = 0; level < 2; ++level) exact = exact + kHalf + exact.times(3, 16);
    EXPECT_TRUE(exact <= kLimit) << log2_n;
  }
}

TEST(DoubleBounds, InverseLevelsStayBelowTheLimit) {
  const auto largest = [](Fraction a, Fraction b) { return a <= b ? b : a; };
  for (unsigned log2_n = 4; log2_n <= 16; ++log2_n) {
    Fraction exact = {kOne};
    double claimed = 1;
    for (unsigned level = 0; level < log2_n - 1; ++level) {
      const bool without_quotient = level < 2;
      const Fraction sum = exact.times(2, 1);  // of x - y as well
      ASSERT_TRUE(sum <= kLimit) << log2_n << " " << level;
      const Fraction product = kHalf + sum.times(without_quotient ? 3 : 2, 16);
      const Level next = inverse_level(claimed);
      EXPECT_FALSE(without_quotient && next.reduce);
      exact = largest(next.reduce ? kHalf + Fraction{kOne >> 48} : sum, product);
      claimed = next.bound;
      ASSERT_TRUE(exact <= fraction(claimed)) << log2_n << " " << level;
    }
    // The last level multiplies both the sum and the difference, and its reduction takes less than 2q.
    const Fraction sum = exact.times(2, 1);
    EXPECT_TRUE(sum <= kLimit) << log2_n;
    EXPECT_TRUE(kHalf + sum.times(1, 8) <= Fraction{2 * kOne}) << log2_n;
  }
}

double round_to_even(double x) {
  return std::nearbyint(x);
}

std::int64_t exact_integer(double x) {
  EXPECT_EQ(x, std::nearbyint(x));
  EXPECT_LE(std::abs(x), 0x1p53);
  return static_cast<std::int64_t>(x);
}

// The steps of the kernels, one value at a time. Every product must be exact, and no larger than its bound.
TEST(DoubleBounds, ProductsAndReductionsKeepTheirBounds) {
  for (const std::uint64_t q :
       {std::uint64_t{33554467}, (std::uint64_t{1} << 49) + 69, (std::uint64_t{1} << 50) - 27}) {
    const double modulus = static_cast<double>(q), inverse = 1.0 / modulus;
    const std::int64_t signed_q = static_cast<std::int64_t>(q);
    test::Random random(q);
    const auto check = [&](Int128 value, double remainder, double bound) {
      const std::int64_t r = exact_integer(remainder);
      ASSERT_EQ((value - r) % signed_q, 0);
      ASSERT_LE(static_cast<long double>(std::abs(r)),
                static_cast<long double>(bound) * static_cast<long double>(q));
      ASSERT_FALSE(std::signbit(remainder) && r == 0);
    };
    for (int round = 0; round < 200000; ++round) {
      const std::int64_t top = (round % 8 + 1) * signed_q;  // |a| <= B * q
      std::int64_t a = static_cast<std::int64_t>(random() % (2 * static_cast<std::uint64_t>(top) + 1)) - top;
      if (round % 3 == 0) a = random() % 2 ? top - static_cast<std::int64_t>(random() % 3) : -top;
      std::int64_t w = static_cast<std::int64_t>(random() % q) - signed_q / 2;
      if (round % 5 == 0)
        w = random() % 2 ? signed_q / 2 : -(signed_q / 2) + static_cast<std::int64_t>(random() % 2);
      // Steer a * w to half-way between two multiples of q, where rounding errors decide.
      if (round % 2 == 0 && w != 0) {
        const Int128 target = (static_cast<Int128>(a) * w / signed_q * 2 + 1) * signed_q / 2;
        const Int128 steered = target / w;
        if (steered >= -top && steered <= top) a = static_cast<std::int64_t>(steered);
      }
      const double x = static_cast<double>(a), root = static_cast<double>(w);
      const double high = x * root, low = std::fma(x, root, -high);
      const double bound = round % 8 + 1;
      const Int128 value = static_cast<Int128>(a) * w;
      check(value, std::fma(-round_to_even(x * (root / modulus)), modulus, high) + low,
            product_with_quotient(bound));
      check(value, std::fma(-round_to_even(high * inverse), modulus, high) + low,
            product_without_quotient(bound));
      check(a, std::fma(-round_to_even(x * inverse), modulus, x), kReduced);
      if (testing::Test::HasFatalFailure()) FAIL() << "q = " << q << ", a = " << a << ", w = " << w;
    }
  }
}

}  // namespace
}  // namespace fcn::ntt::internal
