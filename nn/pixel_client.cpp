#include "pixel_client.h"

#include <optional>

#include "../fv/encoding.h"
#include "../platform/secure_wipe.h"
#include "internal/for_each_on.h"

namespace fcn::nn {

using platform::concat;
using platform::Result;
using platform::Status;

namespace {

Status decode(std::int64_t& integer, const fv::Plaintext& plaintext) {
  FCN_ASSIGN_OR_RETURN(integer, fv::decode_integer(plaintext));
  return {};
}
Status decode(WideInteger& integer, const fv::Plaintext& plaintext) {
  return fv::decode_wide_integer(plaintext, integer.words());
}

template <class Integer>
Result<std::vector<Integer>> decrypt_all(const fv::SecretKey& key, std::span<const fv::Ciphertext> values,
                                         platform::ThreadPool& pool) {
  std::vector<fv::Workspace> workspaces(pool.size());
  std::vector<Integer> integers(values.size());
  const platform::WipeAtExit wipe(integers);  // unless the caller gets them
  FCN_RETURN_IF_ERROR(
      internal::for_each_on(pool, values.size(), [&](std::size_t i, std::size_t worker) -> Status {
        auto plaintext = fv::decrypt(key, values[i], workspaces[worker]);
        if (!plaintext.ok()) return plaintext.status().with_context(concat("value ", i));
        return decode(integers[i], plaintext.value()).with_context(concat("value ", i));
      }));
  return integers;
}

}  // namespace

Result<std::vector<fv::SeededCiphertext>> encrypt_pixels(const fv::SecretKey& key,
                                                         std::span<const std::int64_t> pixels,
                                                         platform::ChaCha20& rng,
                                                         platform::ThreadPool& pool) {
  std::vector<fv::Workspace> workspaces(pool.size());
  std::vector<fv::Plaintext> encoded;
  for (std::size_t w = 0; w < pool.size(); ++w) {
    FCN_ASSIGN_OR_RETURN(fv::Plaintext plaintext, fv::Plaintext::create(key.params()));
    encoded.push_back(std::move(plaintext));
  }
  std::vector<std::optional<fv::SeededCiphertext>> slots(pixels.size());
  platform::SecretSeed seed;
  rng.fill(seed.value());
  const Status status =
      internal::for_each_on(pool, pixels.size(), [&](std::size_t i, std::size_t worker) -> Status {
        platform::ChaCha20 own(seed, i);  // each pixel draws from a stream of its own
        fv::Plaintext& m = encoded[worker];
        std::size_t used_rows = 0;
        const Status fits = fv::encode_integer_into(key.params(), pixels[i], m.coefficients(), used_rows);
        if (!fits.ok()) return fits.with_context(concat("pixel ", i));
        m.set_used_rows(used_rows);
        FCN_ASSIGN_OR_RETURN(slots[i], fv::encrypt(key, m, own, workspaces[worker]));
        return {};
      });
  FCN_RETURN_IF_ERROR(status);
  std::vector<fv::SeededCiphertext> ciphertexts;
  ciphertexts.reserve(slots.size());
  for (auto& slot : slots) ciphertexts.push_back(std::move(*slot));
  return ciphertexts;
}

Result<std::vector<std::int64_t>> decrypt_values(const fv::SecretKey& key,
                                                 std::span<const fv::Ciphertext> values,
                                                 platform::ThreadPool& pool) {
  return decrypt_all<std::int64_t>(key, values, pool);
}

Result<std::vector<WideInteger>> decrypt_wide_values(const fv::SecretKey& key,
                                                     std::span<const fv::Ciphertext> values,
                                                     platform::ThreadPool& pool) {
  return decrypt_all<WideInteger>(key, values, pool);
}

}  // namespace fcn::nn
