#include "nn/message.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "platform/bytes.h"

namespace fcn::nn {
namespace {

using fv::Bytes;
using platform::StatusCode;

const KeyId kKey = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
Fingerprint fingerprint_of(std::uint8_t first) {
  Fingerprint fingerprint;
  for (std::size_t i = 0; i < fingerprint.size(); ++i) fingerprint[i] = static_cast<std::uint8_t>(first + i);
  return fingerprint;
}
const Fingerprint kFingerprint = fingerprint_of(0x81);
const RequestId kRequestId = {{91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106}};
const Bytes kPayload = {0xaa, 0xbb, 0xcc};

Bytes request() {
  return make_message(MessageKind::kRequest, kFingerprint, kKey, kPayload, kRequestId);
}

std::string error(fv::ByteSpan bytes, MessageKind expected = MessageKind::kRequest) {
  const auto opened = open_message(bytes, expected);
  return opened.ok() ? "" : opened.status().message();
}

TEST(Message, BytesAreThoseOfTheDescription) {
  Bytes expected = {'F', 'C', 'N', 18, 2, 0, 0, 0};
  for (std::uint8_t i = 0; i < 32; ++i) expected.push_back(static_cast<std::uint8_t>(0x81 + i));
  expected.insert(expected.end(), kKey.begin(), kKey.end());
  expected.insert(expected.end(), kRequestId.bytes.begin(), kRequestId.bytes.end());
  expected.insert(expected.end(), {3, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xbb, 0xcc});
  std::uint64_t checksum = platform::checksum64(expected);
  for (int i = 0; i < 8; ++i, checksum >>= 8) expected.push_back(static_cast<std::uint8_t>(checksum));
  EXPECT_EQ(request(), expected);
}

TEST(Message, OpensToWhatWasSent) {
  const Bytes bytes = request();
  const auto opened = open_message(bytes, MessageKind::kRequest);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(Bytes(opened->payload.begin(), opened->payload.end()), kPayload);
  EXPECT_EQ(opened->header.fingerprint, kFingerprint);
  EXPECT_EQ(opened->header.key_id, kKey);
  EXPECT_TRUE(opened->header.request_id == kRequestId);
  EXPECT_EQ(opened->header.total_bytes(), bytes.size());
  EXPECT_TRUE(open_message(bytes, MessageKind::kRequest, kFingerprint, &kKey).ok());
  EXPECT_TRUE(open_message(bytes, MessageKind::kRequest, kFingerprint, nullptr).ok());
  const Bytes empty = make_message(MessageKind::kAnswer, {}, KeyId{}, {});
  EXPECT_EQ(empty.size(), kMessageHeaderBytes + kMessageChecksumBytes);
  EXPECT_TRUE(open_message(empty, MessageKind::kAnswer).ok());
}

TEST(Message, EveryFlippedBitIsFound) {
  const Bytes good = request();
  for (std::size_t i = 0; i < 8 * good.size(); ++i) {
    Bytes bad = good;
    bad[i / 8] = static_cast<std::uint8_t>(bad[i / 8] ^ 1 << (i % 8));
    const auto opened = open_message(bad, MessageKind::kRequest);
    ASSERT_FALSE(opened.ok()) << "bit " << i;
    ASSERT_EQ(opened.status().code(), StatusCode::kCorrupt) << "bit " << i;
  }
}

TEST(Message, EveryOtherLengthIsFound) {
  Bytes bytes = request();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    ASSERT_NE(error(fv::ByteSpan(bytes).first(length)), "") << length;
  EXPECT_EQ(error(fv::ByteSpan(bytes).first(90)),
            "a request is truncated: its header promises 91 bytes, 90 are there");
  bytes.push_back(0);
  EXPECT_EQ(error(bytes), "a request is too long: its header promises 91 bytes, 92 are there");
}

TEST(Message, MixUpsAreNamed) {
  const Bytes bytes = request();
  EXPECT_EQ(error(bytes, MessageKind::kAnswer), "this is a request, not an answer");
  EXPECT_EQ(error(bytes, MessageKind::kEvaluationKeys), "this is a request, not evaluation keys");
  EXPECT_EQ(error(Bytes{'F', 'C', 'N', 2, 1, 0, 0, 0}), "this is a secret key, not a request");
  EXPECT_EQ(error(Bytes{'P', '5', ' ', '2'}), "not an fcn file: it does not begin with FCN");
  EXPECT_EQ(error(Bytes{'F', 'C', 'N', 200}), "unknown kind 200");
  const auto model = open_message(bytes, MessageKind::kRequest, fingerprint_of(0), &kKey);
  EXPECT_EQ(model.status().code(), StatusCode::kMismatch);
  EXPECT_EQ(model.status().message(),
            "a request for another model: its client spec is 8182838485868788, not 0001020304050607");
  const auto key = open_message(bytes, MessageKind::kRequest, kFingerprint, &(const KeyId&)KeyId{});
  EXPECT_EQ(key.status().code(), StatusCode::kMismatch);
  EXPECT_EQ(key.status().message(), "a request of another key: its key id is 01020304, not 00000000");
}

TEST(Message, HeadersOfStreamsAreReadAlone) {
  Bytes bytes = request();
  const auto header = read_message_header(fv::ByteSpan(bytes).first(kMessageHeaderBytes));
  ASSERT_TRUE(header.ok()) << header.status().message();
  EXPECT_EQ(header->total_bytes(), bytes.size());
  std::fill_n(&bytes[kMessageLengthAt], 8, std::uint8_t{0xff});
  EXPECT_EQ(read_message_header(bytes).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(read_message_header(fv::ByteSpan(bytes).first(kMessageHeaderBytes - 1)).status().code(),
            StatusCode::kCorrupt);
}

TEST(Message, OtherVersionsAreNamed) {
  for (const unsigned version : {1u, 3u}) {
    Bytes bytes = request();
    bytes[4] = static_cast<std::uint8_t>(version);
    EXPECT_EQ(error(bytes),
              platform::concat("a request of version ", version, "; this program reads version 2"));
  }
}

TEST(Message, RequestIdsAreThoseOfRequestsAndAnswers) {
  const Bytes bytes = request();
  EXPECT_TRUE(request_id(bytes).value() == kRequestId);
  EXPECT_TRUE(request_id(fv::ByteSpan(bytes).first(kMessageHeaderBytes)).value() == kRequestId);
  EXPECT_EQ(format_request_id(kRequestId), "5b5c5d5e");
  EXPECT_EQ(request_id(fv::ByteSpan(bytes).first(kMessageHeaderBytes - 1)).status().code(),
            StatusCode::kCorrupt);
  const Bytes answer = make_message(MessageKind::kAnswer, kFingerprint, kKey, kPayload);
  EXPECT_TRUE(request_id(answer).value() == RequestId{});
  const auto keys = request_id(make_message(MessageKind::kEvaluationKeys, kFingerprint, kKey, kPayload));
  EXPECT_EQ(keys.status().message(), "this is evaluation keys, neither a request nor the answer to one");
}

TEST(Message, DescribesMessagesAndObjects) {
  EXPECT_EQ(describe_bytes(request()).value(), "a request");
  EXPECT_EQ(describe_bytes(Bytes{'F', 'C', 'N', 4}).value(), "relinearization keys");
  EXPECT_EQ(describe_bytes(Bytes{'F', 'C'}).status().code(), StatusCode::kCorrupt);
}

// Fields that a kind does not use are zero, so that nobody hides anything in them.
TEST(Message, UnusedFieldsAreZero) {
  const fv::Bytes payload(9, 3);
  for (const MessageKind kind : {MessageKind::kClientSpec, MessageKind::kEvaluationKeys,
                                 MessageKind::kRequest, MessageKind::kAnswer, MessageKind::kClientKey}) {
    const bool has_key = kind != MessageKind::kClientSpec;
    const bool has_request = kind == MessageKind::kRequest || kind == MessageKind::kAnswer;
    RequestId id{};
    id.bytes[7] = 1;
    EXPECT_EQ(read_message_header(make_message(kind, {}, KeyId{1}, payload)).ok(), has_key);
    EXPECT_EQ(read_message_header(make_message(kind, {}, {}, payload, id)).ok(), has_request);
    EXPECT_TRUE(read_message_header(make_message(kind, {}, {}, payload)).ok());
  }
}

}  // namespace
}  // namespace fcn::nn
