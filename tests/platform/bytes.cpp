#include "platform/bytes.h"

#include <gtest/gtest.h>

#include <random>

namespace fcn::platform {
namespace {

using Bytes = std::vector<std::uint8_t>;

bool bit_at(const Bytes& bytes, std::size_t position) {
  return (bytes[position / 8] >> (position % 8) & 1) != 0;
}

// Value i takes bits [i * bits, (i + 1) * bits) of the stream, lowest first; bit j of the stream is bit j % 8
// of byte j / 8.
Bytes pack_bitwise(const std::vector<std::uint64_t>& values, unsigned bits) {
  Bytes out((values.size() * bits + 7) / 8, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (unsigned bit = 0; bit < bits; ++bit) {
      const std::size_t position = i * bits + bit;
      if ((values[i] >> bit & 1) != 0) out[position / 8] |= static_cast<std::uint8_t>(1 << position % 8);
    }
  }
  return out;
}

std::vector<std::uint64_t> unpack_bitwise(const Bytes& bytes, std::size_t count, unsigned bits) {
  std::vector<std::uint64_t> values(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    for (unsigned bit = 0; bit < bits; ++bit) {
      values[i] |= static_cast<std::uint64_t>(bit_at(bytes, i * bits + bit)) << bit;
    }
  }
  return values;
}

std::uint64_t top(unsigned bits) {
  return ~std::uint64_t{0} >> (64 - bits);
}

TEST(ByteWriter, WritesLittleEndian) {
  ByteWriter out;
  out.u8(0x01);
  out.u16(0x0302);
  out.u32(0x07060504);
  out.u64(0x0f0e0d0c0b0a0908);
  out.bytes(Bytes{0x10, 0x11});
  out.bytes({});
  EXPECT_EQ(out.size(), 17u);
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out.data()[i], i + 1);
  EXPECT_EQ(std::move(out).take().size(), 17u);
}

TEST(ByteReader, ReadsLittleEndian) {
  Bytes bytes;
  for (std::uint8_t i = 1; i <= 17; ++i) bytes.push_back(i);
  ByteReader in(bytes);
  std::uint8_t a = 0;
  std::uint16_t b = 0;
  std::uint32_t c = 0;
  std::uint64_t d = 0;
  Bytes e(2);
  ASSERT_TRUE(in.u8(a, "a").ok());
  ASSERT_TRUE(in.u16(b, "b").ok());
  ASSERT_TRUE(in.u32(c, "c").ok());
  EXPECT_EQ(in.offset(), 7u);
  EXPECT_EQ(in.remaining(), 10u);
  ASSERT_TRUE(in.u64(d, "d").ok());
  ASSERT_TRUE(in.bytes(e, "e").ok());
  EXPECT_EQ(a, 0x01);
  EXPECT_EQ(b, 0x0302);
  EXPECT_EQ(c, 0x07060504u);
  EXPECT_EQ(d, 0x0f0e0d0c0b0a0908u);
  EXPECT_EQ(e, (Bytes{0x10, 0x11}));
  EXPECT_TRUE(in.finish("all").ok());
  EXPECT_TRUE(in.bytes({}, "nothing").ok());
  ByteReader from_c(bytes);
  ASSERT_TRUE(from_c.skip(3, "a and b").ok());
  c = 0;
  ASSERT_TRUE(from_c.u32(c, "c").ok());
  EXPECT_EQ(c, 0x07060504u);
}

// Runs read on a reader with `skip` bytes read and `left` bytes left, and expects the error that needs
// `needed`.
template <class Read>
void expect_too_short(std::size_t needed, Read read) {
  for (std::size_t skip : {0, 3}) {
    for (std::size_t left = 0; left < needed; ++left) {
      const Bytes bytes(skip + left, 0x5a);
      ByteReader in(bytes);
      Bytes skipped(skip);
      ASSERT_TRUE(in.bytes(skipped, "start").ok());
      const Status status = read(in);
      EXPECT_EQ(status.code(), StatusCode::kCorrupt);
      EXPECT_EQ(status.message(),
                concat("field: at offset ", skip, ", ", needed, " bytes needed but ", left, " left"));
      EXPECT_EQ(in.offset(), skip);
    }
  }
}

TEST(ByteReader, TruncationIsAnErrorThatChangesNothing) {
  std::uint8_t a = 1;
  std::uint16_t b = 2;
  std::uint32_t c = 3;
  std::uint64_t d = 4;
  Bytes e(5, 6);
  std::vector<std::uint64_t> f(3, 7);
  expect_too_short(1, [&](ByteReader& in) { return in.u8(a, "field"); });
  expect_too_short(2, [&](ByteReader& in) { return in.u16(b, "field"); });
  expect_too_short(4, [&](ByteReader& in) { return in.u32(c, "field"); });
  expect_too_short(8, [&](ByteReader& in) { return in.u64(d, "field"); });
  expect_too_short(5, [&](ByteReader& in) { return in.bytes(e, "field"); });
  expect_too_short(5, [&](ByteReader& in) { return in.skip(5, "field"); });
  expect_too_short(19, [&](ByteReader& in) { return in.packed(f, 50, "field"); });
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 2);
  EXPECT_EQ(c, 3u);
  EXPECT_EQ(d, 4u);
  EXPECT_EQ(e, Bytes(5, 6));
  EXPECT_EQ(f, std::vector<std::uint64_t>(3, 7));
}

