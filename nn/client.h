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
// same randomness (platform::RandomChain). Threads: decrypt_for and decrypt_wide_for may run in any number of threads;
// everything else is for one thread at a time, since a client remembers which of its requests wait for an answer. Making
// keys or encrypting in a second thread is refused with kInvalidArgument.
//
// What became of an answer stays with the client. Nothing forces an answer to be what the server computed: its bytes
// can be made so that the scores, or whether there are any, tell of the secret key. So behave the same towards whoever
// sent an answer whatever decrypt returns and however long it takes: ask all that there is to ask, end the
// conversation, and only then decrypt.
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
  // naming the input, kUnavailable (no randomness), kOutOfRange, kOutOfMemory. The client remembers the request's id
  // (message.h), a random one, until it has decrypted the answer; of more than 4096 requests (16 in a build of
  // FCN_CLIENT_ONLY) the latest. Constant time in the inputs, but for refusing those out of range. Identical bits for any
  // number of threads and the same randomness.
  platform::Result<fv::Bytes> encrypt(std::span<const std::int64_t> inputs, platform::ThreadPool& pool);
  // The scores in the answer to a request of this client's that still waits for one, spec().outputs integers; the
  // request waits no longer once its answer was decrypted, whatever to. Errors: kCorrupt, kMismatch (an answer for
  // another key or model, to another request or a second one), kOutOfRange (scores that pass 62 bits). See above for
  // who must not learn of them. What is decrypted on the way is wiped; the scores are the caller's to wipe
  // (platform::WipeAtExit).
  platform::Result<std::vector<std::int64_t>> decrypt(fv::ByteSpan answer, platform::ThreadPool& pool);
  // The same for networks whose scores pass 62 bits.
  platform::Result<std::vector<WideInteger>> decrypt_wide(fv::ByteSpan answer, platform::ThreadPool& pool);
  // The same for whoever keeps the ids of requests, as a client must that was saved and loaded in between: the answer
  // to the request of this id (request_id, message.h). It is for the caller to take one answer a request.
  platform::Result<std::vector<std::int64_t>> decrypt_for(const RequestId& request, fv::ByteSpan answer,
                                                          platform::ThreadPool& pool) const;
  platform::Result<std::vector<WideInteger>> decrypt_wide_for(const RequestId& request, fv::ByteSpan answer,
                                                              platform::ThreadPool& pool) const;

 private:
  friend struct internal::ClientAccess;
  friend platform::Result<platform::SecretBuffer<std::uint8_t>> serialize_client_key(const Client& client);
  friend platform::Result<Client> deserialize_client_key(fv::ByteSpan bytes, platform::RandomSource source,
                                                         const ntt::KernelTable& kernels);
  static platform::Result<Client> create_from(platform::RandomChain chain, ClientSpec spec);
  // request null: any that waits.
  platform::Result<std::vector<fv::Ciphertext>> open_answer(const RequestId* request,
                                                            fv::ByteSpan answer) const;
  platform::Result<std::vector<std::int64_t>> decrypt_narrow(const RequestId* request, fv::ByteSpan answer,
                                                             platform::ThreadPool& pool) const;
  platform::Result<std::vector<WideInteger>> decrypt_any(const RequestId* request, fv::ByteSpan answer,
                                                         platform::ThreadPool& pool) const;
  // Whether an answer with this id may be decrypted. Errors: kMismatch.
  platform::Status check_request(const RequestId* request, const RequestId& answered) const;
  void remember(const RequestId& request);
  // The request waits no longer, if this is what became of its answer.
  void forget(const RequestId& answered, const platform::Status& status) noexcept;
  Client(ClientSpec spec, fv::SecretKey secret, const KeyId& key_id, platform::RandomChain chain);
  ClientSpec spec_;
  Fingerprint fingerprint_;
  KeyId key_id_;
  fv::SecretKey secret_;
  platform::RandomChain chain_;
  std::vector<RequestId> waiting_;  // for an answer: the oldest first, never more than there is room for
};

// The client's own file: spec, key id and secret key. Named apart, as in fv: nothing else writes a secret. Wiped when
// it dies; a file of it belongs to its owner alone (platform::FileAccess::kOwnerOnly). Errors: kOutOfMemory.
platform::Result<platform::SecretBuffer<std::uint8_t>> serialize_client_key(const Client& client);
// The client again, with randomness from the source as for Client::create. The caller wipes bytes. Errors: kCorrupt,
// kOutOfMemory.
platform::Result<Client> deserialize_client_key(fv::ByteSpan bytes, platform::RandomSource source = {},
                                                const ntt::KernelTable& kernels = ntt::best_kernels());

}  // namespace fcn::nn
