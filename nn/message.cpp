#include "message.h"

#include <algorithm>

#include "../platform/byte_order.h"
#include "../platform/bytes.h"

namespace fcn::nn {
namespace {

using fv::Bytes;
using fv::ByteSpan;
using platform::ByteReader;
using platform::concat;
using platform::corrupt;
using platform::Result;
using platform::Status;

constexpr std::size_t kKindAt = 3, kVersionAt = 4;
static_assert(kMessageFingerprintAt + sizeof(Fingerprint) == kMessageKeyIdAt &&
              kMessageKeyIdAt + sizeof(KeyId) == kMessageRequestIdAt &&
              kMessageRequestIdAt + sizeof(RequestId) == kMessageLengthAt &&
              kMessageLengthAt + 8 == kMessageHeaderBytes);

constexpr std::uint64_t kLongestPayload = std::uint64_t{1} << 40;

Status check_kind(ByteSpan bytes, MessageKind expected) {
  FCN_ASSIGN_OR_RETURN(const std::string claim, describe_bytes(bytes));
  if (bytes[kKindAt] == static_cast<std::uint8_t>(expected)) return {};
  return corrupt(concat("this is ", claim, ", not ", message_kind_name(expected)));
}

Status check_owner(const MessageHeader& header, const Fingerprint& fingerprint, const KeyId* key_id) {
  if (header.fingerprint != fingerprint) {
    return platform::mismatch(
        concat(message_kind_name(header.kind), " for another model: its client spec is ",
               format_fingerprint(header.fingerprint), ", not ", format_fingerprint(fingerprint)));
  }
  if (key_id != nullptr && header.key_id != *key_id) {
    return platform::mismatch(concat(message_kind_name(header.kind), " of another key: its key id is ",
                                     format_key_id(header.key_id), ", not ", format_key_id(*key_id)));
  }
  return {};
}

}  // namespace

namespace internal {

void write_message_header(std::span<std::uint8_t, kMessageHeaderBytes> out,
                          const MessageHeader& header) noexcept {
  out[0] = 'F', out[1] = 'C', out[2] = 'N';
  out[kKindAt] = static_cast<std::uint8_t>(header.kind);
  platform::store_partial(&out[kVersionAt], kMessageVersion, 4);
  std::copy(header.fingerprint.begin(), header.fingerprint.end(), &out[kMessageFingerprintAt]);
  std::copy(header.key_id.begin(), header.key_id.end(), &out[kMessageKeyIdAt]);
  std::copy(header.request_id.bytes.begin(), header.request_id.bytes.end(), &out[kMessageRequestIdAt]);
  platform::store_u64(&out[kMessageLengthAt], header.payload_bytes);
}

}  // namespace internal

Bytes make_message(MessageKind kind, const Fingerprint& fingerprint, const KeyId& key_id, ByteSpan payload,
                   const RequestId& request_id) {
  const MessageHeader header{kind, fingerprint, key_id, payload.size(), request_id};
  Bytes out;
  out.reserve(static_cast<std::size_t>(header.total_bytes()));
  out.resize(kMessageHeaderBytes);
  internal::write_message_header(std::span(out).first<kMessageHeaderBytes>(), header);
  out.insert(out.end(), payload.begin(), payload.end());
  const std::uint64_t checksum = platform::checksum64(out);
  out.resize(out.size() + kMessageChecksumBytes);
  platform::store_u64(&out[out.size() - kMessageChecksumBytes], checksum);
  return out;
}

Result<MessageHeader> read_message_header(ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const std::string claim, describe_bytes(bytes));
  const auto kind = static_cast<MessageKind>(bytes[kKindAt]);
  if (message_kind_name(kind) == nullptr) return corrupt(concat("this is ", claim, ", not a message"));
  ByteReader in(bytes);
  MessageHeader header{kind, {}, {}, 0};
  std::uint32_t letters_and_kind = 0, version = 0;
  FCN_RETURN_IF_ERROR(in.u32(letters_and_kind, "header"));
  FCN_RETURN_IF_ERROR(in.u32(version, "version"));
  if (version != kMessageVersion) {
    return corrupt(concat(claim, " of version ", version, "; this program reads version ", kMessageVersion));
  }
  FCN_RETURN_IF_ERROR(in.bytes(header.fingerprint, "fingerprint"));
  FCN_RETURN_IF_ERROR(in.bytes(header.key_id, "key id"));
  FCN_RETURN_IF_ERROR(in.bytes(header.request_id.bytes, "request id"));
  // Fields that a kind does not use are zero: one message has one text.
  const bool answers = kind == MessageKind::kRequest || kind == MessageKind::kAnswer;
  if ((kind == MessageKind::kClientSpec && header.key_id != KeyId{}) ||
      (!answers && header.request_id != RequestId{})) {
    return corrupt(concat(claim, " with a key or request that it does not have: the header is damaged"));
  }
  FCN_RETURN_IF_ERROR(in.u64(header.payload_bytes, "length"));
  if (header.payload_bytes > kLongestPayload) {
    return corrupt(concat(claim, " that claims ", header.payload_bytes, " bytes: the header is damaged"));
  }
  return header;
}

