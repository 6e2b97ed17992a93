// Bytes of every object: known answers, the written layout, and round trips.
#include "fv/serialization.h"

#include <gtest/gtest.h>

#include "fv/encoding.h"
#include "platform/byte_order.h"
#include "support/ciphertext_lab.h"

namespace fcn::test {
namespace {

using fv::Bytes;
using fv::Ciphertext;

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte / 16];
    text += "0123456789abcdef"[byte % 16];
  }
  return text;
}

// Printed by format_vectors.py, an implementation of its own, which also says what they hold.
const char* const kSecretKey =
    "46434e0202000000b4bce20e3065581b4e0e71c7e7ba022a3928bd4fdc41c05ada381e764226850e0200000000000000"
    "95a9acdbf7e4e37eae30";
const char* const kPublicKey =
    "46434e0302000000b4bce20e3065581b4e0e71c7e7ba022a3928bd4fdc41c05ada381e764226850e3400000000000000"
    "10f656e6d1fd55053e50c4875c9930a33f6d0263bd14dfd6ab8c70521c19338b3b0dddedd9158224bafdd9512deb5ef6"
    "6a5ebb6b526f659b30c00800";
const char* const kRelinKeys =
    "46434e0402000000b4bce20e3065581b4e0e71c7e7ba022a3928bd4fdc41c05ada381e764226850e6000000000000000"
    "010000008f4364c1fca82134d318224ecc6c45edc86654e8bb4d40bc7bfbf0fbd9d91f940d30e5369db888574c401c42"
    "c92d67b4c289018bd39dfe94906405b45ac389d035bafeaf12b18b7e5f630c251d11502a25cdcfc29b84c1c3183940ec"
    "68112a91da39a551";
const char* const kSeededCiphertexts =
    "46434e0702000000b4bce20e3065581b4e0e71c7e7ba022a3928bd4fdc41c05ada381e764226850e3800000000000000"
    "01000000f963f0ab0d1245b217ca98b09d64670e803f181b418fd8bf599f7f2ec488f5651564576d19b901bd6a2f8416"
    "5bff28091c7c950200b0937676cd788f";
const char* const kCiphertexts =
    "46434e0602000000b4bce20e3065581b4e0e71c7e7ba022a3928bd4fdc41c05ada381e764226850e3400000000000000"
    "01000000020100017a070000284a96af8bd1ebc6f7c1091ea5fcdb48b1f28d122228c925c4c487a24f82d2e3969f82dd"
    "29865534f7d96df072930682";

class KnownAnswers : public KernelTest {};

TEST_P(KnownAnswers, KeysAndCiphertextsFromAFixedSeed) {
  const fv::Params params = params_of({"", 8, 2, 16, {20}, 0, 7}, kernels());
  platform::ChaCha20 rng = test_rng(1);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(params, rng));
  const auto secret = must(fv::serialize_secret_key(key));
  EXPECT_EQ(to_hex({secret.data(), secret.size()}), kSecretKey);
  const fv::PublicKey public_key = must(fv::PublicKey::generate(key, rng));
  EXPECT_EQ(to_hex(fv::serialize(public_key)), kPublicKey);
  EXPECT_EQ(to_hex(fv::serialize(must(fv::RelinKeys::generate(key, rng)))), kRelinKeys);
  const std::int64_t values[] = {12345, -1};
  const fv::Plaintext m = must(fv::encode_coefficients(params, values));
  const fv::SeededCiphertext seeded = must(fv::encrypt(key, m, rng, workspace));
  EXPECT_EQ(to_hex(fv::serialize({&seeded, 1})), kSeededCiphertexts);
  const Ciphertext c = must(fv::encrypt(public_key, m, rng, workspace));
  EXPECT_EQ(to_hex(fv::serialize({&c, 1})), kCiphertexts);
}

FCN_ON_ALL_KERNELS(KnownAnswers);

// Equal bytes after reading and writing again; and equal content.
class RoundTrip : public SmallSetTest {
 protected:
  void SetUp() override {
    SmallSetTest::SetUp();
    if (!IsSkipped()) lab_.emplace(params(), 81);
  }
  CiphertextLab& lab() { return *lab_; }

