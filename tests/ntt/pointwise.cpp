// Coefficient-wise kernels against 128-bit division, for every count that ends inside a vector, on every
// table.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "ntt/kernels.h"
#include "support/kernels_under_test.h"
#include "support/ring_oracle.h"

namespace fcn::ntt {
namespace {

using test::Random;
using test::Residues;

constexpr std::uint64_t kGuard = 0xfeedfacecafebeef;
constexpr std::uint64_t kLargest50 = (std::uint64_t{1} << 50) - 27;
constexpr std::uint64_t kLargest61 = (std::uint64_t{1} << 61) - 1;

class Pointwise : public test::KernelTest {
 protected:
  std::vector<Modulus> moduli() const {
    std::vector<Modulus> moduli;
    for (const std::uint64_t q : {std::uint64_t{3}, std::uint64_t{17}, std::uint64_t{12289},
                                  std::uint64_t{786433}, kLargest50, kLargest61}) {
      const Modulus modulus = Modulus::create(q).value();
      if (modulus.bits() <= kernels().max_prime_bits) moduli.push_back(modulus);
    }
    return moduli;
  }

  using Reference = std::uint64_t (*)(std::uint64_t dst, std::uint64_t a, std::uint64_t b, std::uint64_t q);
  template <class Kernel>
  void check(Kernel kernel, Reference reference, const Modulus& modulus, const Residues& dst,
             const Residues& a, const Residues& b) {
    const std::size_t count = a.size();
    Residues out = dst;
    out.push_back(kGuard);
    kernel(modulus, out.data(), a.data(), b.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(out[i], reference(dst[i], a[i], b[i], modulus.value()))
          << "dst = " << dst[i] << ", a = " << a[i] << ", b = " << b[i] << ", q = " << modulus.value();
    }
    ASSERT_EQ(out[count], kGuard) << "count = " << count;
  }

