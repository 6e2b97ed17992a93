// Sums of monomial products against one monomial product and one addition at a time.
#include "fv/monomial_sum.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/ciphertext_lab.h"

namespace fcn::test {
namespace {

using fv::Ciphertext;
using fv::Correlation;
using fv::MonomialSum;
using platform::StatusCode;

bool same_residues(const Ciphertext& a, const Ciphertext& b) {
  return a.components() == b.components() && a.words() == b.words() &&
         std::equal(a.component(0), a.component(0) + a.words(), b.component(0));
}

class MonomialSums : public SmallSetTest {};

TEST_P(MonomialSums, EqualOneTermAtATime) {
  CiphertextLab lab(params(), 51);
  for (std::size_t limbs = 1; limbs <= params().q_count(); ++limbs) {
    auto sum = must(MonomialSum::create(params(), limbs, Correlation::kAny));
    for (int round = 0; round < 4; ++round) {  // the same sum again: it starts from 0
      std::vector<Ciphertext> terms;
      for (std::size_t i = 0; i < 6; ++i) {
        terms.push_back(lab.encrypt_long(lab.model.random_residues(lab.random),
                                         2 + (i + static_cast<std::size_t>(round)) % 4, limbs));
        terms.back().set_noise({});
      }
      Ciphertext expected = must(Ciphertext::create(params(), 2, limbs)), got = must(expected.clone());
      for (int i = 0; i < 20; ++i) {
        const Ciphertext& term = terms[lab.random() % terms.size()];
        const auto exponent = static_cast<std::int64_t>(lab.random() % 1000) - 500;
        const bool negate = lab.random() % 2 == 0;
        ASSERT_TRUE(sum.add(term, exponent, negate).ok());
        Ciphertext shifted = must(term.clone());
        ASSERT_TRUE(fv::multiply_monomial_inplace(shifted, exponent, lab.workspace).ok());
        if (negate) fv::negate_inplace(shifted);
        ASSERT_TRUE(fv::add_inplace(expected, shifted).ok());
      }
      ASSERT_TRUE(sum.finish(got).ok());
      EXPECT_TRUE(same_residues(got, expected));
    }
    Ciphertext empty = must(Ciphertext::create(params(), 3, limbs));
    ASSERT_TRUE(sum.finish(empty).ok());
    EXPECT_TRUE(same_residues(empty, must(Ciphertext::create(params(), 2, limbs))));
  }
}

TEST_P(MonomialSums, EveryExponentOnce) {
  CiphertextLab lab(params(), 52);
  const Poly message = lab.model.random_residues(lab.random);
  Ciphertext a = lab.encrypt(message), out = must(a.clone());
  auto sum = must(MonomialSum::create(params(), params().q_count(), Correlation::kAny));
  for (std::int64_t e = -static_cast<std::int64_t>(params().n()); e < static_cast<std::int64_t>(params().n());
       ++e) {
    ASSERT_TRUE(sum.add(a, e, false).ok());
  }
  ASSERT_TRUE(sum.finish(out).ok());
  // X^e and X^(e + n) cancel.
  EXPECT_TRUE(same_residues(out, must(Ciphertext::create(params(), 2, params().q_count()))));
  const auto huge = INT64_MAX;
  ASSERT_TRUE(sum.add(a, huge, false).ok());
  ASSERT_TRUE(sum.add(a, INT64_MIN, true).ok());
  ASSERT_TRUE(sum.finish(out).ok());
  const Poly m = lab.model.representative(message);
  EXPECT_EQ(lab.decrypt(out),
            lab.model.residues(difference(times_monomial(m, huge), times_monomial(m, INT64_MIN))));
}

// Rows of different lengths and widths, some empty, at once.
TEST_P(MonomialSums, RowsAreSumsOfTheirOwn) {
  CiphertextLab lab(params(), 55);
  const std::size_t limbs = params().q_count();
  std::vector<Ciphertext> inputs;
  for (std::size_t i = 0; i < 12; ++i) {
    inputs.push_back(lab.encrypt_long(lab.model.random_residues(lab.random), 2 + i % 4, limbs));
    inputs.back().set_noise({1.0 + static_cast<double>(i % 3), static_cast<unsigned>(i % 2)});
  }
  auto rows = must(MonomialSum::create(params(), limbs, Correlation::kAny));
  auto one = must(MonomialSum::create(params(), limbs, Correlation::kAny));
  for (int round = 0; round < 2; ++round) {
    std::vector<Ciphertext> expected, got;
    for (std::size_t length : {5, 0, 1, 30, 0}) {
      if (!expected.empty()) rows.next_row();
      for (std::size_t i = 0; i < length; ++i) {
        const Ciphertext& term = inputs[lab.random() % (length == 1 ? 1 : inputs.size())];
        const auto exponent = static_cast<std::int64_t>(lab.random() % 1000);
        const bool negate = lab.random() % 2 == 0;
        ASSERT_TRUE(rows.add(term, exponent, negate).ok());
        ASSERT_TRUE(one.add(term, exponent, negate).ok());
      }
      expected.push_back(must(Ciphertext::create(params(), 2, limbs)));
      ASSERT_TRUE(one.finish(expected.back()).ok());
    }
    ASSERT_EQ(rows.finish(expected[0]).code(), StatusCode::kInvalidArgument);
    ASSERT_TRUE(rows.finish(got).ok());
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t r = 0; r < got.size(); ++r) {
      EXPECT_TRUE(same_residues(got[r], expected[r])) << r;
      EXPECT_EQ(got[r].noise().log2_sigma, expected[r].noise().log2_sigma);
      EXPECT_EQ(got[r].noise().s_degree, expected[r].noise().s_degree);
    }
  }
}

// Outputs that hold something else, too few or too many of them, and outputs that are terms.
TEST_P(MonomialSums, OutputsAreReusedUnlessTheyAreRead) {
  CiphertextLab lab(params(), 56);
  const std::size_t limbs = params().q_count();
  auto rows = must(MonomialSum::create(params(), limbs, Correlation::kAny));
  std::vector<Ciphertext> inputs;
  for (std::size_t i = 0; i < 4; ++i) {
    inputs.push_back(lab.encrypt_long(lab.model.random_residues(lab.random), 2 + i % 2, limbs));
    inputs.back().set_noise({});
  }
  const auto add_rows = [&](std::size_t count) {
    for (std::size_t r = 0; r < count; ++r) {
      if (r != 0) rows.next_row();
      for (std::size_t i = 0; i <= r; ++i)
        ASSERT_TRUE(rows.add(inputs[(r + i) % 4], static_cast<std::int64_t>(r + 3 * i), i == 1).ok());
    }
  };
  std::vector<Ciphertext> expected, out;
  add_rows(4);
  ASSERT_TRUE(rows.finish(expected).ok());
  const auto expect_first = [&](const std::vector<Ciphertext>& got, std::size_t count) {
    ASSERT_EQ(got.size(), count);
    for (std::size_t r = 0; r < count; ++r) EXPECT_TRUE(same_residues(got[r], expected[r])) << r;
  };
  const std::uint64_t* memory = nullptr;
  for (std::size_t count : {2, 4, 4, 1, 3}) {
    for (Ciphertext& c : out) std::fill(c.component(0), c.component(0) + c.words(), ~std::uint64_t{0});
    add_rows(count);
    ASSERT_TRUE(rows.finish(out).ok());
    expect_first(out, count);
    if (memory != nullptr) {
      EXPECT_EQ(out[0].component(0), memory);
    }
    memory = out[0].component(0);
  }
  Ciphertext& single = out.front();
  add_rows(1);
  ASSERT_TRUE(rows.finish(single).ok());
  EXPECT_EQ(single.component(0), memory);
  EXPECT_TRUE(same_residues(single, expected[0]));

  const Ciphertext before = must(inputs[0].clone());
  ASSERT_TRUE(rows.add(inputs[0], 0, false).ok());
  ASSERT_TRUE(rows.add(inputs[1], 5, true).ok());
  Ciphertext apart = must(Ciphertext::create(params(), 2, limbs));
  ASSERT_TRUE(rows.finish(apart).ok());
  ASSERT_TRUE(rows.add(inputs[0], 0, false).ok());
  ASSERT_TRUE(rows.add(inputs[1], 5, true).ok());
  ASSERT_TRUE(rows.finish(inputs[1]).ok());
  EXPECT_TRUE(same_residues(inputs[1], apart));
  EXPECT_TRUE(same_residues(inputs[0], before));
  inputs[1] = lab.encrypt_long(lab.model.random_residues(lab.random), 3, limbs);
  inputs[1].set_noise({});
  add_rows(4);
  std::vector<Ciphertext> again;
  ASSERT_TRUE(rows.finish(again).ok());
  add_rows(4);
  ASSERT_TRUE(rows.finish(inputs).ok());
  ASSERT_EQ(inputs.size(), 4u);
  for (std::size_t r = 0; r < 4; ++r) EXPECT_TRUE(same_residues(inputs[r], again[r])) << r;
}

FCN_ON_ALL_KERNELS_AND_SMALL_SETS(MonomialSums);

// More terms than a word holds, of the largest residues: the words fill to the top and are reduced on the way.
class LongMonomialSum : public KernelTest {};

TEST_P(LongMonomialSum, ReducesWhenWordsAreFull) {
  const fv::Params params = params_of({"", 4, 1, 2, {50, 48}, 0, 20}, kernels());
  const std::uint64_t q0 = params.modulus(0).value(), q1 = params.modulus(1).value();
  ASSERT_LT(ntt::lazy_terms(q0), 8400u);
  Ciphertext top = must(Ciphertext::create(params, 2, 2)), out = must(top.clone());
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t j = 0; j < 4; ++j) {
      top.limb(c, 0)[j] = q0 - 1;
      top.limb(c, 1)[j] = q1 - 1;
    }
  }
  auto sum = must(MonomialSum::create(params, 2, Correlation::kAny));
  for (const std::uint64_t count :
       {ntt::lazy_terms(q0) - 1, ntt::lazy_terms(q0), ntt::lazy_terms(q0) + 1, std::uint64_t{40000}}) {
    for (const bool negate : {false, true}) {
      for (std::uint64_t i = 0; i < count; ++i) ASSERT_TRUE(sum.add(top, 0, negate).ok());
      ASSERT_TRUE(sum.finish(out).ok());
      for (std::size_t limb = 0; limb < 2; ++limb) {  // -count, or count
        const BigInt q = params.modulus(limb).value();
        const std::uint64_t expected = modulo(negate ? BigInt(count) : -BigInt(count), q).to_uint64();
        for (std::size_t j = 0; j < 4; ++j) {
          ASSERT_EQ(out.limb(0, limb)[j], expected) << count;
          ASSERT_EQ(out.limb(1, limb)[j], expected) << count;
        }
      }
    }
  }
}

