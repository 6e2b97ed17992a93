// 256-bit integers against arithmetic of another kind: exact in residues modulo primes, bounded in doubles.
#include "nn/wide_integer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/plain_run.h"
#include "support/network_reference.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

constexpr std::uint64_t kPrimes[] = {2147483647, 4294967291, 1000003, 998244353};

std::uint64_t residue(const WideInteger& x, std::uint64_t p) {
  std::uint64_t r = 0;
  const WideInteger magnitude = x.negative() ? -x : x;
  for (std::size_t i = WideInteger::kWords; i-- > 0;) {
    for (int half = 1; half >= 0; --half) {
      r = ((r << 32) | (magnitude.words()[i] >> (32 * half) & 0xffffffffu)) % p;
    }
  }
  return x.negative() ? (p - r) % p : r;
}

double value(const WideInteger& x) {
  const WideInteger magnitude = x.negative() ? -x : x;
  double sum = 0;
  for (std::size_t i = WideInteger::kWords; i-- > 0;)
    sum = sum * std::exp2(64) + static_cast<double>(magnitude.words()[i]);
  return x.negative() ? -sum : sum;
}

// Of any length up to 254 bits and either sign; often with words of zeros or ones.
WideInteger random_wide(test::Random& random) {
  WideInteger x;
  const auto length = static_cast<std::size_t>(test::pick(random, 0, 4));
  for (std::size_t i = 0; i < length; ++i) {
    const std::int64_t kind = test::pick(random, 0, 3);
    x.words()[i] = kind == 0 ? 0 : kind == 1 ? ~std::uint64_t{0} : random() >> test::pick(random, 0, 63);
  }
  x.words()[3] &= ~std::uint64_t{0} >> 2;
  return test::pick(random, 0, 1) == 1 ? -x : x;
}

TEST(WideInteger, SumsProductsAndOrder) {
  test::Random random(1);
  const double limit = std::exp2(255);
  int refused = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    const WideInteger a = random_wide(random), b = random_wide(random);
    ASSERT_EQ(a < b, value(a) < value(b) || (value(a) == value(b) && a < b));
    ASSERT_EQ(a == b, !(a < b) && !(a > b));
    ASSERT_EQ(-(-a), a);
    WideInteger sum, product;
    ASSERT_TRUE(checked_add(sum, a, b));  // 254 bits each
    const bool fits = checked_multiply(product, a, b);
    const double size = std::fabs(value(a) * value(b));
    if (std::fabs(size / limit - 1) > 1e-6) {
      ASSERT_EQ(fits, size < limit);
    }
    refused += !fits;
    for (const std::uint64_t p : kPrimes) {
      ASSERT_EQ(residue(sum, p), (residue(a, p) + residue(b, p)) % p);
      if (fits) {
        ASSERT_EQ(residue(product, p), residue(a, p) * residue(b, p) % p);
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(WideInteger, RefusesTheFirstNumbersThatDoNotFit) {
  WideInteger top;
  for (std::uint64_t& word : top.words()) word = ~std::uint64_t{0};
  top.words()[3] >>= 1;  // 2^255 - 1
  WideInteger out = 5;
  EXPECT_FALSE(checked_add(out, top, 1));
  EXPECT_FALSE(checked_add(out, -top, -1));
  EXPECT_FALSE(checked_multiply(out, top, 2));
  EXPECT_EQ(out, WideInteger(5));
  EXPECT_TRUE(checked_add(out, top, -1));
  EXPECT_TRUE(checked_multiply(out, -1, top));
  EXPECT_EQ(out, -top);
  EXPECT_TRUE(checked_multiply(out, 0, top));
  EXPECT_EQ(out, WideInteger(0));
}

TEST(PlainRunWide, EqualsTheNarrowRunWhereThatFits) {
  test::Random random(2);
  for (int trial = 0; trial < 200; ++trial) {
    const Network network = test::random_network(random, {1, 5, 5}, 7, 4);
    const auto pixels = test::random_image(random, network);
    const auto narrow = plain_run(network, pixels);
    const auto wide = plain_run_wide(network, pixels);
    ASSERT_TRUE(narrow.ok() && wide.ok());
    ASSERT_EQ(wide.value(), std::vector<WideInteger>(narrow.value().begin(), narrow.value().end()));
    ASSERT_EQ(argmax(wide.value()), argmax(narrow.value()));
  }
}

// x -> (7 x)^2 five times, starting from 3: 63 bits are left at the fourth square.
TEST(PlainRunWide, FollowsDeepNetworksBeyond63Bits) {
  Network network;
  network.name = "deep";
  network.input = {1, 1, 1};
  network.input_max = 3;
  WideInteger expected = 3;
  for (int i = 0; i < 5; ++i) {
    Layer layer = make_dense({1, 1, 1}, 1);
    layer.weights = {-7};
    layer.bias = {0};
    network.layers.push_back(layer);
    network.layers.push_back(make_polynomial({1, 1, 1}, {0, 0, 1}));
    ASSERT_TRUE(checked_multiply(expected, expected, -7));
    ASSERT_TRUE(checked_multiply(expected, expected, expected));
  }
  const std::vector<std::int64_t> pixel = {3};
  EXPECT_EQ(plain_run(network, pixel).status().code(), platform::StatusCode::kOutOfRange);
  const auto scores = plain_run_wide(network, pixel);
  ASSERT_TRUE(scores.ok()) << scores.status().message();
  EXPECT_EQ(scores.value(), std::vector<WideInteger>{expected});
  network.layers.push_back(make_polynomial({1, 1, 1}, {0, 0, 1}));
  const auto status = plain_run_wide(network, pixel).status();
  EXPECT_EQ(status.code(), platform::StatusCode::kOutOfRange);
  EXPECT_NE(status.message().find("layer 11 (polynomial): output 0 leaves 255 bits"), std::string::npos)
      << status.message();
}

}  // namespace
}  // namespace fcn::nn
