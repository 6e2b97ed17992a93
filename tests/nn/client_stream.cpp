// The client without a heap: its messages are those of Client to the bit, whatever the stream does.
#include "nn/client_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "nn/plain_run.h"
#include "nn/server.h"
#include "support/toy_network.h"

namespace fcn::nn {
namespace {

using fv::Bytes;
using platform::Status;
using platform::StatusCode;

platform::Seed seed_of(std::uint8_t first) {
  platform::Seed seed{};
  seed[0] = first;
  return seed;
}

// A stream in memory that refuses its piece number `refused`, and ends where its bytes end.
struct Tape {
  Bytes bytes;
  std::size_t at = 0;
  std::size_t pieces = 0, refused = ~std::size_t{0};

  Sink sink() {
    return {[](void* user, std::span<const std::uint8_t> piece) {
              auto& tape = *static_cast<Tape*>(user);
              if (tape.pieces++ == tape.refused) return false;
              tape.bytes.insert(tape.bytes.end(), piece.begin(), piece.end());
              return true;
            },
            this};
  }
  Source source() {
    return {[](void* user, std::span<std::uint8_t> piece) {
              auto& tape = *static_cast<Tape*>(user);
              ++tape.pieces;
              if (tape.bytes.size() - tape.at < piece.size()) return false;
              std::memcpy(piece.data(), tape.bytes.data() + tape.at, piece.size());
              tape.at += piece.size();
              return true;
            },
            this};
  }
};

class ClientStream : public testing::Test {
 protected:
  static const Plan& plan() {
    static const Plan plan = Plan::create(test::toy_network(), Layout::kPixel).value();
    return plan;
  }
  static Client client(std::uint8_t seed = 1) {
    return Client::create_from_seed(plan().spec(), seed_of(seed)).value();
  }
  static bool is_zero(std::span<const std::uint8_t> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
  }

  // At an odd address, and not a byte longer than it must be.
  std::span<std::uint8_t> workspace() {
    memory_.assign(stream_workspace_bytes(plan().spec()) + 1, 0xa5);
    return std::span(memory_).subspan(1);
  }

  platform::ThreadPool pool_{2};
  const std::vector<std::int64_t> pixels_{0, 15, 6, 1};

