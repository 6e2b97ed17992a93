// The key holder's side of the packed layout: values to slots, slots to scores.
#pragma once

#include <span>
#include <vector>

#include "../fv/encoding.h"
#include "../fv/encryption.h"
#include "../platform/thread_pool.h"

namespace fcn::nn {

// One ciphertext for each of slot_values, under the secret key: slot s of ciphertext c holds
// values[slot_values[c][s]], or 0 where that is -1. Bounds: indices below values.size(). Errors: those of
// SlotEncoder::encode and fv::encrypt. Constant time in the values. Identical bits for any number of threads and the
// same state of rng, of which 32 bytes are taken.
platform::Result<std::vector<fv::SeededCiphertext>> encrypt_slots(
    const fv::SecretKey& key, const fv::SlotEncoder& encoder,
    std::span<const std::vector<std::int32_t>> slot_values, std::span<const std::int64_t> values,
    platform::ChaCha20& rng, platform::ThreadPool& pool);

// `outputs` values, each the sum modulo p of equally many of the given slots, in their order; slots count through the
// ciphertexts. Bounds: slots below the ciphertexts' number times slots(). Errors: those of fv::decrypt, naming the
// ciphertext.
platform::Result<std::vector<std::int64_t>> decrypt_slots(const fv::SecretKey& key,
                                                          const fv::SlotEncoder& encoder,
                                                          std::span<const fv::Ciphertext> ciphertexts,
                                                          std::span<const std::uint32_t> slots,
                                                          std::size_t outputs, platform::ThreadPool& pool);

}  // namespace fcn::nn
