// What the library encrypts, the schoolbook model decrypts; what the model encrypts, the library decrypts.
#include "fv/encryption.h"

#include <gtest/gtest.h>

#include "fv/encoding.h"
#include "support/fv_sets.h"
#include "support/schoolbook_fv.h"

namespace fcn::test {
namespace {

using fv::Plaintext;
using platform::StatusCode;

Plaintext plaintext_of(const fv::Params& params, const Poly& m) {
  Plaintext plaintext = must(Plaintext::create(params));
  for (std::size_t i = 0; i < m.size(); ++i) plaintext.coefficients()[i] = m[i].to_int64();
  plaintext.set_used_rows(params.t().digits());
  return plaintext;
}

// Residues at the edges of [0, p), and random ones.
std::vector<Poly> messages(const SchoolbookFv& model, Random& random) {
  std::vector<Poly> all;
  for (const BigInt& edge :
       {BigInt(0), BigInt(1), model.p() - 1, divide_floor(model.p(), 2), divide_floor(model.p(), 2) + 1}) {
    all.push_back(Poly(model.length(), edge));
  }
  for (int i = 0; i < 5; ++i) all.push_back(model.random_residues(random));
  return all;
}

SmallPoly small_error(std::size_t n, Random& random) {
  SmallPoly e(n);
  for (std::int64_t& x : e) x = static_cast<std::int64_t>(random() % 7) - 3;
  return e;
}

// Both directions, secret and public key, on as many messages.
void check_both_ways(const fv::Params& params, const std::vector<Poly>& all, Random& random) {
  const SchoolbookFv model(params);
  platform::ChaCha20 rng = test_rng(1);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(params, rng));
  const fv::PublicKey public_key = must(fv::PublicKey::generate(key, rng));
  const SmallPoly s = secret_of(key);
  for (const Poly& message : all) {
    const Poly m = model.representative(message);
    const Plaintext plaintext = plaintext_of(params, m);
    const fv::Ciphertext seeded = must(must(fv::encrypt(key, plaintext, rng, workspace)).expand());
    const fv::Ciphertext from_public = must(fv::encrypt(public_key, plaintext, rng, workspace));
    const fv::Ciphertext from_model =
        model.lower(model.encrypt(m, s, small_error(params.n(), random), random), seeded.noise());
    EXPECT_EQ(model.decrypt(model.lift(seeded), s), message);
    EXPECT_EQ(model.decrypt(model.lift(from_public), s), message);
    EXPECT_EQ(model.residues(must(fv::decrypt(key, from_model, workspace))), message);
    EXPECT_EQ(model.residues(must(fv::decrypt(key, seeded, workspace))), message);
    EXPECT_EQ(model.residues(must(fv::decrypt(key, from_public, workspace))), message);
  }
}

class Encryption : public SmallSetTest {};

TEST_P(Encryption, AgreesWithTheModelBothWays) {
  Random random(1);
  check_both_ways(params(), messages(SchoolbookFv(params()), random), random);
}

TEST_P(Encryption, SecretIsTernaryAndErrorsAreSmall) {
  const SchoolbookFv model(params());
  platform::ChaCha20 rng = test_rng(2);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(params(), rng));
  for (std::int64_t x : secret_of(key)) EXPECT_TRUE(x >= -1 && x <= 1) << x;
  const Plaintext zero = must(Plaintext::create(params()));
  const fv::Ciphertext c = must(must(fv::encrypt(key, zero, rng, workspace)).expand());
  // An encryption of 0 is e - c_1 s with |e| <= 21.
  for (const BigInt& e : model.phase(model.lift(c), secret_of(key))) {
    EXPECT_LE(absolute(centered_modulo(e, model.q())), 21);
  }
}

