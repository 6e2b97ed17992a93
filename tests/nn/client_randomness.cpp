// No two messages share randomness, whatever becomes of the process that holds the client: forks, threads, sources that
// fail. What two requests with one randomness give away is in nn/README.md.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "nn/client_stream.h"
#include "nn/fcn.h"
#include "nn/plain_run.h"
#include "nn/server.h"
#include "support/seeded_source.h"
#include "support/temporary_folder.h"
#include "support/toy_network.h"

namespace fcn::nn {
namespace {

using fv::Bytes;
using fv::ByteSpan;
using platform::StatusCode;

// What a forked child makes of its copy of everything.
Bytes in_child(const std::function<Bytes()>& make) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  EXPECT_GE(child, 0);
  if (child == 0) {
    close(ends[0]);
    const Bytes bytes = make();
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t written = write(ends[1], bytes.data() + done, bytes.size() - done);
      if (written <= 0) _exit(1);
      done += static_cast<std::size_t>(written);
    }
    _exit(0);
  }
  close(ends[1]);
  Bytes bytes(std::size_t{1} << 16);
  std::size_t filled = 0;
  for (ssize_t got; (got = read(ends[0], bytes.data() + filled, bytes.size() - filled)) > 0;) {
    filled += static_cast<std::size_t>(got);
    if (filled == bytes.size()) bytes.resize(2 * filled);
  }
  close(ends[0]);
  bytes.resize(filled);
  int status = 1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return bytes;
}

class ClientRandomness : public testing::TestWithParam<Layout> {
 protected:
  static const Plan& plan() {
    static std::map<Layout, Plan> plans;
    if (!plans.contains(GetParam()))
      plans.emplace(GetParam(), Plan::create(test::toy_network(), GetParam()).value());
    return plans.at(GetParam());
  }
  // The ciphertexts of a request: their seeds and residues, without headers, counts and checksums.
  static ByteSpan ciphertexts(ByteSpan request) {
    const ClientSpec& spec = plan().spec();
    const std::size_t each = sizeof(platform::Seed) + fv::residue_bytes(spec.params, spec.params.q_count()),
                      all = each * spec.upload_ciphertexts(), tail = 16;
    EXPECT_GE(request.size(), all + tail);
    return request.subspan(request.size() - tail - all, all);
  }
  // Whether 8 bytes of one request occur anywhere in the other; two independent ones do with a probability of 2^-29.
  static bool share_bytes(const Bytes& a, const Bytes& b) {
    std::set<std::uint64_t> words;
    const ByteSpan one = ciphertexts(a), other = ciphertexts(b);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i + 8 <= one.size(); i += 8) {
      std::memcpy(&word, &one[i], 8);
      words.insert(word);
    }
    for (std::size_t i = 0; i + 8 <= other.size(); ++i) {
      std::memcpy(&word, &other[i], 8);
      if (words.contains(word)) return true;
    }
    return false;
  }
  static Bytes first_seed(const Bytes& keys) {  // of the relinearization keys
    const std::size_t at = kMessageHeaderBytes + 8 + fv::kFrameHeaderBytes + 4;
    return {keys.begin() + at, keys.begin() + at + sizeof(platform::Seed)};
  }
  Bytes encrypt(Client& client, const std::vector<std::int64_t>& image) {
    platform::ThreadPool pool(1);
    return client.encrypt(image, pool).value();
  }
  static Bytes streamed(const std::function<platform::Status(std::span<std::uint8_t>, Sink)>& write) {
    Bytes out, space(stream_workspace_bytes(plan().spec()));
    const auto append = [](void* user, ByteSpan piece) {
      static_cast<Bytes*>(user)->insert(static_cast<Bytes*>(user)->end(), piece.begin(), piece.end());
      return true;
    };
    EXPECT_TRUE(write(space, {append, &out}).ok());
    return out;
  }

  const std::vector<std::int64_t> image_{0, 15, 6, 1}, other_{0, 15, 7, 1};
};

TEST_P(ClientRandomness, ForkedProcessesShareNothing) {
  Client client = Client::create(plan().spec()).value();
  for (const auto& second : {image_, other_}) {
    const Bytes a = in_child([&] { return encrypt(client, image_); }),
                b = in_child([&] { return encrypt(client, second); }), c = encrypt(client, image_),
                d = in_child([&] { return encrypt(client, second); });  // after the parent went on
    for (const Bytes* x : {&a, &b, &c}) {
      for (const Bytes* y : {&b, &c, &d}) {
        if (x != y) {
          EXPECT_FALSE(share_bytes(*x, *y));
        }
      }
    }
  }
  std::set<Bytes> seeds;
  for (int i = 0; i < 2; ++i)
    seeds.insert(first_seed(in_child([&] { return client.evaluation_keys().value(); })));
  seeds.insert(first_seed(client.evaluation_keys().value()));
  EXPECT_EQ(seeds.size(), 3u);
}

