// fcn serve and fcn query as processes of a test. Loopback only; every wait has an end.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "apps/fcn/sockets.h"
#include "nn/model_file.h"
#include "nn/plain_run.h"
#include "nn/quantize_pixels.h"
#include "platform/file.h"
#include "random_network.h"
#include "temporary_folder.h"
#include "toy_network.h"

namespace fcn::apps {

using namespace std::chrono_literals;
inline constexpr auto kPatience = 120s;  // for what takes a moment on an idle machine

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

inline std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// A folder with a model, a client's keys for it and a server that may be started.
class FcnProcesses : public testing::Test {
 protected:
  FcnProcesses() {
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

}  // namespace fcn::apps