 private:
  Bytes memory_;
};

void expect_error(const Status& status, StatusCode code, const std::string& part) {
  EXPECT_EQ(status.code(), code) << status.message();
  EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
}

TEST_F(ClientStream, WritesTheBytesOfClient) {
  Client whole = client(), streamed = client();
  Tape keys, request, second;
  const std::span<std::uint8_t> space = workspace();
  ASSERT_TRUE(write_evaluation_keys(streamed, space, keys.sink()).ok());
  EXPECT_EQ(keys.bytes, whole.evaluation_keys().value());
  EXPECT_TRUE(is_zero(space));
  const std::span<std::uint8_t> again = workspace();
  ASSERT_TRUE(write_request(streamed, pixels_, again, request.sink()).ok());
  EXPECT_EQ(request.bytes, whole.encrypt(pixels_, pool_).value());
  EXPECT_TRUE(is_zero(again));
  ASSERT_TRUE(write_request(streamed, pixels_, workspace(), second.sink()).ok());
  EXPECT_EQ(second.bytes, whole.encrypt(pixels_, pool_).value());
  EXPECT_NE(second.bytes, request.bytes);
}

TEST_F(ClientStream, EvaluationKeysReachHigherPowers) {
  ClientSpec spec = plan().spec();
  spec.max_components = 5;
  Client whole = Client::create_from_seed(spec, seed_of(2)).value(),
         streamed = Client::create_from_seed(spec, seed_of(2)).value();
  Tape keys;
  ASSERT_TRUE(write_evaluation_keys(streamed, workspace(), keys.sink()).ok());
  EXPECT_EQ(keys.bytes, whole.evaluation_keys().value());
}

// By the key generators of fv, from the same chain of randomness, framed by hand.
TEST_F(ClientStream, EvaluationKeysAreThoseOfTheScheme) {
  for (const Layout layout : {Layout::kPixel, Layout::kPacked}) {
    const ClientSpec spec = Plan::create(test::toy_network(), layout).value().spec();
    Client made = Client::create_from_seed(spec, seed_of(5)).value();
    platform::RandomChain chain(seed_of(5));
    auto creation = chain.begin().value();
    KeyId key_id;
    creation.rng().fill(key_id);
    const fv::SecretKey secret = fv::SecretKey::generate(spec.params, creation.rng()).value();
    creation.end();
    const auto turn = chain.begin().value();
    const Bytes relin =
        fv::serialize(fv::RelinKeys::generate(secret, turn.rng(), spec.max_components).value());
    Bytes galois;
    if (!spec.galois_elements.empty())
      galois = fv::serialize(fv::GaloisKeys::generate(secret, turn.rng(), spec.galois_elements).value());
    EXPECT_EQ(galois.empty(), layout == Layout::kPixel);
    platform::ByteWriter payload;
    payload.u64(relin.size());
    payload.bytes(relin);
    payload.u64(galois.size());
    payload.bytes(galois);
    const Bytes whole = make_message(MessageKind::kEvaluationKeys, fingerprint(spec), key_id, payload.data());
    Tape keys;
    Bytes space(stream_workspace_bytes(spec));
    ASSERT_TRUE(write_evaluation_keys(made, space, keys.sink()).ok());
    EXPECT_EQ(keys.bytes, whole);
    EXPECT_TRUE(is_zero(space));
    EXPECT_EQ(whole.size(), message_sizes(spec).evaluation_keys);
    Client again = Client::create_from_seed(spec, seed_of(5)).value();
    EXPECT_EQ(again.evaluation_keys().value(), whole);
    EXPECT_EQ(write_evaluation_keys(made, std::span(space).first(100), keys.sink()).code(),
              StatusCode::kInvalidArgument);
  }
}

TEST_F(ClientStream, ReadsTheScores) {
  Client alice = client();
  const Server server = Server::create(plan(), alice.evaluation_keys().value()).value();
  Tape answer;
  answer.bytes = server.infer(alice.encrypt(pixels_, pool_).value(), pool_).value();
  const std::size_t length = answer.bytes.size();
  answer.bytes.push_back(0x77);  // the next message of the stream
  const std::span<std::uint8_t> space = workspace();
  std::vector<std::int64_t> scores(2);
  const Status status = read_answer(alice, answer.source(), space, scores);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(scores, plain_run(test::toy_network(), pixels_).value());
  EXPECT_EQ(answer.at, length);
  EXPECT_TRUE(is_zero(space));
}

TEST_F(ClientStream, NoScoresFromDamagedAnswers) {
  Client alice = client(), bob = client(3);
  const Server server = Server::create(plan(), alice.evaluation_keys().value()).value();
  const Bytes good = server.infer(alice.encrypt(pixels_, pool_).value(), pool_).value();
  const std::vector<std::int64_t> none(2, 0);
  std::vector<std::int64_t> scores;
  const auto read = [&](Client& client, const Bytes& bytes) {
    Tape answer;
    answer.bytes = bytes;
    scores.assign(2, 99);
    return read_answer(client, answer.source(), workspace(), scores);
  };
  expect_error(read(bob, good), StatusCode::kMismatch, "another key");
  EXPECT_EQ(scores, none);
  expect_error(read(alice, alice.encrypt(pixels_, pool_).value()), StatusCode::kCorrupt,
               "a request, not an answer");
  // Every byte of the headers, then some of the rest: whatever is wrong, there is an error and there are no scores.
  for (std::size_t at = 0; at < good.size(); at += at < 90 ? 1 : 977) {
    Bytes bad = good;
    bad[at] ^= 0x10;
    EXPECT_FALSE(read(alice, bad).ok()) << at;
    EXPECT_EQ(scores, none) << at;
    expect_error(read(alice, {good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at)}),
                 StatusCode::kUnavailable, "no more bytes");
    EXPECT_EQ(scores, none) << at;
  }
  for (std::size_t at = good.size() - 16; at < good.size(); ++at) {  // both checksums
    Bytes bad = good;
    bad[at] ^= 1;
    expect_error(read(alice, bad), StatusCode::kCorrupt, "checksum");
    EXPECT_EQ(scores, none);
  }
}

// As Client's: one answer for each request, in whichever order, and none that this client did not ask for.
TEST_F(ClientStream, AnswersBelongToRequests) {
  Client alice = client();
  const Server server = Server::create(plan(), alice.evaluation_keys().value()).value();
  Tape first, second;
  ASSERT_TRUE(write_request(alice, pixels_, workspace(), first.sink()).ok());
  const std::vector<std::int64_t> other{15, 0, 1, 6};
  ASSERT_TRUE(write_request(alice, other, workspace(), second.sink()).ok());
  const Bytes first_answer = server.infer(first.bytes, pool_).value(),
              second_answer = server.infer(second.bytes, pool_).value();
  std::vector<std::int64_t> scores;
  const auto read = [&](Client& client, const Bytes& bytes) {
    Tape answer;
    answer.bytes = bytes;
    scores.assign(2, 99);
    return read_answer(client, answer.source(), workspace(), scores);
  };
  const auto read_for = [&](const Client& client, const Bytes& request, const Bytes& bytes) {
    Tape answer;
    answer.bytes = bytes;
    scores.assign(2, 99);
    return read_answer_for(client, request_id(request).value(), answer.source(), workspace(), scores);
  };
  // A stream that breaks off and a damaged answer leave the request waiting.
  expect_error(read(alice, {second_answer.begin(), second_answer.end() - 1}), StatusCode::kUnavailable, "");
  Bytes damaged = second_answer;
  damaged.back() ^= 1;
  expect_error(read(alice, damaged), StatusCode::kCorrupt, "checksum");
  ASSERT_TRUE(read(alice, second_answer).ok());
  EXPECT_EQ(scores, plain_run(test::toy_network(), other).value());
  expect_error(read(alice, second_answer), StatusCode::kMismatch, "an answer to another request, or to one");
  EXPECT_EQ(scores, std::vector<std::int64_t>(2, 0));
  ASSERT_TRUE(read(alice, first_answer).ok());
  EXPECT_EQ(scores, plain_run(test::toy_network(), pixels_).value());
  expect_error(read(alice, first_answer), StatusCode::kMismatch, "none of the 0 requests");
  // Whoever kept the request names it.
  const Client loaded = client();
  ASSERT_TRUE(read_for(loaded, first.bytes, first_answer).ok());
  EXPECT_EQ(scores, plain_run(test::toy_network(), pixels_).value());
  expect_error(read_for(loaded, second.bytes, first_answer), StatusCode::kMismatch,
               "an answer to another request");
  EXPECT_EQ(scores, std::vector<std::int64_t>(2, 0));
}

TEST_F(ClientStream, RefusesWhatItCannotDo) {
  Client alice = client();
  Tape tape;
  std::span<std::uint8_t> space = workspace();
  expect_error(write_request(alice, pixels_, space.first(space.size() - 1), tape.sink()),
               StatusCode::kInvalidArgument, std::to_string(space.size()));
  expect_error(write_request(alice, {{0, 16, 0, 0}}, space, tape.sink()), StatusCode::kInvalidArgument,
               "input 1");
  expect_error(write_request(alice, {{0, 1, 0}}, space, tape.sink()), StatusCode::kInvalidArgument,
               "4 inputs");
  std::vector<std::int64_t> scores(3);
  expect_error(read_answer(alice, tape.source(), space, scores), StatusCode::kInvalidArgument, "3 scores");
  EXPECT_TRUE(tape.bytes.empty());
  // A sink that fills up at any piece.
  Tape counted;
  ASSERT_TRUE(write_request(alice, pixels_, space, counted.sink()).ok());
  ASSERT_TRUE(write_evaluation_keys(alice, space, counted.sink()).ok());
  for (std::size_t refused = 0; refused < counted.pieces; ++refused) {
    Tape full;
    full.refused = refused;
    Status status = write_request(alice, pixels_, space, full.sink());
    if (status.ok()) status = write_evaluation_keys(alice, space, full.sink());
    expect_error(status, StatusCode::kUnavailable, "takes no more bytes");
    EXPECT_EQ(full.pieces, refused + 1);
    EXPECT_TRUE(is_zero(space));
  }
}

}  // namespace
}  // namespace fcn::nn
