// q m / t and t c / q, rounded, against big integers.
#include "fv/internal/scaling.h"

#include <gtest/gtest.h>

#include "support/fv_sets.h"
#include "support/schoolbook_fv.h"

namespace fcn::test {
namespace {

class Scaling : public SmallSetTest {
 protected:
  BigInt random_below(const BigInt& bound) {
    BigInt value;
    for (std::size_t i = 0; i <= bound.bit_length(); i += 64)
      value = value * BigInt::power_of_two(64) + random_();
    return modulo(value, bound);
  }
  // Coefficients modulo the first limbs primes, as the library holds them.
  std::vector<std::uint64_t> residues_of(const Poly& x, std::size_t limbs) const {
    std::vector<std::uint64_t> out;
    for (std::size_t i = 0; i < limbs; ++i) {
      for (const BigInt& c : x) out.push_back(modulo(c, params().modulus(i).value()).to_uint64());
    }
    return out;
  }
  // t x / (q m) by the formula for 1/t: -(sum of b^(m-1-i) X^(k i)) / p. Exact here: the remainder must be 0.
  Poly divide_by_t(const SchoolbookFv& model, Poly x) const {
    const std::size_t k = model.length(), digits = params().n() / k;
    if (digits > 1) {
      Poly weights(params().n());
      for (std::size_t i = 0; i < digits; ++i) weights[i * k] = -power(params().t().base(), digits - 1 - i);
      x = negacyclic_product(x, weights);
    }
    for (BigInt& c : x) {
      EXPECT_EQ(modulo(c, model.p()), 0);
      c = divide_floor(c, model.p());
    }
    return x;
  }

  Random random_{7};
};

TEST_P(Scaling, UpIsTheExactQuotientWithASmallRemainder) {
  const std::size_t n = params().n(), digits = params().t().digits(), k = params().t().length();
  for (std::size_t limbs = 1; limbs <= params().q_count(); ++limbs) {
    const SchoolbookFv model(params(), limbs);
    for (std::size_t used : {std::size_t{1}, digits / 2 + 1, digits}) {
      if (used > digits) continue;
      for (int round = 0; round < 6; ++round) {
        SmallPoly m(n, 0);
        std::vector<std::uint64_t> scratch(2 * n);
        const std::int64_t bound = params().t().digit_bound();
        for (std::size_t i = 0; i < used * k; ++i) {
          const auto any =
              static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(2 * bound + 1)) - bound;
          m[i] = round == 0 ? bound : round == 1 ? -bound : round == 2 ? 0 : any;
        }
        // The quotient is added to what is there.
        std::vector<std::uint64_t> out(limbs * n), before(limbs * n);
        for (std::size_t i = 0; i < limbs * n; ++i) {
          out[i] = before[i] =
              round == 3 ? params().modulus(i / n).value() - 1 : random_() % params().modulus(i / n).value();
        }
        fv::add_scaled_up(params(), limbs, out.data(), m.data(), used, scratch.data());
        for (std::size_t i = 0; i < limbs * n; ++i) {
          ASSERT_LT(out[i], params().modulus(i / n).value());
          out[i] = ntt::sub_mod(out[i], before[i], params().modulus(i / n));
        }
        // x = (q m - r) / t modulo q, hence r = -t x modulo q.
        fv::Ciphertext holder = must(fv::Ciphertext::create(params(), 2, limbs));
        std::copy(out.begin(), out.end(), holder.component(0));
        const Poly x = model.lift(holder)[0];
        Poly numerator = model.times_t(x);
        for (std::size_t i = 0; i < n; ++i) {
          const BigInt minus_r = centered_modulo(numerator[i], model.q());
          ASSERT_LE(absolute(minus_r), params().t().digit_bound());
          numerator[i] = model.q() * m[i] + minus_r;
        }
        ASSERT_EQ(residues_of(divide_by_t(model, numerator), limbs), out);
        for (std::uint64_t word : scratch) ASSERT_EQ(word, 0u) << "not wiped";
      }
    }
  }
}

TEST_P(Scaling, UpIsWithinTheErrorOfRoundingByDefinition) {
  const SchoolbookFv model(params());
  for (int round = 0; round < 10; ++round) {
    const Poly m = model.representative(model.random_residues(random_));
    SmallPoly small(params().n());
    std::vector<std::uint64_t> scratch(2 * params().n());
    for (std::size_t i = 0; i < small.size(); ++i) small[i] = m[i].to_int64();
    fv::Ciphertext holder = must(fv::Ciphertext::create(params(), 2, params().q_count()));
    fv::add_scaled_up(params(), params().q_count(), holder.component(0), small.data(), params().t().digits(),
                      scratch.data());
    const Poly x = model.lift(holder)[0], rounded = model.scale(m);
    // r/t has coefficients of at most sum of b^-i |r|: below 2 digit_bound / b + 1, and rounding adds 1/2.
    const BigInt bound =
        params().t().is_integer() ? 2 : 2 + divide_floor(2 * params().t().digit_bound(), params().t().base());
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_LE(absolute(centered_modulo(x[i] - rounded[i], model.q())), bound);
    }
  }
}

// t c = q M + E, and M is right whenever |E|/q is below 1/2 by the documented margin.
TEST_P(Scaling, DownIsTheRoundedQuotient) {
  const std::size_t n = params().n();
  for (std::size_t limbs = 1; limbs <= params().q_count(); ++limbs) {
    const SchoolbookFv model(params(), limbs);
    const BigInt norm = params().t().is_integer() ? BigInt(1) : BigInt(params().t().base() + 1);
    const BigInt margin =
        divide_floor(model.q() * norm * limbs, BigInt::power_of_two(params().t().is_integer() ? 22 : 51)) + 1;
    const BigInt largest = divide_floor(model.q(), 2) - margin;
    // Any c = t^-1 E modulo q: here from E, so that its size is known. 1/t modulo q is -(sum of b^(m-1-i) X^(k i)) / p.
    Poly inverse(n);
    const BigInt inverse_p = inverse_modulo(model.p(), model.q());
    if (params().t().is_integer()) inverse[0] = inverse_p;
    for (std::size_t i = 0; !params().t().is_integer() && i < params().t().digits(); ++i) {
      inverse[i * params().t().length()] =
          -power(params().t().base(), params().t().digits() - 1 - i) * inverse_p;
    }
    for (int round = 0; round < 8; ++round) {
      Poly e(n);
      for (BigInt& x : e) {
        x = round == 0   ? largest
            : round == 1 ? -largest
            : round == 2 ? (random_() % 2 == 0 ? largest : -largest)
                         : random_below(2 * largest + 1) - largest;
      }
      Poly c = negacyclic_product(e, inverse);
      for (BigInt& x : c) x = centered_modulo(x, model.q());
      Poly m = model.times_t(c);
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(modulo(m[i] - e[i], model.q()), 0);
        m[i] = divide_round(m[i], model.q());
      }
      SmallPoly out(n);
      std::vector<std::uint64_t> scratch(n);
      fv::scale_down(params(), limbs, out.data(), residues_of(c, limbs).data(), scratch.data());
      ASSERT_EQ(model.residues(to_poly(out.data(), n)), model.residues(m))
          << "limbs " << limbs << " round " << round;
      for (std::int64_t digit : out) ASSERT_LE(std::abs(digit), params().t().digit_bound());
      for (std::uint64_t word : scratch) ASSERT_EQ(word, 0u) << "not wiped";
    }
  }
}

FCN_ON_ALL_KERNELS_AND_SMALL_SETS(Scaling);

}  // namespace
}  // namespace fcn::test
