// The key holder's role: makes keys, encrypts inputs, decrypts scores. Only bytes (message.h) leave it, and none of
// them holds the secret key but serialize_client_key's.
#pragma once

#include <span>
#include <vector>

#include "../fv/keys.h"
#include "../platform/random.h"
#include "../platform/thread_pool.h"
#include "client_spec.h"
#include "wide_integer.h"

namespace fcn::nn {

namespace internal {
struct ClientAccess;  // internal/client_access.h
}

// Move-only; needs no network. Randomness: each request and each set of keys draws 32 fresh bytes from the client's
// source, so that a client which was forked, or restored from the snapshot of a machine, never encrypts twice with the
// same randomness (platform::RandomChain). Threads: decrypting may go on in any number of threads; making keys and
// encrypting is for one thread at a time, and a second one is refused with kInvalidArgument.
class Client {
 public:
  // Fresh keys. The source is the system's or the caller's, who keeps it usable for the client's life: every request
  // draws from it. Errors: those of validate(), kUnavailable (no randomness), kOutOfMemory.
  static platform::Result<Client> create(ClientSpec spec, platform::RandomSource source = {});
  // For tests: every byte follows from the seed, the key as well, and nothing fresh is mixed in. Such a client must
  // not be forked, restored or made again elsewhere: two requests with one randomness tell how their inputs differ.
  static platform::Result<Client> create_from_seed(ClientSpec spec, const platform::Seed& seed);

  const ClientSpec& spec() const noexcept { return spec_; }
  const KeyId& key_id() const noexcept { return key_id_; }

  // What the server needs to compute for this client, made anew by each call; sent once. Errors: kUnavailable
  // (no randomness), kOutOfMemory.
  platform::Result<fv::Bytes> evaluation_keys();
  // A request: spec().input.size() integers in [0, spec().input_max] (quantize_pixels.h). Errors: kInvalidArgument
  // naming the input, kUnavailable (no randomness), kOutOfRange, kOutOfMemory. Constant time in the inputs, but for refusing those out of range.
  // Identical bits for any number of threads.
  platform::Result<fv::Bytes> encrypt(std::span<const std::int64_t> inputs, platform::ThreadPool& pool);
  // The scores in an answer, spec().outputs integers. Errors: kCorrupt, kMismatch (an answer for another key or
  // model), kOutOfRange. Whoever sends damaged answers must not learn what became of them (fv/README.md). What is
  // decrypted on the way is wiped; the scores are the caller's to wipe (platform::WipeAtExit).
  platform::Result<std::vector<std::int64_t>> decrypt(fv::ByteSpan answer, platform::ThreadPool& pool) const;
  // The same for networks whose scores pass 62 bits.
  platform::Result<std::vector<WideInteger>> decrypt_wide(fv::ByteSpan answer,
                                                          platform::ThreadPool& pool) const;

 private:
  friend struct internal::ClientAccess;
  friend platform::Result<platform::SecretBuffer<std::uint8_t>> serialize_client_key(const Client& client);
  friend platform::Result<Client> deserialize_client_key(fv::ByteSpan bytes, platform::RandomSource source,
                                                         const ntt::KernelTable& kernels);
  static platform::Result<Client> create_from(platform::RandomChain chain, ClientSpec spec);
  platform::Result<std::vector<fv::Ciphertext>> open_answer(fv::ByteSpan answer) const;
  Client(ClientSpec spec, fv::SecretKey secret, const KeyId& key_id, platform::RandomChain chain);
  ClientSpec spec_;
  Fingerprint fingerprint_;
  KeyId key_id_;
  fv::SecretKey secret_;
  platform::RandomChain chain_;
};

// The client's own file: spec, key id and secret key. Named apart, as in fv: nothing else writes a secret. Wiped when
// it dies; a file of it belongs to its owner alone (platform::FileAccess::kOwnerOnly). Errors: kOutOfMemory.
platform::Result<platform::SecretBuffer<std::uint8_t>> serialize_client_key(const Client& client);
// The client again, with randomness from the source as for Client::create. The caller wipes bytes. Errors: kCorrupt,
// kOutOfMemory.
platform::Result<Client> deserialize_client_key(fv::ByteSpan bytes, platform::RandomSource source = {},
                                                const ntt::KernelTable& kernels = ntt::best_kernels());

}  // namespace fcn::nn