 private:
  std::optional<CiphertextLab> lab_;
};

TEST_P(RoundTrip, SecretAndPublicKeys) {
  const auto secret = must(fv::serialize_secret_key(lab().key));
  const fv::SecretKey key = must(fv::deserialize_secret_key(params(), {secret.data(), secret.size()}));
  EXPECT_EQ(secret_of(key), lab().s);
  EXPECT_TRUE(std::equal(key.transformed(), key.transformed() + params().key_limbs() * params().n(),
                         lab().key.transformed()));
  EXPECT_EQ(must(fv::describe_kind({secret.data(), secret.size()})), "a secret key");

  const fv::PublicKey public_key = must(fv::PublicKey::generate(lab().key, lab().rng));
  const Bytes bytes = fv::serialize(public_key);
  const fv::PublicKey read = must(fv::deserialize_public_key(params(), bytes));
  const std::size_t words = params().q_count() * params().n();
  EXPECT_TRUE(std::equal(read.a(), read.a() + words, public_key.a()));
  EXPECT_TRUE(std::equal(read.b(), read.b() + words, public_key.b()));
  EXPECT_EQ(fv::serialize(read), bytes);
  EXPECT_EQ(must(fv::describe_kind(bytes)), "a public key");
}

TEST_P(RoundTrip, SwitchingKeys) {
  const fv::RelinKeys relin = must(fv::RelinKeys::generate(lab().key, lab().rng, 4));
  const Bytes relin_bytes = fv::serialize(relin);
  const fv::RelinKeys relin_read = must(fv::deserialize_relin_keys(params(), relin_bytes));
  EXPECT_EQ(relin_read.max_components(), 4u);
  for (std::size_t p = 2; p < 4; ++p) {
    const std::size_t size = fv::KeySwitchKey::words(params());
    EXPECT_TRUE(std::equal(relin.power(p).a(), relin.power(p).a() + size, relin_read.power(p).a()));
    EXPECT_TRUE(std::equal(relin.power(p).b(), relin.power(p).b() + size, relin_read.power(p).b()));
  }
  EXPECT_EQ(fv::serialize(relin_read), relin_bytes);
  EXPECT_EQ(must(fv::describe_kind(relin_bytes)), "relinearization keys");

  std::vector<std::size_t> elements;
  if (fv::rotation_element(params(), 1) != 1) {
    elements = {fv::rotation_element(params(), 1), fv::rotation_element(params(), -1)};
  }
  const fv::GaloisKeys galois = must(fv::GaloisKeys::generate(lab().key, lab().rng, elements));
  const Bytes galois_bytes = fv::serialize(galois);
  const fv::GaloisKeys galois_read = must(fv::deserialize_galois_keys(params(), galois_bytes));
  ASSERT_EQ(galois_read.keys().size(), elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) EXPECT_EQ(galois_read.keys()[i].element, elements[i]);
  EXPECT_EQ(fv::serialize(galois_read), galois_bytes);
  EXPECT_EQ(must(fv::describe_kind(galois_bytes)), "Galois keys");
}

