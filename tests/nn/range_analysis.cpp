// Intervals against brute force: every image of tiny networks, and every integer of small intervals.
#include "nn/range_analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "nn/plain_run.h"
#include "support/network_reference.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;
using Values = std::vector<std::int64_t>;

Network with_layers(Shape input, std::int64_t input_max, std::vector<Layer> layers) {
  return {"test", input, input_max, 1.0, std::move(layers)};
}

Layer dense(Shape in, int outputs, Values weights, Values bias) {
  Layer layer = make_dense(in, outputs);
  layer.weights = std::move(weights);
  layer.bias = std::move(bias);
  return layer;
}

// The smallest and largest value that each output of each layer takes over all images.
std::vector<std::vector<Interval>> observe_all_images(const Network& network) {
  std::vector<std::vector<Interval>> seen;
  Values pixels(network.input.size(), 0);
  while (true) {
    const auto after = test::run_network_ref(network, pixels);
    if (seen.empty()) {
      for (const Values& values : after) {
        seen.emplace_back();
        for (const std::int64_t value : values) seen.back().push_back({value, value});
      }
    }
    for (std::size_t i = 0; i < after.size(); ++i) {
      for (std::size_t o = 0; o < after[i].size(); ++o) {
        seen[i][o].low = std::min(seen[i][o].low, after[i][o]);
        seen[i][o].high = std::max(seen[i][o].high, after[i][o]);
      }
    }
    std::size_t digit = 0;
    while (digit < pixels.size() && pixels[digit] == network.input_max) pixels[digit++] = 0;
    if (digit == pixels.size()) return seen;
    ++pixels[digit];
  }
}

TEST(RangeAnalysis, HoldsEveryValueOfEveryImage) {
  test::Random random(21);
  for (int round = 0; round < 150; ++round) {
    const Shape input = round % 2 == 0 ? Shape{1, 2, 2} : Shape{2, 1, 2};
    const Network network = test::random_network(random, input, test::pick(random, 1, 4), 6);
    const auto ranges = analyze_ranges(network);
    ASSERT_TRUE(ranges.ok()) << ranges.status().message();
    const auto seen = observe_all_images(network);
    ASSERT_EQ(ranges->size(), seen.size());
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const LayerRange& range = ranges.value()[i];
      ASSERT_EQ(range.values.size(), seen[i].size());
      Interval hull = range.values[0];
      for (std::size_t o = 0; o < seen[i].size(); ++o) {
        ASSERT_LE(range.values[o].low, seen[i][o].low)
            << "round " << round << " layer " << i << " output " << o;
        ASSERT_GE(range.values[o].high, seen[i][o].high)
            << "round " << round << " layer " << i << " output " << o;
        hull.low = std::min(hull.low, range.values[o].low);
        hull.high = std::max(hull.high, range.values[o].high);
      }
      EXPECT_EQ(range.hull.low, hull.low);
      EXPECT_EQ(range.hull.high, hull.high);
      const std::int64_t largest = std::max(std::abs(hull.low), std::abs(hull.high));
      EXPECT_LT(largest, std::int64_t{1} << range.bits);
      EXPECT_GE(largest, range.bits == 0 ? 0 : std::int64_t{1} << (range.bits - 1));
    }
  }
}

// The inputs of a first layer are independent, so there the interval must be exactly what some image reaches.
TEST(RangeAnalysis, IsTightForALinearLayerAndTheActivationAfterIt) {
  test::Random random(22);
  int linear = 0;
  for (int round = 0; round < 400; ++round) {
    Network network =
        with_layers({1, 2, 2}, test::pick(random, 1, 4), {test::random_layer(random, {1, 2, 2})});
    if (network.layers[0].kind == LayerKind::kPolynomial && network.layers[0].coefficients.size() > 3)
      continue;
    linear += network.layers[0].kind != LayerKind::kPolynomial;
    const auto ranges = analyze_ranges(network);
    ASSERT_TRUE(ranges.ok()) << ranges.status().message();
    const auto seen = observe_all_images(network);
    for (std::size_t o = 0; o < seen[0].size(); ++o) {
      ASSERT_EQ(ranges.value()[0].values[o].low, seen[0][o].low) << layer_kind_name(network.layers[0].kind);
      ASSERT_EQ(ranges.value()[0].values[o].high, seen[0][o].high) << layer_kind_name(network.layers[0].kind);
    }
  }
  EXPECT_GT(linear, 100);
}

