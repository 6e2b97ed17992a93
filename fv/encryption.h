// Encryption and decryption. Constant time in key, error and message; noise is sampled from rng, which stays
// secret. Each into memory of its own, or into that of out, which is reused when it suffices and unchanged on an
// error.
#pragma once

#include "ciphertext.h"
#include "keys.h"
#include "plaintext.h"
#include "workspace.h"

namespace fcn::fv {

// Under the secret key: c_1 expands from a fresh seed, c_0 = round(q m / t) - c_1 s + e.
// Errors: kMismatch (plaintext of other parameters), kOutOfMemory. Cost: 2 transforms a limb; noise
// fresh_secret_key().
platform::Result<SeededCiphertext> encrypt(const SecretKey& key, const Plaintext& plaintext,
                                           platform::ChaCha20& rng, Workspace& workspace);
platform::Status encrypt(SeededCiphertext& out, const SecretKey& key, const Plaintext& plaintext,
                         platform::ChaCha20& rng, Workspace& workspace);

// Under the public key (b, a), with a ternary u: (b u + e_0 + round(q m / t), a u + e_1), coefficients.
// Errors: as above. Cost: 3 transforms a limb; noise fresh_public_key().
platform::Result<Ciphertext> encrypt(const PublicKey& key, const Plaintext& plaintext,
                                     platform::ChaCha20& rng, Workspace& workspace);
platform::Status encrypt(Ciphertext& out, const PublicKey& key, const Plaintext& plaintext,
                         platform::ChaCha20& rng, Workspace& workspace);

// round(t c(s) / q) modulo t, for any number of components and either form.
// Errors: kMismatch (other parameters), kOutOfRange (the static noise bound lets decryption fail),
// kOutOfMemory. Which key made the ciphertext cannot be seen: with another key of the same parameters the
// result is random.
platform::Result<Plaintext> decrypt(const SecretKey& key, const Ciphertext& ciphertext, Workspace& workspace);
platform::Status decrypt(Plaintext& out, const SecretKey& key, const Ciphertext& ciphertext,
                         Workspace& workspace);

// What encrypt() and decrypt() do once everything is checked and all memory is there: nothing is allocated. For
// small machines. m: n coefficients of at most t.digit_bound(), digit rows >= used_rows zero. scratch: limbs + 1
// polynomials, wiped. No two arrays overlap.
// Shape: c0 (q_count, n), coefficients; with the seed it is a SeededCiphertext.
void encrypt_into(const SecretKey& key, const std::int64_t* m, std::size_t used_rows, platform::ChaCha20& rng,
                  platform::Seed& seed, std::uint64_t* c0, std::uint64_t* scratch) noexcept;
// Shape: c (components, limbs, n), in the given form, its noise checked by the caller.
void decrypt_into(const SecretKey& key, const std::uint64_t* c, std::size_t components, std::size_t limbs,
                  Form form, std::int64_t* m, std::uint64_t* scratch) noexcept;

}  // namespace fcn::fv
