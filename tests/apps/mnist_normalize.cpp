#include "apps/mnist_normalize.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fcn::apps {
namespace {

using platform::StatusCode;

GrayImage filled(int width, int height, std::uint8_t level) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), level)};
}

void rectangle(GrayImage& image, int left, int top, int right, int bottom, std::uint8_t level) {
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) image.pixels[static_cast<std::size_t>(y * image.width + x)] = level;
  }
}

int at(const Digit& digit, int x, int y) {
  return digit[static_cast<std::size_t>(y * kDigitSide + x)];
}

TEST(MnistNormalize, LightInkAt28IsUnchanged) {
  GrayImage image = filled(28, 28, 0);
  for (int i = 0; i < 200; ++i)
    image.pixels[static_cast<std::size_t>(290 + i)] = static_cast<std::uint8_t>(i + 3);
  const auto digit = mnist_normalize(image, "x");
  ASSERT_TRUE(digit.ok());
  for (std::size_t i = 0; i < image.pixels.size(); ++i) EXPECT_EQ(digit->at(i), image.pixels[i]) << i;
}

TEST(MnistNormalize, DarkInkAt28IsInvertedOnly) {
  GrayImage image = filled(28, 28, 250);
  rectangle(image, 3, 5, 6, 20, 10);
  const auto digit = mnist_normalize(image, "x");
  ASSERT_TRUE(digit.ok());
  for (std::size_t i = 0; i < image.pixels.size(); ++i) EXPECT_EQ(digit->at(i), 255 - image.pixels[i]) << i;
}

// A block of 40 x 80 becomes 10 x 20; its mean lies on (4.5, 9.5), so it moves to columns 10.. and rows 5...
TEST(MnistNormalize, BlockIsScaledToTwentyRowsAndCentred) {
  for (const bool dark : {true, false}) {
    GrayImage image = filled(200, 160, dark ? 230 : 20);
    rectangle(image, 130, 10, 170, 90, dark ? 30 : 240);
    const auto digit = mnist_normalize(image, "x");
    ASSERT_TRUE(digit.ok());
    for (int y = 0; y < kDigitSide; ++y) {
      for (int x = 0; x < kDigitSide; ++x) {
        EXPECT_EQ(at(digit.value(), x, y), x >= 10 && x < 20 && y >= 5 && y < 25 ? 255 : 0) << x << "," << y;
      }
    }
  }
}

// Ink in a full first row and in every second column below it, 40 x 40 -> 20 x 20: each pixel is the mean of
// four.
TEST(MnistNormalize, ScalingAveragesAreas) {
  GrayImage image = filled(60, 70, 0);
  rectangle(image, 10, 20, 50, 21, 255);
  for (int x = 10; x < 50; x += 2) rectangle(image, x, 21, x + 1, 60, 255);
  const auto digit = mnist_normalize(image, "x");
  ASSERT_TRUE(digit.ok());
  int top = 0;
  while (at(digit.value(), 14, top) == 0) ++top;
  for (int y = 0; y < 20; ++y) {
    for (int x = 4; x < 24; ++x)
      EXPECT_NEAR(at(digit.value(), x + 1, top + y), y == 0 ? 191.25 : 127.5, 0.5) << x << "," << y;
  }
}

TEST(MnistNormalize, CentreOfMassNotOfBox) {
  GrayImage image = filled(300, 300, 255);
  rectangle(image, 20, 30, 50, 230, 0);    // an upright
  rectangle(image, 20, 200, 120, 230, 0);  // with a foot
  const auto digit = mnist_normalize(image, "x");
  ASSERT_TRUE(digit.ok());
  double mass = 0, sum_x = 0, sum_y = 0;
  for (int y = 0; y < kDigitSide; ++y) {
    for (int x = 0; x < kDigitSide; ++x) {
      mass += at(digit.value(), x, y);
      sum_x += x * at(digit.value(), x, y);
      sum_y += y * at(digit.value(), x, y);
    }
  }
  EXPECT_LE(std::abs(sum_x / mass - 14), 0.5);
  EXPECT_LE(std::abs(sum_y / mass - 14), 0.5);
}

// 30 x 30 -> 20 x 20, so that output column x covers the source's half columns 3x, 3x + 1 and 3x + 2.
TEST(MnistNormalize, ScalingSplitsPixelsAtTheRim) {
  GrayImage image = filled(50, 50, 0);
  rectangle(image, 10, 10, 40, 11, 255);
  for (int x = 10; x < 40; x += 2) rectangle(image, x, 11, x + 1, 40, 255);
  const auto digit = mnist_normalize(image, "x");
  ASSERT_TRUE(digit.ok());
  int left = 0, bottom = kDigitSide - 1;
  while (at(digit.value(), left, bottom) == 0) left == kDigitSide - 1 ? (left = 0, --bottom) : ++left;
  for (int x = 0; x < 20; ++x) {
    double ink = 0;
    for (int half = 3 * x; half < 3 * x + 3; ++half) ink += half / 2 % 2 == 0 ? 255.0 / 3 : 0;
    EXPECT_NEAR(at(digit.value(), left + x, bottom), ink, 0.5) << x;
  }
}

// Paper noise below a quarter of the contrast neither widens the box nor leaves a trace inside it.
TEST(MnistNormalize, PaperNoiseVanishes) {
  GrayImage clean = filled(100, 100, 200), noisy = clean;
  for (int y = 1; y < 99; ++y) {
    for (int x = 1; x < 99; ++x) {
      noisy.pixels[static_cast<std::size_t>(100 * y + x)] =
          static_cast<std::uint8_t>(200 - (x + 3 * y) % 7 * 8);
    }
  }
  for (GrayImage* image : {&clean, &noisy}) {
    rectangle(*image, 30, 20, 40, 80, 0);
    rectangle(*image, 60, 20, 70, 80, 0);
    rectangle(*image, 30, 50, 70, 60, 0);
  }
  const auto a = mnist_normalize(clean, "x"), b = mnist_normalize(noisy, "x");
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a.value(), b.value());
}

TEST(MnistNormalize, BlankImagesAreRefused) {
  GrayImage image = filled(64, 64, 100);
  auto digit = mnist_normalize(image, "page.png");
  EXPECT_EQ(digit.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(digit.status().message().find("page.png: the image is blank"), std::string::npos);
  rectangle(image, 20, 20, 30, 30, 100 - kMinInkContrast + 1);
  EXPECT_FALSE(mnist_normalize(image, "page.png").ok());
  rectangle(image, 20, 20, 30, 30, 100 - kMinInkContrast);
  EXPECT_TRUE(mnist_normalize(image, "page.png").ok());
  EXPECT_FALSE(mnist_normalize(filled(28, 28, 0), "x").ok());
}

TEST(MnistNormalize, SidesOutsideTheLimitsAreRefused) {
  for (const auto& [width, height] : {std::pair{7, 40}, std::pair{40, 7}, std::pair{8, kMaxImageSide + 1}}) {
    GrayImage image = filled(width, height, 0);
    image.pixels[image.pixels.size() / 2] = 255;
    const auto digit = mnist_normalize(image, "tiny.pgm");
    EXPECT_EQ(digit.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(digit.status().message().find("tiny.pgm: the image is " + std::to_string(width) + " x "),
              std::string::npos);
  }
}

}  // namespace
}  // namespace fcn::apps
