#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "platform/cpu_features.h"
#include "platform/internal/chacha20_blocks.h"
#include "platform/random.h"

namespace fcn_portable::platform::internal {
void chacha20_blocks_portable(std::uint32_t* state, std::uint8_t* out) noexcept;
}

namespace fcn::platform {
namespace {

using internal::kChaChaBlocks, internal::kChaChaBytes;
using State = std::array<std::uint32_t, 16>;

// One for each instruction set of this machine, and the portable one as a compiler without vectors sees it.
std::vector<internal::ChaChaFunction> implementations() {
  const auto available = internal::available_chacha20();
  std::vector<internal::ChaChaFunction> all(available.begin(), available.end());
  all.push_back(fcn_portable::platform::internal::chacha20_blocks_portable);
  return all;
}

std::vector<std::uint8_t> from_hex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::uint32_t rotate(std::uint32_t x, int shift) {
  return x << shift | x >> (32 - shift);
}

// One block, word by word as RFC 8439 section 2.3 states it.
std::vector<std::uint8_t> block_ref(const State& start) {
  State x = start;
  const auto quarter = [&x](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 7);
  };
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t shift = round % 2;  // columns, then diagonals
      quarter(i, 4 + (i + shift) % 4, 8 + (i + 2 * shift) % 4, 12 + (i + 3 * shift) % 4);
    }
  }
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < 16; ++i) {
    for (int byte = 0; byte < 4; ++byte)
      out.push_back(static_cast<std::uint8_t>((x[i] + start[i]) >> (8 * byte)));
  }
  return out;
}

// The state of RFC 8439: constants, key, counter, nonce (12 bytes).
State make_state(const std::vector<std::uint8_t>& key, std::uint32_t counter,
                 const std::vector<std::uint8_t>& nonce) {
  State state = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  const auto word = [](const std::vector<std::uint8_t>& bytes, std::size_t i) {
    return static_cast<std::uint32_t>(bytes[4 * i] | bytes[4 * i + 1] << 8 | bytes[4 * i + 2] << 16) |
           static_cast<std::uint32_t>(bytes[4 * i + 3]) << 24;
  };
  for (std::size_t i = 0; i < 8; ++i) state[4 + i] = word(key, i);
  state[12] = counter;
  for (std::size_t i = 0; i < 3; ++i) state[13 + i] = word(nonce, i);
  return state;
}

struct Vector {
  const char* name;
  std::string key;
  std::uint32_t counter;
  std::string nonce;
  std::string block;
};

const std::string kZero32(64, '0'), kZero12(24, '0');
const std::string kCounting = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

const Vector kVectors[] = {
    {"2.3.2", kCounting, 1, "000000090000004a00000000",
     "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
     "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"},
    {"2.4.2, block 1", kCounting, 1, "000000000000004a00000000",
     "224f51f3401bd9e12fde276fb8631ded8c131f823d2c06e27e4fcaec9ef3cf78"
     "8a3b0aa372600a92b57974cded2b9334794cba40c63e34cdea212c4cf07d41b7"},
    {"2.4.2, block 2", kCounting, 2, "000000000000004a00000000",
     "69a6749f3f630f4122cafe28ec4dc47e26d4346d70b98c73f3e9c53ac40c5945"
     "398b6eda1a832c89c167eacd901d7e2bf363740373201aa188fbbce83991c4ed"},
    {"A.1 #1", kZero32, 0, kZero12,
     "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
     "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"},
    {"A.1 #2", kZero32, 1, kZero12,
     "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
     "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"},
    {"A.1 #3", kZero32.substr(0, 62) + "01", 1, kZero12,
     "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
     "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0"},
    {"A.1 #4", "00ff" + kZero32.substr(0, 60), 2, kZero12,
     "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
     "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096"},
    {"A.1 #5", kZero32, 0, kZero12.substr(0, 22) + "02",
     "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"
     "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d"},
};

