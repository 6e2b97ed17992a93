// Both roles of a packed plan in one object, and the noise of its answers measured with the secret key.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "fv/serialization.h"
#include "nn/packed_client.h"
#include "nn/packed_engine.h"

namespace fcn::test {

// Both roles of one plan.
class Party {
 public:
  explicit Party(nn::PackedPlan plan)
      : engine(std::move(plan)),
        params(engine.plan().params()),
        rng(platform::Seed{4, 5, 6}),
        secret(fv::SecretKey::generate(params, rng).value()),
        relin(fv::RelinKeys::generate(secret, rng).value()),
        galois(fv::GaloisKeys::generate(secret, rng, engine.plan().galois_elements()).value()),
        encoder(fv::SlotEncoder::create(params).value()) {}

  std::vector<fv::SeededCiphertext> encrypt(const std::vector<std::int64_t>& pixels) {
    platform::ThreadPool pool(2);
    auto encrypted = nn::encrypt_slots(secret, encoder, engine.plan().input().values, pixels, rng, pool);
    EXPECT_TRUE(encrypted.ok()) << encrypted.status().message();
    return std::move(encrypted).value();
  }
  std::vector<fv::Ciphertext> infer(const std::vector<fv::SeededCiphertext>& encrypted, std::size_t threads,
                                    const platform::Seed& blinding = {}) {
    platform::ThreadPool pool(threads);
    nn::OpCounts counts;
    const auto answer = engine.infer(encrypted, relin, galois, blinding, memory, pool, &counts);
    EXPECT_TRUE(answer.ok()) << answer.status().message();
    EXPECT_EQ(counts, engine.plan().counts());
    std::vector<fv::Ciphertext> copies;
    for (const fv::Ciphertext& c : answer.value()) copies.push_back(c.clone().value());
    return copies;
  }
  std::vector<std::int64_t> decrypt(const std::vector<fv::Ciphertext>& answer) {
    platform::ThreadPool pool(1);
    const nn::PackedPlan& plan = engine.plan();
    // As it travels: without its lowest bits.
    const fv::Bytes bytes = fv::serialize({answer.data(), answer.size()}, plan.dropped_bits());
    auto arrived = fv::deserialize_ciphertexts(params, bytes);
    EXPECT_TRUE(arrived.ok()) << arrived.status().message();
    for (fv::Ciphertext& c : arrived.value()) c.set_noise(plan.answer_noise());  // a file keeps a coarser bound
    auto scores = nn::decrypt_slots(secret, encoder, arrived.value(), plan.output_slots(),
                                    plan.network().layers.back().out.size(), pool);
    EXPECT_TRUE(scores.ok()) << scores.status().message();
    return std::move(scores).value();
  }

  nn::PackedEngine engine;
  fv::Params params;
  platform::ChaCha20 rng;
  fv::SecretKey secret;
  fv::RelinKeys relin;
  fv::GaloisKeys galois;
  fv::SlotEncoder encoder;
  nn::PackedMemory memory;
};

// E of a ciphertext modulo one prime, t = X^k - b: t c(s) = q m + E, so E = t c(s) modulo q.
inline std::vector<double> noise_of(const fv::SecretKey& key, const fv::Ciphertext& c) {
  const fv::Params& params = key.params();
  const ntt::NttTables& table = params.table(0);
  const ntt::Modulus& q = table.modulus();
  const std::size_t n = params.n(), k = params.t().length();
  std::vector<std::uint64_t> sum(c.component(1), c.component(1) + n);
  table.forward(sum.data());
  for (std::size_t i = 0; i < n; ++i) sum[i] = ntt::multiply_mod(sum[i], key.transformed()[i], q);
  table.inverse(sum.data());
  for (std::size_t i = 0; i < n; ++i) sum[i] = ntt::add_mod(sum[i], c.component(0)[i], q);
  std::vector<double> noise(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t shifted = i < k ? ntt::negate_mod(sum[n - k + i], q) : sum[i - k];
    const std::uint64_t scaled = ntt::multiply_mod(sum[i], params.t().base(), q);
    noise[i] = static_cast<double>(ntt::centered(ntt::sub_mod(shifted, scaled, q), q));
  }
  return noise;
}

inline double log2_rms(std::span<const double> values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::log2(squares / static_cast<double>(values.size())) / 2;
}

}  // namespace fcn::test