TEST_P(RoundTrip, Ciphertexts) {
  std::vector<Ciphertext> ciphertexts;
  for (std::size_t components = 2; components <= 5; ++components) {
    for (std::size_t limbs = 1; limbs <= params().q_count(); ++limbs) {
      ciphertexts.push_back(lab().encrypt_long(lab().model.random_residues(lab().random), components, limbs));
      if (components == 3) fv::to_transformed(ciphertexts.back());
      const auto degree = static_cast<unsigned>(components);
      ciphertexts.back().set_noise({12.34 * static_cast<double>(components), degree});
    }
  }
  ciphertexts.back().set_noise({});
  const Bytes bytes = fv::serialize(ciphertexts);
  const auto read = must(fv::deserialize_ciphertexts(params(), bytes));
  ASSERT_EQ(read.size(), ciphertexts.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    const Ciphertext &x = ciphertexts[i], &y = read[i];
    ASSERT_EQ(y.components(), x.components());
    ASSERT_EQ(y.limbs(), x.limbs());
    EXPECT_EQ(y.form(), x.form());
    EXPECT_EQ(y.noise().s_degree, x.noise().s_degree);
    const bool last = i + 1 == read.size();  // no noise at all
    EXPECT_GE(y.noise().log2_sigma, last ? -1e7 : x.noise().log2_sigma);
    EXPECT_LE(y.noise().log2_sigma, last ? -1e6 : x.noise().log2_sigma + 1.0 / 256);
    EXPECT_TRUE(std::equal(y.component(0), y.component(0) + y.words(), x.component(0)));
  }
  EXPECT_EQ(fv::serialize(read), bytes);
  EXPECT_EQ(must(fv::describe_kind(bytes)), "ciphertexts");
}

TEST_P(RoundTrip, SeededCiphertexts) {
  std::vector<fv::SeededCiphertext> seeded;
  for (int i = 0; i < 3; ++i) {
    const fv::Plaintext m = lab().plaintext(lab().model.random_residues(lab().random));
    seeded.push_back(must(fv::encrypt(lab().key, m, lab().rng, lab().workspace)));
  }
  const Bytes bytes = fv::serialize(seeded);
  const auto read = must(fv::deserialize_seeded_ciphertexts(params(), bytes));
  platform::ThreadPool pool(2);
  EXPECT_EQ(fv::serialize(must(fv::deserialize_seeded_ciphertexts(params(), bytes, &pool))), bytes);
  ASSERT_EQ(read.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const Ciphertext x = must(seeded[i].expand()), y = must(read[i].expand());
    EXPECT_TRUE(std::equal(x.component(0), x.component(0) + x.words(), y.component(0)));
    EXPECT_EQ(y.noise().log2_sigma, fv::NoiseModel(params()).fresh_secret_key().log2_sigma);
  }
  EXPECT_EQ(fv::serialize(read), bytes);
  EXPECT_EQ(must(fv::describe_kind(bytes)), "seeded ciphertexts");
}

FCN_ON_ALL_KERNELS_AND_SMALL_SETS(RoundTrip);

TEST(Serialization, NamedParametersComeBack) {
  const auto integer =
      must(fv::make_spec(4096, must(fv::PlaintextModulus::integer(4096, 40961)), {50, 40}, 0, 20));
  for (const fv::ParamsSpec& spec : {must(fv::pixel_spec()), must(fv::packed_spec()), integer}) {
    const fv::Params params = must(fv::Params::create(spec));
    const Bytes bytes = fv::serialize(params);
    const fv::Params read = must(fv::deserialize_params(bytes));
    EXPECT_TRUE(read == params);
    EXPECT_TRUE(read.spec().t == spec.t);
    EXPECT_EQ(read.spec().q_primes, spec.q_primes);
    EXPECT_EQ(read.spec().special_prime, spec.special_prime);
    EXPECT_EQ(read.spec().digit_bits, spec.digit_bits);
    EXPECT_EQ(fv::serialize(read), bytes);
    EXPECT_EQ(must(fv::describe_kind(bytes)), "parameters");
    // "FCN", kind 1, version 2, fingerprint, length; then n, the kind of t, ...
    EXPECT_EQ(to_hex({bytes.data(), 8}), "46434e0102000000");
    EXPECT_EQ(to_hex({bytes.data() + 8, 32}), to_hex(params.fingerprint()));
    EXPECT_EQ(platform::load_u64(bytes.data() + 40), bytes.size() - 56);
    EXPECT_EQ(platform::load_partial(bytes.data() + 48, 4), spec.n);
    EXPECT_EQ(bytes[52], spec.t.is_integer() ? 0 : 1);
  }
}

TEST(Serialization, OfNothingIsNothing) {
  EXPECT_TRUE(fv::serialize(std::span<const Ciphertext>()).empty());
  EXPECT_TRUE(fv::serialize(std::span<const fv::SeededCiphertext>()).empty());
}