Seed counting_seed() {
  Seed seed;
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i);
  return seed;
}

std::vector<std::uint8_t> take(ChaCha20& generator, std::size_t bytes) {
  std::vector<std::uint8_t> out(bytes);
  generator.fill(out);
  return out;
}

TEST(ChaCha20, BlockFunctionMatchesRfc8439) {
  for (const Vector& v : kVectors) {
    const State start = make_state(from_hex(v.key), v.counter, from_hex(v.nonce));
    EXPECT_EQ(block_ref(start), from_hex(v.block)) << v.name;
    for (const auto blocks : implementations()) {
      State state = start;
      std::vector<std::uint8_t> out(kChaChaBytes);
      blocks(state.data(), out.data());
      out.resize(64);
      EXPECT_EQ(out, from_hex(v.block)) << v.name;
    }
  }
}

TEST(ChaCha20, GeneratorMatchesRfc8439) {
  for (const Vector& v : kVectors) {
    const State start = make_state(from_hex(v.key), v.counter, from_hex(v.nonce));
    if (start[13] != 0) continue;  // a word that the generator keeps for its counter
    Seed seed;
    const auto key = from_hex(v.key);
    std::copy(key.begin(), key.end(), seed.begin());
    ChaCha20 generator(seed, static_cast<std::uint64_t>(start[15]) << 32 | start[14]);
    take(generator, 64 * v.counter);
    EXPECT_EQ(take(generator, 64), from_hex(v.block)) << v.name;
  }
}

