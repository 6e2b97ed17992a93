// The transform against direct evaluation at the roots it promises, in the order it promises, on every table.
#include <gtest/gtest.h>

#include "ntt/ntt_tables.h"
#include "ntt/primes.h"
#include "support/kernels_under_test.h"
#include "support/ring_oracle.h"

namespace fcn::ntt {
namespace {

using test::Random;
using test::Residues;

class Transform : public test::KernelTest {
 protected:
  NttTables tables(std::size_t n, std::uint64_t q, const KernelTable& table) const {
    auto tables = NttTables::create(n, Modulus::create(q).value(), table);
    EXPECT_TRUE(tables.ok()) << tables.status().message();
    return std::move(tables).value();
  }
  NttTables tables(std::size_t n, std::uint64_t q) const { return tables(n, q, kernels()); }

  // The smallest and the largest prime that this table takes, and one between.
  std::vector<std::uint64_t> primes(std::size_t n) const {
    std::vector<std::uint64_t> primes = {test::smallest_prime_ref(n)};
    for (const unsigned bits : {kernels().max_prime_bits, 50u, 30u})
      primes.push_back(find_primes(n, bits, 1).value()[0]);
    return primes;
  }
};

// The place of output i: psi^(2 * bitreverse(i) + 1).
std::uint64_t point(const NttTables& tables, std::size_t i) {
  return test::power_ref(tables.psi(), 2 * test::bit_reverse_ref(i, tables.n()) + 1,
                         tables.modulus().value());
}

Residues forward(const NttTables& tables, Residues a) {
  tables.forward(a.data());
  return a;
}

Residues inverse(const NttTables& tables, Residues a) {
  tables.inverse(a.data());
  return a;
}

TEST_P(Transform, SmallLengthsAgainstDirectEvaluation) {
  for (std::size_t n = 4; n <= 256; n *= 2) {
    for (const std::uint64_t q : primes(n)) {
      const NttTables t = tables(n, q);
      ASSERT_EQ(test::power_ref(t.psi(), n, q), q - 1);
      Random random(n + q);
      for (int round = 0; round < 4; ++round) {
        const Residues a = test::random_residues(random, n, q);
        const Residues values = forward(t, a);
        for (std::size_t i = 0; i < n; ++i) {
          ASSERT_EQ(values[i], test::evaluate_ref(a, point(t, i), q))
              << "n = " << n << ", q = " << q << ", i = " << i;
        }
        ASSERT_EQ(inverse(t, values), a) << "n = " << n << ", q = " << q;
      }
    }
  }
}

TEST_P(Transform, EveryInputOfTheSmallestRing) {
  const NttTables t = tables(4, 17);
  std::uint64_t powers[4][4];  // of the four points
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) powers[i][j] = test::power_ref(point(t, i), j, 17);
  }
  for (std::uint64_t code = 0; code < 17 * 17 * 17 * 17; ++code) {
    const Residues a = {code % 17, code / 17 % 17, code / 289 % 17, code / 4913};
    const Residues values = forward(t, a);
    for (std::size_t i = 0; i < 4; ++i) {
      std::uint64_t expected = 0;
      for (std::size_t j = 0; j < 4; ++j) expected += a[j] * powers[i][j];
      ASSERT_EQ(values[i], expected % 17) << code;
    }
    ASSERT_EQ(inverse(t, values), a) << code;
  }
}

TEST_P(Transform, EveryTermOfSmallRings) {
  for (const std::size_t n : {std::size_t{8}, std::size_t{16}, std::size_t{32}, std::size_t{64}}) {
    const std::uint64_t q = test::smallest_prime_ref(n);
    const NttTables t = tables(n, q);
    for (std::size_t exponent = 0; exponent < n; ++exponent) {
      for (std::uint64_t coefficient = 0; coefficient < q; ++coefficient) {
        Residues a(n, 0);
        a[exponent] = coefficient;
        const Residues values = forward(t, a);
        for (std::size_t i = 0; i < n; i += 5) {
          ASSERT_EQ(values[i], coefficient * test::power_ref(point(t, i), exponent, q) % q);
        }
        ASSERT_EQ(inverse(t, values), a);
      }
    }
  }
}

TEST_P(Transform, LargeLengthsAtRandomPoints) {
  for (std::size_t n = 512; n <= 65536; n *= 2) {
    for (const std::uint64_t q : primes(n)) {
      const NttTables t = tables(n, q);
      Random random(n + q);
      const Residues a = test::random_residues(random, n, q);
      const Residues values = forward(t, a);
      for (int round = 0; round < 6; ++round) {
        const std::size_t i = random() % n;
        ASSERT_EQ(values[i], test::evaluate_ref(a, point(t, i), q))
            << "n = " << n << ", q = " << q << ", i = " << i;
      }
      // Values of a constant polynomial: the constant everywhere.
      Residues constant(n, 0);
      constant[0] = q - 1;
      ASSERT_EQ(forward(t, constant), Residues(n, q - 1));
      ASSERT_EQ(inverse(t, Residues(n, q - 1)), constant);
      ASSERT_EQ(inverse(t, values), a) << "n = " << n << ", q = " << q;
    }
  }
}