// So many inputs that coefficients are added up in small tiles.
TEST_P(LongMonomialSum, ManyInputsInTiles) {
  const fv::Params params = params_of({"", 256, 1, 2, {50}, 0, 20}, kernels());
  Random random(1);
  const std::uint64_t q = params.modulus(0).value();
  std::vector<Ciphertext> inputs;
  for (int i = 0; i < 600; ++i) {
    inputs.push_back(must(Ciphertext::create(params, 2, 1)));
    for (std::size_t j = 0; j < 2 * params.n(); ++j) inputs.back().component(0)[j] = random() % q;
  }
  auto sum = must(MonomialSum::create(params, 1, Correlation::kAny));
  fv::Workspace workspace;
  // Small exponents, as weights have: tiles are copied side by side first.
  for (const std::uint64_t exponents : {512, 1, 8, 9, 64, 66}) {
    std::vector<Ciphertext> expected, got;
    for (int r = 0; r < 5; ++r) {
      if (r != 0) sum.next_row();
      expected.push_back(must(Ciphertext::create(params, 2, 1)));
      for (const Ciphertext& input : inputs) {
        const auto exponent = static_cast<std::int64_t>(random() % exponents);
        const bool negate = random() % 2 == 0;
        ASSERT_TRUE(sum.add(input, exponent, negate).ok());
        Ciphertext shifted = must(input.clone());
        ASSERT_TRUE(fv::multiply_monomial_inplace(shifted, exponent, workspace).ok());
        if (negate) fv::negate_inplace(shifted);
        ASSERT_TRUE(fv::add_inplace(expected.back(), shifted).ok());
      }
    }
    ASSERT_TRUE(sum.finish(got).ok());
    for (std::size_t r = 0; r < 5; ++r)
      EXPECT_TRUE(same_residues(got[r], expected[r])) << exponents << ", " << r;
  }
}

