#include "apps/pixel_text.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace fcn::apps {
namespace {

using Images = std::vector<std::vector<std::uint8_t>>;
using platform::StatusCode;

// Every byte as a text of the three scales, with few digits, comes back.
TEST(PixelText, EveryGreyValueInEveryScale) {
  std::string bytes, unit, normalized;
  std::vector<std::uint8_t> all;
  char text[40];
  for (int p = 0; p < 256; ++p) {
    all.push_back(static_cast<std::uint8_t>(p));
    bytes += std::to_string(p) + (p % 28 == 27 ? "\n" : " ");
    std::snprintf(text, sizeof text, "%.4f ", p / 255.0);
    unit += text;
    std::snprintf(text, sizeof text, "%.4f\n", (p / 255.0 - 0.1307) / 0.3081);
    normalized += text;
  }
  for (const std::string& words : {bytes, unit, normalized})
    EXPECT_EQ(parse_pixel_text(words, 256, "x").value(), Images{all});
  EXPECT_EQ(parse_pixel_text(unit, 128, "x").value().size(), 2u);
}

TEST(PixelText, ScalesAreToldByTheirRange) {
  EXPECT_EQ(detect_scale(0, 0).value(), PixelScale::kUnit);  // all black, in any scale
  EXPECT_EQ(detect_scale(0, 1).value(), PixelScale::kUnit);
  EXPECT_EQ(detect_scale(-0.4243, 2.8215).value(), PixelScale::kNormalized);
  EXPECT_EQ(detect_scale(-0.4243, -0.4243).value(), PixelScale::kNormalized);
  EXPECT_EQ(detect_scale(0, 255).value(), PixelScale::kBytes);
  EXPECT_EQ(detect_scale(0, 3).value(), PixelScale::kBytes);
  EXPECT_EQ(detect_scale(0, 2).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(detect_scale(0, 255.5).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(detect_scale(-0.5, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(detect_scale(-0.4, 3).status().code(), StatusCode::kInvalidArgument);
}

TEST(PixelText, WhatIsNoImageIsRefused) {
  const auto message = [](const char* text) { return parse_pixel_text(text, 2, "file").status().message(); };
  EXPECT_EQ(message(""), "file: 0 numbers are no whole images of 2");
  EXPECT_EQ(message("1 2 3"), "file: 3 numbers are no whole images of 2");
  EXPECT_EQ(message("1 2,"), "file: \"2,\" is not a number");
  EXPECT_EQ(message("1 nan"), "file: \"nan\" is not a number");
  EXPECT_EQ(message("1 inf"), "file: \"inf\" is not a number");
  EXPECT_EQ(message("1 1e999"), "file: \"1e999\" is not a number");
  EXPECT_EQ(message("1 \x01\x80"), "file: \"\?\?\" is not a number");
  EXPECT_EQ(message("0 -1"),
            "file: there are negative numbers, and the range is not that of normalised MNIST pixels");
}

}  // namespace
}  // namespace fcn::apps
