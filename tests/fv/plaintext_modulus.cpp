// Arithmetic modulo t against big integers: classes are kept, digits are small.
#include "fv/plaintext_modulus.h"

#include <gtest/gtest.h>

#include "support/fv_sets.h"
#include "support/schoolbook_fv.h"

namespace fcn::test {
namespace {

using fv::PlaintextModulus;
using platform::StatusCode;

constexpr std::int64_t kTop = std::int64_t{1} << 50;

// Every small shape: integers, and X^k - b for n up to 128 with few and many digits.
std::vector<PlaintextModulus> moduli() {
  std::vector<PlaintextModulus> all;
  for (std::uint64_t t : {std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{256}, std::uint64_t{65537},
                          fv::kMaxIntegerModulus - 1, fv::kMaxIntegerModulus}) {
    all.push_back(must(PlaintextModulus::integer(8, t)));
  }
  for (std::size_t n : {4, 8, 128}) {
    for (std::size_t k = 1; k < n; k *= 2) {
      for (std::uint64_t b : {2, 4, 6, 10, 132, 1000, 1024})
        all.push_back(must(PlaintextModulus::binomial(n, k, b)));
    }
  }
  return all;
}

std::string describe(const PlaintextModulus& t) {
  return "n = " + std::to_string(t.n()) + ", k = " + std::to_string(t.length()) +
         ", b = " + std::to_string(t.base());
}

// x.reduce() against the definition, with rows at and above used zero.
void check_reduce(const PlaintextModulus& t, SmallPoly x, std::size_t used) {
  const Poly expected = class_of(to_poly(x.data(), t.n()), t.length(), t.base());
  const std::size_t rows = t.reduce(x.data(), used);
  ASSERT_EQ(class_of(to_poly(x.data(), t.n()), t.length(), t.base()), expected)
      << describe(t) << " used " << used;
  ASSERT_LE(rows, t.digits());
  for (std::size_t i = 0; i < t.n(); ++i) {
    ASSERT_LE(std::abs(x[i]), t.digit_bound()) << describe(t) << " at " << i;
    if (i >= rows * t.length()) {
      ASSERT_EQ(x[i], 0) << describe(t) << " at " << i << " of " << rows << " rows";
    }
  }
}

TEST(PlaintextModulus, ReduceKeepsTheClassAndMakesDigitsSmall) {
  Random random(1);
  for (const PlaintextModulus& t : moduli()) {
    for (std::size_t used = 1; used <= t.digits(); used = used < 4 ? used + 1 : used + t.digits() / 4) {
      const std::size_t count = used * t.length();
      for (int round = 0; round < 8; ++round) {
        SmallPoly x(t.n(), 0);
        for (std::size_t i = 0; i < count; ++i) {
          const auto magnitude =
              static_cast<std::int64_t>(random() % (static_cast<std::uint64_t>(kTop) + 1)) >> (random() % 51);
          x[i] = random() % 2 == 0 ? magnitude : -magnitude;
        }
        check_reduce(t, x, used);
      }
      for (std::int64_t edge :
           {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, kTop, -kTop, kTop - 1,
            static_cast<std::int64_t>(t.base()) / 2, -static_cast<std::int64_t>(t.base()) / 2,
            t.digit_bound(), -t.digit_bound()}) {
        SmallPoly x(t.n(), 0);
        std::fill_n(x.begin(), count, edge);
        check_reduce(t, x, used);
        for (std::size_t i = 0; i < count; ++i) x[i] = i / t.length() % 2 == 0 ? edge : -edge;
        check_reduce(t, x, used);
        SmallPoly one(t.n(), 0);
        one[count - 1] = edge;
        check_reduce(t, one, used);
        x.assign(t.n(), 0);  // carries that go round
        std::fill_n(x.begin(), count, edge < 0 ? -1 : 1);
        x[0] += 2 * x[0];
        check_reduce(t, x, used);
      }
    }
  }
}

// One residue and back, against big integers.
void check_residue(const PlaintextModulus& t, std::uint64_t residue) {
  SmallPoly x(t.n(), 0);
  const std::size_t j = t.length() - 1;
  t.set_residue(x.data(), j, residue);
  ASSERT_EQ(class_of(to_poly(x.data(), t.n()), t.length(), t.base())[j], BigInt(residue)) << describe(t);
  for (std::int64_t digit : x)
    ASSERT_LE(std::abs(digit), t.digit_bound()) << describe(t) << " residue " << residue;
  ASSERT_EQ(t.residue(x.data(), j), residue) << describe(t);
}

TEST(PlaintextModulus, ResiduesBecomeDigitsAndBack) {
  Random random(2);
  for (const PlaintextModulus& t : moduli()) {
    const std::uint64_t p = t.residue_modulus();
    if (p == 0) continue;
    if (p < 3000) {
      for (std::uint64_t residue = 0; residue < p; ++residue) check_residue(t, residue);
      continue;
    }
    for (std::uint64_t edge :
         {std::uint64_t{0}, std::uint64_t{1}, p - 1, p - 2, p / 2, p / 2 + 1, t.base() - 1})
      check_residue(t, edge);
    for (int i = 0; i < 300; ++i) check_residue(t, random() % p);
  }
}

TEST(PlaintextModulus, ResidueOfAnyDigits) {
  Random random(3);
  for (const PlaintextModulus& t : moduli()) {
    if (t.residue_modulus() == 0) continue;
    for (int round = 0; round < 50; ++round) {
      SmallPoly x(t.n());
      for (std::int64_t& d : x)
        d = static_cast<std::int64_t>(random() % ((std::uint64_t{2} << 40) + 1)) - (std::int64_t{1} << 40);
      if (round < 2) std::fill(x.begin(), x.end(), (round == 0 ? 1 : -1) * (std::int64_t{1} << 40));
      const Poly expected = class_of(to_poly(x.data(), t.n()), t.length(), t.base());
      for (std::size_t j = 0; j < t.length(); ++j)
        ASSERT_EQ(BigInt(t.residue(x.data(), j)), expected[j]) << describe(t);
    }
  }
}

TEST(PlaintextModulus, ProductsOfIntegers) {
  Random random(4);
  for (const PlaintextModulus& t : moduli()) {
    if (!t.is_integer()) continue;
    const std::int64_t bound = t.digit_bound();
    for (int i = 0; i < 20000; ++i) {
      const auto draw = [&] {
        return i < 4
                   ? (random() % 2 == 0 ? bound : -bound)
                   : static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * bound + 1)) - bound;
      };
      const std::int64_t x = draw(), y = draw(), product = t.multiply_integers(x, y);
      ASSERT_LT(std::abs(product), static_cast<std::int64_t>(t.base()) + 2) << describe(t);
      ASSERT_EQ(modulo(product, t.base()), modulo(BigInt(x) * y, t.base()))
          << describe(t) << " " << x << " " << y;
    }
  }
}