TEST_P(ClientRandomness, ForkedProcessesThatStreamShareNothing) {
  Client client = Client::create(plan().spec()).value();
  const auto keys = [&] {
    return streamed([&](auto space, Sink sink) { return write_evaluation_keys(client, space, sink); });
  };
  const auto request = [&] {
    return streamed([&](auto space, Sink sink) { return write_request(client, image_, space, sink); });
  };
  if (GetParam() == Layout::kPixel) {
    EXPECT_FALSE(share_bytes(in_child(request), in_child(request)));
    EXPECT_NE(first_seed(in_child(keys)), first_seed(in_child(keys)));
  }
}

// What a pool of worker processes does: a worker uses the client, is forked, and both go on. All of them are right.
TEST_P(ClientRandomness, AWorkerThatForksGoesOnInBothProcesses) {
  Client client = Client::create(plan().spec()).value();
  const Server server = Server::create(plan(), client.evaluation_keys().value()).value();
  std::vector<Bytes> requests{encrypt(client, image_)};
  requests.push_back(in_child([&] {
    encrypt(client, other_);
    return in_child([&] { return encrypt(client, image_); });
  }));
  requests.push_back(in_child([&] {
    encrypt(client, other_);
    return encrypt(client, image_);
  }));
  requests.push_back(encrypt(client, image_));
  platform::ThreadPool pool(1);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(share_bytes(requests[i], requests[j])) << i << j;
    EXPECT_EQ(
        client.decrypt_for(request_id(requests[i]).value(), server.infer(requests[i], pool).value(), pool)
            .value(),
        plain_run(test::toy_network(), image_).value());
  }
}

