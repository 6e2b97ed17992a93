// What a client leaves behind in memory: neither its seeds nor what it decrypted, on the stack or anywhere else.
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <functional>

#include "nn/fcn.h"
#include "nn/plan.h"
#include "nn/server.h"
#include "platform/random.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using platform::ChaCha20;
using platform::Seed;
using Bytes = std::vector<std::uint8_t>;

#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr bool kOptimised = true;
#else
constexpr bool kOptimised = false;
#endif

// Runs work on a stack of its own; what it leaves there.
class OwnStack {
 public:
  void run(const std::function<void()>& work) {
    stack_.assign(kBytes, 0xa5);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_EQ(pthread_attr_setstack(&attributes, stack_.data(), kBytes), 0);
    pthread_t thread;
    const auto enter = [](void* argument) -> void* {
      (*static_cast<const std::function<void()>*>(argument))();
      return nullptr;
    };
    void* argument = const_cast<void*>(static_cast<const void*>(&work));
    ASSERT_EQ(pthread_create(&thread, &attributes, enter, argument), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    EXPECT_NE(std::count(stack_.begin(), stack_.end(), 0xa5), static_cast<std::ptrdiff_t>(kBytes));
  }
  // Whether 8 bytes of the seed, or 4 lanes with one of its words, lie anywhere on the stack.
  bool holds(const Seed& seed) const {
    for (std::size_t i = 0; i < seed.size(); i += 8) {
      if (find({&seed[i], 8})) return true;
    }
    for (std::size_t i = 0; i < seed.size(); i += 4) {
      std::array<std::uint8_t, 16> lanes;
      for (std::size_t lane = 0; lane < 16; lane += 4) std::memcpy(&lanes[lane], &seed[i], 4);
      if (find(lanes)) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kBytes = std::size_t{1} << 20;
  bool find(std::span<const std::uint8_t> bytes) const {
    return std::search(stack_.begin(), stack_.end(), bytes.begin(), bytes.end()) != stack_.end();
  }
  std::vector<std::uint8_t> stack_;
};

// Gives seeds that nobody holds: call number c gives the start of stream c, which the test makes again afterwards.
struct NumberedSource {
  std::uint64_t calls = 0;
  static Seed given(std::uint64_t call) {
    Seed seed;
    ChaCha20(Seed{77}, call).fill(seed);
    return seed;
  }
  fcn_random random() {
    return {[](void* user, std::uint8_t* out, size_t size) {
              if (size != sizeof(Seed)) return 1;
              ChaCha20(Seed{77}, static_cast<NumberedSource*>(user)->calls++).fill({out, size});
              return 0;
            },
            this};
  }
};

class WipedMemory : public testing::TestWithParam<Layout> {
 protected:
  void SetUp() override {
    if (!kOptimised)
      GTEST_SKIP() << "without optimisation, and under sanitizers, the compiler keeps copies on the stack";
    network_.name = "wide";
    network_.input = {1, 2, 2};
    network_.input_max = 15;
    Layer dense = make_dense(network_.input, 16);
    for (int i = 0; i < 64; ++i) dense.weights.push_back(1 << (i % 5));
    for (int i = 0; i < 16; ++i) dense.bias.push_back(i * i);
    network_.layers = {dense, make_polynomial(dense.out, {0, 0, 1})};
    spec_ = serialize(Plan::create(network_, GetParam()).value().spec());
  }
  static fcn_status encrypt(fcn_client* client, fcn_bytes* out) {
    const std::int64_t image[4] = {3, 1, 4, 15};
    return fcn_client_encrypt(client, image, 4, 1, nullptr, out);
  }

  Network network_;
  fv::Bytes spec_;
};

TEST_P(WipedMemory, NoSeedIsLeftOnTheStack) {
  NumberedSource source;
  OwnStack stack;
  stack.run([&] {
    const fcn_random random = source.random();
    fcn_client* client = nullptr;
    ASSERT_EQ(fcn_client_create(spec_.data(), spec_.size(), &random, &client).code, FCN_OK);
    fcn_client_free(client);
  });
  ASSERT_EQ(source.calls, 1u);
  EXPECT_FALSE(stack.holds(NumberedSource::given(0))) << "after fcn_client_create alone";
  stack.run([&] {
    const fcn_random random = source.random();
    fcn_client* client = nullptr;
    fcn_bytes out{};
    ASSERT_EQ(fcn_client_create(spec_.data(), spec_.size(), &random, &client).code, FCN_OK);
    ASSERT_EQ(encrypt(client, &out).code, FCN_OK);
    fcn_bytes_free(&out);
    ASSERT_EQ(fcn_client_evaluation_keys(client, nullptr, &out).code, FCN_OK);
    fcn_bytes_free(&out);
    ASSERT_EQ(fcn_client_save(client, nullptr, &out).code, FCN_OK);
    fcn_client* loaded = nullptr;
    ASSERT_EQ(fcn_client_load(out.data, out.size, &random, &loaded).code, FCN_OK);
    fcn_bytes_free(&out);
    fcn_client_free(loaded);
    ASSERT_EQ(encrypt(client, &out).code, FCN_OK);
    fcn_bytes_free(&out);
    fcn_client_free(client);
  });
  // Everything the chain made (platform::RandomChain): the seed of each generator, the next chain key, what a
  // message draws after 16 bytes, which are a request's id: the seed of its streams.
  Seed key{};
  for (std::uint64_t call = 1; call < source.calls; ++call) {
    Seed seed = NumberedSource::given(call), drawn;
    EXPECT_FALSE(stack.holds(seed)) << "what call " << call << " of the source gave";
    for (std::size_t i = 0; i < seed.size(); ++i) seed[i] ^= key[i];
    EXPECT_FALSE(stack.holds(seed)) << "the seed of generator " << call;
    ChaCha20 generator(seed);
    generator.fill(key);
    EXPECT_FALSE(stack.holds(key)) << "chain key " << call;
    RequestId id;
    generator.fill(id.bytes);  // of a request; public
    generator.fill(drawn);
    const bool request = call == 2 || call == 4;  // key ids and the seeds of keys are public
    EXPECT_FALSE(request && stack.holds(drawn)) << "what message " << call << " drew first";
  }
  EXPECT_EQ(source.calls, 5u);  // creation, request, keys, request; a loaded client draws when it is used
}

// All writable memory of this process.
std::size_t count_in_memory(const std::function<bool(const std::uint8_t*)>& matches, std::size_t bytes) {
  std::FILE* maps = std::fopen("/proc/self/maps", "r");
  if (maps == nullptr) return 0;
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> ranges;
  char line[512];
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long from = 0, to = 0;
    char access[8];
    if (std::sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3 && std::strncmp(access, "rw", 2) == 0)
      ranges.emplace_back(from, to);
  }
  std::fclose(maps);
  std::size_t found = 0;
  for (const auto& [from, to] : ranges) {
    for (std::uintptr_t at = from; at + bytes <= to; at += 8)
      found += matches(reinterpret_cast<const std::uint8_t*>(at));
  }
  return found;
}

TEST_P(WipedMemory, NeitherSeedsNorScoresAreLeftAnywhere) {
#if !defined(__linux__)
  GTEST_SKIP() << "the memory of the process is read by way of /proc/self/maps";
#endif
  const fv::Bytes spec = spec_;
  std::int64_t scores[16] = {};
  NumberedSource source;
  const Plan plan = Plan::create(network_, GetParam()).value();
  {
    const fcn_random random = source.random();
    fcn_client* client = nullptr;
    fcn_bytes keys{}, request{}, answer{};
    ASSERT_EQ(fcn_client_create(spec.data(), spec.size(), &random, &client).code, FCN_OK);
    ASSERT_EQ(fcn_client_evaluation_keys(client, nullptr, &keys).code, FCN_OK);
    ASSERT_EQ(encrypt(client, &request).code, FCN_OK);
    const Server server = Server::create(plan, {keys.data, keys.size}).value();
    platform::ThreadPool pool(1);
    const fv::Bytes out = server.infer({request.data, request.size}, pool).value();
    ASSERT_EQ(fcn_client_decrypt(client, out.data(), out.size(), scores, 16).code, FCN_OK);
    for (fcn_bytes* bytes : {&keys, &request, &answer}) fcn_bytes_free(bytes);
    fcn_client_free(client);
  }
  // Inverted, so that the test's own copies are not found.
  std::int64_t inverted[16];
  for (int i = 0; i < 16; ++i) inverted[i] = ~scores[i], scores[i] = 0;
  ASSERT_NE(inverted[12], inverted[13]);
  EXPECT_EQ(count_in_memory(
                [&](const std::uint8_t* at) {
                  std::int64_t word = 0;
                  for (int i = 10; i < 14; ++i) {
                    std::memcpy(&word, at + 8 * (i - 10), 8);
                    if (word != ~inverted[i]) return false;
                  }
                  return true;
                },
                32),
            0u);
  Seed first = NumberedSource::given(0);
  for (std::uint8_t& byte : first) byte = static_cast<std::uint8_t>(~byte);
  EXPECT_EQ(count_in_memory(
                [&](const std::uint8_t* at) {
                  for (std::size_t i = 0; i < 16; ++i) {
                    if (at[i] != static_cast<std::uint8_t>(~first[i])) return false;
                  }
                  return true;
                },
                16),
            0u);
}

INSTANTIATE_TEST_SUITE_P(Layouts, WipedMemory, testing::Values(Layout::kPixel, Layout::kPacked),
                         [](const auto& test) { return layout_name(test.param); });

}  // namespace
}  // namespace fcn::nn
