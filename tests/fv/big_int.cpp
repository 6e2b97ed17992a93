// The big integers of the oracles, against 64- and 128-bit arithmetic of the compiler.
#include "support/big_int.h"

#include <gtest/gtest.h>

#include <random>

namespace fcn::test {
namespace {

__extension__ using Int128 = __int128;

BigInt from_128(Int128 x) {
  const bool negative = x < 0;
  __extension__ using Unsigned = unsigned __int128;
  const Unsigned magnitude = negative ? 0 - static_cast<Unsigned>(x) : static_cast<Unsigned>(x);
  const BigInt value = BigInt(static_cast<std::uint64_t>(magnitude >> 64)) * BigInt::power_of_two(64) +
                       BigInt(static_cast<std::uint64_t>(magnitude));
  return negative ? -value : value;
}

Int128 floor_128(Int128 x, Int128 y) {
  return x / y - (x % y < 0 ? 1 : 0);
}

// Signed numbers of every size, edges included.
std::int64_t draw(std::mt19937_64& random) {
  const std::int64_t edges[] = {0,          1,           -1,          2, INT64_MAX, INT64_MIN, INT64_MAX - 1,
                                0xffffffff, 0x100000000, -0x100000000};
  if (random() % 4 == 0) return edges[random() % 10];
  return static_cast<std::int64_t>(random()) >> (random() % 64);
}

TEST(BigInt, ArithmeticEqualsTheCompilers) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    const std::int64_t x = draw(random), y = draw(random);
    const Int128 wide_x = x, wide_y = y;
    ASSERT_EQ(BigInt(x) + BigInt(y), from_128(wide_x + wide_y)) << x << " " << y;
    ASSERT_EQ(BigInt(x) - BigInt(y), from_128(wide_x - wide_y)) << x << " " << y;
    ASSERT_EQ(BigInt(x) * BigInt(y), from_128(wide_x * wide_y)) << x << " " << y;
    ASSERT_EQ(-BigInt(x), from_128(-wide_x)) << x;
    ASSERT_EQ(BigInt(x) < BigInt(y), x < y) << x << " " << y;
    ASSERT_EQ(BigInt(x) == BigInt(y), x == y) << x << " " << y;
    ASSERT_EQ(BigInt(x).to_int64(), x);
  }
}

TEST(BigInt, DivisionEqualsTheCompilers) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    const Int128 x = static_cast<Int128>(draw(random)) * (draw(random) / 4) + draw(random);
    Int128 y = draw(random);
    if (y < 0) y = -y;
    if (y == 0) y = 1;
    const BigInt big_x = from_128(x), big_y = from_128(y);
    const Int128 remainder = x - floor_128(x, y) * y;
    ASSERT_EQ(divide_floor(big_x, big_y), from_128(floor_128(x, y)));
    ASSERT_EQ(modulo(big_x, big_y), from_128(remainder));
    ASSERT_EQ(divide_round(big_x, big_y), from_128(floor_128(x, y) + (2 * remainder >= y ? 1 : 0)));
    ASSERT_EQ(centered_modulo(big_x, big_y), from_128(2 * remainder > y ? remainder - y : remainder));
  }
}

TEST(BigInt, LongNumbersKeepTheirLaws) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i) {
    BigInt x = draw(random), y = draw(random), z = draw(random);
    for (std::uint64_t j = random() % 6; j > 0; --j) x = x * draw(random) + draw(random);
    for (std::uint64_t j = random() % 6; j > 0; --j) y = y * draw(random) - draw(random);
    ASSERT_EQ((x + y) * z, x * z + y * z);
    ASSERT_EQ((x - y) * (x + y), x * x - y * y);
    if (y.is_zero()) continue;
    const BigInt divisor = absolute(y), quotient = divide_floor(x, divisor), remainder = modulo(x, divisor);
    ASSERT_EQ(quotient * divisor + remainder, x);
    ASSERT_TRUE(remainder >= 0 && remainder < divisor) << remainder;
  }
}

TEST(BigInt, SizesAndForms) {
  EXPECT_EQ(BigInt(0).bit_length(), 0u);
  EXPECT_EQ(BigInt(-5).bit_length(), 3u);
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(BigInt::power_of_two(i).bit_length(), i + 1);
    EXPECT_EQ((BigInt::power_of_two(i) - 1).bit_length(), i);
    EXPECT_EQ(BigInt::power_of_two(i), power(2, i));
  }
  EXPECT_EQ(BigInt(UINT64_MAX).to_uint64(), UINT64_MAX);
  EXPECT_EQ(BigInt(UINT64_MAX), BigInt::power_of_two(64) - 1);
  EXPECT_EQ(BigInt(INT64_MIN), -BigInt::power_of_two(63));
  EXPECT_EQ((BigInt::power_of_two(68) - 16).to_hex(), "0xffffffffffffffff0");
  EXPECT_EQ(BigInt(-255).to_hex(), "-0xff");
  EXPECT_EQ(BigInt(0).to_hex(), "0x0");
  EXPECT_EQ((BigInt(0) - 3).to_double(), -3.0);
  EXPECT_EQ(BigInt::power_of_two(100).to_double(), 0x1p100);
}

TEST(BigInt, Inverses) {
  for (int modulus : {2, 7, 97, 1001}) {
    for (int x = 1; x < modulus; ++x) {
      const BigInt inverse = inverse_modulo(x, modulus);
      if (modulus != 1001 || (x % 7 != 0 && x % 11 != 0 && x % 13 != 0)) {
        EXPECT_EQ(modulo(inverse * x, modulus), 1) << x << " modulo " << modulus;
      }
    }
  }
}

}  // namespace
}  // namespace fcn::test
