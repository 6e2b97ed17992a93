// Linear operations and modulus switching, decrypted by the schoolbook model.
#include "fv/evaluation.h"

#include <gtest/gtest.h>

#include "fv/modulus_switch.h"
#include "support/ciphertext_lab.h"

namespace fcn::test {
namespace {

using fv::Ciphertext;
using platform::StatusCode;

class Evaluation : public SmallSetTest {
 protected:
  // Messages at the edges and at random, in pairs.
  std::vector<std::pair<Poly, Poly>> pairs(CiphertextLab& lab) {
    const std::size_t k = lab.model.length();
    const Poly zero(k), top(k, lab.model.p() - 1), half(k, divide_floor(lab.model.p(), 2));
    return {{zero, zero},
            {top, top},
            {half, half},
            {top, zero},
            {lab.model.random_residues(lab.random), lab.model.random_residues(lab.random)}};
  }
  Poly times(const CiphertextLab& lab, const Poly& x, const BigInt& factor) {
    Poly y = x;
    for (BigInt& v : y) v = modulo(v * factor, lab.model.p());
    return y;
  }
};

TEST_P(Evaluation, AddSubtractNegate) {
  CiphertextLab lab(params(), 41);
  for (const auto& [x, y] : pairs(lab)) {
    for (std::size_t left = 2; left <= 4; ++left) {
      for (std::size_t right = 2; right <= 4; ++right) {
        const Ciphertext a = lab.encrypt_long(x, left, params().q_count()),
                         b = lab.encrypt_long(y, right, params().q_count());
        Ciphertext c = must(a.clone());
        ASSERT_TRUE(fv::add_inplace(c, b).ok());
        EXPECT_EQ(c.components(), std::max(left, right));
        EXPECT_EQ(lab.decrypt(c), lab.model.add_residues(x, y));
        c = must(a.clone());
        ASSERT_TRUE(fv::subtract_inplace(c, b).ok());
        EXPECT_EQ(lab.decrypt(c), lab.model.add_residues(x, times(lab, y, -1)));
        fv::negate_inplace(c);
        EXPECT_EQ(lab.decrypt(c), lab.model.add_residues(y, times(lab, x, -1)));
      }
    }
    Ciphertext twice = lab.encrypt(x);
    ASSERT_TRUE(fv::add_inplace(twice, twice).ok());
    EXPECT_EQ(lab.decrypt(twice), times(lab, x, 2));
    ASSERT_TRUE(fv::subtract_inplace(twice, twice).ok());
    EXPECT_EQ(lab.decrypt(twice), Poly(lab.model.length()));
  }
}

TEST_P(Evaluation, Plaintexts) {
  CiphertextLab lab(params(), 42);
  for (const auto& [x, y] : pairs(lab)) {
    Ciphertext c = lab.encrypt(x);
    ASSERT_TRUE(fv::add_plain_inplace(c, lab.plaintext(y), lab.workspace).ok());
    EXPECT_EQ(lab.decrypt(c), lab.model.add_residues(x, y));
    const auto m = must(fv::transform(lab.plaintext(y)));
    c = lab.encrypt(x);
    if (!fv::multiply_plain_inplace(c, m).ok()) continue;
    EXPECT_EQ(c.form(), fv::Form::kCoefficients);
    EXPECT_EQ(lab.decrypt(c), lab.model.multiply_residues(x, y));
    Ciphertext transformed = lab.encrypt(x);
    fv::to_transformed(transformed);
    ASSERT_TRUE(fv::multiply_plain_inplace(transformed, m).ok());
    EXPECT_EQ(transformed.form(), fv::Form::kTransformed);
    EXPECT_EQ(lab.decrypt(transformed), lab.model.multiply_residues(x, y));
  }
}

TEST_P(Evaluation, PlaintextsAtLowerLevels) {
  CiphertextLab lab(params(), 43);
  const Poly x = lab.model.random_residues(lab.random), y = lab.model.random_residues(lab.random);
  for (std::size_t limbs = 1; limbs <= params().q_count(); ++limbs) {
    for (std::size_t components : {2, 3}) {
      Ciphertext c = lab.encrypt_long(x, components, limbs);
      if (!fv::add_plain_inplace(c, lab.plaintext(y), lab.workspace).ok()) continue;
      EXPECT_EQ(lab.decrypt(c), lab.model.add_residues(x, y)) << limbs;
      if (!fv::multiply_plain_inplace(c, must(fv::transform(lab.plaintext(y)))).ok()) continue;
      EXPECT_EQ(lab.decrypt(c), lab.model.multiply_residues(lab.model.add_residues(x, y), y)) << limbs;
    }
  }
}

TEST_P(Evaluation, Scalars) {
  CiphertextLab lab(params(), 44);
  const Poly x = lab.model.random_residues(lab.random);
  for (std::int64_t w : {0, 1, -1, 2, -3, 7, 100, -100}) {
    Ciphertext c = lab.encrypt(x);
    ASSERT_TRUE(fv::multiply_scalar_inplace(c, w).ok());
    EXPECT_EQ(lab.decrypt(c), times(lab, x, w)) << w;
  }
  Ciphertext c = lab.encrypt(x);
  const platform::Status status = fv::multiply_scalar_inplace(c, INT64_MIN);
  if (status.ok()) {
    EXPECT_EQ(lab.decrypt(c), times(lab, x, INT64_MIN));
  } else {
    EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  }
}

TEST_P(Evaluation, Monomials) {
  CiphertextLab lab(params(), 45);
  const Poly x = lab.model.random_residues(lab.random);
  const Ciphertext a = lab.encrypt_long(x, 3, params().q_count());
  const auto n = static_cast<std::int64_t>(params().n());
  std::vector<std::int64_t> exponents = {INT64_MIN,  INT64_MIN + 1, INT64_MAX, -1000000007,
                                         1000000007, -2 * n,        2 * n};
  for (std::int64_t e = -2 * n - 1; e <= 4 * n; ++e) exponents.push_back(e);
  const PolyVector components = lab.model.lift(a);
  for (std::int64_t e : exponents) {
    Ciphertext c = must(a.clone());
    ASSERT_TRUE(fv::multiply_monomial_inplace(c, e, lab.workspace).ok());
    const PolyVector shifted = lab.model.lift(c);
    for (std::size_t l = 0; l < shifted.size(); ++l)
      ASSERT_EQ(shifted[l], times_monomial(components[l], e)) << e;
  }
  Ciphertext c = must(a.clone());
  ASSERT_TRUE(fv::multiply_monomial_inplace(c, -5, lab.workspace).ok());
  EXPECT_EQ(lab.decrypt(c), lab.model.residues(times_monomial(lab.model.representative(x), -5)));
}

TEST_P(Evaluation, FormsAreEachOthersInverse) {
  CiphertextLab lab(params(), 46);
  const Ciphertext a = lab.encrypt_long(lab.model.random_residues(lab.random), 3, params().q_count());
  Ciphertext c = must(a.clone());
  fv::to_coefficients(c);  // it is already
  EXPECT_TRUE(std::equal(c.component(0), c.component(0) + c.words(), a.component(0)));
  fv::to_transformed(c);
  EXPECT_FALSE(std::equal(c.component(0), c.component(0) + c.words(), a.component(0)));
  Ciphertext again = must(c.clone());
  fv::to_transformed(again);
  EXPECT_TRUE(std::equal(c.component(0), c.component(0) + c.words(), again.component(0)));
  fv::to_coefficients(c);
  EXPECT_TRUE(std::equal(c.component(0), c.component(0) + c.words(), a.component(0)));
  // Sums in either form.
  Ciphertext sum = must(a.clone()), transformed = must(a.clone());
  ASSERT_TRUE(fv::add_inplace(sum, a).ok());
  fv::to_transformed(transformed);
  ASSERT_TRUE(fv::add_inplace(transformed, again).ok());
  fv::to_coefficients(transformed);
  EXPECT_TRUE(std::equal(sum.component(0), sum.component(0) + sum.words(), transformed.component(0)));
}

// round(c / q_last), coefficient by coefficient.
TEST_P(Evaluation, ModulusSwitchDividesAndRounds) {
  CiphertextLab lab(params(), 47);
  for (std::size_t limbs = 2; limbs <= params().q_count(); ++limbs) {
    for (std::size_t components : {2, 3}) {
      const Poly message = lab.model.random_residues(lab.random);
      Ciphertext c = lab.encrypt_long(message, components, limbs);
      const SchoolbookFv before(params(), limbs), after(params(), limbs - 1);
      const PolyVector old = before.lift(c);
      if (components == 3) fv::to_transformed(c);
      const std::uint64_t* memory = c.component(0);
      const platform::Status status = fv::modulus_switch_inplace(c, lab.workspace);
      ASSERT_EQ(c.component(0), memory);
      if (status.code() == StatusCode::kOutOfRange) continue;
      ASSERT_TRUE(status.ok()) << status.message();
      ASSERT_EQ(c.limbs(), limbs - 1);
      const PolyVector switched = after.lift(c);
      const BigInt last = params().modulus(limbs - 1).value();
      for (std::size_t l = 0; l < components; ++l) {
        for (std::size_t i = 0; i < params().n(); ++i) {
          ASSERT_EQ(switched[l][i], centered_modulo(divide_round(old[l][i], last), after.q()));
        }
      }
      EXPECT_EQ(lab.decrypt(c), message);
    }
  }
}

FCN_ON_ALL_KERNELS_AND_SMALL_SETS(Evaluation);

TEST(EvaluationRefusals, FormsLimbsAndParameters) {
  CiphertextLab lab(params_of(small_sets()[6]), 48), other(params_of(small_sets()[5]), 49);
  const Poly zero(lab.model.length());
  const Ciphertext a = lab.encrypt(zero), low = lab.encrypt_long(zero, 2, 1),
                   foreign = other.encrypt(Poly(other.model.length()));
  Ciphertext transformed = must(a.clone()), c = must(a.clone());
  fv::to_transformed(transformed);
  const auto expect = [&](const platform::Status& status, StatusCode code, const char* part) {
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  };
  expect(fv::add_inplace(c, low), StatusCode::kMismatch, "have 2 and 1 primes");
  expect(fv::subtract_inplace(c, foreign), StatusCode::kMismatch, "different parameters");
  expect(fv::add_inplace(c, transformed), StatusCode::kMismatch, "one ciphertext is in coefficients form");
  expect(fv::add_plain_inplace(transformed, lab.plaintext(zero), lab.workspace), StatusCode::kMismatch,
         "adding a plaintext needs");
  expect(fv::add_plain_inplace(c, other.plaintext(Poly(other.model.length())), lab.workspace),
         StatusCode::kMismatch, "other parameters");
  expect(fv::multiply_plain_inplace(c, must(fv::transform(other.plaintext(Poly(other.model.length()))))),
         StatusCode::kMismatch, "other parameters");
  expect(fv::multiply_monomial_inplace(transformed, 1, lab.workspace), StatusCode::kMismatch,
         "a monomial product needs");
  Ciphertext lowest = must(low.clone());
  expect(fv::modulus_switch_inplace(lowest, lab.workspace), StatusCode::kInvalidArgument, "one prime left");
}

// A plaintext larger than a prime of q: its residues are those of its class.
TEST(Evaluation, PlaintextsLargerThanAPrime) {
  CiphertextLab lab(params_of({"", 16, 0, (std::uint64_t{1} << 40) - 87, {30, 50, 50}, 50, 0}), 50);
  const Poly x = lab.model.random_residues(lab.random);
  Poly y(lab.model.length());
  y[3] = divide_floor(lab.model.p(), 2);
  Ciphertext c = lab.encrypt(x);
  ASSERT_TRUE(fv::multiply_plain_inplace(c, must(fv::transform(lab.plaintext(y)))).ok());
  EXPECT_EQ(lab.decrypt(c), lab.model.multiply_residues(x, y));
}

}  // namespace
}  // namespace fcn::test
