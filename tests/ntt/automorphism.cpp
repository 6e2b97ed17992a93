// X -> X^g against its definition, for every odd g, on coefficients and on transforms.
#include "ntt/automorphism.h"

#include <gtest/gtest.h>

#include "ntt/ntt_tables.h"
#include "ntt/primes.h"
#include "support/kernels_under_test.h"
#include "support/ring_oracle.h"

namespace fcn::ntt {
namespace {

using test::Residues;

Residues image(const Modulus& q, const Residues& a, std::size_t g) {
  Residues dst(a.size(), ~std::uint64_t{0});
  apply_automorphism(q, dst.data(), a.data(), g, a.size());
  return dst;
}

TEST(Automorphism, EveryOddPower) {
  for (const std::uint64_t q :
       {std::uint64_t{17}, (std::uint64_t{1} << 50) - 27, (std::uint64_t{1} << 61) - 1}) {
    const Modulus modulus = Modulus::create(q).value();
    test::Random random(q);
    for (std::size_t n = 4; n <= 64; n *= 2) {
      const Residues a = test::random_residues(random, n, q);
      for (std::size_t g = 1; g < 2 * n; g += 2) {
        ASSERT_EQ(image(modulus, a, g), test::automorphism_ref(a, g, q)) << "n = " << n << ", g = " << g;
      }
      ASSERT_EQ(image(modulus, Residues(n, 0), 2 * n - 1), Residues(n, 0));
    }
  }
}

TEST(Automorphism, LargestLength) {
  const Modulus modulus = Modulus::create(786433).value();
  test::Random random(1);
  const Residues a = test::random_residues(random, 65536, 786433);
  for (const std::size_t g : {std::size_t{3}, std::size_t{65537}, std::size_t{131071}}) {
    EXPECT_EQ(image(modulus, a, g), test::automorphism_ref(a, g, 786433));
  }
}

class TransformedAutomorphism : public test::KernelTest {
 protected:
  Residues permuted(const Residues& a, std::size_t g) const {
    const NttPermutation permutation = NttPermutation::create(a.size(), g).value();
    constexpr std::uint64_t kGuard = 0xfeedfacecafebeef;
    Residues dst(a.size() + 1, kGuard);
    const std::size_t lanes = permutation.lanes(), cut = lanes * (g % (a.size() / lanes + 1));  // from 0 to n
    kernels().permute(dst.data(), a.data(), permutation, 0, cut);
    EXPECT_EQ(dst[cut], kGuard);
    kernels().permute(dst.data() + cut, a.data(), permutation, cut, a.size());
    EXPECT_EQ(dst.back(), kGuard);
    dst.pop_back();
    return dst;
  }
};

// By the definition of a transform, without one: place i has the exponent e(i) = 2 * bitreverse(i) + 1, and dst at e is
// a at g*e. Distinct words of 64 bits, since nothing is computed.
TEST_P(TransformedAutomorphism, MovesEveryPlaceToItsExponent) {
  for (std::size_t n = 4; n <= 256; n *= 2) {
    Residues at_exponent(2 * n), a(n);
    test::Random random(n);
    for (std::size_t i = 0; i < n; ++i) {
      a[i] = random();
      at_exponent[2 * test::bit_reverse_ref(i, n) + 1] = a[i];
    }
    for (std::size_t g = 1; g < 2 * n; g += 2) {
      const Residues dst = permuted(a, g);
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t exponent = g * (2 * test::bit_reverse_ref(i, n) + 1) % (2 * n);
        ASSERT_EQ(dst[i], at_exponent[exponent]) << "n = " << n << ", g = " << g << ", i = " << i;
      }
    }
  }
}

TEST_P(TransformedAutomorphism, CommutesWithTheTransform) {
  for (std::size_t n = 4; n <= 65536; n *= 2) {
    const std::uint64_t q = find_primes(n, 50, 1).value()[0];
    const NttTables tables = NttTables::create(n, Modulus::create(q).value(), kernels()).value();
    test::Random random(n);
    const Residues a = test::random_residues(random, n, q);
    Residues transformed = a;
    tables.forward(transformed.data());
    for (const std::size_t g : {std::size_t{1}, std::size_t{3}, std::size_t{5}, n / 2 + 1, n - 1, n + 1,
                                2 * n - 1, 2 * static_cast<std::size_t>(random() % n) + 1}) {
      Residues expected = test::automorphism_ref(a, g, q);
      tables.forward(expected.data());
      ASSERT_EQ(permuted(transformed, g), expected) << "n = " << n << ", g = " << g;
    }
  }
}

FCN_ON_ALL_KERNELS(TransformedAutomorphism);

TEST(NttPermutation, RefusesWhatIsNoAutomorphism) {
  const auto message = [](std::size_t n, std::size_t g) {
    const auto permutation = NttPermutation::create(n, g);
    EXPECT_FALSE(permutation.ok());
    EXPECT_EQ(permutation.status().code(), platform::StatusCode::kInvalidArgument);
    return std::string(permutation.status().message());
  };
  EXPECT_EQ(message(0, 1), "n = 0 is not a power of two in [4, 65536]");
  EXPECT_EQ(message(12, 1), "n = 12 is not a power of two in [4, 65536]");
  EXPECT_EQ(message(131072, 1), "n = 131072 is not a power of two in [4, 65536]");
  EXPECT_EQ(message(8, 0), "g = 0 is not odd and below 2n = 16");
  EXPECT_EQ(message(8, 6), "g = 6 is not odd and below 2n = 16");
  EXPECT_EQ(message(8, 17), "g = 17 is not odd and below 2n = 16");
}

}  // namespace
}  // namespace fcn::ntt
