#include "client.h"

#include <algorithm>

#include "../fv/encryption.h"
#include "../platform/byte_order.h"
#include "../platform/bytes.h"
#include "client_stream.h"
#include "internal/client_access.h"
#include "packed_client.h"
#include "pixel_client.h"

namespace fcn::nn {
namespace {

using fv::Bytes;
using fv::ByteSpan;
using platform::ByteReader;
using platform::concat;
using platform::Result;
using platform::SecretBuffer;
using platform::Status;

#if defined(FCN_CLIENT_ONLY)
constexpr std::size_t kMaxWaiting = 16;
#else
constexpr std::size_t kMaxWaiting = 4096;
#endif

}  // namespace

Status internal::check_inputs(const ClientSpec& spec, std::span<const std::int64_t> inputs) {
  if (inputs.size() != spec.input.size()) {
    return platform::invalid_argument(
        concat("the network reads ", spec.input.size(), " inputs, not ", inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] < 0 || inputs[i] > spec.input_max)
      return platform::invalid_argument(concat("input ", i, " is not in [0, ", spec.input_max, "]"));
  }
  return {};
}

Client::Client(ClientSpec spec, fv::SecretKey secret, const KeyId& key_id, platform::RandomChain chain)
    : spec_(std::move(spec)),
      fingerprint_(fingerprint(spec_)),
      key_id_(key_id),
      secret_(std::move(secret)),
      chain_(std::move(chain)) {
  waiting_.reserve(kMaxWaiting);  // nothing may be allocated later (client_stream.h)
}

Result<Client> Client::create_from(platform::RandomChain chain, ClientSpec spec) {
  FCN_RETURN_IF_ERROR(validate(spec));
  FCN_ASSIGN_OR_RETURN(auto turn, chain.begin());
  KeyId key_id;
  turn.rng().fill(key_id);
  auto secret = fv::SecretKey::generate(spec.params, turn.rng());
  if (!secret.ok()) return secret.status();
  turn.end();
  return Client(std::move(spec), std::move(secret).value(), key_id, std::move(chain));
}

Result<Client> Client::create(ClientSpec spec, platform::RandomSource source) {
  return create_from(platform::RandomChain(source), std::move(spec));
}

Result<Client> Client::create_from_seed(ClientSpec spec, const platform::Seed& seed) {
  return create_from(platform::RandomChain(seed), std::move(spec));
}

// In memory: the message, and the workspace of one key at a time.
Result<Bytes> Client::evaluation_keys() {
  FCN_ASSIGN_OR_RETURN(auto workspace,
                       SecretBuffer<std::uint8_t>::create_uninitialized(stream_workspace_bytes(spec_)));
  Bytes out;
  out.reserve(message_sizes(spec_).evaluation_keys);
  const auto append = [](void* user, ByteSpan piece) {
    auto& bytes = *static_cast<Bytes*>(user);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return true;
  };
  FCN_RETURN_IF_ERROR(write_evaluation_keys(*this, {workspace.data(), workspace.size()}, Sink{append, &out}));
  return out;
}

Result<Bytes> Client::encrypt(std::span<const std::int64_t> inputs, platform::ThreadPool& pool) {
  FCN_RETURN_IF_ERROR(internal::check_inputs(spec_, inputs));
  FCN_ASSIGN_OR_RETURN(const auto turn, chain_.begin());
  RequestId id;
  turn.rng().fill(id.bytes);
  const auto encrypt_all = [&]() -> Result<std::vector<fv::SeededCiphertext>> {
    if (spec_.layout == Layout::kPixel) return encrypt_pixels(secret_, inputs, turn.rng(), pool);
    FCN_ASSIGN_OR_RETURN(const fv::SlotEncoder encoder, fv::SlotEncoder::create(spec_.params));
    return encrypt_slots(secret_, encoder, spec_.slot_inputs, inputs, turn.rng(), pool);
  };
  FCN_ASSIGN_OR_RETURN(const std::vector<fv::SeededCiphertext> encrypted, encrypt_all());
  const Bytes payload = fv::serialize(std::span<const fv::SeededCiphertext>(encrypted));
  Bytes request = make_message(MessageKind::kRequest, fingerprint_, key_id_, payload, id);
  remember(id);
  return request;
}

void Client::remember(const RequestId& request) {
  if (waiting_.size() >= kMaxWaiting) waiting_.erase(waiting_.begin());
  waiting_.push_back(request);
}

void Client::forget(const RequestId& answered, const Status& status) noexcept {
  // All other errors come before the key is used, or for want of memory: the answer may be tried again.
  if (!status.ok() && status.code() != platform::StatusCode::kOutOfRange) return;
  const auto found = std::find(waiting_.begin(), waiting_.end(), answered);
  if (found != waiting_.end()) waiting_.erase(found);
}

Status Client::check_request(const RequestId* request, const RequestId& answered) const {
  if (request != nullptr) {
    if (answered == *request) return {};
    return platform::mismatch(concat("an answer to another request: its request id is ",
                                     format_request_id(answered), ", not ", format_request_id(*request)));
  }
  if (std::find(waiting_.begin(), waiting_.end(), answered) != waiting_.end()) return {};
  return platform::mismatch(
      concat("an answer to another request, or to one that has its answer: none of the ", waiting_.size(),
             " requests that this client waits for has the id ", format_request_id(answered)));
}

Result<std::vector<fv::Ciphertext>> Client::open_answer(const RequestId* request, ByteSpan answer) const {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload,
                       open_message(answer, MessageKind::kAnswer, fingerprint_, &key_id_));
  FCN_ASSIGN_OR_RETURN(const RequestId answered, request_id(answer));
  FCN_RETURN_IF_ERROR(check_request(request, answered));
  FCN_ASSIGN_OR_RETURN(std::vector<fv::Ciphertext> scores,
                       fv::deserialize_ciphertexts(spec_.params, payload));
  if (scores.size() != spec_.answer_ciphertexts()) {
    return platform::corrupt(
        concat("an answer of ", scores.size(), " ciphertexts, not ", spec_.answer_ciphertexts()));
  }
  for (fv::Ciphertext& score : scores) {
    if (score.limbs() != spec_.answer_limbs) {
      return platform::corrupt(
          concat("an answer modulo ", score.limbs(), " primes, not ", spec_.answer_limbs));
    }
    score.set_noise(spec_.answer_noise);  // what it says itself is its sender's word
  }
  return scores;
}

