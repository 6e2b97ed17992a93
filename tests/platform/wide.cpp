#include "platform/wide.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

void multiply_wide_portable(std::uint64_t a, std::uint64_t b, std::uint64_t& high, std::uint64_t& low);

namespace fcn::platform {
namespace {

// Long multiplication bit by bit.
Wide product_bitwise(std::uint64_t a, std::uint64_t b) {
  Wide sum{0, 0};
  for (int bit = 0; bit < 64; ++bit) {
    if ((b >> bit & 1) == 0) continue;
    const std::uint64_t low = sum.low + (a << bit);
    sum.high += (bit == 0 ? 0 : a >> (64 - bit)) + (low < sum.low ? 1 : 0);
    sum.low = low;
  }
  return sum;
}

void expect_product(std::uint64_t a, std::uint64_t b) {
  const Wide expected = product_bitwise(a, b), product = multiply_wide(a, b);
  EXPECT_EQ(product.high, expected.high) << a << " * " << b;
  EXPECT_EQ(product.low, expected.low) << a << " * " << b;
  EXPECT_EQ(multiply_high(a, b), expected.high) << a << " * " << b;
  std::uint64_t high = 0, low = 0;
  multiply_wide_portable(a, b, high, low);
  EXPECT_EQ(high, expected.high) << "portable, " << a << " * " << b;
  EXPECT_EQ(low, expected.low) << "portable, " << a << " * " << b;
}

TEST(Wide, EdgesOfEveryHalf) {
  std::vector<std::uint64_t> edges;
  for (std::uint64_t high : {0u, 1u, 2u, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu}) {
    for (std::uint64_t low : {0u, 1u, 2u, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu}) {
      edges.push_back(high << 32 | low);
    }
  }
  for (std::uint64_t a : edges) {
    for (std::uint64_t b : edges) expect_product(a, b);
  }
}

TEST(Wide, RandomProducts) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t a = random(), b = random();
    expect_product(a, b >> (i % 64));
  }
}

static_assert(multiply_high(std::uint64_t{1} << 63, 6) == 3,
              "products are constants where their factors are");

}  // namespace
}  // namespace fcn::platform