FCN_ON_ALL_KERNELS(LongMonomialSum);

TEST(MonomialSumRefusals, ParametersLimbsFormsAndNoise) {
  CiphertextLab lab(params_of(small_sets()[6]), 53), other(params_of(small_sets()[5]), 54);
  const Poly zero(lab.model.length());
  const Ciphertext a = lab.encrypt(zero), low = lab.encrypt_long(zero, 2, 1),
                   foreign = other.encrypt(Poly(other.model.length()));
  Ciphertext transformed = must(a.clone()), noisy = must(a.clone()), out = must(a.clone());
  fv::to_transformed(transformed);
  noisy.set_noise({95});
  const auto expect = [&](const platform::Status& status, StatusCode code, const char* part) {
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  };
  expect(MonomialSum::create(lab.params, 0, Correlation::kAny).status(), StatusCode::kInvalidArgument,
         "of 0 primes");
  expect(MonomialSum::create(lab.params, 3, Correlation::kAny).status(), StatusCode::kInvalidArgument,
         "of 3 primes");
  auto sum = must(MonomialSum::create(lab.params, 2, Correlation::kAny));
  expect(sum.add(low, 0, false), StatusCode::kMismatch, "the term has 1 primes, the sum 2");
  expect(sum.add(foreign, 0, false), StatusCode::kMismatch, "other parameters");
  expect(sum.add(transformed, 0, false), StatusCode::kMismatch, "coefficients form");
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(sum.add(noisy, 0, false).ok());
  expect(sum.finish(out), StatusCode::kOutOfRange, "after a monomial sum");
  EXPECT_TRUE(same_residues(out, a));
  // The refused sum is gone; the next one is its own.
  ASSERT_TRUE(sum.add(a, 0, false).ok());
  ASSERT_TRUE(sum.finish(out).ok());
  EXPECT_TRUE(same_residues(out, a));
  // Noises of the two kinds: 4 terms make 2 bits or 1.
  for (const Correlation correlation : {Correlation::kAny, Correlation::kIndependent}) {
    auto of_four = must(MonomialSum::create(lab.params, 2, correlation));
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(of_four.add(a, i, false).ok());
    ASSERT_TRUE(of_four.finish(out).ok());
    EXPECT_NEAR(out.noise().log2_sigma - a.noise().log2_sigma, correlation == Correlation::kAny ? 2 : 1,
                1e-9);
  }
}

}  // namespace
}  // namespace fcn::test
