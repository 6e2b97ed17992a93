#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "platform/bytes.h"

namespace fcn::platform {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint64_t mix_ref(std::uint64_t x) {
  x *= 0x9e3779b97f4a7c15u;
  x ^= x >> 32;
  return x * 0x9e3779b97f4a7c15u;
}

// Word i goes to lane i % 4; the lanes, which start as 1, 2, 3, 4, then go to the length in turn.
std::uint64_t checksum_ref(const Bytes& bytes) {
  std::uint64_t lanes[4] = {1, 2, 3, 4};
  for (std::size_t word = 0; 8 * word < bytes.size(); ++word) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8 && 8 * word + i < bytes.size(); ++i) {
      value += static_cast<std::uint64_t>(bytes[8 * word + i]) << (8 * i);
    }
    lanes[word % 4] = mix_ref(lanes[word % 4] ^ value);
  }
  std::uint64_t sum = bytes.size();
  for (const std::uint64_t lane : lanes) sum = mix_ref(sum ^ lane);
  return sum ^ sum >> 32;
}

Bytes sample(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(Checksum64, MatchesTheReferenceAtEveryLength) {
  for (std::size_t size = 0; size <= 200; ++size) {
    const Bytes bytes = sample(size, size);
    EXPECT_EQ(checksum64(bytes), checksum_ref(bytes)) << size;
  }
}

// Printed by checksum_vectors.py. Files carry such sums, so they must never change.
TEST(Checksum64, KnownAnswers) {
  Bytes counting;
  for (int i = 0; i < 100; ++i) counting.push_back(static_cast<std::uint8_t>(i));
  EXPECT_EQ(checksum64({}), 0x66c5ac937d560cb9u);
  EXPECT_EQ(checksum64(counting), 0x21cf73830c360c4eu);
}

TEST(Checksum64, PiecesOfAnyLengthGiveTheSameSum) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    const Bytes bytes = sample(random() % 400, random());
    Checksum64 checksum;
    for (std::size_t done = 0; done < bytes.size();) {
      const std::size_t step = std::min<std::size_t>(random() % 80, bytes.size() - done);
      EXPECT_EQ(checksum.value(),
                checksum_ref({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(done)}));
      checksum.update(std::span(bytes).subspan(done, step));
      done += step;
    }
    EXPECT_EQ(checksum.value(), checksum_ref(bytes)) << bytes.size();
  }
}

TEST(Checksum64, EverySingleBitFlipChangesIt) {
  for (std::size_t size : {1, 7, 8, 9, 31, 32, 33, 64, 100, 300}) {
    Bytes bytes = sample(size, size);
    const std::uint64_t sum = checksum64(bytes);
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      EXPECT_NE(checksum64(bytes), sum) << size << " bytes, bit " << bit;
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    }
  }
}

TEST(Checksum64, EveryPairOfBitFlipsChangesIt) {
  Bytes bytes = sample(80, 5);
  std::set<std::uint64_t> sums = {checksum64(bytes)};
  std::size_t count = 1;
  for (std::size_t first = 0; first < 640; ++first) {
    for (std::size_t second = first + 1; second < 640; ++second) {
      bytes[first / 8] ^= static_cast<std::uint8_t>(1 << first % 8);
      bytes[second / 8] ^= static_cast<std::uint8_t>(1 << second % 8);
      sums.insert(checksum64(bytes));
      ++count;
      bytes[first / 8] ^= static_cast<std::uint8_t>(1 << first % 8);
      bytes[second / 8] ^= static_cast<std::uint8_t>(1 << second % 8);
    }
  }
  EXPECT_EQ(sums.size(), count);
}

TEST(Checksum64, LengthAndOrderCount) {
  std::set<std::uint64_t> sums;
  for (std::size_t size = 0; size <= 200; ++size) sums.insert(checksum64(Bytes(size, 0)));
  EXPECT_EQ(sums.size(), 201u);

  const Bytes bytes = sample(96, 9);
  sums = {checksum64(bytes)};
  std::size_t count = 1;
  for (std::size_t a = 0; a < 12; ++a) {
    for (std::size_t b = a + 1; b < 12; ++b) {
      Bytes swapped = bytes;
      std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(8 * a),
                       swapped.begin() + static_cast<std::ptrdiff_t>(8 * a + 8),
                       swapped.begin() + static_cast<std::ptrdiff_t>(8 * b));
      sums.insert(checksum64(swapped));
      ++count;
    }
  }
  EXPECT_EQ(sums.size(), count);
}

}  // namespace
}  // namespace fcn::platform
