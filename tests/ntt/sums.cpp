// Sums of products of polynomials against 128-bit division, for every small number of terms and around every place where
// a kernel may have to reduce, on every table.
#include <gtest/gtest.h>

#include "ntt/kernels.h"
#include "support/kernels_under_test.h"
#include "support/ring_oracle.h"

namespace fcn::ntt {
namespace {

using test::Random;
using test::Residues;

constexpr std::uint64_t kGuard = 0xfeedfacecafebeef;

std::vector<std::size_t> term_counts() {
  std::vector<std::size_t> counts;
  for (std::size_t count = 1; count <= 34; ++count) counts.push_back(count);
  for (const std::size_t count : {63, 64, 65, 126, 127, 128, 129, 255, 256, 257, 400})
    counts.push_back(count);
  return counts;
}

class Sums : public test::KernelTest {
 protected:
  std::vector<std::uint64_t> primes() const {
    std::vector<std::uint64_t> primes = {3, 17, 12289, 786433, 4294967291, (std::uint64_t{1} << 50) - 27};
    if (kernels().max_prime_bits > 50) primes.push_back((std::uint64_t{1} << 61) - 1);
    return primes;
  }

  // a_j below bound, b_j below q: as inner_product where products is set, else with the first b of each term as scalar.
  void check(std::uint64_t q, const std::vector<Residues>& a, const std::vector<Residues>& b, bool products) {
    const std::size_t count = a.size(), n = a[0].size();
    const Modulus modulus = Modulus::create(q).value();
    Residues dst(n + 1, kGuard), expected(n, 0);
    std::vector<PointwiseProduct> pairs;
    std::vector<ScaledPolynomial> scaled;
    for (std::size_t j = 0; j < count; ++j) {
      pairs.push_back({a[j].data(), b[j].data()});
      scaled.push_back({a[j].data(), b[j][0]});
      for (std::size_t i = 0; i < n; ++i)
        expected[i] =
            test::add_ref(expected[i], test::multiply_ref(a[j][i], products ? b[j][i] : b[j][0], q), q);
    }
    if (products) {
      kernels().inner_product(modulus, dst.data(), pairs.data(), count, n);
    } else {
      kernels().linear_combination(modulus, dst.data(), scaled.data(), count, n);
    }
    ASSERT_EQ(dst[n], kGuard);
    dst.pop_back();
    ASSERT_EQ(dst, expected) << count << " terms, n = " << n << ", q = " << q;
    if (products) check_pair(modulus, a, b, expected);
  }

  // Both sums of a pair: products is that of a and b, the other one that of b and the next term's b.
  void check_pair(const Modulus& q, const std::vector<Residues>& a, const std::vector<Residues>& b,
                  const Residues& products) {
    const std::size_t count = a.size(), n = a[0].size();
    Residues first(n + 1, kGuard), second(n + 1, kGuard), expected(n, 0);
    std::vector<PairProduct> terms;
    for (std::size_t j = 0; j < count; ++j) {
      const Residues& next = b[(j + 1) % count];
      terms.push_back({b[j].data(), a[j].data(), next.data()});
      for (std::size_t i = 0; i < n; ++i)
        expected[i] = test::add_ref(expected[i], test::multiply_ref(b[j][i], next[i], q.value()), q.value());
    }
    for (const Fetch fetch : {Fetch::kFactors, Fetch::kAll}) {
      std::fill_n(first.begin(), n, kGuard);
      std::fill_n(second.begin(), n, kGuard);
      kernels().inner_product_pair(q, first.data(), second.data(), terms.data(), count, n, fetch);
      ASSERT_EQ(first[n], kGuard);
      ASSERT_EQ(second[n], kGuard);
      ASSERT_TRUE(std::equal(products.begin(), products.end(), first.begin()))
          << count << " pairs, n = " << n << ", q = " << q.value();
      ASSERT_TRUE(std::equal(expected.begin(), expected.end(), second.begin()))
          << count << " pairs, n = " << n << ", q = " << q.value();
    }
  }

  void check_everything(bool products) {
    for (const std::uint64_t q : primes()) {
      const std::uint64_t bound = products ? q : std::uint64_t{1} << kernels().max_prime_bits;
      Random random(q);
      for (const std::size_t count : term_counts()) {
        for (const std::size_t n : {4, 8, 12, 36, 64}) {
          std::vector<Residues> a(count), b(count);
          for (std::size_t j = 0; j < count; ++j) {
            a[j] = test::random_residues(random, n, bound);
            b[j] = test::random_residues(random, n, q);
          }
          ASSERT_NO_FATAL_FAILURE(check(q, a, b, products));
        }
        // The largest sums, the smallest, and neighbours of both.
        for (const std::uint64_t x : {bound - 1, bound - 2, std::uint64_t{0}}) {
          for (const std::uint64_t y : {q - 1, q - 2, std::uint64_t{0}})
            ASSERT_NO_FATAL_FAILURE(
                check(q, std::vector(count, Residues(20, x)), std::vector(count, Residues(20, y)), products));
        }
      }
      std::vector<Residues> a(3), b(3);
      for (std::size_t j = 0; j < 3; ++j) {
        a[j] = test::random_residues(random, 65536, bound);
        b[j] = test::random_residues(random, 65536, q);
      }
      ASSERT_NO_FATAL_FAILURE(check(q, a, b, products));
    }
  }
};

TEST_P(Sums, InnerProducts) {
  check_everything(true);
}

TEST_P(Sums, LinearCombination) {
  check_everything(false);
}

// Every pair of residues of a tiny prime, as one term and as nine.
TEST_P(Sums, TinyPrimeExhaustively) {
  const std::uint64_t q = 17;
  Residues left, right;
  for (std::uint64_t x = 0; x < q; ++x) {
    for (std::uint64_t y = 0; y < q; ++y) {
      left.push_back(x);
      right.push_back(y);
    }
  }
  left.resize(292);
  right.resize(292);
  for (const std::size_t count : {std::size_t{1}, std::size_t{9}}) {
    check(q, std::vector(count, left), std::vector(count, right), true);
    for (std::uint64_t y = 0; y < q; ++y)
      check(q, std::vector(count, left), std::vector(count, Residues(292, y)), false);
  }
}

// One input may serve several terms.
TEST_P(Sums, TermsMayShareInputs) {
  const std::uint64_t q = (std::uint64_t{1} << 50) - 27;
  Random random(5);
  const Residues a = test::random_residues(random, 32, q);
  const PointwiseProduct terms[] = {{a.data(), a.data()}, {a.data(), a.data()}};
  Residues dst(32);
  kernels().inner_product(Modulus::create(q).value(), dst.data(), terms, 2, 32);
  for (std::size_t i = 0; i < 32; ++i) {
    const std::uint64_t square = test::multiply_ref(a[i], a[i], q);
    EXPECT_EQ(dst[i], test::add_ref(square, square, q));
  }
}

FCN_ON_ALL_KERNELS(Sums);

}  // namespace
}  // namespace fcn::ntt