TEST(ChaCha20, CounterCarriesIntoTheNextWord) {
  for (const std::uint32_t low : {0u, 1u, 0xffffffefu, 0xfffffff0u, 0xfffffff1u, 0xfffffff7u, 0xfffffff8u,
                                  0xfffffff9u, 0xfffffffcu, 0xfffffffeu, 0xffffffffu}) {
    for (const std::uint32_t high : {0u, 5u, 0xffffffffu}) {
      const State start = make_state(from_hex(kCounting), low, {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
      const std::uint64_t counter = static_cast<std::uint64_t>(high) << 32 | low;
      const auto at = [&](std::uint64_t block) {
        State state = start;
        state[12] = static_cast<std::uint32_t>(counter + block);
        state[13] = static_cast<std::uint32_t>((counter + block) >> 32);
        return state;
      };
      for (const auto blocks : implementations()) {
        State state = at(0);
        std::vector<std::uint8_t> out(kChaChaBytes), expected;
        blocks(state.data(), out.data());
        for (std::uint64_t block = 0; block < kChaChaBlocks; ++block) {
          const auto one = block_ref(at(block));
          expected.insert(expected.end(), one.begin(), one.end());
        }
        EXPECT_EQ(out, expected) << low << ' ' << high;
        EXPECT_EQ(state, at(kChaChaBlocks)) << low << ' ' << high;
      }
    }
  }
}

TEST(ChaCha20, PiecesOfAnySizeJoinToTheSameStream) {
  constexpr std::size_t kTotal = 20000;
  ChaCha20 whole(counting_seed(), 7);
  const auto expected = take(whole, kTotal);
  std::vector<std::uint8_t> reference;
  State state = make_state(from_hex(kCounting), 0, {0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0});
  for (; reference.size() < kTotal; ++state[12]) {
    const auto block = block_ref(state);
    reference.insert(reference.end(), block.begin(), block.end());
  }
  reference.resize(kTotal);
  ASSERT_EQ(expected, reference);

  for (const std::size_t piece : {1, 3, 7, 8, 63, 64, 65, 500, 511, 512, 513, 1023, 1024, 1029, 2048, 5000}) {
    ChaCha20 generator(counting_seed(), 7);
    std::vector<std::uint8_t> out;
    while (out.size() < kTotal) {
      const auto next = take(generator, std::min(piece, kTotal - out.size()));
      out.insert(out.end(), next.begin(), next.end());
      take(generator, 0);
    }
    EXPECT_EQ(out, expected) << piece;
  }
}

TEST(ChaCha20, NumbersAreTheNextEightBytesLittleEndian) {
  ChaCha20 bytes(counting_seed()), numbers(counting_seed());
  for (int i = 0; i < 3000; ++i) {
    const std::size_t skip =
        static_cast<std::size_t>(i) % 5;  // numbers start at every offset, across refills too
    EXPECT_EQ(take(bytes, skip), take(numbers, skip));
    const auto next = take(bytes, 8);
    std::uint64_t expected = 0;
    for (std::size_t j = 8; j-- > 0;) expected = expected << 8 | next[j];
    ASSERT_EQ(numbers.next_u64(), expected) << i;
  }
}

TEST(ChaCha20, StreamsAndSeedsDiffer) {
  std::set<Seed> starts;  // 32 bytes each
  std::size_t count = 0;
  const auto add = [&](const Seed& seed, std::uint64_t stream) {
    ChaCha20 generator(seed, stream);
    Seed start;
    generator.fill(start);
    starts.insert(start);
    ++count;
  };
  add({}, 0);
  for (int bit = 0; bit < 64; ++bit) add({}, std::uint64_t{1} << bit);
  for (std::size_t bit = 0; bit < 256; ++bit) {
    Seed seed{};
    seed[bit / 8] = static_cast<std::uint8_t>(1 << bit % 8);
    add(seed, 0);
  }
  EXPECT_EQ(starts.size(), count);
}

TEST(ChaCha20, TheFastestOfTheProcessorIsTaken) {
  const CpuFeatures cpu = detect_cpu_features();
  const auto available = internal::available_chacha20();
#if defined(__x86_64__) && defined(__GNUC__)
  EXPECT_EQ(available.size(), 1u + cpu.avx2 + cpu.avx512_ifma);
#else
  EXPECT_EQ(available.size(), 1u);
#endif
  EXPECT_EQ(internal::best_chacha20(), available.front());
  EXPECT_EQ(available.back(), internal::chacha20_blocks_portable);
}

static_assert(!std::is_copy_constructible_v<ChaCha20> && !std::is_copy_assignable_v<ChaCha20>);

TEST(ChaCha20, MovesCarryThePositionAndWipeTheSource) {
  ChaCha20 reference(counting_seed());
  const auto expected = take(reference, 1100);
  alignas(ChaCha20) unsigned char memory[sizeof(ChaCha20)] = {};
  auto* first = new (memory) ChaCha20(counting_seed());
  auto out = take(*first, 100);
  ChaCha20 second(std::move(*first));
  for (std::size_t i = 0; i < sizeof(State); ++i) EXPECT_EQ(memory[i], 0) << "key byte " << i;
  auto next = take(second, 500);
  out.insert(out.end(), next.begin(), next.end());
  *first = std::move(second);
  ChaCha20& same = *first;
  *first = std::move(same);
  next = take(*first, 500);
  out.insert(out.end(), next.begin(), next.end());
  EXPECT_EQ(out, expected);

  first->~ChaCha20();
  volatile const unsigned char* after = memory;
  std::size_t nonzero = 0;
  for (std::size_t i = 0; i < sizeof memory; ++i) nonzero += after[i] != 0;
  EXPECT_LE(nonzero, sizeof(std::size_t)) << "only the position may remain";
}

#if defined(FCN_VERIFY)
TEST(ChaCha20DeathTest, VerifyBuildsRefuseAMovedGenerator) {
  ChaCha20 first(counting_seed());
  const ChaCha20 second(std::move(first));
  EXPECT_DEATH(first.next_u64(), "check failed");  // NOLINT
  EXPECT_DEATH(take(first, 600), "check failed");  // NOLINT
}
#endif

}  // namespace
}  // namespace fcn::platform
