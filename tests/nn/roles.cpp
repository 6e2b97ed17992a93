// Client and server with nothing but bytes between them, and every mix-up of those bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <type_traits>

#include "fv/noise_model.h"
#include "nn/client.h"
#include "nn/client_stream.h"
#include "nn/internal/client_access.h"
#include "nn/model_file.h"
#include "nn/plain_run.h"
#include "nn/server.h"
#include "platform/blake2s.h"
#include "platform/byte_order.h"
#include "platform/bytes.h"
#include "support/random_network.h"
#include "support/seeded_source.h"
#include "support/toy_network.h"

namespace fcn::nn {
namespace {

using fv::Bytes;
using fv::ByteSpan;
using platform::StatusCode;

// The server can be given bytes and a plan, and nothing that decrypts.
static_assert(!std::is_constructible_v<Server, const fv::SecretKey&>);
static_assert(!std::is_copy_constructible_v<Client>);

platform::Seed seed_of(std::uint8_t first) {
  platform::Seed seed{};
  seed[0] = first;
  return seed;
}

class Roles : public testing::TestWithParam<Layout> {
 protected:
  // The plan of the toy network with this last bias: another bias is another network of the same shapes and parameters.
  static const Plan& plan_of(std::int64_t last_bias) {
    static std::map<std::pair<Layout, std::int64_t>, Plan> plans;
    const auto key = std::make_pair(GetParam(), last_bias);
    const auto found = plans.find(key);
    if (found != plans.end()) return found->second;
    return plans.emplace(key, Plan::create(test::toy_network(last_bias), GetParam()).value()).first->second;
  }
  static const Plan& plan() { return plan_of(5); }
  static const Plan& other_plan() { return plan_of(6); }
  static Client client(std::uint8_t seed = 1) {
    return Client::create_from_seed(plan().spec(), seed_of(seed)).value();
  }

