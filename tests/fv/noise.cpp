// The noise of every operation, measured with the secret key, stays below what the static model predicts.
#include <gtest/gtest.h>

#include "fv/evaluation.h"
#include "fv/modulus_switch.h"
#include "fv/monomial_sum.h"
#include "fv/product.h"
#include "support/noise_lab.h"

namespace fcn::test {
namespace {

using fv::Ciphertext;
using fv::Correlation;
using platform::StatusCode;

fv::ParamsSpec integer_spec() {
  const auto t = must(fv::PlaintextModulus::integer(1024, 65537));
  fv::ParamsSpec spec = must(fv::make_spec(1024, t, {50, 45, 50}, 50, 17));
  spec.security = fv::Security::kInsecureForTests;
  return spec;
}

class NoiseOf : public testing::TestWithParam<int> {
 protected:
  NoiseOf() : lab(spec(), static_cast<std::uint8_t>(GetParam() + 1)) {}
  static fv::ParamsSpec spec() {
    return GetParam() == 0   ? must(fv::pixel_spec())
           : GetParam() == 1 ? must(fv::packed_spec())
                             : integer_spec();
  }
  NoiseLab lab;
};

TEST_P(NoiseOf, LinearOperations) {
  const Ciphertext a = lab.fresh(), b = lab.fresh();
  lab.expect_below("fresh, secret key", a, 0.1);
  lab.expect_below("fresh, public key", lab.fresh_public(), 0.4);
  Ciphertext c = must(a.clone());
  ASSERT_TRUE(fv::add_inplace(c, b).ok());
  lab.expect_below("a + b", c, 0.7);
  ASSERT_TRUE(fv::subtract_inplace(c, b).ok());
  ASSERT_TRUE(fv::add_inplace(c, a).ok());
  lab.expect_below("(a + b - b) + a", c, 1.2);
  c = must(a.clone());
  ASSERT_TRUE(fv::add_plain_inplace(c, lab.random_plaintext(), lab.workspace).ok());
  lab.expect_below("a + plaintext", c, 0.5);
  ASSERT_TRUE(fv::multiply_scalar_inplace(c, -1000).ok());
  lab.expect_below("(a + plaintext) * -1000", c, 0.5);
  c = must(a.clone());
  ASSERT_TRUE(fv::multiply_monomial_inplace(c, 12345, lab.workspace).ok());
  lab.expect_below("a * X^12345", c, 0.1);
}

TEST_P(NoiseOf, MonomialSums) {
  auto sum = must(fv::MonomialSum::create(lab.params, lab.params.q_count(), Correlation::kIndependent));
  std::vector<Ciphertext> terms;
  for (int i = 0; i < 25; ++i) terms.push_back(lab.fresh());
  for (int i = 0; i < 25; ++i)
    ASSERT_TRUE(sum.add(terms[static_cast<std::size_t>(i)], 7 * i, i % 2 == 0).ok());
  Ciphertext c = lab.fresh();
  ASSERT_TRUE(sum.finish(c).ok());
  lab.expect_below("sum of 25 fresh", c, 0.1);
  auto same = must(fv::MonomialSum::create(lab.params, lab.params.q_count(), Correlation::kAny));
  const Ciphertext a = lab.fresh();
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(same.add(a, 0, false).ok());
  ASSERT_TRUE(same.finish(c).ok());
  lab.expect_below("16 times one ciphertext", c, 0.1);
}

TEST_P(NoiseOf, PlaintextProducts) {
  Ciphertext c = lab.fresh();
  ASSERT_TRUE(
      fv::multiply_plain_inplace(c, must(fv::transform(lab.random_plaintext(), Correlation::kIndependent)))
          .ok());
  lab.expect_below("a * random plaintext", c, 1.0);
  // (1 - X)^3, one factor after the other, adds up to more than three random factors of its size would.
  fv::Plaintext m = must(fv::Plaintext::create(lab.params));
  m.coefficients()[0] = 1;
  m.coefficients()[1] = -1;
  m.set_used_rows(lab.params.t().digits());
  c = lab.fresh();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(fv::multiply_plain_inplace(c, must(fv::transform(m))).ok());
  lab.expect_below("a (1 - X)^3", c, 1.5);
}

TEST_P(NoiseOf, ProductsAndRelinearization) {
  const Ciphertext a = lab.fresh(), b = lab.fresh_public();
  Ciphertext c = lab.fresh();
  ASSERT_TRUE(fv::square(c, a, lab.workspace).ok());
  lab.expect_below("a^2", c, 1.5);
  ASSERT_TRUE(fv::relinearize_inplace(c, lab.relin_keys, lab.workspace).ok());
  lab.expect_below("a^2, relinearized", c, 1.5);
  ASSERT_TRUE(fv::multiply(c, b, b, lab.workspace).ok());
  lab.expect_below("b b, public key", c, 2);
  ASSERT_TRUE(fv::multiply(c, a, b, lab.workspace).ok());
  lab.expect_below("a b", c, 2);
  ASSERT_TRUE(fv::relinearize_inplace(c, lab.relin_keys, lab.workspace).ok());
  lab.expect_below("a b, relinearized", c, 2);
}

TEST_P(NoiseOf, LongCiphertexts) {
  const Ciphertext a = lab.fresh(), b = lab.fresh();
  Ciphertext a2 = lab.fresh(), c = lab.fresh();
  ASSERT_TRUE(fv::square(a2, a, lab.workspace).ok());
  if (!fv::multiply(c, a2, b, lab.workspace).ok()) GTEST_SKIP() << "no room for 4 components";
  lab.expect_below("a^2 b, 4 components", c, 3);
  if (!fv::square(c, a2, lab.workspace).ok()) GTEST_SKIP() << "no room for 5 components";
  lab.expect_below("(a^2)^2, 5 components", c, 3.5);
  ASSERT_TRUE(fv::relinearize_inplace(c, lab.relin_keys, lab.workspace).ok());
  lab.expect_below("(a^2)^2, relinearized", c, 3.5);
}

TEST_P(NoiseOf, PowersOfOneCiphertext) {
  const Ciphertext x = lab.fresh();
  Ciphertext power = must(x.clone());
  for (int i = 2; i <= 4; ++i) {
    Ciphertext next = lab.fresh();
    if (!fv::multiply(next, power, x, lab.workspace).ok()) break;
    if (!fv::relinearize_inplace(next, lab.relin_keys, lab.workspace).ok()) break;
    power = std::move(next);
    lab.expect_below(i == 2 ? "x x" : i == 3 ? "(x x) x" : "((x x) x) x", power, i);
  }
}

TEST_P(NoiseOf, RotationsAndModulusSwitches) {
  const std::size_t g = fv::rotation_element(lab.params, 1);
  if (g == 1) return;  // one slot: nothing rotates
  const auto keys = must(fv::GaloisKeys::generate(lab.key, lab.rng, {g}));
  Ciphertext c = lab.fresh();
  ASSERT_TRUE(fv::apply_galois_inplace(c, g, keys, lab.workspace).ok());
  lab.expect_below("a rotation", c, 1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(fv::apply_galois_inplace(c, g, keys, lab.workspace).ok());
  lab.expect_below("four rotations", c, 1);
  Ciphertext d = lab.fresh();
  ASSERT_TRUE(fv::square(d, c, lab.workspace).ok());
  lab.expect_below("a square of a rotated ciphertext", d, 2);
  while (d.limbs() > 1 && fv::modulus_switch_inplace(d, lab.workspace).ok()) {
    lab.expect_below("switched to fewer primes, 3 components", d, 1.5);
    Ciphertext e = must(d.clone());
    if (fv::relinearize_inplace(e, lab.relin_keys, lab.workspace).ok())
      lab.expect_below("... relinearized there", e, 1.5);
    if (fv::square(e, e, lab.workspace).ok()) lab.expect_below("... squared there", e, 2.5);
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, NoiseOf, testing::Range(0, 3), [](const auto& set) {
  return std::string(set.param == 0 ? "pixel" : set.param == 1 ? "packed" : "integer");
});

}  // namespace
}  // namespace fcn::test