Result<RequestId> request_id(ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const MessageHeader header, read_message_header(bytes));
  if (header.kind != MessageKind::kRequest && header.kind != MessageKind::kAnswer) {
    return corrupt(
        concat("this is ", message_kind_name(header.kind), ", neither a request nor the answer to one"));
  }
  return header.request_id;
}

Result<Message> open_message(ByteSpan bytes, MessageKind expected) {
  FCN_RETURN_IF_ERROR(check_kind(bytes, expected));
  FCN_ASSIGN_OR_RETURN(const MessageHeader header, read_message_header(bytes));
  const char* claim = message_kind_name(expected);
  if (header.total_bytes() != bytes.size()) {
    return corrupt(concat(claim, bytes.size() < header.total_bytes() ? " is truncated: " : " is too long: ",
                          "its header promises ", header.total_bytes(), " bytes, ", bytes.size(),
                          " are there"));
  }
  const std::size_t end = bytes.size() - kMessageChecksumBytes;
  if (platform::load_u64(&bytes[end]) != platform::checksum64(bytes.first(end))) {
    return corrupt(concat("the checksum of ", claim, " does not match: the bytes are damaged"));
  }
  return Message{header, bytes.subspan(kMessageHeaderBytes, end - kMessageHeaderBytes)};
}

Result<ByteSpan> open_message(ByteSpan bytes, MessageKind expected, const Fingerprint& fingerprint,
                              const KeyId* key_id) {
  FCN_ASSIGN_OR_RETURN(const Message message, open_message(bytes, expected));
  FCN_RETURN_IF_ERROR(check_owner(message.header, fingerprint, key_id));
  return message.payload;
}

Status check_message_header(ByteSpan bytes, MessageKind expected, const Fingerprint& fingerprint,
                            const KeyId* key_id) {
  FCN_RETURN_IF_ERROR(check_kind(bytes, expected));
  FCN_ASSIGN_OR_RETURN(const MessageHeader header, read_message_header(bytes));
  return check_owner(header, fingerprint, key_id);
}

const char* message_kind_name(MessageKind kind) noexcept {
  switch (kind) {
    case MessageKind::kClientSpec:
      return "a client spec";
    case MessageKind::kEvaluationKeys:
      return "evaluation keys";
    case MessageKind::kRequest:
      return "a request";
    case MessageKind::kAnswer:
      return "an answer";
    case MessageKind::kClientKey:
      return "a client's secret key";
  }
  return nullptr;
}

Result<std::string> describe_bytes(ByteSpan bytes) {
  constexpr char kLetters[] = {'F', 'C', 'N'};
  if (bytes.size() > kKindAt && std::equal(kLetters, kLetters + kKindAt, bytes.begin())) {
    const char* name = message_kind_name(static_cast<MessageKind>(bytes[kKindAt]));
    if (name != nullptr) return std::string(name);
  }
  return fv::describe_kind(bytes);
}

std::string format_fingerprint(const Fingerprint& fingerprint) {
  return platform::hexadecimal(std::span(fingerprint).first(8));
}

std::string format_key_id(const KeyId& key_id) {
  return platform::hexadecimal(std::span(key_id).first(4));
}

std::string format_request_id(const RequestId& id) {
  return platform::hexadecimal(std::span(id.bytes).first(4));
}

}  // namespace fcn::nn
