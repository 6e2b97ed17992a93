// Scores as text, whatever their size.
#include "apps/fcn/scores.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "nn/plan.h"
#include "support/toy_network.h"

namespace fcn::apps {
namespace {

using nn::WideInteger;

const nn::ClientSpec& spec() {
  static const nn::ClientSpec spec = [] {
    nn::Network network = test::toy_network();
    network.output_scale = 8;
    return nn::Plan::create(network, nn::Layout::kPixel).value().spec();
  }();
  return spec;
}

WideInteger power(std::int64_t base, int exponent) {
  WideInteger result = 1;
  for (int i = 0; i < exponent; ++i) EXPECT_TRUE(checked_multiply(result, result, base));
  return result;
}

TEST(FcnScores, AsText) {
  EXPECT_EQ(format_scores(std::vector<std::int64_t>{-12, 100}, spec(), false), "1  scores -1.50 12.50\n");
  EXPECT_EQ(format_scores(std::vector<WideInteger>{power(2, 70), -power(2, 203)}, spec(), false),
            "0  scores 147573952589676412928.00 "
            "-1606938044258990275541962092341162602522202993782792835301376.00\n");
}

TEST(FcnScores, AsJsonWithEveryDigit) {
  const std::int64_t low = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(format_scores(std::vector<std::int64_t>{0, low, -1}, spec(), true),
            "{\"label\": 0, \"scores\": [0, -9223372036854775808, -1], \"scale\": 8}\n");
  EXPECT_EQ(
      format_scores(std::vector<WideInteger>{power(255, 8), -power(10, 18), power(10, 27)}, spec(), true),
      "{\"label\": 2, \"scores\": [17878103347812890625, -1000000000000000000, "
      "1000000000000000000000000000], \"scale\": 8}\n");
  EXPECT_EQ(
      format_scores(std::vector<WideInteger>{power(2, 254), -power(2, 254)}, spec(), true),
      "{\"label\": 0, \"scores\": "
      "[28948022309329048855892746252171976963317496166410141009864396001978282409984, "
      "-28948022309329048855892746252171976963317496166410141009864396001978282409984], \"scale\": 8}\n");
}

// Powers of a base by repeated multiplication against digits by schoolbook multiplication of decimals.
TEST(FcnScores, DigitsOfPowersOfSeven) {
  std::vector<int> digits = {1};  // the last first
  for (int exponent = 0; exponent <= 90; ++exponent) {
    std::string expected;
    for (const int digit : digits) expected.insert(expected.begin(), static_cast<char>('0' + digit));
    EXPECT_EQ(format_scores(std::vector<WideInteger>{power(7, exponent)}, spec(), true),
              platform::concat("{\"label\": 0, \"scores\": [", expected, "], \"scale\": 8}\n"));
    int carry = 0;
    for (int& digit : digits) carry += 7 * digit, digit = carry % 10, carry /= 10;
    if (carry != 0) digits.push_back(carry);
  }
}

}  // namespace
}  // namespace fcn::apps
