// fcn query against servers that lie, hang or are slow: the test plays the server.
#include <poll.h>
#include <sys/socket.h>

#include "nn/client.h"
#include "platform/byte_order.h"
#include "support/fcn_processes.h"

namespace fcn::apps {
namespace {

using namespace std::chrono_literals;
using fv::Bytes;
using fv::Ciphertext;

// What a server gets to see of a client.
struct Seen {
  std::vector<std::size_t> messages;  // their lengths
  std::string end;                    // how the conversation ended
  std::string text() const {
    std::string text;
    for (const std::size_t bytes : messages) text += std::to_string(bytes) + " bytes, ";
    return text + end;
  }
};

class FcnQuery : public FcnProcesses {
 protected:
  FcnQuery() {
    EXPECT_EQ(
        run({FCN_PROGRAM, "spec", "--layout", "pixel", "--model", model_, "--out", folder_.path("spec")}), 0);
    spec_.emplace(
        nn::deserialize_client_spec(platform::read_file(folder_.path("spec"), 1 << 20).value()).value());
    const Bytes keys = platform::read_file(keys_, 1 << 20).value();
    header_ = nn::read_message_header(keys).value();
  }

  // An answer whose frame is right. Of each value: c1 = q/16, c0 = beta X^position, noise "none".
  Bytes forged_answer(double beta, std::size_t position) const {
    const fv::Params& params = spec_->params;
    std::vector<Ciphertext> values;
    for (std::uint32_t o = 0; o < spec_->outputs; ++o) {
      Ciphertext c = Ciphertext::create(params, 2, params.q_count()).value();
      // Exact fractions of q modulo each of its primes are not needed where there is one.
      EXPECT_EQ(params.q_count(), 1u);
      const std::uint64_t q = params.modulus(0).value();
      c.component(1)[0] = q / 16;
      c.component(0)[position] = static_cast<std::uint64_t>(beta * static_cast<double>(q)) % q;
      values.push_back(std::move(c));
    }
    return nn::make_message(nn::MessageKind::kAnswer, header_.fingerprint, header_.key_id,
                            fv::serialize(values));
  }

  // The answer as one to this request; a damaged one as it is.
  static Bytes addressed(const Bytes& answer, fv::ByteSpan request) {
    const auto opened = nn::open_message(answer, nn::MessageKind::kAnswer);
    if (!opened.ok()) return answer;
    const nn::MessageHeader& header = opened.value().header;
    return nn::make_message(header.kind, header.fingerprint, header.key_id, opened.value().payload,
                            nn::request_id(request).value());
  }

  // Serves one client with these answers, one after another, each to its request or all to the first one.
  Seen serve(Listener& listener, const std::vector<Bytes>& answers) {
    Seen seen;
    pollfd polled = {listener.descriptor(), POLLIN, 0};
    EXPECT_EQ(::poll(&polled, 1, 60000), 1);
    SocketConnection connection(std::move(listener.accept().value()->socket));
    connection.set_time_limit(60s);
    Bytes request;
    for (std::size_t i = 0;; ++i) {
      const auto kind = i == 0 ? nn::MessageKind::kEvaluationKeys : nn::MessageKind::kRequest;
      const auto message = read_message(connection, kind, 1 << 24);
      if (!message.ok()) {
        seen.end = message.status().message();
        return seen;
      }
      if (!message.value().has_value()) {
        seen.end = "closed";
        return seen;
      }
      seen.messages.push_back(message.value()->size());
      if (i == 1 || (i > 1 && !replays_)) request = *message.value();
      const Bytes answer = i == 0 ? Bytes() : addressed(answers[(i - 1) % answers.size()], request);
      Bytes reply(12);
      platform::store_u64(reply.data() + 4, answer.size());
      reply.insert(reply.end(), answer.begin(), answer.end());
      if (const platform::Status status = connection.write(reply); !status.ok()) {
        seen.end = status.message();
        return seen;
      }
    }
  }

  // One query for three images against a server with these answers; exit_code receives the client's.
  Seen attack(const std::vector<Bytes>& answers, int& exit_code) {
    Listener listener = Listener::open("127.0.0.1:0").value();
    address_ = listener.name();
    test::Random random(97);
    std::string expected;
    std::vector<std::string> words = query(picture_file(random, 3, expected));
    words.insert(words.end(), {"--keys", keys_});
    Process client(words, folder_.path("out"), folder_.path("err"));
    const Seen seen = serve(listener, answers);
    exit_code = client.wait();
    return seen;
  }

