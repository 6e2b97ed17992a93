// Layers whose rows are related: their noise adds up in some coefficients and not in others. Each coefficient's stays below
// the plan's bound, and every answer is right.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "nn/plain_run.h"
#include "support/kernels_under_test.h"
#include "support/packed_party.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

constexpr std::uint32_t kRows = 256;
constexpr std::uint32_t kColumns = 512;

// weight(row, column, a random number below 2^31).
using Weight = std::function<std::int64_t(std::uint32_t row, std::uint32_t column, std::int64_t random)>;
struct Pattern {
  const char* name;
  Weight weight;
};
const Pattern kPatterns[] = {
    {"unrelated rows", [](auto, auto, std::int64_t random) { return 1 + random % 3; }},
    {"equal rows", [](auto, std::uint32_t column, auto) { return 1 + column * column % 3; }},
    {"rows in pairs", [](std::uint32_t row, std::uint32_t column,
                         auto) { return 1 + (row / 2 * 7 + column) * column % 5 % 3; }},
    {"all ones", [](auto, auto, auto) { return 1; }},
    {"alternating rows",
     [](std::uint32_t row, std::uint32_t column, auto) {
       return row % 2 == 0 ? std::int64_t{1} + column % 3 : -std::int64_t{1} - column % 3;
     }},
    {"alternating diagonals",
     [](std::uint32_t row, std::uint32_t column, auto) { return (row + column) % 2 == 0 ? 1 : -1; }},
    {"diagonals of period 4",
     [](std::uint32_t row, std::uint32_t column, auto) { return (row - column) / 2 % 2 == 0 ? 2 : -2; }},
    {"equal columns", [](std::uint32_t row, auto, auto) { return 1 + row * row % 3; }},
};

// A polynomial that brings the noise near its limit, and a dense layer of the pattern; hidden: a square and another dense
// layer follow.
Network network_of(const Pattern& pattern, bool hidden, std::int64_t scale) {
  test::Random random(7);
  Network network;
  network.name = pattern.name;
  network.input = {1, 16, 32};
  network.input_max = 1;
  network.layers.push_back(make_polynomial(network.input, {0, scale}));
  Layer dense = make_dense({1, 16, 32}, kRows);
  dense.weights.resize(kRows * kColumns);
  dense.bias.assign(kRows, 0);
  for (std::uint32_t row = 0; row < kRows; ++row) {
    for (std::uint32_t column = 0; column < kColumns; ++column)
      dense.weights[row * kColumns + column] =
          pattern.weight(row, column, static_cast<std::int64_t>(random() % (1u << 31)));
  }
  network.layers.push_back(dense);
  if (hidden) {
    network.layers.push_back(make_polynomial(dense.out, {0, 0, 1}));
    Layer last = make_dense(dense.out, 3);
    last.weights.resize(3 * kRows);
    last.bias.assign(3, 0);
    for (std::size_t i = 0; i < last.weights.size(); ++i)
      last.weights[i] = static_cast<std::int64_t>(i % 3) - 1;
    network.layers.push_back(last);
  }
  return network;
}

class RelatedRows : public testing::TestWithParam<std::size_t> {};

TEST_P(RelatedRows, NoiseOfEveryCoefficientIsBelowItsBound) {
  const Pattern& pattern = kPatterns[GetParam()];
  for (const bool hidden : {false, true}) {
    const Network network = network_of(pattern, hidden, hidden ? 3 : 319558);
    auto plan = PackedPlan::create(network, test::default_test_kernels());
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    test::Party party(std::move(plan).value());
    const std::size_t k = party.params.t().length();
    const int runs = 8;
    std::vector<double> squares(k, 0);  // of the noise of coefficients i, i + k, ...
    double predicted = 0, half_q = party.params.log2_q(1) - 1;
    test::Random random(11);
    for (int run = 0; run < runs; ++run) {
      const auto inputs = test::random_image(random, network);
      const auto answer = party.infer(party.encrypt(inputs), 2);
      EXPECT_EQ(party.decrypt(answer), plain_run(network, inputs).value()) << pattern.name << ", run " << run;
      const std::vector<double> noise = test::noise_of(party.secret, answer[0]);
      for (std::size_t i = 0; i < noise.size(); ++i) squares[i % k] += noise[i] * noise[i];
      predicted = answer[0].noise().log2_sigma;
    }
    const double count = runs * static_cast<double>(party.params.n() / k);
    const std::size_t worst =
        static_cast<std::size_t>(std::max_element(squares.begin(), squares.end()) - squares.begin());
    const double of_fixed = std::log2(squares[0] / count) / 2,
                 of_worst = std::log2(squares[worst] / count) / 2;
    std::printf("  %-22s %-6s multiples of X^k %.2f, worst i = %4zu: %.2f, predicted %.2f, q/2 %.1f\n",
                pattern.name, hidden ? "hidden" : "last", of_fixed, worst, of_worst, predicted, half_q);
    // A mean of count squares scatters by sqrt(2 / count) of itself: five of these for one class, seven for the worst of all.
    EXPECT_LE(of_fixed, predicted + std::log2(1 + 5 * std::sqrt(2 / count)) / 2);
    EXPECT_LE(of_worst, predicted + std::log2(1 + 7 * std::sqrt(2 / count)) / 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Patterns, RelatedRows, testing::Range(std::size_t{0}, std::size(kPatterns)),
                         [](const auto& at) {
                           std::string name = kPatterns[at.param].name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

}  // namespace
}  // namespace fcn::nn
