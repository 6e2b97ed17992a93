// Bytes of every object: versioned, little-endian, residues packed to the width of their prime.
//
// Layout: "FCN" and the kind (4 bytes), version (u32), fingerprint of the parameters (32 bytes), length of
// the payload (u64), payload, checksum64 of everything before it (u64). Keys and seeded ciphertexts store the
// seed of their uniform half. Reading checks kind, version, parameters, length, checksum, every count and
// every residue. Errors of every reader: kCorrupt (truncated, damaged, another kind or version), kMismatch
// (other parameters), kOutOfMemory. The checksum finds accidents; a forger can make a valid file, of which
// the worst is a wrong result.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "../platform/thread_pool.h"
#include "ciphertext.h"
#include "frame.h"
#include "keys.h"
#include "plaintext.h"

namespace fcn::fv {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

// Whether the checksum of some bytes was found right already, as part of a message's.
enum class Integrity { kUnknown, kChecked };

inline constexpr std::size_t kMaxCiphertexts = std::size_t{1} << 20;  // in one file

Bytes serialize(const Params& params);
Bytes serialize(const PublicKey& key);
Bytes serialize(const RelinKeys& keys);
Bytes serialize(const GaloisKeys& keys);
// All of the same parameters; of none there are no bytes. dropped_bits: that many lowest bits of each residue stay away,
// and a reader puts their middle; only for coefficients modulo one prime, of more bits. The noise that is written, and
// read, is NoiseModel::drop_bits.
Bytes serialize(std::span<const Ciphertext> ciphertexts, unsigned dropped_bits = 0);
Bytes serialize(std::span<const SeededCiphertext> ciphertexts);
// Named apart, so that no template or overload writes a secret by accident. Two bits a coefficient; wiped
// when it dies.
platform::Result<platform::SecretBuffer<std::uint8_t>> serialize_secret_key(const SecretKey& key);

// Checks the parameters, with the errors of PlaintextModulus and Params::create; those for tests are refused.
platform::Result<Params> deserialize_params(ByteSpan bytes,
                                            const ntt::KernelTable& kernels = ntt::best_kernels());
platform::Result<PublicKey> deserialize_public_key(const Params& params, ByteSpan bytes);
platform::Result<RelinKeys> deserialize_relin_keys(const Params& params, ByteSpan bytes);
platform::Result<GaloisKeys> deserialize_galois_keys(const Params& params, ByteSpan bytes);
platform::Result<std::vector<Ciphertext>> deserialize_ciphertexts(const Params& params, ByteSpan bytes);
platform::Result<std::vector<SeededCiphertext>> deserialize_seeded_ciphertexts(
    const Params& params, ByteSpan bytes, platform::ThreadPool* pool = nullptr,
    Integrity integrity = Integrity::kUnknown);
platform::Result<SecretKey> deserialize_secret_key(const Params& params, ByteSpan bytes);

// What a file claims to be ("relinearization keys"), from its first bytes. Errors: kCorrupt.
platform::Result<std::string> describe_kind(ByteSpan bytes);

}  // namespace fcn::fv