Result<std::vector<std::int64_t>> Client::decrypt_narrow(const RequestId* request, ByteSpan answer,
                                                         platform::ThreadPool& pool) const {
  FCN_ASSIGN_OR_RETURN(const std::vector<fv::Ciphertext> scores, open_answer(request, answer));
  if (spec_.layout == Layout::kPixel) return decrypt_values(secret_, scores, pool);
  FCN_ASSIGN_OR_RETURN(const fv::SlotEncoder encoder, fv::SlotEncoder::create(spec_.params));
  return decrypt_slots(secret_, encoder, scores, spec_.output_slots, spec_.outputs, pool);
}

Result<std::vector<WideInteger>> Client::decrypt_any(const RequestId* request, ByteSpan answer,
                                                     platform::ThreadPool& pool) const {
  if (spec_.layout == Layout::kPacked) {
    FCN_ASSIGN_OR_RETURN(std::vector<std::int64_t> scores, decrypt_narrow(request, answer, pool));
    const platform::WipeAtExit wipe(scores);
    return std::vector<WideInteger>(scores.begin(), scores.end());
  }
  FCN_ASSIGN_OR_RETURN(const std::vector<fv::Ciphertext> scores, open_answer(request, answer));
  return decrypt_wide_values(secret_, scores, pool);
}

Result<std::vector<std::int64_t>> Client::decrypt(ByteSpan answer, platform::ThreadPool& pool) {
  auto scores = decrypt_narrow(nullptr, answer, pool);
  if (const auto answered = request_id(answer); answered.ok()) forget(answered.value(), scores.status());
  return scores;
}

Result<std::vector<WideInteger>> Client::decrypt_wide(ByteSpan answer, platform::ThreadPool& pool) {
  auto scores = decrypt_any(nullptr, answer, pool);
  if (const auto answered = request_id(answer); answered.ok()) forget(answered.value(), scores.status());
  return scores;
}

Result<std::vector<std::int64_t>> Client::decrypt_for(const RequestId& request, ByteSpan answer,
                                                      platform::ThreadPool& pool) const {
  return decrypt_narrow(&request, answer, pool);
}

Result<std::vector<WideInteger>> Client::decrypt_wide_for(const RequestId& request, ByteSpan answer,
                                                          platform::ThreadPool& pool) const {
  return decrypt_any(&request, answer, pool);
}

Result<SecretBuffer<std::uint8_t>> serialize_client_key(const Client& client) {
  const Bytes spec = serialize(client.spec_);
  FCN_ASSIGN_OR_RETURN(const SecretBuffer<std::uint8_t> secret, fv::serialize_secret_key(client.secret_));
  const std::size_t payload_bytes = 8 + spec.size() + secret.size();
  const MessageHeader header{MessageKind::kClientKey, client.fingerprint_, client.key_id_, payload_bytes};
  FCN_ASSIGN_OR_RETURN(auto out,
                       SecretBuffer<std::uint8_t>::create(static_cast<std::size_t>(header.total_bytes())));
  internal::write_message_header(std::span(out.data(), out.size()).first<kMessageHeaderBytes>(), header);
  std::uint8_t* place = out.data() + kMessageHeaderBytes;
  platform::store_u64(place, spec.size());
  place = std::copy(spec.begin(), spec.end(), place + 8);
  place = std::copy(secret.begin(), secret.end(), place);
  platform::store_u64(place, platform::checksum64({out.data(), out.size() - kMessageChecksumBytes}));
  return out;
}

Result<Client> deserialize_client_key(ByteSpan bytes, platform::RandomSource source,
                                      const ntt::KernelTable& kernels) {
  FCN_ASSIGN_OR_RETURN(const Message message, open_message(bytes, MessageKind::kClientKey));
  ByteReader in(message.payload);
  std::uint64_t spec_bytes = 0;
  FCN_RETURN_IF_ERROR(in.u64(spec_bytes, "length of the client spec"));
  if (spec_bytes > in.remaining()) {
    return platform::corrupt(
        concat("a client spec of ", spec_bytes, " bytes, of which ", in.remaining(), " are there"));
  }
  const ByteSpan rest = message.payload.subspan(in.offset());
  const auto spec_end = static_cast<std::size_t>(spec_bytes);
  FCN_ASSIGN_OR_RETURN(ClientSpec spec, deserialize_client_spec(rest.first(spec_end), kernels));
  if (fingerprint(spec) != message.header.fingerprint)
    return platform::corrupt("the header of the secret key file does not fit the client spec in it");
  FCN_ASSIGN_OR_RETURN(fv::SecretKey secret, fv::deserialize_secret_key(spec.params, rest.subspan(spec_end)));
  return Client(std::move(spec), std::move(secret), message.header.key_id, platform::RandomChain(source));
}

}  // namespace fcn::nn
