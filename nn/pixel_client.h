// The key holder's side of the pixel layout: pixels to ciphertexts, ciphertexts to scores.
#pragma once

#include <span>
#include <vector>

#include "../fv/encryption.h"
#include "../platform/thread_pool.h"
#include "wide_integer.h"

namespace fcn::nn {

// One ciphertext a pixel, under the secret key. Pixels are integers of the network's scale
// (quantize_pixels.h). Errors: those of fv::encode_integer and fv::encrypt, naming the pixel. Constant time
// in the pixels. Identical bits for any number of threads and the same state of rng, of which 32 bytes are
// taken.
platform::Result<std::vector<fv::SeededCiphertext>> encrypt_pixels(const fv::SecretKey& key,
                                                                   std::span<const std::int64_t> pixels,
                                                                   platform::ChaCha20& rng,
                                                                   platform::ThreadPool& pool);

// The integer in each ciphertext. Errors: those of fv::decrypt and fv::decode_integer, naming the ciphertext. Until
// that error the time does not depend on what the ciphertexts hold.
platform::Result<std::vector<std::int64_t>> decrypt_values(const fv::SecretKey& key,
                                                           std::span<const fv::Ciphertext> values,
                                                           platform::ThreadPool& pool);
// The same for numbers of up to 254 bits.
platform::Result<std::vector<WideInteger>> decrypt_wide_values(const fv::SecretKey& key,
                                                               std::span<const fv::Ciphertext> values,
                                                               platform::ThreadPool& pool);

}  // namespace fcn::nn