TEST(ByteReader, LeftoverBytesAreAnError) {
  const Bytes bytes(5);
  ByteReader in(bytes);
  std::uint16_t value = 0;
  ASSERT_TRUE(in.u16(value, "value").ok());
  const Status status = in.finish("key");
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_EQ(status.message(), "key: 3 bytes too many from offset 2");
}

class Packed : public testing::TestWithParam<unsigned> {};

TEST_P(Packed, WriterMatchesTheBitwiseOracle) {
  const unsigned bits = GetParam();
  std::mt19937_64 random(bits);
  for (std::size_t count = 0; count <= 70; ++count) {
    for (int kind = 0; kind < 4; ++kind) {
      std::vector<std::uint64_t> values(count);
      for (auto& value : values) {
        value = kind == 0 ? 0 : kind == 1 ? top(bits) : kind == 2 ? random() & 1 : random() & top(bits);
      }
      ByteWriter out;
      out.u8(0xab);  // so that the words do not start at the vector's start
      out.packed(values, bits);
      out.u8(0xcd);
      Bytes expected = pack_bitwise(values, bits);
      ASSERT_EQ(packed_bytes(count, bits), expected.size());
      expected.insert(expected.begin(), 0xab);
      expected.push_back(0xcd);
      ASSERT_EQ(out.data(), expected) << "bits " << bits << " count " << count;
    }
  }
}

TEST_P(Packed, ReaderMatchesTheBitwiseOracle) {
  const unsigned bits = GetParam();
  std::mt19937_64 random(100 + bits);
  for (std::size_t count = 0; count <= 70; ++count) {
    Bytes bytes(packed_bytes(count, bits));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    if (count * bits % 8 != 0) bytes.back() &= static_cast<std::uint8_t>((1 << count * bits % 8) - 1);
    const auto expected = unpack_bitwise(bytes, count, bits);
    bytes.insert(bytes.begin(), 0xff);
    bytes.push_back(0xff);
    ByteReader in(bytes);
    std::uint8_t byte = 0;
    std::vector<std::uint64_t> values(count, 99);
    ASSERT_TRUE(in.u8(byte, "start").ok());
    ASSERT_TRUE(in.packed(values, bits, "values").ok());
    ASSERT_EQ(values, expected) << "bits " << bits << " count " << count;
    EXPECT_EQ(in.remaining(), 1u);
  }
}

TEST_P(Packed, EveryPaddingBitMustBeZero) {
  const unsigned bits = GetParam();
  for (std::size_t count = 1; count <= 8; ++count) {
    const Bytes clean(packed_bytes(count, bits), 0);
    for (std::size_t bit = count * bits; bit < 8 * clean.size(); ++bit) {
      Bytes bytes = clean;
      bytes[bit / 8] = static_cast<std::uint8_t>(1 << bit % 8);
      ByteReader in(bytes);
      std::vector<std::uint64_t> values(count, 99);
      const Status status = in.packed(values, bits, "residues");
      EXPECT_EQ(status.code(), StatusCode::kCorrupt);
      EXPECT_EQ(status.message(),
                concat("residues: at offset ", clean.size() - 1, ", padding bits are not zero"));
      EXPECT_EQ(values, std::vector<std::uint64_t>(count, 99));
      EXPECT_EQ(in.offset(), 0u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllWidths, Packed, testing::Range(1u, 65u));

#if defined(FCN_VERIFY)
TEST(PackedDeathTest, VerifyBuildsRefuseWideValues) {
  ByteWriter out;
  EXPECT_DEATH(out.packed(std::vector<std::uint64_t>{8}, 3), "check failed");
  EXPECT_DEATH(out.packed(std::vector<std::uint64_t>{1}, 0), "check failed");
  EXPECT_DEATH(out.packed(std::vector<std::uint64_t>{1}, 65), "check failed");
}
#endif

}  // namespace
}  // namespace fcn::platform