// Written and read, a bound is not below what it was and less than 1/256 above; a storable one is the same.
TEST(Serialization, BoundsOfNoise) {
  for (const double sigma :
       {-1e9, -1e6, -3.7, -1.0 / 256, 0.0, 1.0 / 300, 12.34, 60.0, 4096.001, 1e9, 1 / 0.0}) {
    for (const unsigned degree : {0u, 3u, 255u, 1000u}) {
      fv::Noise noise{sigma, degree, fv::tail_of_factors(2), fv::average_tail(fv::tail_of_factors(4), 30)};
      const auto through = [](const fv::Noise& from) {
        std::uint8_t bytes[fv::kNoiseBoundBytes];
        fv::write_bound(bytes, from);
        platform::ByteReader in(bytes);
        fv::Noise read;
        EXPECT_TRUE(fv::read_bound(in, read).ok());
        return read;
      };
      const fv::Noise read = through(noise);
      EXPECT_EQ(read, fv::storable_bound(noise));
      EXPECT_EQ(through(read), read);
      EXPECT_EQ(read.s_degree, std::min(degree, 255u));
      if (sigma < 1e6) {
        EXPECT_GE(read.log2_sigma, sigma);
      }
      if (sigma > -1e6) {
        EXPECT_LT(read.log2_sigma, std::min(sigma, 1e7) + 1.0 / 256);
      }
      for (std::size_t at = 0; at < fv::NoiseTail::kOrders.size(); ++at) {
        EXPECT_GE(read.tail.log2_moments[at], noise.tail.log2_moments[at]);
        EXPECT_LT(read.spread.log2_moments[at], noise.spread.log2_moments[at] + 1.0 / 16);
      }
      // What a ciphertext says is coarser, and not below either.
      std::uint8_t bytes[fv::kNoiseBytes];
      fv::write_noise(bytes, noise);
      platform::ByteReader in(bytes);
      fv::Noise coarse;
      EXPECT_TRUE(fv::read_noise(in, coarse).ok());
      EXPECT_EQ(coarse.log2_sigma, read.log2_sigma);
      EXPECT_EQ(coarse.s_degree, std::min(degree, 15u));
      EXPECT_EQ(fv::larger_tail(coarse.tail, fv::larger_tail(noise.tail, noise.spread)), coarse.tail);
    }
  }
  platform::ByteReader few(fv::ByteSpan{});
  fv::Noise noise;
  EXPECT_EQ(fv::read_noise(few, noise).code(), platform::StatusCode::kCorrupt);
  EXPECT_EQ(fv::read_bound(few, noise).code(), platform::StatusCode::kCorrupt);
  // A bound has one text: deviations that are not written are not read.
  std::uint8_t bytes[fv::kNoiseBoundBytes];
  fv::write_bound(bytes, {});
  for (const std::uint32_t units : {0x80000000u, 0xbfffffffu, 0x7fffffffu, 0x40000001u}) {
    platform::store_partial(bytes + 1, units, 4);
    platform::ByteReader in(bytes);
    EXPECT_EQ(fv::read_bound(in, noise).code(), platform::StatusCode::kCorrupt) << units;
  }
}

// A pixel takes half the bytes of a whole ciphertext: 50 bits a coefficient.
TEST(Serialization, SizesOfThePixelSet) {
  const fv::Params params = must(fv::Params::create(must(fv::pixel_spec())));
  platform::ChaCha20 rng = test_rng(1);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(params, rng));
  const fv::SeededCiphertext c = must(fv::encrypt(key, must(fv::encode_integer(params, 7)), rng, workspace));
  EXPECT_EQ(fv::serialize({&c, 1}).size(), 2048u * 50 / 8 + 32 + 4 + 56);
  const Ciphertext whole = must(c.expand());
  EXPECT_EQ(fv::serialize({&whole, 1}).size(), 2u * 2048 * 50 / 8 + 8 + 4 + 56);
}

}  // namespace
}  // namespace fcn::test