// -(1 + x + ... + x^(n-1)) = 2 / (x - 1) where x^n = -1.
TEST_P(Transform, AllCoefficientsLargest) {
  for (std::size_t n = 4; n <= 65536; n *= 2) {
    for (const std::uint64_t q : primes(n)) {
      const NttTables t = tables(n, q);
      const Residues a(n, q - 1);
      const Residues values = forward(t, a);
      for (std::size_t i = 0; i < n; i += 1 + n / 1024) {
        ASSERT_LT(values[i], q);
        ASSERT_EQ(test::multiply_ref(values[i], point(t, i) - 1, q), 2 % q) << "n = " << n << ", q = " << q;
      }
      ASSERT_EQ(inverse(t, values), a) << "n = " << n << ", q = " << q;
    }
  }
}

// A sign pattern that makes every sum of one path grow: the coefficients of q/2 * sign(w), worst for balanced
// values.
TEST_P(Transform, AgreesWithScalarOnEveryPrimeSize) {
  for (unsigned bits = 18; bits <= 50; ++bits) {
    for (const std::size_t n : {std::size_t{1024}, std::size_t{2048}, std::size_t{8192}}) {
      const std::uint64_t q = find_primes(n, bits, 1).value()[0];
      const NttTables t = tables(n, q), scalar = tables(n, q, scalar_kernels());
      Random random(bits);
      for (const std::uint64_t lowest :
           {std::uint64_t{0}, q / 2, q - 3}) {  // small, large, and full-range coefficients
        Residues a(n);
        for (auto& value : a) value = lowest + random() % (q - lowest);
        ASSERT_EQ(forward(t, a), forward(scalar, a)) << "n = " << n << ", q = " << q;
        ASSERT_EQ(inverse(t, a), inverse(scalar, a)) << "n = " << n << ", q = " << q;
      }
    }
  }
}

TEST_P(Transform, ProductsOfPolynomials) {
  for (std::size_t n = 4; n <= 512; n *= 2) {
    for (const std::uint64_t q : primes(n)) {
      const NttTables t = tables(n, q);
      Random random(n + q);
      const Residues a = test::random_residues(random, n, q), b = test::random_residues(random, n, q);
      const Residues a_values = forward(t, a), b_values = forward(t, b);
      Residues product(n);
      kernels().multiply(t.modulus(), product.data(), a_values.data(), b_values.data(), n);
      ASSERT_EQ(inverse(t, product), test::product_ref(a, b, q)) << "n = " << n << ", q = " << q;
    }
  }
}

TEST_P(Transform, RefusesBadArguments) {
  const auto check = [&](std::size_t n, std::uint64_t q, const std::string& message) {
    const auto result = NttTables::create(n, Modulus::create(q).value(), kernels());
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), platform::StatusCode::kInvalidArgument);
    EXPECT_EQ(result.status().message(), message);
  };
  check(2, 17, "n = 2 is not a power of two in [4, 65536]");
  check(24, 97, "n = 24 is not a power of two in [4, 65536]");
  check(131072, 786433, "n = 131072 is not a power of two in [4, 65536]");
  check(16, 17, "q = 17 is not 1 modulo 2n = 32");
  if (kernels().max_prime_bits == 50) {
    check(4, (std::uint64_t{1} << 50) + 145,
          "q = 1125899906842769 has 51 bits; the " + std::string(kernels().name) + " kernels take 50");
  }
}

TEST_P(Transform, TablesHoldTheRootsTheyPromise) {
  const std::size_t n = 32;
  const std::uint64_t q = find_primes(n, 50, 1).value()[0];
  const NttTables t = tables(n, q, scalar_kernels());
  EXPECT_EQ(t.log2_n(), 5u);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t root = test::power_ref(t.psi(), test::bit_reverse_ref(i, n), q);
    ASSERT_EQ(t.forward_roots()[i], root);
    ASSERT_EQ(test::multiply_ref(t.inverse_roots()[i], root, q), 1u);
    ASSERT_EQ(t.forward_quotients()[i], shoup_quotient(root, t.modulus()));
    ASSERT_EQ(t.inverse_quotients()[i], shoup_quotient(t.inverse_roots()[i], t.modulus()));
  }
  EXPECT_EQ(test::multiply_ref(t.n_inverse(), n, q), 1u);
  EXPECT_EQ(test::multiply_ref(t.last_root(), n, q), t.inverse_roots()[1]);
}

FCN_ON_ALL_KERNELS(Transform);

}  // namespace
}  // namespace fcn::ntt