  // Every pair of residues of a tiny prime, every pair of edges of a large one, random vectors of every small
  // count.
  template <class Kernel>
  void check_everywhere(Kernel kernel, Reference reference) {
    check_everywhere(kernel, reference, moduli());
  }
  template <class Kernel>
  void check_everywhere(Kernel kernel, Reference reference, const std::vector<Modulus>& all) {
    for (const Modulus& modulus : all) {
      const std::uint64_t q = modulus.value();
      Random random(q);
      Residues edges = {0, 1, q / 2, q / 2 + 1, q - 2, q - 1};
      if (q == 17) {
        edges.clear();
        for (std::uint64_t a = 0; a < q; ++a) edges.push_back(a);
      }
      Residues a, b, dst;
      for (const std::uint64_t x : edges) {
        for (const std::uint64_t y : edges) {
          for (const std::uint64_t z : edges) {
            a.push_back(x % q);
            b.push_back(y % q);
            dst.push_back(z % q);
          }
        }
      }
      check(kernel, reference, modulus, dst, a, b);
      for (std::size_t count = 0; count < 40; ++count) {
        const Residues left = test::random_residues(random, count, q),
                       right = test::random_residues(random, count, q);
        check(kernel, reference, modulus, test::random_residues(random, count, q), left, right);
      }
      const std::size_t many = 20001;
      const Residues left = test::random_residues(random, many, q),
                     right = test::random_residues(random, many, q);
      check(kernel, reference, modulus, test::random_residues(random, many, q), left, right);
    }
  }
};

TEST_P(Pointwise, Add) {
  check_everywhere(kernels().add, [](std::uint64_t, std::uint64_t a, std::uint64_t b, std::uint64_t q) {
    return test::add_ref(a, b, q);
  });
}

TEST_P(Pointwise, Subtract) {
  check_everywhere(kernels().subtract, [](std::uint64_t, std::uint64_t a, std::uint64_t b, std::uint64_t q) {
    return test::add_ref(a, q - b, q);
  });
}

TEST_P(Pointwise, Negate) {
  const auto kernel = [&](const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t*,
                          std::size_t count) { kernels().negate(q, dst, a, count); };
  check_everywhere(
      kernel, [](std::uint64_t, std::uint64_t a, std::uint64_t, std::uint64_t q) { return (q - a) % q; });
}

TEST_P(Pointwise, Multiply) {
  check_everywhere(kernels().multiply, [](std::uint64_t, std::uint64_t a, std::uint64_t b, std::uint64_t q) {
    return test::multiply_ref(a, b, q);
  });
}

TEST_P(Pointwise, MultiplyAdd) {
  check_everywhere(kernels().multiply_add,
                   [](std::uint64_t dst, std::uint64_t a, std::uint64_t b, std::uint64_t q) {
                     return test::add_ref(dst, test::multiply_ref(a, b, q), q);
                   });
}

// The scalar is the same for a whole call, so every b becomes a call of its own on all of a.
TEST_P(Pointwise, ScalarMultiplyAndAdd) {
  for (const Modulus& modulus : moduli()) {
    const std::uint64_t q = modulus.value();
    Random random(q);
    for (const std::uint64_t scalar :
         {std::uint64_t{0}, std::uint64_t{1}, q / 2, q / 2 + 1, q - 1, random() % q}) {
      for (std::size_t count = 0; count < 12; ++count) {
        const Residues a = test::random_residues(random, count, q),
                       dst = test::random_residues(random, count, q);
        Residues product = dst, sum = dst;
        product.push_back(kGuard);
        sum.push_back(kGuard);
        kernels().scalar_multiply(modulus, product.data(), a.data(), scalar, count);
        kernels().scalar_multiply_add(modulus, sum.data(), a.data(), scalar, count);
        for (std::size_t i = 0; i < count; ++i) {
          const std::uint64_t expected = test::multiply_ref(a[i], scalar, q);
          ASSERT_EQ(product[i], expected) << a[i] << " * " << scalar << " modulo " << q;
          ASSERT_EQ(sum[i], test::add_ref(dst[i], expected, q)) << dst[i] << " + " << a[i] << " * " << scalar;
        }
        ASSERT_EQ(product[count], kGuard);
        ASSERT_EQ(sum[count], kGuard);
      }
    }
  }
}

TEST_P(Pointwise, SubtractMultiply) {
  for (const Modulus& modulus : moduli()) {
    const std::uint64_t modulo = modulus.value();
    for (const std::uint64_t factor :
         {std::uint64_t{0}, std::uint64_t{1}, modulo / 2, modulo / 2 + 1, modulo - 1}) {
      static std::uint64_t scalar;  // the reference is a plain function
      scalar = factor;
      const auto kernel = [&](const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              const std::uint64_t* b, std::size_t count) {
        kernels().subtract_multiply(q, dst, a, b, scalar, count);
      };
      check_everywhere(kernel,
                       [](std::uint64_t, std::uint64_t a, std::uint64_t b, std::uint64_t q) {
                         return test::multiply_ref(test::add_ref(a, q - b, q), scalar, q);
                       },
                       {modulus});
    }
  }
}

// From every prime to every prime: all residues of a small one, and those where the sign of a large one changes.
TEST_P(Pointwise, ReduceCentered) {
  for (const Modulus& from : moduli()) {
    const std::uint64_t p = from.value();
    Random random(p);
    Residues a;
    for (std::uint64_t x = 0; x < 40; ++x) {
      for (const std::uint64_t edge : {x, p / 2 - 20 + x, p - 40 + x, p / 4 + x}) {
        if (edge < p) a.push_back(edge);
      }
    }
    for (const std::uint64_t x : test::random_residues(random, 20001, p)) a.push_back(x);
    for (const Modulus& modulus : moduli()) {
      for (std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3},
                                std::size_t{5}, std::size_t{6}, std::size_t{7}, std::size_t{9}, a.size()}) {
        Residues out(count + 1, kGuard);
        kernels().reduce_centered(modulus, out.data(), a.data(), from, count);
        for (std::size_t i = 0; i < count; ++i) {
          const std::int64_t signed_a =
              static_cast<std::int64_t>(a[i]) - (a[i] > p / 2 ? static_cast<std::int64_t>(p) : 0);
          ASSERT_EQ(out[i], test::signed_ref(signed_a, modulus.value()))
              << a[i] << " from " << p << " to " << modulus.value();
        }
        ASSERT_EQ(out[count], kGuard);
      }
    }
  }
}