  std::optional<nn::ClientSpec> spec_;
  nn::MessageHeader header_{};
  bool replays_ = false;
};

// Coefficient i of what decrypts is round(t (c0 + c1 s)/q): (s[i-1] - b s[i])/16 of c1, -b beta at the
// position and beta after it. With beta b = 0.8 it is -1 for every key, far above what the pixel decoder
// reads: out of range. With b beta = 0.5 it is -1 or 0 by the key, which is what the server would like to
// know.
TEST_F(FcnQuery, NothingThatAServerSeesDependsOnWhatItsAnswersDecryptTo) {
  const double b = static_cast<double>(spec_->params.t().base());
  ASSERT_LE(b, 3);
  constexpr std::size_t kPosition = 300;
  const Bytes good = forged_answer(0, kPosition), bad = forged_answer(0.8 / b, kPosition);
  int exit_code = -1;
  const Seen of_good = attack({good}, exit_code);
  EXPECT_EQ(exit_code, 0) << said();
  EXPECT_EQ(count(said(), "\"label\""), 3u);
  EXPECT_EQ(of_good.messages.size(), 4u);  // keys and three requests
  EXPECT_EQ(of_good.end, "closed");

  const Seen of_bad = attack({bad}, exit_code);
  EXPECT_EQ(exit_code, 2);
  EXPECT_EQ(of_bad.text(), of_good.text());
  EXPECT_EQ(count(said(), "has more than 254 bits"), 3u) << said();
  EXPECT_NE(said().find("3 of its 3 answers hold no scores"), std::string::npos) << said();

  // The others are shown, in their order.
  const Seen of_mixed = attack({good, bad, good}, exit_code);
  EXPECT_EQ(exit_code, 2);
  EXPECT_EQ(of_mixed.text(), of_good.text());
  EXPECT_EQ(count(said(), "\"label\""), 2u) << said();
  EXPECT_NE(said().find("input 2: value 0: the decrypted number"), std::string::npos) << said();

  for (const double beta : {0.5, 0.47, 0.53}) {
    for (const std::size_t position : {100u, 101u, 102u, 103u}) {
      EXPECT_EQ(attack({forged_answer(beta / b, position)}, exit_code).text(), of_good.text());
    }
  }
}

// What everybody on the way can see to be wrong may end the conversation.
TEST_F(FcnQuery, ADamagedOrForeignAnswerEndsTheConversation) {
  const Bytes good = forged_answer(0, 0);
  Bytes damaged = good, foreign = good;
  damaged[damaged.size() / 2] ^= 1;
  nn::KeyId other = header_.key_id;
  other[0] ^= 1;
  const Bytes payload(good.begin() + nn::kMessageHeaderBytes, good.end() - nn::kMessageChecksumBytes);
  foreign = nn::make_message(nn::MessageKind::kAnswer, header_.fingerprint, other, payload);
  for (const auto& [answer, reason] : {std::pair(damaged, "checksum"), std::pair(foreign, "another key"),
                                       std::pair(good, "another request")}) {
    int exit_code = -1;
    replays_ = answer == good;
    const Seen seen = attack({good, answer}, exit_code);
    EXPECT_EQ(exit_code, 2);
    EXPECT_EQ(seen.messages.size(), 3u);
    EXPECT_NE(said().find(reason), std::string::npos) << said();
    EXPECT_EQ(count(said(), "\"label\""), 1u) << said();  // the answer before is shown
  }
}

TEST_F(FcnQuery, AServerThatHangsIsGivenUp) {
  Listener listener = Listener::open("127.0.0.1:0").value();  // accepts in the kernel, and never answers
  address_ = listener.name();
  test::Random random(95);
  std::string expected;
  std::vector<std::string> words = query(picture_file(random, 1, expected));
  words.insert(words.end(), {"--timeout", "1"});
  EXPECT_EQ(run(words), 2);
  EXPECT_NE(said().find("the server was silent for 1 s"), std::string::npos) << said();
}

// The client's limit is on silence: a server that takes the keys slowly, for longer than that in all, is
// waited for.
TEST_F(FcnQuery, ASlowUploadIsNotCutByTheClientsOwnClock) {
  const std::string path = folder_.path("slow");
  Listener listener = Listener::open("unix:" + path).value();  // whose buffers are small and of known size
  address_ = listener.name();
  // Keys in the packed layout: 200 kB and more.
  const std::string secret = folder_.path("packed"), keys = folder_.path("packed.pub");
  ASSERT_EQ(run({FCN_PROGRAM, "keygen", "--layout", "packed", "--model", model_, "--secret", secret, "--keys",
                 keys}),
            0);
  const std::size_t size = platform::read_file(keys, 1 << 28).value().size();
  test::Random random(98);
  std::string expected;
  std::vector<std::string> words = query(picture_file(random, 1, expected));
  words[4] = secret;
  words.insert(words.end(), {"--timeout", "1", "--keys", keys});
  Process client(words, folder_.path("out"), folder_.path("err"));
  pollfd polled = {listener.descriptor(), POLLIN, 0};
  ASSERT_EQ(::poll(&polled, 1, 60000), 1);
  SocketConnection connection(std::move(listener.accept().value()->socket));
  connection.set_time_limit(60s);
  const auto start = std::chrono::steady_clock::now();
  constexpr auto kInAll = 2500ms;
  Bytes piece(8192);
  std::size_t got = 0;
  while (got < size) {
    const auto read = connection.read(piece);
    ASSERT_TRUE(read.ok()) << read.status().message();
    ASSERT_GT(read.value(), 0u) << text_of(folder_.path("err"));
    got += read.value();
    std::this_thread::sleep_until(start + kInAll * (static_cast<double>(got) / static_cast<double>(size)));
  }
  ASSERT_TRUE(connection.write(Bytes(12)).ok());
  EXPECT_TRUE(read_message(connection, nn::MessageKind::kRequest, 1 << 24).ok());
  const Bytes refusal = {1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 'b', 'y', 'e'};
  ASSERT_TRUE(connection.write(refusal).ok());
  EXPECT_EQ(client.wait(), 2);
  EXPECT_NE(said().find("the server refused: bye"), std::string::npos) << said();
}

}  // namespace
}  // namespace fcn::apps
