// Keys from other secrets to s, and what relinearization and rotation do with them, against the schoolbook model.
#include "fv/key_switching.h"

#include <gtest/gtest.h>

#include "fv/encoding.h"
#include "support/ciphertext_lab.h"

namespace fcn::test {
namespace {

using fv::Ciphertext;
using platform::StatusCode;

class KeySwitching : public SmallSetTest {
 protected:
  // Every pair of the key: b + a s - (gadget) s' is an error of at most 21, modulo each prime.
  void expect_key(const fv::KeySwitchKey& key, const CiphertextLab& lab, const Poly& from) {
    const std::size_t n = params().n(), limbs = params().key_limbs(), digits = params().digits_per_limb();
    std::vector<std::uint64_t> b(n), a(n);
    bool some_error = false;
    for (std::size_t i = 0; i < params().q_count(); ++i) {
      for (std::size_t j = 0; j < digits; ++j) {
        for (std::size_t l = 0; l < limbs; ++l) {
          const BigInt prime = params().modulus(l).value();
          const std::size_t at = ((i * digits + j) * limbs + l) * n;
          std::copy_n(key.b() + at, n, b.begin());
          std::copy_n(key.a() + at, n, a.begin());
          params().table(l).inverse(b.data());
          params().table(l).inverse(a.data());
          Poly error = sum(Poly(b.begin(), b.end()), negacyclic_product(Poly(a.begin(), a.end()), lab.s));
          if (l == i) {
            BigInt gadget = power(BigInt::power_of_two(params().digit_bits()), j);
            if (params().has_special()) gadget = gadget * params().spec().special_prime;
            for (std::size_t c = 0; c < n; ++c) error[c] -= gadget * from[c];
          }
          for (const BigInt& e : error) {
            ASSERT_LE(absolute(centered_modulo(e, prime)), 21)
                << "limb " << i << " digit " << j << " prime " << l;
            some_error = some_error || !centered_modulo(e, prime).is_zero();
          }
        }
      }
    }
    EXPECT_TRUE(some_error);
  }
};

TEST_P(KeySwitching, KeysAreEncryptionsOfTheOtherSecret) {
  CiphertextLab lab(params(), 31);
  const auto relin = must(fv::RelinKeys::generate(lab.key, lab.rng, 5));
  EXPECT_EQ(relin.max_components(), 5u);
  Poly power_of_s = to_poly(lab.s.data(), params().n());
  for (std::size_t p = 2; p < 5; ++p) {
    power_of_s = negacyclic_product(power_of_s, lab.s);
    expect_key(relin.power(p), lab, power_of_s);
  }
  const std::size_t g = params().t().is_integer() ? 2 * params().n() - 1 : 1 + 2 * params().t().digits();
  if (g >= 2 * params().n()) return;
  const auto galois = must(fv::GaloisKeys::generate(lab.key, lab.rng, {g}));
  expect_key(galois.find(g)->key, lab, substitute_power(to_poly(lab.s.data(), params().n()), g));
}

TEST_P(KeySwitching, RelinearizesEveryLengthAtEveryLevel) {
  CiphertextLab lab(params(), 32);
  const auto keys = must(fv::RelinKeys::generate(lab.key, lab.rng, 5));
  int done = 0;
  for (std::size_t limbs = 1; limbs <= params().q_count(); ++limbs) {
    for (std::size_t components = 2; components <= 5; ++components) {
      const Poly message = lab.model.random_residues(lab.random);
      Ciphertext c = lab.encrypt_long(message, components, limbs);
      if (lab.random() % 2 == 0) fv::to_transformed(c);
      const platform::Status status = fv::relinearize_inplace(c, keys, lab.workspace);
      if (status.code() == StatusCode::kOutOfRange) continue;  // a level with no room for it
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(c.components(), 2u);
      EXPECT_EQ(c.limbs(), limbs);
      EXPECT_EQ(c.form(), fv::Form::kCoefficients);
      EXPECT_EQ(lab.decrypt(c), message) << components << " components, " << limbs << " primes";
      ++done;
    }
  }
  EXPECT_GE(done, 4);
}

TEST_P(KeySwitching, RotatesByEveryStep) {
  CiphertextLab lab(params(), 33);
  const std::size_t order = params().t().is_integer() ? params().n() / 2 : params().t().length();
  std::vector<std::size_t> elements;
  for (std::size_t j = 1; j < order; ++j)
    elements.push_back(fv::rotation_element(params(), static_cast<std::int64_t>(j)));
  if (params().t().is_integer()) elements.push_back(fv::row_swap_element(params()));
  const auto keys = must(fv::GaloisKeys::generate(lab.key, lab.rng, elements));
  const Poly message = lab.model.random_residues(lab.random);
  const Ciphertext c = lab.encrypt(message);
  const auto turns = static_cast<std::int64_t>(order);
  for (std::int64_t steps = -turns; steps <= 2 * turns; ++steps) {
    Ciphertext rotated = must(c.clone());
    if (steps % 2 == 0) fv::to_transformed(rotated);
    ASSERT_TRUE(fv::rotate_inplace(rotated, steps, keys, lab.workspace).ok());
    EXPECT_EQ(rotated.form(), fv::Form::kCoefficients);
    const std::size_t g = fv::rotation_element(params(), steps);
    EXPECT_EQ(lab.decrypt(rotated),
              lab.model.residues(substitute_power(lab.model.representative(message), g)))
        << steps;
    // There and back again; and one whole turn in two parts.
    ASSERT_TRUE(fv::rotate_inplace(rotated, -steps, keys, lab.workspace).ok());
    EXPECT_EQ(lab.decrypt(rotated), message) << steps;
  }
  if (!params().t().is_integer()) return;
  Ciphertext swapped = must(c.clone());
  ASSERT_TRUE(fv::apply_galois_inplace(swapped, fv::row_swap_element(params()), keys, lab.workspace).ok());
  EXPECT_EQ(lab.decrypt(swapped),
            lab.model.residues(substitute_power(lab.model.representative(message), 2 * params().n() - 1)));
}

TEST_P(KeySwitching, RotatesAtLowerLevels) {
  CiphertextLab lab(params(), 34);
  const std::size_t g = fv::rotation_element(params(), 1);
  if (g == 1) return;  // one slot: nothing rotates
  const auto keys = must(fv::GaloisKeys::generate(lab.key, lab.rng, {g}));
  for (std::size_t limbs = 1; limbs <= params().q_count(); ++limbs) {
    const Poly message = lab.model.random_residues(lab.random);
    Ciphertext c = lab.encrypt_long(message, 2, limbs);
    const platform::Status status = fv::rotate_inplace(c, 1, keys, lab.workspace);
    if (status.code() == StatusCode::kOutOfRange) continue;
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(lab.decrypt(c), lab.model.residues(substitute_power(lab.model.representative(message), g)))
        << limbs;
  }
}

FCN_ON_ALL_KERNELS_AND_SMALL_SETS(KeySwitching);

class KeySwitchingOfPackedSet : public KernelTest {};

TEST_P(KeySwitchingOfPackedSet, RotatesSlotsToTheLeft) {
  const fv::Params params = must(fv::Params::create(must(fv::packed_spec()), kernels()));
  const auto encoder = must(fv::SlotEncoder::create(params));
  platform::ChaCha20 rng = test_rng(35);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(params, rng));
  const std::vector<std::int64_t> steps = {1, -1, 32, 500};
  std::vector<std::size_t> elements;
  for (std::int64_t step : steps) elements.push_back(fv::rotation_element(params, step));
  const auto keys = must(fv::GaloisKeys::generate(key, rng, elements));
  std::vector<std::int64_t> values(encoder.slots());
  for (std::size_t j = 0; j < values.size(); ++j) values[j] = static_cast<std::int64_t>(j * j) - 1000;
  const Ciphertext c = must(must(fv::encrypt(key, must(encoder.encode(values)), rng, workspace)).expand());
  for (std::int64_t step : steps) {
    Ciphertext rotated = must(c.clone());
    ASSERT_TRUE(fv::rotate_inplace(rotated, step, keys, workspace).ok());
    const auto got = must(encoder.decode(must(fv::decrypt(key, rotated, workspace))));
    for (std::size_t j = 0; j < values.size(); ++j) {
      ASSERT_EQ(got[j], values[(j + values.size() + static_cast<std::size_t>(step + 1024)) % values.size()])
          << step;
    }
  }
}

FCN_ON_ALL_KERNELS(KeySwitchingOfPackedSet);

TEST(KeySwitchingRefusals, MissingKeysAndWrongInputs) {
  CiphertextLab lab(params_of(small_sets()[6]), 36), other(params_of(small_sets()[5]), 37);
  const auto relin = must(fv::RelinKeys::generate(lab.key, lab.rng)),
             foreign_relin = must(fv::RelinKeys::generate(other.key, other.rng));
  const std::size_t g = fv::rotation_element(lab.params, 1), g2 = fv::rotation_element(lab.params, 2);
  const auto galois = must(fv::GaloisKeys::generate(lab.key, lab.rng, {g}));
  const auto foreign_galois = must(fv::GaloisKeys::generate(other.key, other.rng, {}));
  const Poly zero(lab.model.length());
  Ciphertext two = lab.encrypt(zero), three = lab.encrypt_long(zero, 3, 2),
             four = lab.encrypt_long(zero, 4, 2);
  const auto expect = [&](const platform::Status& status, StatusCode code, const char* part) {
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  };
  expect(fv::relinearize_inplace(four, relin, lab.workspace), StatusCode::kMismatch,
         "no relinearization key for s^3");
  expect(fv::relinearize_inplace(three, foreign_relin, lab.workspace), StatusCode::kMismatch,
         "other parameters");
  expect(fv::rotate_inplace(two, 2, galois, lab.workspace), StatusCode::kMismatch,
         "rotation by 2: no Galois key for element");
  expect(fv::apply_galois_inplace(two, g2, galois, lab.workspace), StatusCode::kMismatch,
         std::to_string(g2).c_str());
  expect(fv::apply_galois_inplace(two, g, foreign_galois, lab.workspace), StatusCode::kMismatch,
         "other parameters");
  expect(fv::apply_galois_inplace(two, 3, galois, lab.workspace), StatusCode::kInvalidArgument,
         "Galois element 3 is not 1 modulo 16");
  expect(fv::apply_galois_inplace(two, 0, galois, lab.workspace), StatusCode::kInvalidArgument,
         "Galois element 0");
  expect(fv::apply_galois_inplace(two, g + 128, galois, lab.workspace), StatusCode::kInvalidArgument,
         "below 128");
  expect(fv::apply_galois_inplace(three, g, galois, lab.workspace), StatusCode::kInvalidArgument,
         "relinearize first");
  expect(fv::RelinKeys::generate(lab.key, lab.rng, 2).status(), StatusCode::kInvalidArgument,
         "from 2 components");
  expect(fv::RelinKeys::generate(lab.key, lab.rng, 6).status(), StatusCode::kInvalidArgument,
         "from 6 components");
  expect(fv::GaloisKeys::generate(lab.key, lab.rng, {1}).status(), StatusCode::kInvalidArgument,
         "Galois element 1 ");
  expect(fv::GaloisKeys::generate(lab.key, lab.rng, {g, g}).status(), StatusCode::kInvalidArgument,
         "asked for twice");
  expect(fv::GaloisKeys::generate(lab.key, lab.rng, {g + 1}).status(), StatusCode::kInvalidArgument,
         "is not 1 modulo 16");
  expect(fv::GaloisKeys::generate(lab.key, lab.rng, {g + 128}).status(), StatusCode::kInvalidArgument,
         "is not 1 modulo 16 and in (1, 128)");
}

}  // namespace
}  // namespace fcn::test
