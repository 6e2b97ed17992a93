// The primality test against a sieve and known hard cases; prime search; the smallest primitive root.
#include "ntt/primes.h"

#include <gtest/gtest.h>

#include "support/ring_oracle.h"

namespace fcn::ntt {
namespace {

using platform::StatusCode;

TEST(IsPrime, AgreesWithASieve) {
  constexpr std::size_t kLimit = 1 << 20;
  std::vector<bool> composite(kLimit);
  for (std::size_t i = 2; i * i < kLimit; ++i) {
    for (std::size_t j = i * i; j < kLimit && !composite[i]; j += i) composite[j] = true;
  }
  for (std::size_t i = 0; i < kLimit; ++i) ASSERT_EQ(is_prime_vartime(i), i >= 2 && !composite[i]) << i;
}

TEST(IsPrime, AgreesWithTrialDivisionAroundLargerPowersOfTwo) {
  for (const unsigned bits : {25u, 31u, 32u, 33u}) {
    const std::uint64_t middle = std::uint64_t{1} << bits;
    for (std::uint64_t i = middle - 200; i < middle + 200; ++i)
      ASSERT_EQ(is_prime_vartime(i), test::is_prime_ref(i)) << i;
  }
}

TEST(IsPrime, StrongPseudoprimesAreComposite) {
  // Composites that pass for the first 1, 2, 3, 4, 5, 6, 7 or 8, and 9 to 11 primes as bases, and Carmichael
  // numbers.
  for (const std::uint64_t composite :
       {std::uint64_t{2047}, std::uint64_t{1373653}, std::uint64_t{25326001}, std::uint64_t{3215031751},
        std::uint64_t{2152302898747}, std::uint64_t{3474749660383}, std::uint64_t{341550071728321},
        std::uint64_t{3825123056546413051}, std::uint64_t{561}, std::uint64_t{1105},
        std::uint64_t{9746347772161}, std::uint64_t{4294967291} * 4294967291,
        std::uint64_t{4294967291} * 4294967279}) {
    EXPECT_FALSE(is_prime_vartime(composite)) << composite;
  }
}

// The primes above 2^64 - 100 are 2^64 - 59, - 83 and - 95; 2^61 - 1 is Mersenne's.
TEST(IsPrime, TopOfTheRange) {
  for (std::uint64_t k = 1; k < 100; ++k) {
    EXPECT_EQ(is_prime_vartime(0 - k), k == 59 || k == 83 || k == 95) << "2^64 - " << k;
  }
  EXPECT_TRUE(is_prime_vartime((std::uint64_t{1} << 61) - 1));
  EXPECT_TRUE(is_prime_vartime((std::uint64_t{1} << 50) - 27));
  EXPECT_FALSE(is_prime_vartime((std::uint64_t{1} << 59) - 1));
}

TEST(FindPrimes, FindsAllOfThemInFallingOrder) {
  for (const std::size_t n : {std::size_t{4}, std::size_t{8}, std::size_t{256}}) {
    for (const unsigned bits : {5u, 13u, 20u}) {
      std::vector<std::uint64_t> expected;
      for (std::uint64_t i = (std::uint64_t{1} << bits) - 1; i > 2; --i) {
        if (i % (2 * n) == 1 && test::is_prime_ref(i)) expected.push_back(i);
      }
      if (expected.empty()) continue;
      const auto all = find_primes(n, bits, expected.size());
      ASSERT_TRUE(all.ok()) << all.status().message();
      EXPECT_EQ(all.value(), expected);
      const auto too_many = find_primes(n, bits, expected.size() + 1);
      ASSERT_FALSE(too_many.ok());
      EXPECT_EQ(too_many.status().code(), StatusCode::kInvalidArgument);
      EXPECT_NE(too_many.status().message().find("only " + std::to_string(expected.size())),
                std::string::npos);
    }
  }
}

TEST(FindPrimes, LargePrimesAndExclusions) {
  for (const std::size_t n : {std::size_t{4}, std::size_t{8192}, std::size_t{65536}}) {
    for (const unsigned bits : {50u, 61u}) {
      const auto primes = find_primes(n, bits, 5);
      ASSERT_TRUE(primes.ok());
      std::uint64_t above = std::uint64_t{1} << bits;
      for (const std::uint64_t q : primes.value()) {
        EXPECT_LT(q, above);
        EXPECT_EQ(q % (2 * n), 1u);
        EXPECT_TRUE(is_prime_vartime(q));
        EXPECT_EQ(q >> (bits - 1), 1u);
        above = q;
      }
      const auto rest = find_primes(n, bits, 3, {primes.value()[0], primes.value()[2]});
      ASSERT_TRUE(rest.ok());
      EXPECT_EQ(rest.value(),
                (std::vector<std::uint64_t>{primes.value()[1], primes.value()[3], primes.value()[4]}));
    }
  }
  const auto none = find_primes(65536, 61, 0);
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->empty());
}

TEST(FindPrimes, RefusesBadArguments) {
  for (const std::size_t n : {std::size_t{0}, std::size_t{2}, std::size_t{12}, std::size_t{131072}}) {
    const auto primes = find_primes(n, 30, 1);
    ASSERT_FALSE(primes.ok());
    EXPECT_EQ(primes.status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(primes.status().message(), "n = " + std::to_string(n) + " is not a power of two in [4, 65536]");
  }
  for (const unsigned bits : {0u, 3u, 62u, 64u, 1000u}) {
    const auto primes = find_primes(4, bits, 1);
    ASSERT_FALSE(primes.ok());
    EXPECT_NE(primes.status().message().find(std::to_string(bits) + " bits"), std::string::npos);
  }
}

TEST(PrimitiveRoot, IsTheSmallestOfItsOrder) {
  for (const std::uint64_t q : {17u, 97u, 193u, 257u, 12289u}) {
    const auto modulus = Modulus::create(q);
    ASSERT_TRUE(modulus.ok());
    for (std::size_t n = 1; (q - 1) % (2 * n) == 0; n *= 2) {
      std::uint64_t smallest = 2;  // brute force: x^n = -1
      while (test::power_ref(smallest, n, q) != q - 1) ++smallest;
      const auto root = primitive_root(n, modulus.value());
      ASSERT_TRUE(root.ok());
      EXPECT_EQ(root.value(), smallest) << "q = " << q << ", n = " << n;
    }
  }
}

TEST(PrimitiveRoot, HasItsOrderForLargePrimes) {
  for (const std::size_t n : {std::size_t{4}, std::size_t{8192}, std::size_t{65536}}) {
    for (const unsigned bits : {50u, 61u}) {
      const std::uint64_t q = find_primes(n, bits, 1).value()[0];
      const auto root = primitive_root(n, Modulus::create(q).value());
      ASSERT_TRUE(root.ok());
      EXPECT_EQ(test::power_ref(root.value(), n, q), q - 1);
    }
  }
}

TEST(PrimitiveRoot, RefusesBadArguments) {
  const Modulus q = Modulus::create(17).value();
  const auto odd_length = primitive_root(3, q);
  ASSERT_FALSE(odd_length.ok());
  EXPECT_EQ(odd_length.status().message(), "n = 3 is not a power of two");
  const auto none = primitive_root(16, q);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(none.status().message(), "q = 17 is not 1 modulo 2n = 32");
}

}  // namespace
}  // namespace fcn::ntt
