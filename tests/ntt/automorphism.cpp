// X -> X^g against its definition, for every odd g.
#include "ntt/automorphism.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace fcn::ntt
