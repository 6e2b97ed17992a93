#include "apps/terminal.h"

#include <gtest/gtest.h>

namespace fcn::apps {
namespace {

// Cells of row 0, from the left: both dark, upper light, lower light, both light; the rest dark.
Digit corner() {
  Digit digit{};
  digit[1] = digit[3] = 255;
  digit[kDigitSide + 2] = digit[kDigitSide + 3] = 255;
  return digit;
}

TEST(Terminal, BlocksHoldTwoPixels) {
  const auto rows = digit_rows(corner(), {.utf8 = true, .colour = false, .live = false});
  ASSERT_EQ(rows.size(), 14u);
  EXPECT_EQ(rows[0], " \u2580\u2584\u2588" + std::string(24, ' '));
  EXPECT_EQ(rows[1], std::string(28, ' '));
}

TEST(Terminal, AsciiShowsTheMeanOfTwoPixels) {
  const auto rows = digit_rows(corner(), {});
  ASSERT_EQ(rows.size(), 14u);
  EXPECT_EQ(rows[0], " ==@" + std::string(24, ' '));
}

TEST(Terminal, ColoursEndWithTheRow) {
  const auto rows = digit_rows(corner(), {.utf8 = true, .colour = true, .live = true});
  ASSERT_EQ(rows.size(), 14u);
  EXPECT_NE(rows[0].find("\x1b[38;5;255;48;5;16m\u2580"), std::string::npos);
  EXPECT_NE(rows[0].find("\x1b[38;5;16;48;5;255m\u2580"), std::string::npos);
  for (const std::string& row : rows) EXPECT_EQ(row.substr(row.size() - 4), "\x1b[0m");
}

TEST(Terminal, FilesGetNoEscapes) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const Style style = detect_style(file);
  EXPECT_FALSE(style.live);
  EXPECT_FALSE(style.colour);
  std::fclose(file);
}

TEST(Terminal, Quantities) {
  EXPECT_EQ(format_seconds(39.1), "39.1 s");
  EXPECT_EQ(format_seconds(0.15), "150 ms");
  EXPECT_EQ(format_seconds(0.00123), "1.23 ms");
  EXPECT_EQ(format_seconds(4.5e-6), "4.50 us");
  EXPECT_EQ(format_bytes(0), "0 bytes");
  EXPECT_EQ(format_bytes(999), "999 bytes");
  EXPECT_EQ(format_bytes(1000), "1.00 kB");
  EXPECT_EQ(format_bytes(10061600), "10.1 MB");
  EXPECT_EQ(format_bytes(411100000), "411 MB");
  EXPECT_EQ(format_count(7), "7");
  EXPECT_EQ(format_count(123), "123");
  EXPECT_EQ(format_count(67194), "67,194");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_range(-3.2, 7, 3), "values in [-3, 7], 3 bits");
  EXPECT_EQ(format_range(-1e30, 1e30, 100), "values of 100 bits");
}

}  // namespace
}  // namespace fcn::apps