TEST_P(Pointwise, OutputMayBeAnInput) {
  for (const Modulus& modulus : moduli()) {
    const std::uint64_t q = modulus.value();
    Random random(q);
    const std::size_t count = 23;
    const Residues a = test::random_residues(random, count, q), b = test::random_residues(random, count, q);
    const auto subtract_multiply = [&](const Modulus& prime, std::uint64_t* dst, const std::uint64_t* x,
                                       const std::uint64_t* y, std::size_t some) {
      kernels().subtract_multiply(prime, dst, x, y, prime.value() - 2, some);
    };
    using Kernel = std::function<void(const Modulus&, std::uint64_t*, const std::uint64_t*,
                                      const std::uint64_t*, std::size_t)>;
    for (const Kernel& kernel : {Kernel(kernels().add), Kernel(kernels().subtract),
                                 Kernel(kernels().multiply), Kernel(subtract_multiply)}) {
      Residues apart(count), over_a = a, over_b = b;
      kernel(modulus, apart.data(), a.data(), b.data(), count);
      kernel(modulus, over_a.data(), over_a.data(), b.data(), count);
      kernel(modulus, over_b.data(), a.data(), over_b.data(), count);
      EXPECT_EQ(over_a, apart);
      EXPECT_EQ(over_b, apart);
    }
    Residues negated = a, scaled = a, reduced = a;
    kernels().negate(modulus, negated.data(), negated.data(), count);
    kernels().scalar_multiply(modulus, scaled.data(), scaled.data(), q - 1, count);
    kernels().reduce(modulus, reduced.data(), reduced.data(), count);
    EXPECT_EQ(negated, scaled);
    EXPECT_EQ(reduced, a);
    Residues recentered = a;
    kernels().reduce_centered(modulus, recentered.data(), recentered.data(), modulus, count);
    EXPECT_EQ(recentered, a);
  }
}

// Words around multiples of q, powers of two, and the ends of the range.
Residues words(std::uint64_t q) {
  Random random(q);
  Residues words = {0, 1, ~std::uint64_t{0}, ~std::uint64_t{0} - 1};
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    words.insert(words.end(), {power - 1, power, power + 1, 0 - power, power / q * q - 1, power / q * q});
  }
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t word = random() >> (random() % 64);
    words.insert(words.end(), {word, word / q * q, word / q * q - 1, word / q * q + q / 2, 0 - word});
  }
  return words;
}

TEST_P(Pointwise, ReducesAnyWord) {
  for (const Modulus& modulus : moduli()) {
    const Residues a = words(modulus.value());
    Residues out(a.size());
    kernels().reduce(modulus, out.data(), a.data(), a.size());
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(out[i], a[i] % modulus.value()) << a[i];
    for (std::size_t count = 0; count < 10; ++count) {
      Residues some(count + 1, kGuard);
      kernels().reduce(modulus, some.data(), a.data(), count);
      ASSERT_EQ(some[count], kGuard);
      ASSERT_EQ(Residues(some.begin(), some.end() - 1),
                Residues(out.begin(), out.begin() + static_cast<long>(count)));
    }
  }
}

TEST_P(Pointwise, ReducesAnyAccumulator) {
  for (const Modulus& modulus : moduli()) {
    const std::uint64_t q = modulus.value();
    std::vector<std::int64_t> a = {std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max(), -1};
    for (const std::uint64_t word : words(q)) a.push_back(static_cast<std::int64_t>(word));
    Residues out(a.size());
    kernels().reduce_accumulator(modulus, out.data(), a.data(), a.size());
    for (std::size_t i = 0; i < a.size(); ++i)
      ASSERT_EQ(out[i], test::signed_ref(a[i], q)) << a[i] << " modulo " << q;
    for (std::size_t count = 0; count < 10; ++count) {
      Residues some(count + 1, kGuard);
      kernels().reduce_accumulator(modulus, some.data(), a.data(), count);
      ASSERT_EQ(some[count], kGuard);
    }
    // In the accumulator's own memory.
    kernels().reduce_accumulator(modulus, reinterpret_cast<std::uint64_t*>(a.data()), a.data(), a.size());
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(static_cast<std::uint64_t>(a[i]), out[i]);
  }
}

FCN_ON_ALL_KERNELS(Pointwise);

}  // namespace
}  // namespace fcn::ntt