TEST(PlaintextModulus, NumbersOfTheModulus) {
  const PlaintextModulus packed = must(PlaintextModulus::binomial(8192, 1024, 132));
  EXPECT_EQ(packed.residue_modulus(), 92170395205042177u);
  EXPECT_NEAR(packed.log2_residue_modulus(), 56.36, 0.01);
  EXPECT_EQ(packed.digits(), 8u);
  EXPECT_EQ(packed.norm1(), 133);
  EXPECT_EQ(packed.norm2_squared(), 132 * 132 + 1);
  const PlaintextModulus pixel = must(PlaintextModulus::binomial(2048, 1, 2));
  EXPECT_EQ(pixel.residue_modulus(), 0u);
  EXPECT_EQ(pixel.log2_residue_modulus(), 2048);
  const PlaintextModulus integer = must(PlaintextModulus::integer(4096, 65537));
  EXPECT_EQ(integer.residue_modulus(), 65537u);
  EXPECT_EQ(integer.norm1(), 65537);
  EXPECT_TRUE(integer.is_integer());
  // p has at most 61 bits: 2^60 has, 2^64 has not.
  EXPECT_NE(must(PlaintextModulus::binomial(16, 2, 128)).residue_modulus(), 0u);
  EXPECT_EQ(must(PlaintextModulus::binomial(16, 2, 256)).residue_modulus(), 0u);
  EXPECT_FALSE(packed == pixel);
  EXPECT_TRUE(packed == must(PlaintextModulus::binomial(8192, 1024, 132)));
}

TEST(PlaintextModulus, Refusals) {
  const auto expect = [](const platform::Result<PlaintextModulus>& t, const std::string& part) {
    EXPECT_EQ(t.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(t.status().message().find(part), std::string::npos) << t.status().message();
  };
  expect(PlaintextModulus::integer(1000, 3), "n = 1000 is not a power of two");
  expect(PlaintextModulus::integer(1024, 1), "t = 1 is not in [2, 2^40]");
  expect(PlaintextModulus::integer(1024, fv::kMaxIntegerModulus + 1), "t = 1099511627777");
  expect(PlaintextModulus::binomial(0, 1, 2), "n = 0 is not a power of two");
  expect(PlaintextModulus::binomial(1024, 3, 2), "k = 3 does not divide");
  expect(PlaintextModulus::binomial(1024, 0, 2), "k = 0 does not divide");
  expect(PlaintextModulus::binomial(1024, 1024, 2), "k = 1024 does not divide");
  expect(PlaintextModulus::binomial(1024, 4, 3), "b = 3 is not an even number");
  expect(PlaintextModulus::binomial(1024, 4, 0), "b = 0 is not an even number");
  expect(PlaintextModulus::binomial(1024, 4, 1026), "b = 1026 is not an even number in [2, 1024]");
}

}  // namespace
}  // namespace fcn::test
