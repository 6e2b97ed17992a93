// Parameters: what is refused and why, what the named sets are, and that no two specs make equal ones, forged or not.
#include "fv/params.h"

#include <gtest/gtest.h>

#include "fv/encryption.h"
#include "fv/noise_model.h"
#include "fv/security.h"
#include "fv/serialization.h"
#include "ntt/primes.h"
#include "platform/bytes.h"
#include "support/fv_sets.h"

namespace fcn::test {
namespace {

using fv::Params;
using fv::ParamsSpec;
using fv::PlaintextModulus;
using platform::StatusCode;

ParamsSpec good_spec() {
  return must(fv::make_spec(4096, must(PlaintextModulus::binomial(4096, 1024, 48)), {50}, 50, 0));
}

void expect_refused(const ParamsSpec& spec, const std::string& part) {
  const auto params = Params::create(spec);
  EXPECT_EQ(params.status().code(), StatusCode::kInvalidArgument) << part;
  EXPECT_NE(params.status().message().find(part), std::string::npos) << params.status().message();
}

TEST(Params, RefusesEveryWrongField) {
  ASSERT_TRUE(Params::create(good_spec()).ok());
  ParamsSpec spec = good_spec();
  spec.n = 1000;
  expect_refused(spec, "n = 1000 is not a power of two");
  spec.n = 0;
  expect_refused(spec, "n = 0 is not a power of two");
  spec.n = 131072;
  expect_refused(spec, "n = 131072 is not in [4, 65536]");
  spec.n = 2;
  expect_refused(spec, "n = 2 is not in [4, 65536]");
  spec.n = 2048;
  expect_refused(spec, "t is made for n = 4096, not 2048");
  spec = good_spec();
  spec.q_primes.clear();
  expect_refused(spec, "q has 0 primes, not 1 to 20");
  spec.q_primes.assign(21, good_spec().q_primes[0]);
  expect_refused(spec, "q has 21 primes");
  spec = good_spec();
  spec.digit_bits = 51;
  expect_refused(spec, "digit_bits = 51 is above 50");
  spec = good_spec();
  spec.special_prime = 0;
  expect_refused(spec, "key switching needs a special prime or digits");
  spec = good_spec();
  spec.special_prime = spec.q_primes[0];
  expect_refused(spec, "is repeated");
  spec = good_spec();
  spec.q_primes[0] = must(ntt::find_primes(4096, 51, 1))[0];
  expect_refused(spec, std::to_string(spec.q_primes[0]) + " is not below 2^50");
  spec.q_primes[0] = good_spec().q_primes[0] - 2 * 4096;
  while (ntt::is_prime_vartime(spec.q_primes[0])) spec.q_primes[0] -= 2 * 4096;
  expect_refused(spec, std::to_string(spec.q_primes[0]) + " is not a prime");
  spec.q_primes[0] = 1125899906842597;  // the largest prime below 2^50
  expect_refused(spec, "prime 1125899906842597 is not 1 modulo 2n = 8192");
  spec = good_spec();
  spec.t = PlaintextModulus();
  expect_refused(spec, "t is made for n = 0");
}

TEST(Params, RefusesInsecureModuli) {
  ParamsSpec spec = must(fv::make_spec(2048, must(PlaintextModulus::binomial(2048, 1, 2)), {50}, 30, 0));
  expect_refused(spec, "insecure: the primes multiply to 80 bits, but n = 2048 allows 53");
  spec = must(fv::make_spec(2048, must(PlaintextModulus::binomial(2048, 1, 2)), {27, 27}, 0, 10));
  expect_refused(spec, "insecure: the primes multiply to 54 bits");
  spec = must(fv::make_spec(512, must(PlaintextModulus::binomial(512, 1, 2)), {14}, 0, 7));
  expect_refused(spec, "n = 512 is not in the security table");
  spec = must(fv::make_spec(65536, must(PlaintextModulus::binomial(65536, 1, 2)), {50}, 0, 7));
  expect_refused(spec, "n = 65536 is not in the security table");
}

TEST(Params, RefusesATThatIsNotInvertible) {
  // p = 2^4 + 1 = 17 is a multiple of the prime 17 = 1 modulo 8.
  ParamsSpec spec;
  spec.n = 4;
  spec.t = must(PlaintextModulus::binomial(4, 1, 2));
  spec.q_primes = {17};
  spec.digit_bits = 3;
  spec.security = fv::Security::kInsecureForTests;
  expect_refused(spec, "t is not invertible modulo the prime 17");
  spec.t = must(PlaintextModulus::integer(4, 41 * 2));
  spec.q_primes = {41};
  expect_refused(spec, "t is not invertible modulo the prime 41");
}

TEST(Params, RefusesNoiseThatLeavesNoRoom) {
  // A fresh encryption under the public key has about 2^26 of noise here: 26 bits are not enough.
  const ParamsSpec spec = must(fv::make_spec(2048, must(PlaintextModulus::integer(2048, 65537)), {26}, 0, 9));
  const auto params = Params::create(spec);
  EXPECT_EQ(params.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(params.status().message().find("public-key encryption"), std::string::npos)
      << params.status().message();
  EXPECT_NE(params.status().message().find("bits too small"), std::string::npos) << params.status().message();
}

TEST(Params, SecurityTable) {
  // Table 5.2 of ePrint 2024/463: ternary secret, sigma = 3.2, classical, 128 bits.
  const std::pair<std::size_t, double> table[] = {{1024, 26},  {2048, 53},   {4096, 106},
                                                  {8192, 214}, {16384, 430}, {32768, 868}};
  for (const auto& [n, bits] : table) EXPECT_EQ(fv::max_log2_modulus(n), bits) << n;
  for (std::size_t n : {0, 512, 1000, 2047, 65536}) EXPECT_EQ(fv::max_log2_modulus(n), 0) << n;
  EXPECT_GE(std::sqrt(fv::kErrorVariance), 3.2);
}

TEST(Params, PixelSet) {
  const ParamsSpec spec = must(fv::pixel_spec());
  EXPECT_EQ(spec.n, 2048u);
  EXPECT_EQ(spec.q_primes, must(ntt::find_primes(2048, 50, 1)));
  EXPECT_EQ(spec.special_prime, 0u);
  EXPECT_EQ(spec.t.length(), 1u);
  EXPECT_EQ(spec.t.base(), 2u);
  const Params params = must(Params::create(spec));
  EXPECT_EQ(params.digits_per_limb(), 4u);
  EXPECT_NEAR(params.log2_q(), 50, 0.001);
  EXPECT_EQ(params.key_limbs(), 1u);
  EXPECT_FALSE(params.has_special());
  for (unsigned bits = 30; bits <= 50; ++bits) {
    const Params smaller = must(Params::create(must(fv::pixel_spec(bits))));
    EXPECT_EQ(smaller.modulus(0).bits(), bits);
    EXPECT_LE(smaller.digits_per_limb(), 4u);
  }
}

TEST(Params, PackedSet) {
  const ParamsSpec spec = must(fv::packed_spec());
  EXPECT_EQ(spec.n, 8192u);
  EXPECT_EQ(spec.t.length(), 1024u);
  EXPECT_EQ(spec.t.residue_modulus(), 92170395205042177u);
  std::vector<std::uint64_t> primes = {spec.special_prime, spec.q_primes[0], spec.q_primes[1]};
  EXPECT_EQ(primes, must(ntt::find_primes(8192, 50, 3)));  // the special one is the largest
  const Params params = must(Params::create(spec));
  EXPECT_NEAR(params.log2_q(), 100, 0.001);
  EXPECT_EQ(params.key_limbs(), 3u);
  EXPECT_EQ(params.digits_per_limb(), 1u);
  EXPECT_LE(params.log2_q() + 50, fv::max_log2_modulus(8192));
}

// A change of each field of a spec, the spec itself first. Tables of other kernels are no other parameters.
TEST(Params, EveryFieldTellsParametersApart) {
  const TestSet base = {"", 64, 8, 132, {50, 45}, 50, 10};
  std::vector<ParamsSpec> specs(10, spec_of(base));
  specs[1].q_primes = {specs[0].q_primes[1], specs[0].q_primes[0]};
  specs[2].q_primes.pop_back();
  specs[3].special_prime = 0;
  specs[4].digit_bits = 11;
  specs[5].t = must(PlaintextModulus::binomial(64, 8, 140));
  specs[6].t = must(PlaintextModulus::binomial(64, 16, 132));
  specs[7].t = must(PlaintextModulus::integer(64, 132));
  specs[8] = spec_of({"", 128, 8, 132, {50, 45}, 50, 10});
  specs[9].q_primes[1] = must(ntt::find_primes(64, 45, 2))[1];
  specs.push_back(must(fv::pixel_spec()));
  specs.push_back(specs.back());
  specs.back().security = fv::Security::kInsecureForTests;
  std::vector<Params> all;
  for (const ParamsSpec& spec : specs) all.push_back(must(Params::create(spec)));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Params again = must(Params::create(specs[i], ntt::scalar_kernels()));
    EXPECT_TRUE(all[i] == again) << i;
    EXPECT_EQ(all[i].fingerprint(), again.fingerprint()) << i;
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(all[i] == all[j]) << i << ", " << j;
      EXPECT_NE(all[i].fingerprint(), all[j].fingerprint()) << i << ", " << j;
    }
  }
}

// Two secure sets of different n whose words have one checksum64, found by params_collision.py: what a forger makes who
// wants objects of one set taken for objects of the other.
ParamsSpec colliding_spec(std::size_t n, std::uint64_t third_prime, std::uint64_t last_prime) {
  ParamsSpec spec;
  spec.n = n;
  spec.t = must(PlaintextModulus::binomial(n, 8192, 132));
  spec.digit_bits = 10;
  spec.q_primes = {1125899904679937, 1125899903827969, third_prime, 1125899903500289,
                   1125899903107073, 1125899902124033, last_prime};
  return spec;
}
std::uint64_t checksum_of_words(const ParamsSpec& spec) {
  platform::ByteWriter words;
  for (const std::uint64_t word : {std::uint64_t{spec.n}, std::uint64_t{spec.t.length()}, spec.t.base(),
                                   spec.special_prime, std::uint64_t{spec.digit_bits}, std::uint64_t{1}})
    words.u64(word);
  for (const std::uint64_t q : spec.q_primes) words.u64(q);
  return platform::checksum64(words.data());
}

TEST(Params, AForgedChecksumMakesNoEqualParameters) {
  const ParamsSpec large_spec = colliding_spec(32768, 1125885791174657, 1125899899174913),
                   small_spec = colliding_spec(16384, 1125884384280577, 764548611407873);
  ASSERT_EQ(checksum_of_words(large_spec), 0x48f0749c15036149u);
  ASSERT_EQ(checksum_of_words(small_spec), 0x48f0749c15036149u);
  // As they come from a peer.
  const Params large = must(fv::deserialize_params(fv::serialize(must(Params::create(large_spec))))),
               small = must(fv::deserialize_params(fv::serialize(must(Params::create(small_spec)))));
  ASSERT_FALSE(large == small);
  EXPECT_NE(large.fingerprint(), small.fingerprint());

  // No operation and no reader takes an object of the large set for one of the small set: it would leave its memory.
  platform::ChaCha20 rng = test_rng(1);
  fv::Workspace workspace;
  const fv::SecretKey key = must(fv::SecretKey::generate(large, rng));
  const fv::Plaintext m = must(fv::Plaintext::create(large));
  fv::Plaintext out = must(fv::Plaintext::create(small));
  fv::SeededCiphertext seeded = must(fv::encrypt(key, m, rng, workspace));
  const fv::Ciphertext c = must(seeded.expand());
  EXPECT_EQ(fv::decrypt(out, key, c, workspace).code(), StatusCode::kMismatch);
  const fv::SecretKey small_key = must(fv::SecretKey::generate(small, rng));
  EXPECT_EQ(fv::decrypt(small_key, c, workspace).status().code(), StatusCode::kMismatch);
  EXPECT_EQ(fv::encrypt(small_key, m, rng, workspace).status().code(), StatusCode::kMismatch);
  const fv::Bytes file = fv::serialize({&c, 1});
  EXPECT_EQ(fv::deserialize_ciphertexts(small, file).status().code(), StatusCode::kMismatch);
  EXPECT_EQ(fv::deserialize_seeded_ciphertexts(small, fv::serialize({&seeded, 1})).status().code(),
            StatusCode::kMismatch);
}

TEST(Params, DigitsCoverTheLargestPrime) {
  for (unsigned digit_bits = 0; digit_bits <= 50; ++digit_bits) {
    ParamsSpec spec = spec_of({"", 16, 4, 16, {30, 45}, 50, digit_bits});
    const Params params = must(Params::create(spec));
    EXPECT_GE(params.digits_per_limb() * params.digit_bits(), 45u);
    EXPECT_LT((params.digits_per_limb() - 1) * params.digit_bits(), 45u);
  }
}

TEST(Params, MakeSpecRefusesWhatCannotBeFound) {
  const auto t = must(PlaintextModulus::binomial(65536, 1, 2));
  EXPECT_EQ(fv::make_spec(65536, t, {17}, 0, 5).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(fv::make_spec(1000, t, {50}, 0, 5).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fcn::test