  platform::ThreadPool pool_{2};
  const std::vector<std::int64_t> pixels_{0, 15, 6, 1};
};

void expect_error(const platform::Status& status, StatusCode code, const std::string& part) {
  EXPECT_EQ(status.code(), code) << status.message();
  EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
}

TEST_P(Roles, RandomNetworksGiveTheIntegersOfPlainRun) {
  test::Random random(71);
  int runs = 0;
  for (int round = 0; round < (GetParam() == Layout::kPixel ? 12 : 6); ++round) {
    const Network network = test::random_network(random, {1, 3, 3}, 7, 3);
    const auto made = Plan::create(network, GetParam());
    if (!made.ok()) continue;  // nothing to compute, or too deep
    Client alice = Client::create_from_seed(made->spec(), seed_of(static_cast<std::uint8_t>(round))).value();
    const Server server = Server::create(made.value(), alice.evaluation_keys().value()).value();
    const std::vector<std::int64_t> image = test::random_image(random, network);
    OpCounts counts;
    const auto answer = server.infer(alice.encrypt(image, pool_).value(), pool_, &counts);
    ASSERT_TRUE(answer.ok()) << answer.status().message();
    const auto scores = alice.decrypt(answer.value(), pool_);
    ASSERT_TRUE(scores.ok()) << scores.status().message();
    EXPECT_EQ(scores.value(), plain_run(network, image).value());
    EXPECT_EQ(counts, made->counts());
    ++runs;
  }
  EXPECT_GE(runs, 3);
}

TEST_P(Roles, SizesAreKnownBeforehand) {
  Client alice = client();
  const MessageSizes sizes = message_sizes(plan().spec());
  const Bytes keys = alice.evaluation_keys().value(), request = alice.encrypt(pixels_, pool_).value();
  EXPECT_EQ(keys.size(), sizes.evaluation_keys);
  EXPECT_EQ(request.size(), sizes.request);
  const Bytes answer = Server::create(plan(), keys).value().infer(request, pool_).value();
  EXPECT_LE(answer.size(), sizes.answer);
  EXPECT_GE(answer.size(), sizes.answer / 32);
}

TEST_P(Roles, SeedsDecideEveryByteAndOperatingSystemRandomnessNone) {
  Client a = client(1), again = client(1), b = client(2);
  EXPECT_EQ(a.key_id(), again.key_id());
  EXPECT_NE(a.key_id(), b.key_id());
  EXPECT_EQ(a.evaluation_keys().value(), again.evaluation_keys().value());
  const Bytes first = a.encrypt(pixels_, pool_).value();
  platform::ThreadPool one(1);
  EXPECT_EQ(first, again.encrypt(pixels_, one).value());
  EXPECT_NE(first, a.encrypt(pixels_, pool_).value());  // the stream goes on
  EXPECT_NE(Client::create(plan().spec()).value().key_id(), Client::create(plan().spec()).value().key_id());
}

TEST_P(Roles, InputsAreChecked) {
  Client alice = client();
  expect_error(alice.encrypt(std::vector<std::int64_t>(5), pool_).status(), StatusCode::kInvalidArgument,
               "reads 4 inputs, not 5");
  expect_error(alice.encrypt(std::vector<std::int64_t>{0, 0, 16, 0}, pool_).status(),
               StatusCode::kInvalidArgument, "input 2 is not in [0, 15]");
  expect_error(alice.encrypt(std::vector<std::int64_t>{0, -1, 0, 0}, pool_).status(),
               StatusCode::kInvalidArgument, "input 1 is not in [0, 15]");
}

TEST_P(Roles, MixUpsAreNamed) {
  Client alice = client(1), bob = client(2);
  Client carol = Client::create_from_seed(other_plan().spec(), seed_of(3)).value();
  const Bytes keys = alice.evaluation_keys().value(), request = alice.encrypt(pixels_, pool_).value();
  const Server server = Server::create(plan(), keys).value();
  const Server bobs = Server::create(plan(), bob.evaluation_keys().value()).value();
  const Bytes answer = server.infer(request, pool_).value();
  const auto secret = serialize_client_key(alice).value();
  const ByteSpan secret_span(secret.data(), secret.size());

  expect_error(server.infer(bob.encrypt(pixels_, pool_).value(), pool_).status(), StatusCode::kMismatch,
               "a request of another key");
  expect_error(server.infer(carol.encrypt(pixels_, pool_).value(), pool_).status(), StatusCode::kMismatch,
               "a request for another model");
  expect_error(server.infer(secret_span, pool_).status(), StatusCode::kCorrupt,
               "this is a client's secret key, not a request");
  expect_error(server.infer(answer, pool_).status(), StatusCode::kCorrupt,
               "this is an answer, not a request");
  expect_error(Server::create(plan(), secret_span).status(), StatusCode::kCorrupt,
               "this is a client's secret key, not evaluation keys");
  expect_error(Server::create(plan(), carol.evaluation_keys().value()).status(), StatusCode::kMismatch,
               "evaluation keys for another model");
  expect_error(bob.decrypt(answer, pool_).status(), StatusCode::kMismatch, "an answer of another key");
  expect_error(carol.decrypt(answer, pool_).status(), StatusCode::kMismatch, "an answer for another model");
  expect_error(alice.decrypt(request, pool_).status(), StatusCode::kCorrupt,
               "this is a request, not an answer");
  expect_error(deserialize_client_key(keys).status(), StatusCode::kCorrupt,
               "this is evaluation keys, not a client's secret key");
  EXPECT_TRUE(bobs.infer(bob.encrypt(pixels_, pool_).value(), pool_).ok());
}

TEST_P(Roles, AnswersBelongToRequests) {
  Client alice = client();
  const Server server = Server::create(plan(), alice.evaluation_keys().value()).value();
  const std::vector<std::int64_t> other_pixels{15, 0, 1, 6};
  const Bytes first = alice.encrypt(pixels_, pool_).value(),
              second = alice.encrypt(other_pixels, pool_).value();
  const Bytes first_answer = server.infer(first, pool_).value(),
              second_answer = server.infer(second, pool_).value();
  const auto first_scores = plain_run(test::toy_network(), pixels_).value(),
             second_scores = plain_run(test::toy_network(), other_pixels).value();
  const RequestId first_id = request_id(first).value(), second_id = request_id(second).value();
  EXPECT_FALSE(first_id == second_id);
  EXPECT_TRUE(request_id(first_answer).value() == first_id);
  EXPECT_TRUE(request_id(second_answer).value() == second_id);

  // By its id, as often as one likes.
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(alice.decrypt_for(second_id, second_answer, pool_).value(), second_scores);
    expect_error(alice.decrypt_for(second_id, first_answer, pool_).status(), StatusCode::kMismatch,
                 platform::concat("an answer to another request: its request id is ",
                                  format_request_id(first_id), ", not ", format_request_id(second_id)));
    expect_error(alice.decrypt_wide_for(second_id, first_answer, pool_).status(), StatusCode::kMismatch,
                 "an answer to another request");
  }
  // A damaged answer is not the one that was waited for; in any order, but once.
  Bytes damaged = second_answer;
  damaged[damaged.size() / 2] ^= 1;
  EXPECT_EQ(alice.decrypt(damaged, pool_).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(alice.decrypt(second_answer, pool_).value(), second_scores);
  expect_error(alice.decrypt(second_answer, pool_).status(), StatusCode::kMismatch,
               "one that has its answer: none of the 1 requests that this client waits for has the id " +
                   format_request_id(second_id));
  const auto wide = alice.decrypt_wide(first_answer, pool_).value();
  EXPECT_EQ(wide, std::vector<WideInteger>(first_scores.begin(), first_scores.end()));
  expect_error(alice.decrypt_wide(first_answer, pool_).status(), StatusCode::kMismatch, "has its answer");
  // A client that was loaded asked for nothing.
  const auto file = serialize_client_key(alice).value();
  Client loaded = deserialize_client_key(ByteSpan(file.data(), file.size())).value();
  expect_error(loaded.decrypt(first_answer, pool_).status(), StatusCode::kMismatch, "none of the 0 requests");
  EXPECT_EQ(loaded.decrypt_for(first_id, first_answer, pool_).value(), first_scores);
}

// An answer whose first ciphertext claims this noise, with checksums that fit: what whoever sends it can make.
Bytes with_claimed_noise(const Bytes& answer, std::uint8_t s_degree, std::uint32_t units) {
  Bytes forged = answer;
  const std::size_t frame = kMessageHeaderBytes, claim = frame + fv::kFrameHeaderBytes + 4 + 3;
  forged[claim] = s_degree;
  platform::store_partial(&forged[claim + 1], units, 4);
  const auto sign = [&](std::size_t begin, std::size_t end) {
    platform::store_u64(&forged[end], platform::checksum64(ByteSpan(forged).subspan(begin, end - begin)));
  };
  sign(frame, forged.size() - kMessageChecksumBytes - fv::kFrameChecksumBytes);
  sign(0, forged.size() - kMessageChecksumBytes);
  return forged;
}

TEST_P(Roles, WhatAnAnswerClaimsOfItsNoiseIsIgnored) {
  Client alice = client();
  const Server server = Server::create(plan(), alice.evaluation_keys().value()).value();
  const Bytes request = alice.encrypt(pixels_, pool_).value(), answer = server.infer(request, pool_).value();
  const RequestId id = request_id(request).value();
  const auto expected = plan().spec().answer_noise;
  EXPECT_TRUE(fv::NoiseModel(plan().params()).check(expected, plan().spec().answer_limbs, "").ok());
  for (const std::uint32_t units : {0u, 1u, 256u * 60, 0x7fffffffu, 0x80000000u, 0xc0000000u, 0xffffffffu}) {
    for (const std::uint8_t s_degree : {std::uint8_t{0}, std::uint8_t{255}}) {
      const Bytes forged = with_claimed_noise(answer, s_degree, units);
      EXPECT_NE(forged, answer);
      const auto scores = alice.decrypt_for(id, forged, pool_);
      ASSERT_TRUE(scores.ok()) << scores.status().message();
      EXPECT_EQ(scores.value(), plain_run(test::toy_network(), pixels_).value());
      EXPECT_TRUE(alice.decrypt_wide_for(id, forged, pool_).ok());
      if (GetParam() == Layout::kPacked) continue;
      std::vector<std::uint8_t> space(stream_workspace_bytes(alice.spec()));
      std::vector<std::int64_t> streamed(2);
      ByteSpan left = forged;
      const Source source{[](void* user, std::span<std::uint8_t> out) {
                            auto& bytes = *static_cast<ByteSpan*>(user);
                            if (bytes.size() < out.size()) return false;
                            std::copy_n(bytes.begin(), out.size(), out.begin());
                            bytes = bytes.subspan(out.size());
                            return true;
                          },
                          &left};
      const auto status = read_answer_for(alice, id, source, space, streamed);
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(streamed, scores.value());
    }
  }
}

// A sender can make answers that decrypt to anything. All but the packed layout's hold numbers out of range then; the
// first is named once all are decrypted, and such an answer was the request's.
TEST_P(Roles, AnswersOfNoiseAreOneErrorAtTheEnd) {
  Client alice = client();
  const Server server = Server::create(plan(), alice.evaluation_keys().value()).value();
  const Bytes answer = server.infer(alice.encrypt(pixels_, pool_).value(), pool_).value();
  const auto message = open_message(answer, MessageKind::kAnswer).value();
  const RequestId id = message.header.request_id;
  const auto garbage = [&](std::size_t from) {  // ciphertexts from here on
    auto scores = fv::deserialize_ciphertexts(plan().params(), message.payload).value();
    test::Random random(5);
    for (; from < scores.size(); ++from) {
      for (std::size_t j = 0; j < plan().params().n(); ++j)
        scores[from].component(0)[j] = random() % plan().params().modulus(0).value();
    }
    return make_message(MessageKind::kAnswer, plan().fingerprint(), alice.key_id(),
                        fv::serialize(std::span<const fv::Ciphertext>(scores)), id);
  };
  if (GetParam() == Layout::kPacked) {
    EXPECT_TRUE(alice.decrypt(garbage(0), pool_).ok());
  } else {
    expect_error(alice.decrypt_for(id, garbage(1), pool_).status(), StatusCode::kOutOfRange,
                 "value 1: the decrypted number is not within");
    expect_error(alice.decrypt_wide_for(id, garbage(0), pool_).status(), StatusCode::kOutOfRange,
                 "value 0: the decrypted number has more than 254 bits");
    expect_error(alice.decrypt(garbage(0), pool_).status(), StatusCode::kOutOfRange, "value 0: ");
  }
  expect_error(alice.decrypt(answer, pool_).status(), StatusCode::kMismatch, "none of the 0 requests");
}

// The bound that replaces the claim is the plan's: at least what the engine says of the ciphertexts it made.
TEST_P(Roles, TheSpecHoldsThePlansBoundOfTheAnswer) {
  Client alice = client();
  const Server server = Server::create(plan(), alice.evaluation_keys().value()).value();
  const Bytes answer = server.infer(alice.encrypt(pixels_, pool_).value(), pool_).value();
  const auto message = open_message(answer, MessageKind::kAnswer).value();
  const fv::Noise bound = plan().spec().answer_noise;
  const auto scores = fv::deserialize_ciphertexts(plan().params(), message.payload).value();
  for (const fv::Ciphertext& c : scores) {
    EXPECT_NEAR(c.noise().log2_sigma, bound.log2_sigma, 2.0 / 256);
    EXPECT_EQ(c.limbs(), plan().spec().answer_limbs);
  }
  const ClientSpec read = deserialize_client_spec(serialize(plan().spec())).value();
  EXPECT_EQ(read.answer_noise.log2_sigma, bound.log2_sigma);
  EXPECT_EQ(read.answer_noise.s_degree, bound.s_degree);
}

TEST_P(Roles, TheLatestRequestsAreRemembered) {
  Client alice = client();
  const Server server = Server::create(plan(), alice.evaluation_keys().value()).value();
  const Bytes oldest = server.infer(alice.encrypt(pixels_, pool_).value(), pool_).value(),
              next = server.infer(alice.encrypt(pixels_, pool_).value(), pool_).value();
  RequestId id;
  for (unsigned i = 0; i < 4095; ++i) {
    platform::store_u64(id.bytes.data(), i);
    internal::ClientAccess::remember(alice, id);
  }
  expect_error(alice.decrypt(oldest, pool_).status(), StatusCode::kMismatch, "none of the 4096 requests");
  EXPECT_TRUE(alice.decrypt(next, pool_).ok());
}

// Payloads that a forger framed anew.
TEST_P(Roles, ForgedPayloadsAreRefused) {
  Client alice = client();
  const Bytes keys = alice.evaluation_keys().value(), request = alice.encrypt(pixels_, pool_).value();
  const Server server = Server::create(plan(), keys).value();
  const Bytes answer = server.infer(request, pool_).value();
  const auto reframed = [&](MessageKind kind, ByteSpan bytes) {
    const bool are_keys = kind == MessageKind::kEvaluationKeys;
    return make_message(kind, plan().fingerprint(), alice.key_id(), bytes,
                        are_keys ? RequestId{} : request_id(request).value());
  };
  const auto payload = [](const Bytes& bytes) {
    return ByteSpan(bytes).subspan(kMessageHeaderBytes,
                                   bytes.size() - kMessageHeaderBytes - kMessageChecksumBytes);
  };
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{8}, payload(keys).size() - 1}) {
    const Bytes cut = reframed(MessageKind::kEvaluationKeys, payload(keys).first(length));
    EXPECT_EQ(Server::create(plan(), cut).status().code(), StatusCode::kCorrupt) << length;
  }
  Bytes huge(payload(keys).begin(), payload(keys).end());
  std::fill_n(huge.begin(), 8, std::uint8_t{0xff});
  expect_error(Server::create(plan(), reframed(MessageKind::kEvaluationKeys, huge)).status(),
               StatusCode::kCorrupt, "18446744073709551615 bytes");
  EXPECT_EQ(server.infer(reframed(MessageKind::kRequest, {}), pool_).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(server.infer(reframed(MessageKind::kRequest, payload(answer)), pool_).status().code(),
            StatusCode::kCorrupt);
  // A ciphertext too few or too many.
  auto scores = fv::deserialize_ciphertexts(plan().params(), payload(answer)).value();
  scores.push_back(scores.back().clone().value());
  const Bytes more = reframed(MessageKind::kAnswer, fv::serialize(std::span<const fv::Ciphertext>(scores)));
  expect_error(alice.decrypt(more, pool_).status(), StatusCode::kCorrupt,
               platform::concat("an answer of ", scores.size(), " ciphertexts, not ", scores.size() - 1));
  EXPECT_EQ(alice.decrypt(reframed(MessageKind::kAnswer, {}), pool_).status().code(), StatusCode::kCorrupt);
}

TEST_P(Roles, TruncatedOrDamagedBytesAreRefused) {
  Client alice = client();
  const Bytes keys = alice.evaluation_keys().value(), request = alice.encrypt(pixels_, pool_).value();
  const Server server = Server::create(plan(), keys).value();
  const Bytes answer = server.infer(request, pool_).value();
  const auto secret = serialize_client_key(alice).value();
  const auto refuses = [&](const Bytes& whole, auto read) {
    for (std::size_t i = 0; i < whole.size(); i += std::max<std::size_t>(97, whole.size() / 300)) {
      ASSERT_EQ(read(ByteSpan(whole).first(i)).code(), StatusCode::kCorrupt) << "cut at " << i;
      Bytes bad = whole;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ 1 << (i % 8));
      ASSERT_EQ(read(bad).code(), StatusCode::kCorrupt) << "damaged at " << i;
    }
  };
  refuses(keys, [&](ByteSpan b) { return Server::create(plan(), b).status(); });
  refuses(request, [&](ByteSpan b) { return server.infer(b, pool_).status(); });
  refuses(answer, [&](ByteSpan b) { return alice.decrypt(b, pool_).status(); });
  refuses(Bytes(secret.begin(), secret.end()),
          [&](ByteSpan b) { return deserialize_client_key(b).status(); });
}

