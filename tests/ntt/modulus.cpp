// Modular arithmetic against 128-bit division: exhaustively for tiny primes, at the edges and at random for
// large ones.
#include "ntt/modulus.h"

#include <gtest/gtest.h>

#include "support/ring_oracle.h"

namespace fcn::ntt {
namespace {

using test::Random;
using test::Residues;
using test::Uint128;

// Smallest, tiny, and at the tops of the ranges: the largest primes below 2^50 and 2^61, and one just above
// 2^60.
constexpr std::uint64_t kPrimes[] = {3,
                                     5,
                                     7,
                                     17,
                                     65537,
                                     786433,
                                     (std::uint64_t{1} << 50) - 27,
                                     (std::uint64_t{1} << 60) + 33,
                                     (std::uint64_t{1} << 61) - 1};

Modulus make(std::uint64_t q) {
  auto modulus = Modulus::create(q);
  EXPECT_TRUE(modulus.ok()) << modulus.status().message();
  return modulus.value();
}

Residues operands(std::uint64_t q) {
  Residues values;
  if (q <= 17) {
    for (std::uint64_t a = 0; a < q; ++a) values.push_back(a);
  } else {
    Random random(q);
    values = {0, 1, 2, q / 2 - 1, q / 2, q / 2 + 1, q - 2, q - 1};
    for (int i = 0; i < 60; ++i) values.push_back(random() % q);
  }
  return values;
}

Residues any_word(std::uint64_t q) {
  Residues values = {0, 1, q - 1, q, q + 1, 2 * q - 1, 2 * q, ~std::uint64_t{0}, std::uint64_t{1} << 63};
  const std::uint64_t last_multiple = ~std::uint64_t{0} / q * q;
  values.insert(values.end(), {last_multiple - 1, last_multiple, (std::uint64_t{1} << 63) - 1});
  Random random(q + 1);
  for (int i = 0; i < 1000; ++i) values.push_back(random() >> (random() % 64));
  return values;
}

TEST(Modulus, DerivedConstants) {
  for (const std::uint64_t q : kPrimes) {
    const Modulus modulus = make(q);
    EXPECT_EQ(modulus.value(), q);
    EXPECT_EQ(q >> modulus.bits(), 0u);
    EXPECT_EQ(q >> (modulus.bits() - 1), 1u);
    EXPECT_EQ(modulus.barrett(), static_cast<std::uint64_t>((Uint128{1} << (62 + modulus.bits())) / q));
    EXPECT_EQ(modulus.value_double(), static_cast<double>(q));
    EXPECT_EQ(modulus.inverse_double(), 1.0 / static_cast<double>(q));
  }
}

TEST(Modulus, RefusesWhatIsNotAnOddPrime) {
  for (const std::uint64_t q : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{4},
                                std::uint64_t{15}, (std::uint64_t{1} << 50) - 1}) {
    const auto modulus = Modulus::create(q);
    ASSERT_FALSE(modulus.ok());
    EXPECT_EQ(modulus.status().code(), platform::StatusCode::kInvalidArgument);
    EXPECT_EQ(modulus.status().message(), "q = " + std::to_string(q) + " is not an odd prime");
  }
  const auto wide = Modulus::create((std::uint64_t{1} << 61) + 15);  // a prime of 62 bits
  ASSERT_FALSE(wide.ok());
  EXPECT_EQ(wide.status().message(), "q = 2305843009213693967 has more than 61 bits");
}

TEST(Modulus, TwoOperands) {
  for (const std::uint64_t q : kPrimes) {
    const Modulus modulus = make(q);
    const Residues values = operands(q);
    for (const std::uint64_t a : values) {
      for (const std::uint64_t b : values) {
        ASSERT_EQ(add_mod(a, b, modulus), test::add_ref(a, b, q)) << a << " " << b << " " << q;
        ASSERT_EQ(sub_mod(a, b, modulus), test::add_ref(a, q - b, q)) << a << " " << b << " " << q;
        ASSERT_EQ(multiply_mod(a, b, modulus), test::multiply_ref(a, b, q)) << a << " " << b << " " << q;
      }
    }
  }
}

TEST(Modulus, OneOperand) {
  for (const std::uint64_t q : kPrimes) {
    const Modulus modulus = make(q);
    for (const std::uint64_t a : operands(q)) {
      ASSERT_EQ(negate_mod(a, modulus), a == 0 ? 0 : q - a);
      const std::int64_t balanced = a > (q - 1) / 2
                                        ? static_cast<std::int64_t>(a) - static_cast<std::int64_t>(q)
                                        : static_cast<std::int64_t>(a);
      ASSERT_EQ(centered(a, modulus), balanced);
      if (a != 0) {
        ASSERT_EQ(test::multiply_ref(inverse_mod(a, modulus), a, q), 1u);
      }
    }
  }
}

TEST(Modulus, ReducesAnyWord) {
  for (const std::uint64_t q : kPrimes) {
    const Modulus modulus = make(q);
    for (const std::uint64_t a : any_word(q)) {
      ASSERT_EQ(reduce(a, modulus), a % q) << a << " " << q;
      const std::int64_t negative = static_cast<std::int64_t>(a);
      ASSERT_EQ(reduce_signed(negative, modulus), test::signed_ref(negative, q)) << negative << " " << q;
    }
  }
}

TEST(Modulus, ReducesWideNumbersBelowTheSquare) {
  for (const std::uint64_t q : kPrimes) {
    const Modulus modulus = make(q);
    Random random(q + 2);
    const Uint128 square = static_cast<Uint128>(q) * q;
    std::vector<Uint128> values = {0, q - 1, q, square - 1, square - q, square - q - 1};
    for (int i = 0; i < 1000; ++i) {
      const Uint128 word = static_cast<Uint128>(random()) << 64 | random();
      values.push_back(word % square);
      values.push_back(word % square / q * q);
    }
    for (const Uint128 a : values) {
      const platform::Wide wide = {static_cast<std::uint64_t>(a >> 64), static_cast<std::uint64_t>(a)};
      ASSERT_EQ(reduce_wide(wide, modulus), static_cast<std::uint64_t>(a % q)) << q;
    }
  }
}

TEST(Modulus, ShoupProduct) {
  for (const std::uint64_t q : kPrimes) {
    const Modulus modulus = make(q);
    const Residues words = any_word(q);
    for (const std::uint64_t w : operands(q)) {
      const std::uint64_t quotient = shoup_quotient(w, modulus);
      ASSERT_EQ(quotient, static_cast<std::uint64_t>((static_cast<Uint128>(w) << 64) / q)) << w << " " << q;
      for (const std::uint64_t a : words) {
        const std::uint64_t lazy = multiply_shoup_lazy(a, w, quotient, q);
        ASSERT_LT(lazy, 2 * q);
        ASSERT_EQ(lazy % q, test::multiply_ref(a, w, q)) << a << " " << w << " " << q;
        ASSERT_EQ(multiply_shoup(a, w, quotient, modulus), lazy % q);
      }
    }
  }
}

TEST(Modulus, Powers) {
  for (const std::uint64_t q : kPrimes) {
    const Modulus modulus = make(q);
    for (const std::uint64_t a : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, q - 1}) {
      for (const std::uint64_t exponent :
           {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, q - 1, ~std::uint64_t{0}}) {
        ASSERT_EQ(power_mod_vartime(a, exponent, modulus), test::power_ref(a, exponent, q))
            << a << " " << exponent;
      }
    }
  }
}

TEST(Modulus, SubtractOnceAtItsLimits) {
  const std::uint64_t bound = std::uint64_t{1} << 63;
  EXPECT_EQ(subtract_once(0, bound), 0u);
  EXPECT_EQ(subtract_once(bound - 1, bound), bound - 1);
  EXPECT_EQ(subtract_once(bound, bound), 0u);
  EXPECT_EQ(subtract_once(2 * bound - 1, bound), bound - 1);
}

}  // namespace
}  // namespace fcn::ntt