TEST_P(Encryption, DecryptsEveryComponentAtEveryLevelInBothForms) {
  Random random(3);
  platform::ChaCha20 rng = test_rng(3);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(params(), rng));
  const SmallPoly s = secret_of(key);
  for (std::size_t limbs = 1; limbs <= params().q_count(); ++limbs) {
    const SchoolbookFv model(params(), limbs);
    if (model.q() < model.p() * 1000 && params().t().is_integer()) continue;  // no room for a message
    for (std::size_t components = 2; components <= fv::kMaxComponents; ++components) {
      const Poly message = model.random_residues(random);
      PolyVector c =
          model.encrypt(model.representative(message), s, small_error(params().n(), random), random);
      // Random further components, made up for in c_0.
      for (std::size_t i = 2; i < components; ++i) {
        c.push_back(Poly(params().n()));
        for (BigInt& x : c.back())
          x = modulo(BigInt(random()) * BigInt(random()) * BigInt(random()), model.q());
      }
      PolyVector extra = c;
      extra[0] = extra[1] = Poly(params().n());
      c[0] = difference(c[0], model.phase(extra, s));
      fv::Ciphertext lowered = model.lower(c, {});
      EXPECT_EQ(model.residues(must(fv::decrypt(key, lowered, workspace))), message) << components;
      for (std::size_t l = 0; l < components; ++l) {
        for (std::size_t i = 0; i < limbs; ++i) params().table(i).forward(lowered.limb(l, i));
      }
      lowered.set_form(fv::Form::kTransformed);
      EXPECT_EQ(model.residues(must(fv::decrypt(key, lowered, workspace))), message) << components;
    }
  }
}

// Into outputs that have held something else: the same bits, in the same memory.
TEST_P(Encryption, OutputsAreReused) {
  const std::size_t limbs = params().q_count(), words = 2 * limbs * params().n();
  Random random(8);
  const SchoolbookFv model(params());
  platform::ChaCha20 rng = test_rng(8), again = test_rng(8);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(params(), rng));
  const fv::PublicKey public_key = must(fv::PublicKey::generate(key, rng));
  (void)must(fv::PublicKey::generate(must(fv::SecretKey::generate(params(), again)), again));
  Plaintext decrypted = must(Plaintext::create(params()));
  fv::SeededCiphertext seeded = must(fv::encrypt(key, decrypted, rng, workspace));
  (void)must(fv::encrypt(key, decrypted, again, workspace));
  fv::Ciphertext out =
      must(fv::Ciphertext::create(params(), fv::kMaxComponents, limbs, fv::Form::kTransformed));
  const std::uint64_t *c0 = seeded.c0.data(), *c = out.component(0);
  const std::int64_t* coefficients = decrypted.coefficients();
  for (int round = 0; round < 3; ++round) {
    const Poly message = model.random_residues(random);
    const Plaintext m = plaintext_of(params(), model.representative(message));
    std::fill(seeded.c0.begin(), seeded.c0.end(), ~std::uint64_t{0});
    std::fill(out.component(0), out.component(0) + out.words(), ~std::uint64_t{0});
    ASSERT_TRUE(fv::encrypt(seeded, key, m, rng, workspace).ok());
    const fv::SeededCiphertext expected = must(fv::encrypt(key, m, again, workspace));
    EXPECT_EQ(seeded.seed, expected.seed);
    EXPECT_TRUE(std::equal(seeded.c0.begin(), seeded.c0.end(), expected.c0.begin(), expected.c0.end()));
    for (bool from_public : {false, true}) {
      const platform::Status status =
          from_public ? fv::encrypt(out, public_key, m, rng, workspace) : seeded.expand(out);
      ASSERT_TRUE(status.ok());
      const fv::Ciphertext whole =
          from_public ? must(fv::encrypt(public_key, m, again, workspace)) : must(expected.expand());
      ASSERT_EQ(out.words(), words);
      EXPECT_EQ(out.form(), fv::Form::kCoefficients);
      EXPECT_EQ(out.noise().log2_sigma, whole.noise().log2_sigma);
      EXPECT_TRUE(std::equal(out.component(0), out.component(0) + words, whole.component(0)));
      ASSERT_TRUE(fv::decrypt(decrypted, key, out, workspace).ok());
      EXPECT_EQ(model.residues(decrypted), message);
    }
    EXPECT_EQ(seeded.c0.data(), c0);
    EXPECT_EQ(out.component(0), c);
    EXPECT_EQ(decrypted.coefficients(), coefficients);
  }
}

