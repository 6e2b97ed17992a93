// What travels between the two roles, and what they keep in files: one frame around fv's own formats.
//
// Layout, little-endian: "FCN" and the kind (4 bytes), version (u32), fingerprint of the client spec (32 bytes), key
// id (16 bytes), request id (16 bytes), length of the payload (u64), payload, checksum64 of everything before it (u64).
// A stream or a file may hold several messages one after another. Kinds start at 16, above fv's: no message is taken
// for an fv object. The checksum finds accidents, not forgery.
#pragma once

#include <array>

#include "../fv/serialization.h"

namespace fcn::nn {

using fv::Fingerprint;  // of client specs and networks as well as of parameters

enum class MessageKind : std::uint8_t {
  kClientSpec = 16,  // what a client must know of a network
  kEvaluationKeys,   // client to server, once
  kRequest,          // client to server: an encrypted input
  kAnswer,           // server to client: its encrypted scores
  kClientKey,        // the client's own file; the only kind with a secret in it
};

// Random, public: names the secret key that keys, requests and answers belong to. Zero in a client spec.
using KeyId = std::array<std::uint8_t, 16>;

// Random, public: names a request; the answer to it carries the same. Zero in every other message.
struct RequestId {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const RequestId&, const RequestId&) = default;
};

inline constexpr std::uint32_t kMessageVersion = 2;
// Of the header's fields, from the start of a message; and of header and checksum.
inline constexpr std::size_t kMessageFingerprintAt = 8, kMessageKeyIdAt = 40, kMessageRequestIdAt = 56,
                             kMessageLengthAt = 72;
inline constexpr std::size_t kMessageHeaderBytes = 80, kMessageChecksumBytes = 8;

struct MessageHeader {
  MessageKind kind;
  Fingerprint fingerprint;
  KeyId key_id;
  std::uint64_t payload_bytes;
  RequestId request_id{};
  // Of the whole message.
  std::uint64_t total_bytes() const noexcept {
    return kMessageHeaderBytes + payload_bytes + kMessageChecksumBytes;
  }
};

fv::Bytes make_message(MessageKind kind, const Fingerprint& fingerprint, const KeyId& key_id,
                       fv::ByteSpan payload, const RequestId& request_id = {});

// The header at the front of bytes, of which at least kMessageHeaderBytes are there: for readers of streams, which
// must know what is coming before they make room for it. Errors: kCorrupt (not a message, another version, a length
// that no memory has).
platform::Result<MessageHeader> read_message_header(fv::ByteSpan bytes);

// The id of a request, or of the request that an answer is to, from its first kMessageHeaderBytes. Errors: those of
// read_message_header; kCorrupt (another kind).
platform::Result<RequestId> request_id(fv::ByteSpan bytes);

struct Message {
  MessageHeader header;
  fv::ByteSpan payload;  // inside the bytes that were opened
};
// Checks everything but what is in the payload. Errors: kCorrupt (another kind, naming both; another version,
// truncated, too long, damaged).
platform::Result<Message> open_message(fv::ByteSpan bytes, MessageKind expected);

// The header alone: of the expected kind, this spec and, unless key_id is null, this key; the errors of open_message.
platform::Status check_message_header(fv::ByteSpan header, MessageKind expected,
                                      const Fingerprint& fingerprint, const KeyId* key_id);

// The same for a message that must belong to this spec and, unless key_id is null, this key. Errors: as above;
// kMismatch, which says whether the model or the key is the wrong one.
platform::Result<fv::ByteSpan> open_message(fv::ByteSpan bytes, MessageKind expected,
                                            const Fingerprint& fingerprint, const KeyId* key_id);

// "a request"; null for an unknown kind.
const char* message_kind_name(MessageKind kind) noexcept;
// What bytes claim to be, messages and fv objects alike, from their first bytes. Errors: kCorrupt.
platform::Result<std::string> describe_bytes(fv::ByteSpan bytes);

// For messages and `inspect`: hexadecimal, of a fingerprint its first 16 digits, of an id its first 8.
std::string format_fingerprint(const Fingerprint& fingerprint);
std::string format_key_id(const KeyId& key_id);
std::string format_request_id(const RequestId& id);

namespace internal {
// The header alone, for who writes the rest into memory that is wiped.
void write_message_header(std::span<std::uint8_t, kMessageHeaderBytes> out,
                          const MessageHeader& header) noexcept;
}  // namespace internal

}  // namespace fcn::nn
