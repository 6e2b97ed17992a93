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

std::uint64_t decode(std::int64_t& integer, const fv::Plaintext& plaintext, std::int64_t* digits) {
  return fv::decode_integer_into(plaintext.params(), plaintext.coefficients(), digits, integer);
}
std::uint64_t decode(WideInteger& integer, const fv::Plaintext& plaintext, std::int64_t* digits) {
  return fv::decode_wide_integer_into(plaintext.params(), plaintext.coefficients(), digits, integer.words());
}
Status out_of_range(const fv::Params& params, std::int64_t) {
  return fv::integer_out_of_range(params);
}
Status out_of_range(const fv::Params& params, const WideInteger&) {
  return fv::wide_integer_out_of_range(params, WideInteger::kWords);
}

// Every value takes its time whatever it is; what is out of range is looked for when all are decrypted.
template <class Integer>
Result<std::vector<Integer>> decrypt_all(const fv::SecretKey& key, std::span<const fv::Ciphertext> values,
                                         platform::ThreadPool& pool) {
  std::vector<fv::Workspace> workspaces(pool.size());
  std::vector<Integer> integers(values.size());
  const platform::WipeAtExit wipe(integers);  // unless the caller gets them
  std::vector<std::uint64_t> outside(values.size());
  FCN_RETURN_IF_ERROR(
      internal::for_each_on(pool, values.size(), [&](std::size_t i, std::size_t worker) -> Status {
        auto plaintext = fv::decrypt(key, values[i], workspaces[worker]);
        if (!plaintext.ok()) return plaintext.status().with_context(concat("value ", i));
        FCN_ASSIGN_OR_RETURN(auto digits,
                             platform::SecretBuffer<std::int64_t>::create(key.params().t().digits()));
        outside[i] = decode(integers[i], plaintext.value(), digits.data());
        return {};
      }));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (outside[i] != 0) return out_of_range(key.params(), Integer()).with_context(concat("value ", i));
  }
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