FCN_ON_ALL_KERNELS_AND_SMALL_SETS(Encryption);

TEST(EncryptionOfNamedSets, PixelAgreesWithTheModelBothWays) {
  const fv::Params params = must(fv::Params::create(must(fv::pixel_spec()), default_test_kernels()));
  const SchoolbookFv model(params);
  Random random(4);
  std::vector<Poly> all;
  for (std::int64_t value : {std::int64_t{0}, std::int64_t{-255}, -fv::max_integer(params)}) {
    all.push_back({modulo(value, model.p())});
  }
  check_both_ways(params, all, random);
}

TEST(EncryptionOfNamedSets, PackedAgreesWithTheModelBothWays) {
  const fv::Params params = must(fv::Params::create(must(fv::packed_spec()), default_test_kernels()));
  const SchoolbookFv model(params);
  Random random(5);
  check_both_ways(params, {model.random_residues(random)}, random);
}

TEST(Encryption, RefusesOtherParametersAndExhaustedNoise) {
  const fv::Params params = params_of(small_sets()[3]), other = params_of(small_sets()[4]);
  platform::ChaCha20 rng = test_rng(6);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(params, rng)),
                      other_key = must(fv::SecretKey::generate(other, rng));
  const fv::PublicKey public_key = must(fv::PublicKey::generate(key, rng));
  const Plaintext m = must(Plaintext::create(params)), other_m = must(Plaintext::create(other));
  EXPECT_EQ(fv::encrypt(key, other_m, rng, workspace).status().code(), StatusCode::kMismatch);
  EXPECT_EQ(fv::encrypt(public_key, other_m, rng, workspace).status().code(), StatusCode::kMismatch);
  fv::Ciphertext c = must(fv::encrypt(public_key, m, rng, workspace));
  const auto mismatch = fv::decrypt(other_key, c, workspace);
  EXPECT_EQ(mismatch.status().code(), StatusCode::kMismatch);
  EXPECT_NE(mismatch.status().message().find("other parameters"), std::string::npos);
  c.set_noise({47});
  const auto exhausted = fv::decrypt(key, c, workspace);
  EXPECT_EQ(exhausted.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(exhausted.status().message().find("noise of 2^47"), std::string::npos)
      << exhausted.status().message();
  Plaintext other_out = must(Plaintext::create(other));
  EXPECT_EQ(fv::decrypt(other_out, key, must(fv::encrypt(public_key, m, rng, workspace)), workspace).code(),
            StatusCode::kMismatch);
  EXPECT_EQ(fv::Ciphertext::create(params, 6, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(fv::Ciphertext::create(params, 1, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(fv::Ciphertext::create(params, 2, 2).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(fv::Ciphertext::create(params, 2, 0).status().code(), StatusCode::kInvalidArgument);
}

TEST(Encryption, AnotherKeyDecryptsToNoise) {
  const fv::Params params = params_of(small_sets()[0]);
  platform::ChaCha20 rng = test_rng(7);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(params, rng)),
                      other = must(fv::SecretKey::generate(params, rng));
  const fv::Ciphertext c =
      must(must(fv::encrypt(key, must(Plaintext::create(params)), rng, workspace)).expand());
  const Plaintext m = must(fv::decrypt(other, c, workspace));
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < params.n(); ++i) zeros += m.coefficients()[i] == 0;
  EXPECT_LT(zeros, params.n() / 4);
}

}  // namespace
}  // namespace fcn::test
