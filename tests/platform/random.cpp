#include "platform/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <vector>

#include "platform/internal/random_source.h"

namespace fcn::platform {
namespace {

using internal::fill_from;

// What a replaced source did and shall do; a plain function pointer has no other way to know.
struct Script {
  std::vector<std::ptrdiff_t> answers;  // bytes to give, or -errno; the last one repeats
  std::vector<std::size_t> asked = {};
  std::uint8_t next_byte = 0;
};
Script script;

std::ptrdiff_t scripted_source(void* out, std::size_t bytes) {
  const std::ptrdiff_t answer = script.answers[std::min(script.asked.size(), script.answers.size() - 1)];
  script.asked.push_back(bytes);
  if (answer < 0) {
    errno = static_cast<int>(-answer);
    return -1;
  }
  const std::size_t given = std::min(bytes, static_cast<std::size_t>(answer));
  for (std::size_t i = 0; i < given; ++i) static_cast<std::uint8_t*>(out)[i] = ++script.next_byte;
  return static_cast<std::ptrdiff_t>(given);
}

void expect_all_zero(const std::vector<std::uint8_t>& bytes) {
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 0), static_cast<std::ptrdiff_t>(bytes.size()));
}

TEST(OsRandom, GathersShortAndInterruptedReads) {
  script = {.answers = {-EINTR, 3, -EINTR, -EINTR, 1, 256}};
  std::vector<std::uint8_t> out(10);
  ASSERT_TRUE(fill_from(scripted_source, out).ok());
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], i + 1);
  EXPECT_EQ(script.asked, (std::vector<std::size_t>{10, 10, 7, 7, 7, 6}));
}

TEST(OsRandom, AsksForAtMost256Bytes) {
  script = {.answers = {1000}};
  std::vector<std::uint8_t> out(600);
  ASSERT_TRUE(fill_from(scripted_source, out).ok());
  EXPECT_EQ(script.asked, (std::vector<std::size_t>{256, 256, 88}));
}

TEST(OsRandom, FailureIsAnErrorAndLeavesZeros) {
  script = {.answers = {4, -ENOSYS}};
  std::vector<std::uint8_t> out(10, 0xee);
  const Status status = fill_from(scripted_source, out);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("the system gave 4 of 10 random bytes"), std::string::npos)
      << status.message();
  EXPECT_NE(status.message().find("not implemented"), std::string::npos) << status.message();
  expect_all_zero(out);
}

TEST(OsRandom, ASourceThatGivesNothingIsAnError) {
  script = {.answers = {0}};
  std::vector<std::uint8_t> out(10, 0xee);
  const Status status = fill_from(scripted_source, out);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("0 of 10 random bytes: no reason given"), std::string::npos)
      << status.message();
  expect_all_zero(out);
}

TEST(OsRandom, NothingAskedNothingDone) {
  script = {.answers = {-ENOSYS}};
  EXPECT_TRUE(fill_from(scripted_source, {}).ok());
  EXPECT_TRUE(script.asked.empty());
  EXPECT_TRUE(os_random({}).ok());
}

TEST(OsRandom, FillsEveryByte) {
  // After 16 fillings a byte that is still 0 in all of them would be a 2^-128 event.
  std::vector<std::uint8_t> seen(1000, 0), out(1000);
  for (int i = 0; i < 16; ++i) {
    ASSERT_TRUE(os_random(out).ok());
    for (std::size_t j = 0; j < out.size(); ++j) seen[j] |= out[j];
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0);
}

TEST(OsRandom, SeedsDiffer) {
  std::set<Seed> seeds;
  for (int i = 0; i < 100; ++i) seeds.insert(random_seed().value().value());
  EXPECT_EQ(seeds.size(), 100u);
}

TEST(RandomSource, NamesItsFailureAndLeavesZeros) {
  std::vector<std::uint8_t> out(40, 0xee);
  const RandomSource broken{[](void*, std::uint8_t* to, std::size_t) {
                              *to = 9;
                              return 1;
                            },
                            nullptr};
  const Status status = broken.draw(out);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("random source gave no 40 bytes"), std::string::npos) << status.message();
  expect_all_zero(out);
  ASSERT_TRUE(RandomSource{}.draw(out).ok());  // the system's
  EXPECT_LT(std::count(out.begin(), out.end(), 0), 20);
}