TEST_P(ClientRandomness, EveryMessageDrawsFromTheSource) {
  test::SeededSource source(1);
  Client client = Client::create(plan().spec(), source.source()).value();
  EXPECT_EQ(source.calls, 1u);
  encrypt(client, image_);
  EXPECT_EQ(source.calls, 2u);
  ASSERT_TRUE(client.evaluation_keys().ok());
  EXPECT_EQ(source.calls, 3u);
  source.broken = true;
  platform::ThreadPool pool(1);
  EXPECT_EQ(client.encrypt(image_, pool).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(client.evaluation_keys().status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(Client::create(plan().spec(), source.source()).status().code(), StatusCode::kUnavailable);
  source.broken = false;
  const Server server = Server::create(plan(), client.evaluation_keys().value()).value();
  EXPECT_EQ(client.decrypt(server.infer(encrypt(client, image_), pool).value(), pool).value(),
            plain_run(test::toy_network(), image_).value());
}

// A source that gives the same 32 bytes for ever still does not make two requests alike: the chain goes on.
TEST_P(ClientRandomness, ASourceThatTurnsConstantDoesNotRepeatRequests) {
  bool constant = false;
  const platform::RandomSource source{[](void* user, std::uint8_t* out, std::size_t size) {
                                        if (*static_cast<bool*>(user)) return std::memset(out, 7, size), 0;
                                        return platform::os_random({out, size}).ok() ? 0 : 1;
                                      },
                                      &constant};
  Client client = Client::create(plan().spec(), source).value();
  constant = true;
  const Bytes first = encrypt(client, image_);
  EXPECT_FALSE(share_bytes(first, encrypt(client, image_)));
}

TEST_P(ClientRandomness, TwoThreadsAtOnceAreRefusedOrApart) {
  Client client = Client::create(plan().spec()).value();
  std::vector<std::vector<Bytes>> requests(4);
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  for (auto& own : requests) {
    threads.emplace_back([&] {
      platform::ThreadPool pool(1);
      while (own.size() < 8) {
        auto request = client.encrypt(image_, pool);
        if (request.ok()) {
          own.push_back(std::move(request).value());
          continue;
        }
        EXPECT_EQ(request.status().code(), StatusCode::kInvalidArgument);
        EXPECT_NE(request.status().message().find("two threads at once"), std::string::npos);
        ++refused;
        std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Bytes> seeds;
  for (const auto& own : requests) {
    for (const Bytes& request : own) {
      const ByteSpan seed = ciphertexts(request).first(sizeof(platform::Seed));
      EXPECT_TRUE(seeds.emplace(seed.begin(), seed.end()).second);
    }
  }
  EXPECT_EQ(seeds.size(), 32u);
}

INSTANTIATE_TEST_SUITE_P(Layouts, ClientRandomness, testing::Values(Layout::kPixel, Layout::kPacked),
                         [](const auto& test) { return layout_name(test.param); });

// The sink of one message starts another one.
TEST(ClientRandomnessStream, AMessageInsideAMessageIsRefused) {
  const Plan plan = Plan::create(test::toy_network(), Layout::kPixel).value();
  Client client = Client::create(plan.spec()).value();
  Bytes space(stream_workspace_bytes(plan.spec()));
  const Sink sink{[](void* user, ByteSpan) {
                    platform::ThreadPool pool(1);
                    const std::vector<std::int64_t> image(4);
                    const auto inner = static_cast<Client*>(user)->encrypt(image, pool);
                    EXPECT_EQ(inner.status().code(), StatusCode::kInvalidArgument);
                    return false;
                  },
                  &client};
  EXPECT_EQ(write_request(client, std::vector<std::int64_t>(4), space, sink).code(),
            StatusCode::kUnavailable);
  platform::ThreadPool pool(1);
  EXPECT_TRUE(
      client.encrypt(std::vector<std::int64_t>(4), pool).ok());  // the turn is over after an error, too
}

// The same through the C interface, with a caller's source and the system's.
class CRandomness : public testing::Test {
 protected:
  void SetUp() override {
    const Plan plan = Plan::create(test::toy_network(), Layout::kPixel).value();
    spec_ = serialize(plan.spec());
    record_ = sizeof(platform::Seed) + fv::residue_bytes(plan.params(), plan.params().q_count());
  }
  Bytes encrypt(fcn_client* client) {
    fcn_bytes request{};
    const fcn_status status = fcn_client_encrypt(client, image_, 4, 1, nullptr, &request);
    EXPECT_EQ(status.code, FCN_OK) << status.message;
    const Bytes copy(request.data, request.data + request.size);
    fcn_bytes_free(&request);
    return copy;
  }
  std::set<Bytes> seeds(const std::vector<Bytes>& requests) const {
    std::set<Bytes> found;
    for (const Bytes& request : requests) {
      for (std::size_t i = 1; i <= 4; ++i) {
        const auto at = request.end() - 16 - static_cast<std::ptrdiff_t>(i * record_);
        found.emplace(at, at + sizeof(platform::Seed));
      }
    }
    return found;
  }

  Bytes spec_;
  std::size_t record_ = 0;
  const std::int64_t image_[4] = {0, 15, 6, 1};
};

TEST_F(CRandomness, ForkedProcessesShareNoSeed) {
  const fcn_random own{[](void*, std::uint8_t* out, size_t size) {
                         return platform::os_random({out, size}).ok() ? 0 : 1;
                       },
                       nullptr};
  for (const fcn_random* random : {static_cast<const fcn_random*>(nullptr), &own}) {
    fcn_client *created = nullptr, *loaded = nullptr;
    fcn_bytes file{};
    ASSERT_EQ(fcn_client_create(spec_.data(), spec_.size(), random, &created).code, FCN_OK);
    ASSERT_EQ(fcn_client_save(created, nullptr, &file).code, FCN_OK);
    ASSERT_EQ(fcn_client_load(file.data, file.size, random, &loaded).code, FCN_OK);
    fcn_bytes_free(&file);
    for (fcn_client* client : {created, loaded}) {
      std::vector<Bytes> requests;
      for (int i = 0; i < 2; ++i) requests.push_back(in_child([&] { return encrypt(client); }));
      requests.push_back(encrypt(client));
      requests.push_back(in_child([&] { return encrypt(client); }));
      requests.push_back(encrypt(client));
      EXPECT_EQ(seeds(requests).size(), 20u);
      fcn_client_free(client);
    }
  }
}

TEST_F(CRandomness, AFailingSourceGivesNoRequest) {
  test::SeededSource source(4);
  const platform::RandomSource wrapped = source.source();
  fcn_client* client = nullptr;
  {
    const fcn_random random{wrapped.fill, wrapped.user};  // the struct may go, what it points to may not
    ASSERT_EQ(fcn_client_create(spec_.data(), spec_.size(), &random, &client).code, FCN_OK);
  }
  source.broken = true;
  fcn_bytes out{};
  fcn_status status = fcn_client_encrypt(client, image_, 4, 1, nullptr, &out);
  EXPECT_EQ(status.code, FCN_UNAVAILABLE);
  EXPECT_NE(std::string(status.message).find("random source"), std::string::npos) << status.message;
  const std::uint8_t grey[4] = {};
  EXPECT_EQ(fcn_client_encrypt_pixels(client, grey, 4, 1, nullptr, &out).code, FCN_UNAVAILABLE);
  EXPECT_EQ(fcn_client_evaluation_keys(client, nullptr, &out).code, FCN_UNAVAILABLE);
  Bytes space(fcn_client_workspace_size(client));
  std::size_t written = 0;
  const fcn_sink sink{[](void* user, const std::uint8_t*, size_t size) {
                        *static_cast<std::size_t*>(user) += size;
                        return 0;
                      },
                      &written};
  EXPECT_EQ(fcn_client_write_request(client, image_, 4, space.data(), space.size(), sink).code,
            FCN_UNAVAILABLE);
  EXPECT_EQ(fcn_client_write_evaluation_keys(client, space.data(), space.size(), sink).code, FCN_UNAVAILABLE);
  EXPECT_EQ(out.data, nullptr);
  EXPECT_EQ(written, 0u);
  source.broken = false;
  EXPECT_EQ(fcn_client_encrypt(client, image_, 4, 1, nullptr, &out).code, FCN_OK);
  fcn_bytes_free(&out);
  fcn_client_free(client);
}

}  // namespace
}  // namespace fcn::nn