TEST_P(Roles, ASavedClientIsTheSameClient) {
  Client alice = client();
  const Server server = Server::create(plan(), alice.evaluation_keys().value()).value();
  const auto file = serialize_client_key(alice).value();
  const ByteSpan bytes(file.data(), file.size());
  Client again = deserialize_client_key(bytes).value();
  EXPECT_EQ(again.key_id(), alice.key_id());
  EXPECT_EQ(fingerprint(again.spec()), plan().fingerprint());
  const auto answer = server.infer(again.encrypt(pixels_, pool_).value(), pool_).value();
  const auto expected = plain_run(test::toy_network(), pixels_).value();
  EXPECT_EQ(again.decrypt(answer, pool_).value(), expected);
  EXPECT_EQ(alice.decrypt_for(request_id(answer).value(), answer, pool_).value(), expected);
  // Each load draws fresh randomness; the same from a source that gives the same bytes.
  Client third = deserialize_client_key(bytes).value();
  EXPECT_NE(again.encrypt(pixels_, pool_).value(), third.encrypt(pixels_, pool_).value());
  test::SeededSource one(9), same(9);
  Client x = deserialize_client_key(bytes, one.source()).value(),
         y = deserialize_client_key(bytes, same.source()).value();
  EXPECT_EQ(x.encrypt(pixels_, pool_).value(), y.encrypt(pixels_, pool_).value());
  const auto second_file = serialize_client_key(third).value();
  EXPECT_TRUE(std::equal(file.begin(), file.end(), second_file.begin(), second_file.end()));
}