TEST(SecretSeed, IsWipedWhenItGoes) {
  static_assert(!std::is_copy_constructible_v<SecretSeed> && !std::is_copy_assignable_v<SecretSeed>);
  SecretSeed a;
  a.value().fill(7);
  SecretSeed b = std::move(a), c;
  EXPECT_EQ(a.value(), Seed{});  // NOLINT: moved from on purpose
  EXPECT_EQ(b.value()[31], 7);
  c = std::move(b);
  EXPECT_EQ(b.value(), Seed{});  // NOLINT
  EXPECT_EQ(c.value()[0], 7);
  alignas(SecretSeed) unsigned char memory[sizeof(SecretSeed)];
  auto* dying = new (memory) SecretSeed(std::move(c));
  std::destroy_at(dying);
  EXPECT_EQ(std::count(std::begin(memory), std::end(memory), 0), static_cast<std::ptrdiff_t>(sizeof memory));
}

// By hand: seed = chain key xor fresh bytes; its stream is the next chain key, then what the message draws.
TEST(RandomChain, IsWhatThePictureSays) {
  std::uint8_t call = 0;
  RandomChain chain(RandomSource{[](void* user, std::uint8_t* out, std::size_t size) {
                                   std::fill_n(out, size, ++*static_cast<std::uint8_t*>(user));
                                   return 0;
                                 },
                                 &call});
  Seed key{};
  for (std::uint8_t message = 1; message <= 3; ++message) {
    Seed seed;
    for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = key[i] ^ message;
    ChaCha20 expected(seed);
    expected.fill(key);
    const auto turn = chain.begin();
    ASSERT_TRUE(turn.ok());
    for (int i = 0; i < 300; ++i) EXPECT_EQ(turn->rng().next_u64(), expected.next_u64());
  }
}

TEST(RandomChain, KeepsNothingOfAMessageThatIsDone) {
  std::vector<Seed> fresh;
  RandomChain chain(RandomSource{[](void* user, std::uint8_t* out, std::size_t size) {
                                   Seed& seed = static_cast<std::vector<Seed>*>(user)->emplace_back();
                                   if (size != seed.size() || !os_random(seed).ok()) return 1;
                                   std::copy(seed.begin(), seed.end(), out);
                                   return 0;
                                 },
                                 &fresh});
  const auto holds = [&](std::span<const std::uint8_t> bytes) {  // any 8 of them
    const auto* memory = reinterpret_cast<const std::uint8_t*>(&chain);
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      if (std::search(memory, memory + sizeof chain, &bytes[i], &bytes[i] + 8) != memory + sizeof chain)
        return true;
    }
    return false;
  };
  std::vector<std::uint8_t> drawn(3000);
  {
    auto turn = chain.begin().value();
    turn.rng().fill(drawn);
    EXPECT_TRUE(holds(fresh[0]));  // the first seed: the search finds what there is to find
    EXPECT_TRUE(holds(std::span(drawn).last(500)));
  }
  EXPECT_FALSE(holds(fresh[0]));
  EXPECT_FALSE(holds(drawn));
}

TEST(RandomChain, OneTurnAtATime) {
  bool broken = false;
  RandomChain chain(RandomSource{[](void* user, std::uint8_t* out, std::size_t size) {
                                   std::fill_n(out, size, std::uint8_t{1});
                                   return *static_cast<bool*>(user) ? 1 : 0;
                                 },
                                 &broken});
  {
    const auto turn = chain.begin();
    ASSERT_TRUE(turn.ok());
    EXPECT_EQ(chain.begin().status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(chain.begin().status().code(), StatusCode::kInvalidArgument);  // a refusal ends no turn
  }
  broken = true;
  EXPECT_EQ(chain.begin().status().code(), StatusCode::kUnavailable);
  broken = false;
  EXPECT_TRUE(chain.begin().ok());
}

}  // namespace
}  // namespace fcn::platform
