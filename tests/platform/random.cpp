#include "platform/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
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
  for (int i = 0; i < 100; ++i) seeds.insert(random_seed().value());
  EXPECT_EQ(seeds.size(), 100u);
}

}  // namespace
}  // namespace fcn::platform
