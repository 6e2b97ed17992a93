// Products with X^e against the schoolbook, for every exponent, and sums up to the end of the lazy range.
#include <gtest/gtest.h>

#include <limits>

#include "ntt/kernels.h"
#include "support/kernels_under_test.h"
#include "support/ring_oracle.h"

namespace fcn::ntt {
namespace {

using test::Random;
using test::Residues;

constexpr std::uint64_t kLargest50 = (std::uint64_t{1} << 50) - 27;
constexpr std::uint64_t kLargest61 = (std::uint64_t{1} << 61) - 1;

class Monomial : public test::KernelTest {
 protected:
  std::vector<Modulus> moduli() const {
    std::vector<Modulus> moduli;
    for (const std::uint64_t q : {std::uint64_t{17}, std::uint64_t{786433}, kLargest50, kLargest61}) {
      const Modulus modulus = Modulus::create(q).value();
      if (modulus.bits() <= kernels().max_prime_bits) moduli.push_back(modulus);
    }
    return moduli;
  }
  Residues multiplied(const Modulus& q, const Residues& a, std::size_t exponent) const {
    Residues product(a.size());
    kernels().monomial_multiply(q, product.data(), a.data(), exponent, a.size());
    return product;
  }
};

TEST_P(Monomial, MultiplyForEveryExponent) {
  for (const Modulus& modulus : moduli()) {
    Random random(modulus.value());
    for (std::size_t n = 4; n <= 128; n *= 2) {
      const Residues a = test::random_residues(random, n, modulus.value());
      for (std::size_t exponent = 0; exponent < 2 * n; ++exponent) {
        ASSERT_EQ(multiplied(modulus, a, exponent), test::monomial_product_ref(a, exponent, modulus.value()))
            << "n = " << n << ", exponent = " << exponent;
      }
    }
  }
}

TEST_P(Monomial, ZeroStaysZero) {
  for (const Modulus& modulus : moduli()) {
    const Residues zero(16, 0);
    for (std::size_t exponent = 0; exponent < 32; ++exponent)
      EXPECT_EQ(multiplied(modulus, zero, exponent), zero);
  }
}

TEST_P(Monomial, AccumulateForEveryExponent) {
  for (const Modulus& modulus : moduli()) {
    const std::uint64_t q = modulus.value();
    Random random(q);
    for (std::size_t n = 4; n <= 128; n *= 2) {
      for (std::size_t exponent = 0; exponent < 2 * n; ++exponent) {
        const Residues a = test::random_residues(random, n, q);
        std::vector<std::int64_t> accumulator(n);
        for (auto& value : accumulator)
          value = static_cast<std::int64_t>(random() % q) - static_cast<std::int64_t>(q / 2);
        auto expected = accumulator;
        for (std::size_t i = 0; i < n; ++i) {
          const std::int64_t term = static_cast<std::int64_t>(a[i]);
          expected[(i + exponent) % n] += (i + exponent) / n % 2 == 1 ? -term : term;
        }
        const MonomialProduct product{a.data(), exponent};
        kernels().monomial_accumulate_lazy(accumulator.data(), &product, 1, n, 0, n);
        ASSERT_EQ(accumulator, expected) << "n = " << n << ", exponent = " << exponent;
      }
    }
  }
}

// Many terms in one call, wrapping at every place of a block, equal the same terms one by one.
TEST_P(Monomial, AccumulateManyTermsAtOnce) {
  const std::uint64_t q = kLargest50;  // of which the lazy range takes 8192 terms
  Random random(q);
  for (const std::size_t n : {4, 16, 32, 64, 256}) {
    std::vector<Residues> sources;
    std::vector<MonomialProduct> terms;
    const std::size_t step = n > 64 ? 3 : 1;
    for (std::size_t exponent = 0; exponent < 2 * n; exponent += step) {
      sources.push_back(test::random_residues(random, n, q));
      terms.push_back({nullptr, exponent});
    }
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i].a = sources[i].data();
    std::vector<std::int64_t> accumulator(n, -5), expected(n, -5);
    for (const MonomialProduct& term : terms) {
      for (std::size_t i = 0; i < n; ++i) {
        const auto x = static_cast<std::int64_t>(term.a[i]);
        expected[(i + term.exponent) % n] += (i + term.exponent) / n % 2 == 1 ? -x : x;
      }
    }
    kernels().monomial_accumulate_lazy(accumulator.data(), terms.data(), terms.size(), n, 0, n);
    ASSERT_EQ(accumulator, expected) << "n = " << n;
    kernels().monomial_accumulate_lazy(accumulator.data(), nullptr, 0, n, 0, n);
    ASSERT_EQ(accumulator, expected) << "no terms";
    for (std::size_t first = 0; first <= n;
         first += first < 3 ? 1 : n / 5 + 1) {  // a part of the coefficients
      for (std::size_t last = first; last <= n; last += n / 7 + 1) {
        std::vector<std::int64_t> part(last - first, -5);
        kernels().monomial_accumulate_lazy(part.data(), terms.data(), terms.size(), n, first, last);
        const auto begin = expected.begin() + static_cast<std::ptrdiff_t>(first);
        ASSERT_TRUE(std::equal(part.begin(), part.end(), begin))
            << "n = " << n << ", [" << first << ", " << last << ")";
      }
    }
  }
}

TEST_P(Monomial, WholeLazyRangeInBothDirections) {
  for (const Modulus& modulus : moduli()) {
    const std::uint64_t q = modulus.value(), terms = lazy_terms(q);
    const std::size_t n = 16;
    // As many calls as the range takes, or as many as are quick, starting right below the limit.
    const std::uint64_t calls = terms < 100000 ? terms : 1000;
    const std::int64_t start = static_cast<std::int64_t>((terms - calls) * (q - 1));
    const std::int64_t end = static_cast<std::int64_t>(terms * (q - 1));
    const Residues a(n, q - 1);
    std::vector<std::int64_t> up(n, start), down(n, -start);
    for (std::uint64_t i = 0; i < calls; ++i) {
      const MonomialProduct plus{a.data(), 0}, minus{a.data(), n};
      kernels().monomial_accumulate_lazy(up.data(), &plus, 1, n, 0, n);
      kernels().monomial_accumulate_lazy(down.data(), &minus, 1, n, 0, n);
    }
    ASSERT_EQ(up, std::vector<std::int64_t>(n, end));
    ASSERT_EQ(down, std::vector<std::int64_t>(n, -end));
    Residues reduced(n);
    kernels().reduce_accumulator(modulus, reduced.data(), up.data(), n);
    EXPECT_EQ(reduced, Residues(n, test::signed_ref(end, q)));
    kernels().reduce_accumulator(modulus, reduced.data(), down.data(), n);
    EXPECT_EQ(reduced, Residues(n, test::signed_ref(-end, q)));
  }
}

TEST_P(Monomial, SparsePolynomialTimesDenseOne) {
  for (const Modulus& modulus : moduli()) {
    const std::uint64_t q = modulus.value();
    Random random(q);
    for (std::size_t n = 4; n <= 256; n *= 4) {
      std::vector<std::int64_t> accumulator(n, 0);
      Residues expected(n, 0), reduced(n);
      for (int term = 0; term < 4; ++term) {
        const Residues a = test::random_residues(random, n, q);
        const std::int64_t exponent = static_cast<std::int64_t>(random());
        const std::size_t place = monomial_exponent(exponent, n);
        const Residues product = test::monomial_product_ref(a, place, q);
        for (std::size_t i = 0; i < n; ++i) expected[i] = test::add_ref(expected[i], product[i], q);
        const MonomialProduct shifted{a.data(), place};
        kernels().monomial_accumulate_lazy(accumulator.data(), &shifted, 1, n, 0, n);
      }
      kernels().reduce_accumulator(modulus, reduced.data(), accumulator.data(), n);
      EXPECT_EQ(reduced, expected);
    }
  }
}

FCN_ON_ALL_KERNELS(Monomial);

TEST(LazyTerms, FillTheSignedRange) {
  for (const std::uint64_t q : {std::uint64_t{3}, std::uint64_t{17}, kLargest50, kLargest61}) {
    const std::uint64_t limit = std::numeric_limits<std::int64_t>::max(), terms = lazy_terms(q);
    const std::uint64_t filled = terms * (q - 1);
    ASSERT_EQ(filled / terms, q - 1);  // no overflow
    EXPECT_LE(filled, limit);
    EXPECT_LT(limit - filled, q - 1);
  }
  EXPECT_GE(lazy_terms(kLargest50), std::uint64_t{1} << 13);
}

TEST(MonomialExponent, AnyIntegerModuloTwiceTheLength) {
  for (const std::size_t n : {std::size_t{4}, std::size_t{8}, std::size_t{65536}}) {
    const std::int64_t period = static_cast<std::int64_t>(2 * n);
    for (std::int64_t exponent = -40; exponent <= 40; ++exponent) {
      std::int64_t expected = exponent;
      while (expected < 0) expected += period;
      while (expected >= period) expected -= period;
      EXPECT_EQ(monomial_exponent(exponent, n), static_cast<std::size_t>(expected)) << exponent;
    }
    EXPECT_EQ(monomial_exponent(std::numeric_limits<std::int64_t>::min(), n), 0u);
    EXPECT_EQ(monomial_exponent(std::numeric_limits<std::int64_t>::max(), n), 2 * n - 1);
  }
}

}  // namespace
}  // namespace fcn::ntt
