#include "platform/blake2s.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace fcn::platform {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::string hex(const Hash256& hash) {
  std::string text;
  for (const std::uint8_t byte : hash) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

Bytes data(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(7 * i + 1);
  return bytes;
}

// RFC 7693, appendix B.
TEST(Blake2s, HashesTheExampleOfTheRfc) {
  const std::string_view text = "abc";
  EXPECT_EQ(hex(blake2s({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})),
            "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
}

// Printed by blake2s_vectors.py.
TEST(Blake2s, KnownAnswers) {
  const std::map<std::size_t, std::string> answers = {
      {0, "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9"},
      {1, "fc87f4f1d721942d282aa61989c069b290d1447d20d4b811430f47ea0edf9991"},
      {63, "1eb51f779a72302e5fefda03270fda3d9bf02cfdcd0a50d10e52c6e6fafbd4ea"},
      {64, "1aa2abc48784c4b7b509e56540ccde672903c613c7aa32c1396e10d716351dfe"},
      {65, "6abfa13e2982b1bbba3b960049261555c146e4aa817ef504bac543407bdec579"},
      {127, "9b2b103f6b5a7e6b2866054f884ba37862f7a46a9d4cc8a2abc289b569b8a500"},
      {128, "967fcb84c270978f862307b30b51e082f41ee21bff4088f1b3c399a1da06d61a"},
      {129, "6a26a297d38b1db1f7395f944d33c4f08e5c035b92ff54b2dbf5ba7462ea9133"}};
  for (const auto& [length, answer] : answers) EXPECT_EQ(hex(blake2s(data(length))), answer) << length;
}

TEST(Blake2s, EveryLengthAgreesWithTheScript) {
  Blake2s all;
  for (std::size_t length = 0; length <= 300; ++length) all.update(blake2s(data(length)));
  EXPECT_EQ(hex(all.value()), "2dba3bdbfd4c4d39ed4a9a5e21307d000a6a00e58cac9e8e26c7a81b2e57f25b");
}

TEST(Blake2s, PiecesOfAnyLengthGiveTheSameHash) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    const Bytes bytes = data(random() % 400);
    Blake2s hash;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t step = std::min<std::size_t>(random() % 140, bytes.size() - at);
      hash.update(std::span(bytes).subspan(at, step));
      at += step;
      // A look in between changes nothing.
      ASSERT_EQ(hash.value(), blake2s(std::span(bytes).first(at))) << at;
    }
    ASSERT_EQ(hash.value(), blake2s(bytes)) << bytes.size();
  }
}

TEST(Blake2s, EveryBitOfTheInputMatters) {
  Bytes bytes = data(130);
  const Hash256 hash = blake2s(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1 << (bit % 8));
    ASSERT_NE(blake2s(bytes), hash) << bit;
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1 << (bit % 8));
  }
  EXPECT_EQ(blake2s(bytes), hash);
}

}  // namespace
}  // namespace fcn::platform
