// fcn serve and fcn query as separate processes, with honest, slow and hostile clients at once.
#include "support/fcn_processes.h"

namespace fcn::apps {
namespace {

using namespace std::chrono_literals;
using fv::Bytes;

class FcnServe : public FcnProcesses {};

// What an attacker or a broken client may send. Each returns what the server said, if anything.
std::string send_and_listen(SocketConnection connection, fv::ByteSpan bytes) {
  connection.set_time_limit(30s);
  (void)connection.write(bytes);
  Bytes reply(4096);
  const auto got = read_up_to(connection, std::span(reply).first(12));
  if (!got.ok() || got.value() < 12) return "";
  reply.resize(12 + std::min<std::size_t>(reply[4] + 256u * reply[5], 4000));
  (void)read_up_to(connection, std::span(reply).subspan(12));
  return std::string(reply.begin() + 12, reply.end());
}

TEST_F(FcnServe, AHundredQueriesFromManyClientsAmongHostileOnes) {
  start({"--max-clients", "6", "--timeout", "2", "--threads", "2"});
  std::vector<SocketConnection> silent;  // connect and say nothing, or half a header
  for (int i = 0; i < 2; ++i) silent.push_back(dial());
  (void)silent[1].write(Bytes{'F', 'C', 'N'});
  std::atomic<bool> honest_are_done = false;
  std::size_t attacks = 0;
  std::thread hostile([&] {
    test::Random random(91);
    const Bytes keys = platform::read_file(keys_, 1 << 20).value();
    for (; attacks < 40 && !honest_are_done; ++attacks) {
      Bytes bytes = keys;
      if (attacks % 4 == 0)
        std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(random()); });
      if (attacks % 4 == 1) bytes[random() % bytes.size()] ^= 1;
      if (attacks % 4 == 2) std::fill_n(bytes.begin() + nn::kMessageLengthAt, 8, std::uint8_t{0x7f});  // a huge length
      if (attacks % 4 == 3) bytes.resize(random() % bytes.size());
      SocketConnection connection = dial();
      connection.set_time_limit(5s);
      (void)connection.write(bytes);  // and away without listening
    }
  });
  test::Random random(92);
  constexpr int kClients = 10, kQueriesEach = 10;
  std::vector<std::string> expected(kClients), out(kClients);
  std::vector<std::unique_ptr<Process>> clients;
  for (int i = 0; i < kClients; ++i) {
    const std::string input = picture_file(random, kQueriesEach, expected[static_cast<std::size_t>(i)]);
    out[static_cast<std::size_t>(i)] = folder_.path("out" + std::to_string(i));
    clients.push_back(std::make_unique<Process>(query(input), out[static_cast<std::size_t>(i)],
                                                folder_.path("err" + std::to_string(i))));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(clients[i]->wait(), 0) << text_of(folder_.path("err" + std::to_string(i))) << text_of(log_);
    EXPECT_EQ(text_of(out[i]), expected[i]);
  }
  honest_are_done = true;
  hostile.join();
  EXPECT_GE(attacks, 4u);
  const std::string given_up = "0 answers; no evaluation keys began";  // both silent clients are, in the end
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (count(text_of(log_), given_up) < 2 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(20ms);
  EXPECT_EQ(count(text_of(log_), given_up), 2u) << text_of(log_);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_GT(server_->peak_kilobytes(), 1000);
  EXPECT_LT(server_->peak_kilobytes(), 64 << 10);
#endif
  stop_gracefully();
  EXPECT_EQ(count(text_of(log_), ": 10 answers\n"), 10u) << text_of(log_);
}

TEST_F(FcnServe, MixUpsAreToldToTheClient) {
  start({});
  test::Random random(93);
  std::string expected;
  const std::string input = picture_file(random, 1, expected);
  // Keys of another client of the same model, which the server accepts, and requests that do not fit them.
  const std::string bob = folder_.path("bob"), bobs_keys = folder_.path("bob.pub"),
                    other = folder_.path("other");
  ASSERT_EQ(run({FCN_PROGRAM, "keygen", "--layout", "pixel", "--model", model_, "--secret", bob, "--keys",
                 bobs_keys}),
            0);
  std::vector<std::string> words = query(input);
  words.insert(words.end(), {"--keys", bobs_keys});
  EXPECT_EQ(run(words), 2);
  EXPECT_NE(said().find("the server refused: a request of another key"), std::string::npos) << said();
  // A client of another model.
  ASSERT_TRUE(nn::save_model(test::toy_network(6), other).ok());
  ASSERT_EQ(run({FCN_PROGRAM, "keygen", "--layout", "pixel", "--model", other, "--secret",
                 folder_.path("carol"), "--keys", folder_.path("carol.pub")}),
            0);
  words = query(input);
  words[4] = folder_.path("carol");
  EXPECT_EQ(run(words), 2);
  EXPECT_NE(said().find("the server refused: evaluation keys for another model"), std::string::npos)
      << said();
  // Bytes that are something else.
  const Bytes secret = platform::read_file(secret_, 1 << 20).value();
  EXPECT_EQ(send_and_listen(dial(), secret), "this is a client's secret key, not evaluation keys");
  EXPECT_EQ(send_and_listen(dial(), Bytes(100, 'x')), "not an fcn file: it does not begin with FCN");
  Bytes keys = platform::read_file(keys_, 1 << 20).value();
  keys[keys.size() / 2] ^= 1;
  EXPECT_NE(send_and_listen(dial(), keys).find("checksum"), std::string::npos);
  std::fill_n(keys.begin() + nn::kMessageLengthAt, 5, std::uint8_t{0xff});
  EXPECT_NE(send_and_listen(dial(), keys).find("at most"), std::string::npos);
  // After all this it still works.
  EXPECT_EQ(run(query(input)), 0);
  EXPECT_EQ(text_of(folder_.path("out")), expected);
  stop_gracefully();
}

TEST_F(FcnServe, BothLayoutsAreServedAtOnce) {
  start({});
  test::Random random(96);
  std::string expected;
  std::vector<std::string> words = query(picture_file(random, 2, expected));
  words[4] = folder_.path("packed");
  ASSERT_EQ(run({FCN_PROGRAM, "keygen", "--layout", "packed", "--model", model_, "--secret", words[4],
                 "--keys", folder_.path("packed.pub")}),
            0);
  Process packed(words, folder_.path("packed.out"), folder_.path("packed.err"));
  words[4] = secret_;
  EXPECT_EQ(run(words), 0) << said();
  EXPECT_EQ(text_of(folder_.path("out")), expected);
  EXPECT_EQ(packed.wait(), 0) << text_of(folder_.path("packed.err"));
  EXPECT_EQ(text_of(folder_.path("packed.out")), expected);
  stop_gracefully();
}

TEST_F(FcnServe, UnixSocketsComeAndGo) {
  const std::string path = folder_.path("socket");
  start({}, "unix:" + path);
  test::Random random(94);
  std::string expected;
  const std::string input = picture_file(random, 2, expected);
  EXPECT_EQ(run(query(input)), 0) << said();
  EXPECT_EQ(text_of(folder_.path("out")), expected);
  stop_gracefully();
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(run(query(input)), 2);
  EXPECT_NE(said().find("cannot connect to unix:"), std::string::npos) << said();
}

TEST_F(FcnServe, AddressesInUseOrWithoutMeaningAreRefused) {
  start({});
  EXPECT_EQ(run({FCN_PROGRAM, "serve", "--model", model_, "--listen", address_}), 2);
  EXPECT_NE(said().find("cannot listen on " + address_ + ": Address already in use"), std::string::npos)
      << said();
  for (const char* address : {"nowhere", "127.0.0.1:", ":80", "127.0.0.1:99999", "127.0.0.1:http", "unix:"}) {
    EXPECT_EQ(run({FCN_PROGRAM, "serve", "--model", model_, "--listen", address}), 2) << address;
  }
  // A socket's path that is another file stays as it is.
  EXPECT_EQ(run({FCN_PROGRAM, "serve", "--model", model_, "--listen", "unix:" + secret_}), 2);
  EXPECT_TRUE(std::filesystem::is_regular_file(secret_));
  stop_gracefully();
}

TEST_F(FcnServe, AStopWaitsForNobodyWhoHangs) {
  start({"--timeout", "3600"});
  SocketConnection hanging = dial(), half = dial();
  const Bytes keys = platform::read_file(keys_, 1 << 20).value();
  ASSERT_TRUE(half.write(fv::ByteSpan(keys).first(1000)).ok());
  std::this_thread::sleep_for(200ms);
  stop_gracefully();
}

}  // namespace
}  // namespace fcn::apps
