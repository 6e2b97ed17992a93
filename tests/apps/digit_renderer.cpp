#include "apps/digit_renderer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace fcn::apps {
namespace {

struct Measure {
  double ink = 0, mean_x = 0, mean_y = 0;
  int left = kDigitSide, right = -1, top = kDigitSide, bottom = -1;
};

Measure measure(const Digit& digit) {
  Measure m;
  for (int y = 0; y < kDigitSide; ++y) {
    for (int x = 0; x < kDigitSide; ++x) {
      const int value = digit[static_cast<std::size_t>(y * kDigitSide + x)];
      if (value == 0) continue;
      m.ink += value;
      m.mean_x += x * value;
      m.mean_y += y * value;
      m.left = std::min(m.left, x);
      m.right = std::max(m.right, x);
      m.top = std::min(m.top, y);
      m.bottom = std::max(m.bottom, y);
    }
  }
  m.mean_x /= m.ink;
  m.mean_y /= m.ink;
  return m;
}

TEST(DigitRenderer, EveryDigitLooksLikeMnistInSizeInkAndCentre) {
  for (int digit = 0; digit < 10; ++digit) {
    for (std::size_t variant = 0; variant < digit_variants(digit); ++variant) {
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(testing::Message()
                     << digit << " " << digit_variant_name(digit, variant) << " seed " << seed);
        const Measure m = measure(draw_digit(digit, variant, seed));
        const int width = m.right - m.left + 1, height = m.bottom - m.top + 1;
        EXPECT_EQ(std::max(width, height), 20);
        EXPECT_LE(std::abs(m.mean_x - 14), 0.5);
        EXPECT_LE(std::abs(m.mean_y - 14), 0.5);
        // MNIST's test digits hold 53 (ones) to 121 (zeros) full pixels on average.
        EXPECT_GT(m.ink / 255, 35);
        EXPECT_LT(m.ink / 255, 160);
      }
    }
  }
}

TEST(DigitRenderer, SameArgumentsSamePixelsAndOtherSeedsOthers) {
  for (int digit = 0; digit < 10; ++digit) {
    EXPECT_EQ(draw_digit(digit, 1, 7), draw_digit(digit, 1, 7));
    EXPECT_NE(draw_digit(digit, 1, 7), draw_digit(digit, 1, 8));
    EXPECT_NE(draw_digit(digit, 0, 7), draw_digit(digit, 1, 7));
  }
}

TEST(DigitRenderer, EveryDigitHasNamedVariants) {
  for (int digit = 0; digit < 10; ++digit) {
    ASSERT_GE(digit_variants(digit), 2u);
    EXPECT_STRNE(digit_variant_name(digit, 0), digit_variant_name(digit, 1));
    EXPECT_STREQ(digit_variant_name(digit, 0), digit_variant_name(digit, digit_variants(digit)));
  }
}

TEST(DigitRenderer, DemoDigitsCountThroughTheDigitsAndVariants) {
  const std::vector<DrawnDigit> digits = draw_digits(25, 3);
  ASSERT_EQ(digits.size(), 25u);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    EXPECT_EQ(digits[i].label, static_cast<int>(i % 10));
    EXPECT_EQ(digits[i].variant, (i / 10) % digit_variants(digits[i].label));
    EXPECT_EQ(digits[i].pixels, draw_digit(digits[i].label, digits[i].variant, 3 + i / 10));
  }
}

// A 1 is one stroke: every row between its ends crosses it once, and it is 2 to 3.5 pixels thick.
TEST(DigitRenderer, PlainOneIsOneStrokeOfTheStatedThickness) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Digit digit = draw_digit(1, 0, seed);
    const Measure m = measure(digit);
    for (int y = m.top + 4; y <= m.bottom - 4; ++y) {
      double width = 0;
      int starts = 0;
      for (int x = 1; x < kDigitSide; ++x) {
        const std::size_t i = static_cast<std::size_t>(y * kDigitSide + x);
        width += digit[i] / 255.0;
        starts += digit[i] > 0 && digit[i - 1] == 0;
      }
      EXPECT_EQ(starts, 1) << "seed " << seed << " row " << y;
      EXPECT_GT(width, 2.0) << "seed " << seed << " row " << y;
      EXPECT_LT(width, 3.5) << "seed " << seed << " row " << y;
    }
  }
}

}  // namespace
}  // namespace fcn::apps
