// The facts about t = X^k - b that the scheme is built on (DESIGN.md, section 1), each from its definition.
#include <gtest/gtest.h>

#include <set>

#include "fv/keys.h"
#include "fv/params.h"
#include "ntt/primes.h"
#include "support/fv_sets.h"
#include "support/ring_oracle.h"
#include "support/schoolbook_fv.h"

namespace fcn::test {
namespace {

struct Shape {
  std::size_t n, k;
  std::uint64_t b;
};

// With slots (p a prime, 1 modulo 2n) and without.
const Shape kShapes[] = {{8, 2, 16},  {8, 1, 2},    {16, 4, 16}, {16, 8, 6},
                         {32, 8, 48}, {64, 8, 132}, {64, 1, 2},  {128, 16, 140}};

Poly t_of(const Shape& s) {
  Poly t(s.n);
  t[0] = -BigInt(s.b);
  t[s.k] = 1;
  return t;
}

BigInt p_of(const Shape& s) {
  return power(s.b, s.n / s.k) + 1;
}

bool has_slots(const Shape& s) {
  return p_of(s).bit_length() <= 61 && ntt::is_prime_vartime(p_of(s).to_uint64()) &&
         modulo(p_of(s), 2 * s.n) == 1;
}

// The slots' roots in order: psi^(g^j) with psi^k = b and psi of order 2n, found by trying.
std::vector<std::uint64_t> roots_of(const Shape& s) {
  const std::uint64_t p = p_of(s).to_uint64();
  std::uint64_t psi = 0;
  for (std::uint64_t x = 2; psi == 0; ++x) {  // x^((p-1)/2n) has an order that divides 2n
    const std::uint64_t root = power_ref(x, (p - 1) / (2 * s.n), p);
    if (power_ref(root, s.k, p) == s.b && power_ref(root, s.n, p) == p - 1) psi = root;
  }
  std::vector<std::uint64_t> roots;
  std::size_t exponent = 1;
  for (std::size_t j = 0; j < s.k; ++j) {
    roots.push_back(power_ref(psi, exponent, p));
    exponent = exponent * (1 + 2 * s.n / s.k) % (2 * s.n);
  }
  return roots;
}

// x(root) modulo p, any signs.
std::uint64_t value_at(const Poly& x, std::uint64_t root, const BigInt& p) {
  Residues residues;
  for (const BigInt& c : x) residues.push_back(modulo(c, p).to_uint64());
  return evaluate_ref(residues, root, p.to_uint64());
}

Poly random_poly(std::size_t n, Random& random) {
  Poly x(n);
  for (BigInt& c : x) c = static_cast<std::int64_t>(random() % 2001) - 1000;
  return x;
}

TEST(RingFacts, TheInverseOfT) {
  // t * -(sum of b^(m-1-i) X^(k i)) = p.
  for (const Shape& s : kShapes) {
    Poly inverse_times_p(s.n);
    const std::size_t m = s.n / s.k;
    for (std::size_t i = 0; i < m; ++i) inverse_times_p[s.k * i] = -power(s.b, m - 1 - i);
    Poly expected(s.n);
    expected[0] = p_of(s);
    EXPECT_EQ(negacyclic_product(t_of(s), inverse_times_p), expected) << s.n << " " << s.k << " " << s.b;
  }
}

TEST(RingFacts, PIsZeroModuloTAndClassesAreResidues) {
  // x and x + t y have the same residues; residues all 0 means a multiple of t.
  Random random(1);
  for (const Shape& s : kShapes) {
    const Poly x = random_poly(s.n, random), y = random_poly(s.n, random);
    EXPECT_EQ(class_of(x, s.k, s.b), class_of(sum(x, negacyclic_product(t_of(s), y)), s.k, s.b));
    Poly p(s.n);
    p[0] = p_of(s);
    for (const BigInt& residue : class_of(p, s.k, s.b)) EXPECT_EQ(residue, 0);
  }
}

TEST(RingFacts, SlotsAreTheRootsOfT) {
  Random random(2);
  int shapes = 0;
  for (const Shape& s : kShapes) {
    if (!has_slots(s)) continue;
    ++shapes;
    const BigInt p = p_of(s);
    const std::vector<std::uint64_t> roots = roots_of(s);
    EXPECT_EQ(std::set(roots.begin(), roots.end()).size(), s.k);
    const Poly x = random_poly(s.n, random), y = random_poly(s.n, random), product = negacyclic_product(x, y);
    for (std::uint64_t root : roots) {
      EXPECT_EQ(value_at(t_of(s), root, p), 0u);
      EXPECT_EQ(power_ref(root, s.n, p.to_uint64()), p.to_uint64() - 1);
      // A ring homomorphism: products act slot by slot, also through residues of classes.
      EXPECT_EQ(value_at(product, root, p),
                multiply_ref(value_at(x, root, p), value_at(y, root, p), p.to_uint64()));
      EXPECT_EQ(value_at(class_of(x, s.k, s.b), root, p), value_at(x, root, p));
    }
  }
  EXPECT_GE(shapes, 5);
}

TEST(RingFacts, AutomorphismsThatFixTAreOneCycle) {
  for (const Shape& s : kShapes) {
    const std::size_t step = 2 * s.n / s.k;
    std::set<std::size_t> fixing, cycle;
    for (std::size_t g = 1; g < 2 * s.n; g += 2) {
      const bool fixes = substitute_power(t_of(s), g) == t_of(s);
      EXPECT_EQ(fixes, g % step == 1) << g;
      if (fixes) fixing.insert(g);
    }
    std::size_t power = 1;
    for (std::size_t j = 0; j < s.k; ++j) {
      cycle.insert(power);
      power = power * (1 + step) % (2 * s.n);
    }
    EXPECT_EQ(power, 1u);
    EXPECT_EQ(cycle, fixing);
    EXPECT_EQ(cycle.size(), s.k);
  }
}

TEST(RingFacts, AutomorphismsRotateTheSlots) {
  Random random(3);
  for (const Shape& s : kShapes) {
    if (!has_slots(s)) continue;
    const auto t = must(fv::PlaintextModulus::binomial(s.n, s.k, s.b));
    fv::ParamsSpec spec = must(fv::make_spec(s.n, t, {50}, 0, 10));
    spec.security = fv::Security::kInsecureForTests;
    const fv::Params params = must(fv::Params::create(spec));
    const std::vector<std::uint64_t> roots = roots_of(s);
    const Poly x = random_poly(s.n, random);
    for (std::int64_t steps : {0, 1, -1, 2, 5, static_cast<int>(s.k), -3 * static_cast<int>(s.k) - 1}) {
      const Poly image = substitute_power(x, fv::rotation_element(params, steps));
      for (std::size_t j = 0; j < s.k; ++j) {
        const auto from = static_cast<std::size_t>(
            ((static_cast<std::int64_t>(j) + steps) % static_cast<std::int64_t>(s.k) +
             static_cast<std::int64_t>(s.k)) %
            static_cast<std::int64_t>(s.k));
        ASSERT_EQ(value_at(image, roots[j], p_of(s)), value_at(x, roots[from], p_of(s)))
            << "slot " << j << " steps " << steps;
      }
    }
  }
}

TEST(RingFacts, PowersOfTheBaseAreMonomials) {
  // b^e x = X^(k e) x modulo t, for every e; and b^(n/k) = -1.
  Random random(4);
  for (const Shape& s : kShapes) {
    const Poly x = random_poly(s.n, random);
    for (std::size_t e = 0; e <= 2 * s.n / s.k; ++e) {
      Poly scaled = x;
      for (BigInt& c : scaled) c = c * power(s.b, e);
      ASSERT_EQ(class_of(scaled, s.k, s.b),
                class_of(times_monomial(x, static_cast<std::int64_t>(s.k * e)), s.k, s.b))
          << e;
    }
    EXPECT_EQ(modulo(power(s.b, s.n / s.k) + 1, p_of(s)), 0);
  }
}

TEST(RingFacts, RotationsOfAnIntegerModulus) {
  // 3 has order n/2 modulo 2n, and with -1 it generates every odd residue.
  for (std::size_t n : {8, 64, 1024}) {
    std::set<std::size_t> elements;
    std::size_t g = 1;
    for (std::size_t j = 0; j < n / 2; ++j) {
      elements.insert(g);
      elements.insert(2 * n - g);
      g = g * 3 % (2 * n);
    }
    EXPECT_EQ(g, 1u);
    EXPECT_EQ(elements.size(), n);
  }
}

TEST(RingFacts, PrimesOfTheDesign) {
  // p = b^8 + 1 with slots for n = 8192, and b^4 + 1 with slots for n = 4096.
  for (std::uint64_t b : {132, 140, 152, 208, 240}) {
    const BigInt p = power(b, 8) + 1;
    EXPECT_TRUE(ntt::is_prime_vartime(p.to_uint64())) << b;
    EXPECT_EQ(modulo(p, 2 * 8192), 1) << b;
    EXPECT_LE(p.bit_length(), 64u) << b;
  }
  EXPECT_EQ((power(132, 8) + 1).to_uint64(), 92170395205042177u);
  for (std::uint64_t b : {16, 48, 80, 160, 272}) {
    const BigInt p = power(b, 4) + 1;
    EXPECT_TRUE(ntt::is_prime_vartime(p.to_uint64())) << b;
    EXPECT_EQ(modulo(p, 2 * 4096), 1) << b;
  }
}

}  // namespace
}  // namespace fcn::test
