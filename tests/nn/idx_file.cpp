// MNIST's file format: small files written here, byte by byte, and the real ones where they are present.
#include "nn/idx_file.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <numeric>

#include "nn/quantize_pixels.h"
#include "support/mnist_folder.h"
#include "support/temporary_folder.h"

namespace fcn::nn {
namespace {

using Bytes = std::vector<std::uint8_t>;
using platform::StatusCode;

// Two images of 2 rows and 3 columns, labels 7 and 9.
const Bytes kImages = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 255, 0, 7, 8, 9, 10};
const Bytes kLabels = {0, 0, 8, 1, 0, 0, 0, 2, 7, 9};

TEST(IdxFile, ReadsImagesAndLabels) {
  const test::TemporaryFolder folder;
  const auto data = load_idx(folder.write("i", kImages), folder.write("l", kLabels));
  ASSERT_TRUE(data.ok()) << data.status().message();
  EXPECT_EQ(data->count(), 2u);
  EXPECT_EQ(data->height, 2);
  EXPECT_EQ(data->width, 3);
  EXPECT_EQ(data->labels, (Bytes{7, 9}));
  EXPECT_EQ(data->pixels, (Bytes{1, 2, 3, 4, 5, 6, 255, 0, 7, 8, 9, 10}));
  const auto second = data->image(1);
  EXPECT_EQ(Bytes(second.begin(), second.end()), (Bytes{255, 0, 7, 8, 9, 10}));
}

struct Damage {
  const char* message_part;
  std::function<void(Bytes& images, Bytes& labels)> apply;
  StatusCode code = StatusCode::kCorrupt;
};

TEST(IdxFile, NamesEveryDamage) {
  const Damage damages[] = {
      {"images: truncated: a header has 16 bytes, the file 0", [](Bytes& i, Bytes&) { i.clear(); }},
      {"images: truncated: a header has 16 bytes, the file 3", [](Bytes& i, Bytes&) { i.resize(3); }},
      {"images: truncated: a header has 16 bytes, the file 15", [](Bytes& i, Bytes&) { i.resize(15); }},
      {"images: truncated: 28 bytes expected, 16 found", [](Bytes& i, Bytes&) { i.resize(16); }},
      {"images: truncated: 28 bytes expected, 27 found", [](Bytes& i, Bytes&) { i.pop_back(); }},
      {"images: 1 trailing bytes: 28 expected, 29 found", [](Bytes& i, Bytes&) { i.push_back(0); }},
      {"labels: truncated: a header has 8 bytes, the file 7", [](Bytes&, Bytes& l) { l.resize(7); }},
      {"labels: truncated: 10 bytes expected, 9 found", [](Bytes&, Bytes& l) { l.pop_back(); }},
      {"labels: 2 trailing bytes: 10 expected, 12 found", [](Bytes&, Bytes& l) { l.resize(12); }},
      {"images: magic number 0x00000801 where 0x00000803 belongs", [](Bytes& i, Bytes&) { i[3] = 1; }},
      {"images: magic number 0x1f8b0803 where 0x00000803 belongs",
       [](Bytes& i, Bytes&) { i[0] = 0x1f, i[1] = 0x8b; }},
      {"labels: magic number 0x00000803 where 0x00000801 belongs", [](Bytes& i, Bytes& l) { l = i; }},
      {"images: magic number 0x00000801 where 0x00000803 belongs",
       [](Bytes& i, Bytes& l) { std::swap(i, l); }},
      {"images: no images", [](Bytes& i, Bytes&) { i.resize(16), i[7] = 0; }},
      {"images: images of 0x3 pixels", [](Bytes& i, Bytes&) { i[11] = 0; }},
      {"images: images of 2x0 pixels", [](Bytes& i, Bytes&) { i[15] = 0; }},
      {"images: images of 4294967295x3 pixels", [](Bytes& i, Bytes&) { i[8] = i[9] = i[10] = i[11] = 255; }},
      {"images: images of 2x4097 pixels", [](Bytes& i, Bytes&) { i[14] = 16, i[15] = 1; }},
      {"truncated: 25769803786 bytes expected", [](Bytes& i, Bytes&) { i[4] = i[5] = i[6] = i[7] = 255; }},
      {"labels: label 1 is 10, which is no digit", [](Bytes&, Bytes& l) { l[9] = 10; }},
      {"labels: label 0 is 255, which is no digit", [](Bytes&, Bytes& l) { l[8] = 255; }},
      {"labels: 3 labels for the 2 images of", [](Bytes&, Bytes& l) { l.push_back(1), l[7] = 3; },
       StatusCode::kMismatch},
      {"labels: 0 labels for the 2 images of", [](Bytes&, Bytes& l) { l.resize(8), l[7] = 0; },
       StatusCode::kMismatch},
  };
  const test::TemporaryFolder folder;
  for (const Damage& damage : damages) {
    Bytes images = kImages, labels = kLabels;
    damage.apply(images, labels);
    const auto data = load_idx(folder.write("images", images), folder.write("labels", labels));
    EXPECT_EQ(data.status().code(), damage.code) << damage.message_part;
    EXPECT_NE(data.status().message().find(damage.message_part), std::string::npos)
        << "expected: " << damage.message_part << "\nfound:    " << data.status().message();
  }
}

TEST(IdxFile, NamesAMissingFile) {
  const test::TemporaryFolder folder;
  auto data = load_idx(folder.path("none"), folder.write("labels", kLabels));
  EXPECT_EQ(data.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(data.status().message().find(folder.path("none")), std::string::npos) << data.status().message();
  data = load_idx(folder.write("images", kImages), folder.path("nor this"));
  EXPECT_EQ(data.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(data.status().message().find(folder.path("nor this")), std::string::npos)
      << data.status().message();
}

TEST(IdxFile, KnowsTheOriginalFileNames) {
  const test::TemporaryFolder folder;
  folder.write("t10k-images-idx3-ubyte", kImages);
  folder.write("t10k-labels-idx1-ubyte", kLabels);
  EXPECT_TRUE(load_mnist(folder.path(""), false).ok());
  const auto training = load_mnist(folder.path(""), true);
  EXPECT_EQ(training.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(training.status().message().find("train-images-idx3-ubyte"), std::string::npos);
  folder.write("train-images-idx3-ubyte", kImages);
  folder.write("train-labels-idx1-ubyte", kLabels);
  EXPECT_TRUE(load_mnist(folder.path(""), true).ok());
}

TEST(IdxFile, ReadsMnist) {
  const std::string folder = test::mnist_folder(FCN_SOURCE_DIR);
  if (folder.empty()) GTEST_SKIP() << "no MNIST here: set FCN_MNIST_DIR";
  for (const bool training : {false, true}) {
    const auto data = load_mnist(folder, training);
    ASSERT_TRUE(data.ok()) << data.status().message();
    EXPECT_EQ(data->count(), training ? 60000u : 10000u);
    EXPECT_EQ(data->height, 28);
    EXPECT_EQ(data->width, 28);
    // The well-known beginnings of the two sets.
    const Bytes expected = training ? Bytes{5, 0, 4, 1, 9, 2, 1, 3} : Bytes{7, 2, 1, 0, 4, 1, 4, 9};
    EXPECT_EQ(Bytes(data->labels.begin(), data->labels.begin() + 8), expected);
    std::array<int, 10> digits{};
    for (const std::uint8_t label : data->labels) ++digits[label];
    EXPECT_EQ(digits[5], training ? 5421 : 892);  // the rarest digit
  }
}

TEST(QuantizePixels, RoundsToTheNearestLevel) {
  Bytes pixels(256);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i);
  for (const std::int64_t top : {1, 2, 3, 4, 7, 15, 16, 100, 254, 255}) {
    const auto levels = quantize_pixels(pixels, top);
    ASSERT_EQ(levels.size(), pixels.size());
    EXPECT_EQ(levels.front(), 0);
    EXPECT_EQ(levels.back(), top);
    for (std::size_t i = 0; i < levels.size(); ++i) {
      // 255 is odd, so there are no ties: twice the distance to i * top / 255 is below one level.
      EXPECT_LT(2 * std::abs(255 * levels[i] - static_cast<std::int64_t>(i) * top), 255)
          << i << " of " << top;
    }
  }
  EXPECT_EQ(quantize_pixels(pixels, 255)[200], 200);
  EXPECT_EQ(quantize_pixels(Bytes{255}, (std::int64_t{1} << 31) - 1)[0], (std::int64_t{1} << 31) - 1);
  EXPECT_TRUE(quantize_pixels({}, 7).empty());
}

// Where floor changes, for every quotient that an 8-bit pixel can have at the largest inputs, and between.
TEST(QuantizePixels, DividesExactly) {
  const std::uint64_t largest = 255 * static_cast<std::uint64_t>(kMaxInput) + 127;
  const auto expect_exact = [](std::uint64_t x) { ASSERT_EQ(divide_by_255(x), x / 255) << x; };
  for (std::uint64_t x = 0; x < 1 << 20; ++x) expect_exact(x);
  for (std::uint64_t quotient = 1; quotient <= largest / 255; quotient += 1 + quotient / 5000) {
    expect_exact(255 * quotient - 1);
    expect_exact(255 * quotient);
  }
  for (std::uint64_t x = largest - (1 << 16); x <= largest; ++x) expect_exact(x);
  // Every pixel with every small maximum, and with those around each power of two.
  Bytes pixels(256);
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
  const auto expect_levels = [&](std::int64_t top) {
    const auto levels = quantize_pixels(pixels, top);
    for (std::size_t i = 0; i < levels.size(); ++i)
      ASSERT_EQ(levels[i], (static_cast<std::int64_t>(i) * top + 127) / 255) << i << " of " << top;
  };
  for (std::int64_t top = 1; top < 5000; ++top) expect_levels(top);
  for (int bits = 12; bits <= 31; ++bits) {
    for (std::int64_t offset = -300; offset <= 300; ++offset)
      expect_levels(std::min((std::int64_t{1} << bits) + offset, kMaxInput));
  }
}

}  // namespace
}  // namespace fcn::nn
