#include "apps/image_file.h"

#include <gtest/gtest.h>

#include <string>

namespace fcn::apps {
namespace {

using platform::Result;
using platform::StatusCode;
using Bytes = std::vector<std::uint8_t>;

Result<GrayImage> parse(const std::string& text) {
  return parse_image(Bytes(text.begin(), text.end()), "file.img");
}

void expect_error(const Result<GrayImage>& result, StatusCode code, const std::string& part) {
  EXPECT_EQ(result.status().code(), code) << result.status().message();
  EXPECT_NE(result.status().message().find(part), std::string::npos) << result.status().message();
  EXPECT_NE(result.status().message().find("file.img"), std::string::npos) << result.status().message();
}

void expect_image(const Result<GrayImage>& result, int width, int height, const Bytes& pixels) {
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ(result.value().width, width);
  EXPECT_EQ(result.value().height, height);
  EXPECT_EQ(result.value().pixels, pixels);
}

TEST(Pgm, Plain) {
  expect_image(parse("P2\n# a comment\n3 2 # another\n255\n0 1 2\n253 # even here\n254 255"), 3, 2,
               {0, 1, 2, 253, 254, 255});
  expect_image(parse("P2 1 1 9 9"), 1, 1, {255});
}

TEST(Pgm, Raw) {
  expect_image(parse("P5 2 2 255\n" + std::string("\0\n# ", 4)), 2, 2, {0, '\n', '#', ' '});
  expect_image(parse("P5#c\n2 1\n#c\n255\nab trailing bytes"), 2, 1, {'a', 'b'});
}

// value * 255 / maxval, rounded.
TEST(Pgm, OtherMaxvals) {
  expect_image(parse("P2 3 1 1 0 1 0"), 3, 1, {0, 255, 0});
  expect_image(parse("P2 4 1 100 0 1 50 99"), 4, 1, {0, 3, 128, 252});
  expect_image(parse("P5 4 1 65535\n" + std::string("\x00\x00\xff\xff\x80\x00\x01\x00", 8)), 4, 1,
               {0, 255, 128, 1});
  expect_image(parse("P5 1 1 256\n" + std::string("\x01\x00", 2)), 1, 1, {255});
}

TEST(Pgm, Damage) {
  const auto corrupt = StatusCode::kCorrupt;
  expect_error(parse("P2"), corrupt, "not a known image format");
  expect_error(parse("P2 "), corrupt, "ends before its width");
  expect_error(parse("P5 3 #"), corrupt, "ends before its height");
  expect_error(parse("P2 3 3"), corrupt, "ends before its maxval");
  expect_error(parse("P2 x 3 255 1"), corrupt, "not part of its width");
  expect_error(parse("P2 3x 3 255 1"), corrupt, "not part of its width");
  expect_error(parse("P2 -3 3 255 1"), corrupt, "not part of its width");
  expect_error(parse("P2 4294967296 3 255 1"), corrupt, "width passes 2^32");
  expect_error(parse("P2 0 3 255 1"), corrupt, "0 x 3 pixels");
  expect_error(parse("P5 2 2 0\nabcd"), corrupt, "maxval is 0");
  expect_error(parse("P5 2 2 65536\nabcdabcd"), corrupt, "maxval is 65536");
  expect_error(parse("P5 2 2 255\nabc"), corrupt,
               "truncated: 2 x 2 pixels take at least 4 bytes after the header, 3");
  expect_error(parse("P5 2 2 255"), corrupt, "truncated");
  expect_error(parse("P5 2 2 256\nabcdefg"), corrupt, "truncated");
  expect_error(parse("P2 2 2 255 1 2 3"), corrupt, "truncated");
  expect_error(parse("P2 2 2 255 100 200 150 "), corrupt, "ends before its samples");
  expect_error(parse("P2 2 1 20 20 21"), corrupt, "sample 1 of the PGM file is 21, above its maxval 20");
  expect_error(parse("P5 2 1 20\n\x14\x15"), corrupt, "sample 1 of the PGM file is 21");
  expect_error(parse("P5 8193 8192 255\nabc"), StatusCode::kOutOfRange, "8193 x 8192 pixels are more than");
  expect_error(parse("P5 4294967295 4294967295 255\nabc"), StatusCode::kOutOfRange, "pixels are more than");
}

TEST(ImageFile, UnknownFormats) {
  expect_error(parse(""), StatusCode::kCorrupt, "the file is empty");
  expect_error(parse("GIF89a"), StatusCode::kCorrupt, "not a known image format");
  expect_error(parse("P6 1 1 255\nabc"), StatusCode::kCorrupt, "not a known image format");
  expect_error(parse("\x89PNG"), StatusCode::kCorrupt, "not a known image format");
}

TEST(ImageFile, MissingFileIsNamed) {
  const auto image = read_image("/nonexistent/seven.pgm");
  EXPECT_EQ(image.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(image.status().message().find("/nonexistent/seven.pgm"), std::string::npos);
}

// A PNG file written from the format's definition: one stored deflate block, filter 0 on each row.
void put_u32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put_chunk(Bytes& png, const std::string& type, const Bytes& data) {
  put_u32(png, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), data.begin(), data.end());
  std::uint32_t crc = 0xffffffffu;
  for (std::size_t i = start; i < png.size(); ++i) {
    crc ^= png[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
  }
  put_u32(png, ~crc);
}

enum PngColour : std::uint8_t { kGray = 0, kGrayAlpha = 4 };

Bytes make_png(std::uint32_t width, std::uint32_t height, PngColour colour, const Bytes& samples) {
  Bytes png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, header, data{0x78, 0x01, 0x01}, rows;
  put_u32(header, width);
  put_u32(header, height);
  header.insert(header.end(), {8, colour, 0, 0, 0});
  const std::size_t row_bytes = samples.size() / height;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i % row_bytes == 0) rows.push_back(0);
    rows.push_back(samples[i]);
  }
  const std::size_t length = rows.size();
  for (const std::size_t part : {length, length >> 8, ~length, ~length >> 8}) {
    data.push_back(static_cast<std::uint8_t>(part));
  }
  std::uint32_t a = 1, b = 0;
  for (const std::uint8_t byte : rows) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  data.insert(data.end(), rows.begin(), rows.end());
  put_u32(data, b << 16 | a);
  put_chunk(png, "IHDR", header);
  put_chunk(png, "IDAT", data);
  put_chunk(png, "IEND", {});
  return png;
}

Bytes ramp(std::size_t count) {
  Bytes samples;
  for (std::size_t i = 0; i < count; ++i) samples.push_back(static_cast<std::uint8_t>(i * 7));
  return samples;
}

TEST(Png, GrayIsReadExactly) {
  if (!can_read_png()) GTEST_SKIP() << "built without libpng";
  expect_image(parse_image(make_png(19, 23, kGray, ramp(19 * 23)), "file.img"), 19, 23, ramp(19 * 23));
}

TEST(Png, TransparencyIsWhite) {
  if (!can_read_png()) GTEST_SKIP() << "built without libpng";
  expect_image(parse_image(make_png(2, 2, kGrayAlpha, {0, 255, 0, 0, 200, 255, 9, 0}), "file.img"), 2, 2,
               {0, 255, 200, 255});
}

TEST(Png, EveryTruncationIsRefused) {
  if (!can_read_png()) GTEST_SKIP() << "built without libpng";
  const Bytes png = make_png(9, 9, kGray, ramp(81));
  // The last 12 bytes are the empty IEND chunk, which holds nothing that a reader misses.
  for (std::size_t size = 8; size + 12 < png.size(); ++size) {
    expect_error(parse_image(std::span(png).first(size), "file.img"), StatusCode::kCorrupt, "libpng says");
  }
}

TEST(Png, FlippedBitsInThePixelsAreRefused) {
  if (!can_read_png()) GTEST_SKIP() << "built without libpng";
  const Bytes png = make_png(9, 9, kGray, ramp(81));
  const std::size_t first =
      8 + 25 + 8 + 7;  // signature, IHDR, IDAT's length and type, zlib and block headers
  for (std::size_t i = first; i < first + 90; ++i) {
    Bytes damaged = png;
    damaged[i] ^= 0x10;
    expect_error(parse_image(damaged, "file.img"), StatusCode::kCorrupt, "libpng says");
  }
}

TEST(Png, AbsurdSizeIsRefusedBeforeMemoryIsTaken) {
  if (!can_read_png()) GTEST_SKIP() << "built without libpng";
  Bytes png = make_png(9, 9, kGray, ramp(81)), header;
  Bytes huge(png.begin(), png.begin() + 8);
  put_u32(header, 60000);
  put_u32(header, 60000);
  header.insert(header.end(), {8, kGray, 0, 0, 0});
  put_chunk(huge, "IHDR", header);
  huge.insert(huge.end(), png.begin() + 33, png.end());
  expect_error(parse_image(huge, "file.img"), StatusCode::kOutOfRange, "60000 x 60000 pixels are more than");
}

TEST(Png, BuildWithoutLibpngSaysSo) {
  if (can_read_png()) GTEST_SKIP() << "built with libpng";
  expect_error(parse_image(make_png(9, 9, kGray, ramp(81)), "file.img"), StatusCode::kUnsupported,
               "without libpng");
}

}  // namespace
}  // namespace fcn::apps
