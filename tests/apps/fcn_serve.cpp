// fcn serve and fcn query as separate processes, with honest, slow and hostile clients at once. Loopback only; every
// wait has an end.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "apps/fcn/sockets.h"
#include "nn/client.h"
#include "nn/model_file.h"
#include "nn/plain_run.h"
#include "nn/quantize_pixels.h"
#include "platform/file.h"
#include "support/random_network.h"
#include "support/temporary_folder.h"
#include "support/toy_network.h"

namespace fcn::apps {
namespace {

using namespace std::chrono_literals;
using fv::Bytes;

constexpr auto kPatience = 120s;  // for what takes a moment on an idle machine

// A child process of this test; killed when it dies.
class Process {
 public:
  // stdout goes to out, stderr to err.
  Process(std::vector<std::string> words, const std::string& out, const std::string& err) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int out_file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    const int err_file = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out_file, STDOUT_FILENO);
      ::dup2(err_file, STDERR_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(out_file);
    ::close(err_file);
  }
  Process(const Process&) = delete;
  ~Process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  void stop() const { ::kill(pid_, SIGTERM); }
  // The exit code; -1 when it was killed or does not end in time.
  int wait() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    int status = 0;
    while (::waitpid(pid_, &status, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > end) return -1;
      std::this_thread::sleep_for(10ms);
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // Peak memory in kilobytes, while it runs.
  long peak_kilobytes() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
    for (std::string word; file >> word;) {
      if (word == "VmHWM:" && file >> word) return std::stol(word);
    }
    return -1;
  }

 private:
  pid_t pid_;
};

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

class FcnServe : public testing::Test {
 protected:
  FcnServe() {
    EXPECT_TRUE(nn::save_model(network_, model_).ok());
    EXPECT_EQ(run({FCN_PROGRAM, "keygen", "--layout", "pixel", "--model", model_, "--secret", secret_,
                   "--keys", keys_}),
              0);
  }

  // Starts the server and waits until it listens.
  void start(const std::vector<std::string>& more, const std::string& listen = "127.0.0.1:0") {
    std::vector<std::string> words = {FCN_PROGRAM, "serve", "--model", model_, "--listen", listen};
    words.insert(words.end(), more.begin(), more.end());
    server_.emplace(words, folder_.path("serve.out"), log_);
    const auto end = std::chrono::steady_clock::now() + kPatience;
    const std::string sign = "listening on ";
    for (std::string log; std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(10ms)) {
      log = text_of(log_);
      const std::size_t at = log.find(sign), line_end = log.find('\n', at);
      if (at == std::string::npos || line_end == std::string::npos) continue;
      address_ = log.substr(at + sign.size(), line_end - at - sign.size());
      return;
    }
    FAIL() << "the server does not listen: " << text_of(log_);
  }
  void stop_gracefully() {
    server_->stop();
    EXPECT_EQ(server_->wait(), 0);
    EXPECT_NE(text_of(log_).find("stopped"), std::string::npos) << text_of(log_);
  }

  int run(const std::vector<std::string>& words) {
    return Process(words, folder_.path("out"), folder_.path("err")).wait();
  }
  std::string said() const { return text_of(folder_.path("out")) + text_of(folder_.path("err")); }

  std::vector<std::string> query(const std::string& input) const {
    return {FCN_PROGRAM, "query", "--json", "--secret", secret_, "--server", address_, "--input", input};
  }
  // A text of images random pictures and what query must print for it.
  std::string picture_file(test::Random& random, int images, std::string& expected) {
    std::string text;
    for (int i = 0; i < images; ++i) {
      std::vector<std::uint8_t> picture(4);
      for (auto& p : picture) p = static_cast<std::uint8_t>(random());
      picture[0] = static_cast<std::uint8_t>(picture[0] | 128);  // certainly bytes, not 0..1
      for (const auto p : picture) text += std::to_string(p) + " ";
      const auto scores = nn::plain_run(network_, nn::quantize_pixels(picture, network_.input_max)).value();
      expected += platform::concat("{\"label\": ", nn::argmax(scores), ", \"scores\": [", scores[0], ", ",
                                   scores[1], "], \"scale\": 1}\n");
    }
    const std::string path = folder_.path("pictures" + std::to_string(random() % 1000000));
    std::ofstream(path) << text;
    return path;
  }
  SocketConnection dial() { return SocketConnection(connect_to(address_, 10s).value()); }

  const test::TemporaryFolder folder_;
  const nn::Network network_ = test::toy_network();
  const std::string model_ = folder_.path("model"), secret_ = folder_.path("secret"),
                    keys_ = folder_.path("keys"), log_ = folder_.path("log");
  std::string address_;
  std::optional<Process> server_;
};

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
      if (attacks % 4 == 2) std::fill_n(bytes.begin() + 32, 8, std::uint8_t{0x7f});  // a huge length
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
  const std::string given_up = "0 answers; the time limit passed";  // both silent clients are, in the end
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (count(text_of(log_), given_up) < 2 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(20ms);
  EXPECT_EQ(count(text_of(log_), given_up), 2u) << text_of(log_);
#if !defined(__SANITIZE_ADDRESS__)
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
  std::fill_n(keys.begin() + 32, 5, std::uint8_t{0xff});
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

TEST_F(FcnServe, AServerThatHangsIsGivenUp) {
  Listener listener = Listener::open("127.0.0.1:0").value();  // accepts in the kernel, and never answers
  address_ = listener.name();
  test::Random random(95);
  std::string expected;
  std::vector<std::string> words = query(picture_file(random, 1, expected));
  words.insert(words.end(), {"--timeout", "1"});
  EXPECT_EQ(run(words), 2);
  EXPECT_NE(said().find("the time limit passed"), std::string::npos) << said();
}

}  // namespace
}  // namespace fcn::apps
