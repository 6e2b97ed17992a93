// The key holder's role: makes keys, encrypts inputs, decrypts scores. Only bytes (message.h) leave it, and none of
// them holds the secret key but serialize_client_key's.
#pragma once

#include <span>
#include <vector>

#include "../fv/keys.h"
#include "../platform/thread_pool.h"
#include "client_spec.h"
#include "wide_integer.h"

namespace fcn::nn {

namespace internal {
struct ClientAccess;  // internal/client_access.h
}

// Move-only; needs no network. Not safe between threads: encrypting draws from one stream of randomness.
class Client {
 public:
  // Fresh keys. Errors: those of validate(), kUnavailable (no randomness), kOutOfMemory.
  static platform::Result<Client> create(ClientSpec spec);
  // The same from a seed: same seed, same bytes. Whoever knows the seed knows the key; a seed is for one client.
  static platform::Result<Client> create(ClientSpec spec, const platform::Seed& seed);

  const ClientSpec& spec() const noexcept { return spec_; }
  const KeyId& key_id() const noexcept { return key_id_; }

  // What the server needs to compute for this client, made anew by each call; sent once. Errors: kOutOfMemory.
  platform::Result<fv::Bytes> evaluation_keys();
  // A request: spec().input.size() integers in [0, spec().input_max] (quantize_pixels.h). Errors: kInvalidArgument
  // naming the input, kOutOfRange, kOutOfMemory. Constant time in the inputs, but for refusing those out of range.
  // Identical bits for any number of threads.
  platform::Result<fv::Bytes> encrypt(std::span<const std::int64_t> inputs, platform::ThreadPool& pool);
  // The scores in an answer, spec().outputs integers. Errors: kCorrupt, kMismatch (an answer for another key or
  // model), kOutOfRange. Whoever sends damaged answers must not learn what became of them (fv/README.md).
  platform::Result<std::vector<std::int64_t>> decrypt(fv::ByteSpan answer, platform::ThreadPool& pool) const;
  // The same for networks whose scores pass 62 bits.
  platform::Result<std::vector<WideInteger>> decrypt_wide(fv::ByteSpan answer,
                                                          platform::ThreadPool& pool) const;

 private:
  friend struct internal::ClientAccess;
  friend platform::Result<platform::SecretBuffer<std::uint8_t>> serialize_client_key(const Client& client);
  friend platform::Result<Client> deserialize_client_key(fv::ByteSpan bytes, const platform::Seed& seed,
                                                         const ntt::KernelTable& kernels);
  platform::Result<std::vector<fv::Ciphertext>> open_answer(fv::ByteSpan answer) const;
  Client(ClientSpec spec, fv::SecretKey secret, const KeyId& key_id, platform::ChaCha20 rng);
  ClientSpec spec_;
  std::uint64_t fingerprint_;
  KeyId key_id_;
  fv::SecretKey secret_;
  platform::ChaCha20 rng_;
};

// The client's own file: spec, key id and secret key. Named apart, as in fv: nothing else writes a secret. Wiped when
// it dies; a file of it belongs to its owner alone (platform::FileAccess::kOwnerOnly). Errors: kOutOfMemory.
platform::Result<platform::SecretBuffer<std::uint8_t>> serialize_client_key(const Client& client);
// The client again, with fresh randomness. The caller wipes bytes. Errors: kCorrupt, kUnavailable, kOutOfMemory.
platform::Result<Client> deserialize_client_key(fv::ByteSpan bytes,
                                                const ntt::KernelTable& kernels = ntt::best_kernels());
// The same with randomness from a seed, which must never have been used before: two requests from one seed tell
// how their inputs differ.
platform::Result<Client> deserialize_client_key(fv::ByteSpan bytes, const platform::Seed& seed,
                                                const ntt::KernelTable& kernels = ntt::best_kernels());

}  // namespace fcn::nn
