// The two roles of an encrypted run in the pixel layout. Only bytes pass between them: what a network would
// carry.
#pragma once

#include <span>
#include <vector>

#include "../fv/keys.h"
#include "../fv/serialization.h"
#include "../nn/pixel_engine.h"
#include "../platform/thread_pool.h"

namespace fcn::apps {

// Holds the secret key, which never leaves it.
class PixelClient {
 public:
  // Fresh keys from the operating system's randomness. Errors: kUnavailable, kOutOfMemory.
  static platform::Result<PixelClient> create(const fv::Params& params);

  // What the server needs to relinearize.
  fv::Bytes evaluation_keys() const { return fv::serialize(relin_); }
  // One ciphertext for each pixel. Errors: those of nn::encrypt_pixels.
  platform::Result<fv::Bytes> encrypt(std::span<const std::int64_t> pixels, platform::ThreadPool& pool);
  // The scores in the server's answer. Errors: those of fv::deserialize_ciphertexts and nn::decrypt_values.
  platform::Result<std::vector<std::int64_t>> decrypt(fv::ByteSpan answer, platform::ThreadPool& pool) const;

 private:
  PixelClient(fv::SecretKey secret, fv::RelinKeys relin, platform::ChaCha20 rng)
      : secret_(std::move(secret)), relin_(std::move(relin)), rng_(std::move(rng)) {}
  fv::SecretKey secret_;
  fv::RelinKeys relin_;
  platform::ChaCha20 rng_;
};

// Holds the network and the client's evaluation keys.
class PixelServer {
 public:
  // Errors: those of fv::deserialize_relin_keys.
  static platform::Result<PixelServer> create(nn::PixelPlan plan, fv::ByteSpan evaluation_keys);

  const nn::PixelPlan& plan() const noexcept { return engine_.plan(); }
  // The encrypted scores for the encrypted pixels. Errors: those of fv::deserialize_seeded_ciphertexts and
  // nn::PixelEngine::infer.
  platform::Result<fv::Bytes> infer(fv::ByteSpan pixels, platform::ThreadPool& pool,
                                    nn::OpCounts* counts = nullptr, const nn::Progress& progress = {}) const;

 private:
  PixelServer(nn::PixelPlan plan, fv::RelinKeys relin) : engine_(std::move(plan)), relin_(std::move(relin)) {}
  nn::PixelEngine engine_;
  fv::RelinKeys relin_;
};

}  // namespace fcn::apps