// The packed secret key, two bits a coefficient, must appear in the key file and nowhere else.
TEST_P(Roles, NothingPublicHoldsTheSecretKey) {
  Client alice = client();
  const Bytes keys = alice.evaluation_keys().value(), request = alice.encrypt(pixels_, pool_).value();
  const Bytes answer = Server::create(plan(), keys).value().infer(request, pool_).value();
  const auto file = serialize_client_key(alice).value();
  const std::size_t secret_bytes = plan().params().n() / 4;
  const std::uint8_t* secret = file.end() - kMessageChecksumBytes - 8 - secret_bytes;
  const auto holds = [&](ByteSpan bytes) {  // 16 bytes of it, 64 coefficients
    return std::search(bytes.begin(), bytes.end(), secret, secret + 16) != bytes.end();
  };
  EXPECT_TRUE(holds(ByteSpan(file.data(), file.size())));
  EXPECT_FALSE(holds(keys));
  EXPECT_FALSE(holds(request));
  EXPECT_FALSE(holds(answer));
  EXPECT_FALSE(holds(serialize(alice.spec())));
}

// The network's name in the spec is a hash of its text, which a salt makes another one; plans do not depend on it.
TEST_P(Roles, ASaltNamesTheNetworkAnew) {
  Network network = test::toy_network();
  const std::string text = format_model(network);
  EXPECT_EQ(network_fingerprint(network),
            platform::blake2s({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  EXPECT_EQ(plan().spec().network_fingerprint, network_fingerprint(network));
  network.salt.assign(16, 0xa5);
  const Plan salted = Plan::create(network, GetParam()).value(),
             again = Plan::create(network, GetParam()).value();
  EXPECT_NE(salted.spec().network_fingerprint, plan().spec().network_fingerprint);
  EXPECT_NE(salted.fingerprint(), plan().fingerprint());
  EXPECT_EQ(salted.fingerprint(), again.fingerprint());
  EXPECT_TRUE(salted.params() == plan().params());
  network.salt[15] ^= 1;
  EXPECT_NE(network_fingerprint(network), salted.spec().network_fingerprint);
  network.salt.pop_back();
  EXPECT_EQ(Plan::create(network, GetParam()).status().message(), "a salt of 15 bytes is not of 16 to 64");
}

TEST_P(Roles, TheSpecTellsNothingOfTheWeights) {
  const Bytes a = serialize(plan().spec()), b = serialize(other_plan().spec());
  ASSERT_EQ(a.size(), b.size());
  // Other weights change the network's fingerprint, the spec's, and the checksum.
  std::size_t differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) differ += a[i] != b[i];
  EXPECT_LE(differ, 32u + 32 + 8);
  if (GetParam() == Layout::kPixel) {
    EXPECT_LT(a.size(), 350u);
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, Roles, testing::Values(Layout::kPixel, Layout::kPacked),
                         [](const auto& test) { return layout_name(test.param); });

}  // namespace
}  // namespace fcn::nn