// The range of a polynomial over [low, high], reached through a dense layer whose one pixel moves over the
// interval.
Interval polynomial_range(const Values& coefficients, std::int64_t low, std::int64_t high) {
  const Network network =
      with_layers({1, 1, 1}, std::max<std::int64_t>(high - low, 1),
                  {dense({1, 1, 1}, 1, {high > low}, {low}), make_polynomial({1, 1, 1}, coefficients)});
  const auto ranges = analyze_ranges(network);
  EXPECT_TRUE(ranges.ok()) << ranges.status().message();
  return ranges.ok() ? ranges.value()[1].values[0] : Interval{};
}

TEST(RangeAnalysis, IsExactForQuadraticsOverTheIntegers) {
  for (std::int64_t a2 = -3; a2 <= 3; ++a2) {
    for (std::int64_t a1 = -13; a1 <= 13; ++a1) {
      const Values coefficients = {5, a1, a2};
      for (std::int64_t low = -6; low <= 6; ++low) {
        for (std::int64_t high = low; high <= 6; ++high) {
          Interval exact{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
          for (std::int64_t x = low; x <= high; ++x) {
            exact.low = std::min(exact.low, 5 + a1 * x + a2 * x * x);
            exact.high = std::max(exact.high, 5 + a1 * x + a2 * x * x);
          }
          const Interval found = polynomial_range(coefficients, low, high);
          ASSERT_TRUE(found.low == exact.low && found.high == exact.high)
              << a2 << " x^2 + " << a1 << " x + 5 on [" << low << ", " << high << "]: [" << found.low << ", "
              << found.high << "] instead of [" << exact.low << ", " << exact.high << "]";
        }
      }
    }
  }
}

TEST(RangeAnalysis, KnowsThatEvenPowersAreNotNegative) {
  const auto range = [](const Values& coefficients, std::int64_t low, std::int64_t high) {
    const Interval found = polynomial_range(coefficients, low, high);
    return std::pair(found.low, found.high);
  };
  using Pair = std::pair<std::int64_t, std::int64_t>;
  EXPECT_EQ(range({0, 0, 1}, -3, 5), (Pair{0, 25}));
  EXPECT_EQ(range({0, 0, 1}, -5, -3), (Pair{9, 25}));
  EXPECT_EQ(range({0, 0, 0, 0, 1}, -3, 2), (Pair{0, 81}));
  EXPECT_EQ(range({0, 0, 0, 0, 2}, 2, 3), (Pair{32, 162}));
  EXPECT_EQ(range({0, 0, 0, 0, -1}, -3, 2), (Pair{-81, 0}));
  EXPECT_EQ(range({0, 0, 0, 1}, -3, 2), (Pair{-27, 8}));
  EXPECT_EQ(range({0, 0, 0, -1}, -3, 2), (Pair{-8, 27}));
  EXPECT_EQ(range({7, 0, 0, 0, 0, 1}, -2, -2), (Pair{-25, -25}));
}

TEST(RangeAnalysis, HoldsPolynomialsOfHigherDegree) {
  test::Random random(23);
  for (int round = 0; round < 500; ++round) {
    Values coefficients(static_cast<std::size_t>(test::pick(random, 4, 8)));
    for (std::int64_t& a : coefficients) a = test::pick(random, -5, 5);
    const std::int64_t low = test::pick(random, -9, 9), high = test::pick(random, low, 9);
    const Interval found = polynomial_range(coefficients, low, high);
    for (std::int64_t x = low; x <= high; ++x) {
      const std::int64_t value = test::run_layer_ref(make_polynomial({1, 1, 1}, coefficients), {x})[0];
      ASSERT_TRUE(found.low <= value && value <= found.high) << "round " << round << " x = " << x;
    }
  }
}

void expect_refused(const Network& network, const std::string& message) {
  const auto ranges = analyze_ranges(network);
  ASSERT_FALSE(ranges.ok()) << message;
  EXPECT_EQ(ranges.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(ranges.status().message().find(message), std::string::npos)
      << "expected: " << message << "\nfound:    " << ranges.status().message();
}

TEST(RangeAnalysis, RefusesAboveTwoToThe62AndNotBefore) {
  // Squares: 2^31 squared is the limit itself.
  Network network = with_layers(
      {1, 1, 1}, 1,
      {dense({1, 1, 1}, 2, {1, 1}, {0, (std::int64_t{1} << 31) - 1}), make_polynomial({2, 1, 1}, {0, 0, 1})});
  auto ranges = analyze_ranges(network);
  ASSERT_TRUE(ranges.ok()) << ranges.status().message();
  EXPECT_EQ(ranges.value()[1].hull.high, std::int64_t{1} << 62);
  EXPECT_EQ(ranges.value()[1].bits, 63);
  network.layers[0].bias[1] += 1;
  expect_refused(network, "layer 2 (polynomial): output 1 may need 63 bits");
  network.layers[0].bias[1] = std::int64_t{1} << 33;
  expect_refused(network, "layer 2 (polynomial): output 1 may need more than 64 bits");

  // Sums: the bias takes part.
  network = with_layers({1, 1, 1}, 4, {dense({1, 1, 1}, 1, {1}, {kMaxBias - 3})});
  ranges = analyze_ranges(network);
  ASSERT_TRUE(ranges.ok()) << ranges.status().message();
  EXPECT_EQ(ranges.value()[0].values[0].low, kMaxBias - 3);
  EXPECT_EQ(ranges.value()[0].values[0].high, kMaxBias + 1);
  network.layers[0].bias[0] += 1;
  expect_refused(network, "layer 1 (dense): output 0 may need 63 bits");
}

TEST(RangeAnalysis, CountsPartialSumsThatCancel) {
  // w x - w x is always 0 for x = (0, 0) and never large where x_0 = x_1, but a partial sum is.
  const std::int64_t half = std::int64_t{1} << 61;
  Network network =
      with_layers({2, 1, 1}, 1, {make_polynomial({2, 1, 1}, {half, 0}), dense({2, 1, 1}, 1, {1, -1}, {0})});
  auto ranges = analyze_ranges(network);
  ASSERT_TRUE(ranges.ok()) << ranges.status().message();
  EXPECT_EQ(ranges.value()[1].hull.low, 0);
  EXPECT_EQ(ranges.value()[1].hull.high, 0);
  EXPECT_EQ(ranges.value()[1].bits, 0);
  network.layers[1].bias[0] = -1;
  expect_refused(network, "layer 2 (dense): output 0 may need 63 bits");
  // Likewise for the terms of a polynomial: 2^61 x - 2^61 x^2 is 0 on [0, 1], but its terms are not; 1 more
  // is refused.
  network = with_layers({1, 1, 1}, 1, {make_polynomial({1, 1, 1}, {0, half, -half})});
  ranges = analyze_ranges(network);
  ASSERT_TRUE(ranges.ok()) << ranges.status().message();
  EXPECT_EQ(ranges.value()[0].hull.high, 0);
  network.layers[0].coefficients[0] = 1;
  expect_refused(network, "layer 1 (polynomial): output 0 may need 63 bits");
  // And for a high power whose coefficient is small.
  network = with_layers({1, 1, 1}, 16, {make_polynomial({1, 1, 1}, Values(17, 0))});
  EXPECT_TRUE(analyze_ranges(network).ok());
  network.layers[0].coefficients[15] = 4;
  EXPECT_TRUE(analyze_ranges(network).ok());
  network.layers[0].coefficients[16] = 1;
  expect_refused(network, "layer 1 (polynomial): output 0 may need more than 64 bits");
}

TEST(RangeAnalysis, AcceptedNetworksRunWithinTheirIntervalsAtTheExtremes) {
  test::Random random(24);
  for (int round = 0; round < 100; ++round) {
    const Network network = test::random_network(random, {2, 5, 5}, test::pick(random, 1, 255), 7);
    const auto ranges = analyze_ranges(network);
    ASSERT_TRUE(ranges.ok());
    for (int image = 0; image < 8; ++image) {
      const auto result = plain_run(network, test::random_image(random, network));
      ASSERT_TRUE(result.ok()) << result.status().message();
      for (std::size_t o = 0; o < result->size(); ++o) {
        ASSERT_GE(result.value()[o], ranges->back().values[o].low);
        ASSERT_LE(result.value()[o], ranges->back().values[o].high);
      }
    }
  }
}

TEST(RangeAnalysis, RefusesAnInvalidNetwork) {
  EXPECT_EQ(analyze_ranges(with_layers({1, 1, 1}, 1, {})).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fcn::nn
