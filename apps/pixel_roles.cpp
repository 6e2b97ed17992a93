#include "pixel_roles.h"

#include "../nn/pixel_client.h"

namespace fcn::apps {

using platform::Result;

Result<PixelClient> PixelClient::create(const fv::Params& params) {
  FCN_ASSIGN_OR_RETURN(const platform::Seed seed, platform::random_seed());
  platform::ChaCha20 rng(seed);
  FCN_ASSIGN_OR_RETURN(fv::SecretKey secret, fv::SecretKey::generate(params, rng));
  FCN_ASSIGN_OR_RETURN(fv::RelinKeys relin, fv::RelinKeys::generate(secret, rng));
  return PixelClient(std::move(secret), std::move(relin), std::move(rng));
}

Result<fv::Bytes> PixelClient::encrypt(std::span<const std::int64_t> pixels, platform::ThreadPool& pool) {
  FCN_ASSIGN_OR_RETURN(const std::vector<fv::SeededCiphertext> encrypted,
                       nn::encrypt_pixels(secret_, pixels, rng_, pool));
  return fv::serialize(std::span<const fv::SeededCiphertext>(encrypted));
}

Result<std::vector<std::int64_t>> PixelClient::decrypt(fv::ByteSpan answer,
                                                       platform::ThreadPool& pool) const {
  FCN_ASSIGN_OR_RETURN(const std::vector<fv::Ciphertext> scores,
                       fv::deserialize_ciphertexts(secret_.params(), answer));
  return nn::decrypt_values(secret_, scores, pool);
}

Result<PixelServer> PixelServer::create(nn::PixelPlan plan, fv::ByteSpan evaluation_keys) {
  FCN_ASSIGN_OR_RETURN(fv::RelinKeys relin, fv::deserialize_relin_keys(plan.params(), evaluation_keys));
  return PixelServer(std::move(plan), std::move(relin));
}

Result<fv::Bytes> PixelServer::infer(fv::ByteSpan pixels, platform::ThreadPool& pool, nn::OpCounts* counts,
                                     const nn::Progress& progress) const {
  FCN_ASSIGN_OR_RETURN(const std::vector<fv::SeededCiphertext> encrypted,
                       fv::deserialize_seeded_ciphertexts(plan().params(), pixels));
  FCN_ASSIGN_OR_RETURN(const std::vector<fv::Ciphertext> scores,
                       engine_.infer(encrypted, relin_, pool, counts, progress));
  return fv::serialize(std::span<const fv::Ciphertext>(scores));
}

}  // namespace fcn::apps
