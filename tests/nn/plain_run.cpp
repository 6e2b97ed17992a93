// The oracle itself, against the definition of each layer and against numbers worked out by hand.
#include "nn/plain_run.h"

#include <gtest/gtest.h>

#include <limits>

#include "nn/internal/checked_math.h"
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

TEST(PlainRun, ByHand) {
  // 2x2 image 1 2 / 3 4, kernel 1 2 / 3 4 with padding 1 and stride 2: the four corners meet one pixel each.
  Layer conv = make_conv2d({1, 2, 2}, 1, 2, 2, 1);
  conv.weights = {1, 2, 3, 4};
  conv.bias = {100};
  auto result = plain_run(with_layers({1, 2, 2}, 4, {conv}), Values{1, 2, 3, 4});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ(result.value(), (Values{100 + 4 * 1, 100 + 3 * 2, 100 + 2 * 3, 100 + 1 * 4}));

  result = plain_run(with_layers({1, 2, 2}, 4,
                                 {make_sum_pool({1, 2, 2}, 2, 2, 0), make_polynomial({1, 1, 1}, {1, -2, 3}),
                                  make_flatten({1, 1, 1}), dense({1, 1, 1}, 2, {1, -1}, {0, 5})}),
                     Values{1, 2, 3, 4});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ(result.value(), (Values{281, -276}));  // 1 - 2 * 10 + 3 * 100 = 281
}

TEST(PlainRun, EqualsTheDefinitionOnRandomNetworks) {
  test::Random random(11);
  for (int round = 0; round < 300; ++round) {
    const Shape input{static_cast<int>(test::pick(random, 1, 3)), static_cast<int>(test::pick(random, 1, 7)),
                      static_cast<int>(test::pick(random, 1, 7))};
    const Network network = test::random_network(random, input, test::pick(random, 1, 15), 6);
    for (int image = 0; image < 4; ++image) {
      const Values pixels = test::random_image(random, network);
      const auto result = plain_run(network, pixels);
      ASSERT_TRUE(result.ok()) << result.status().message();
      ASSERT_EQ(result.value(), test::run_network_ref(network, pixels).back()) << "round " << round;
    }
  }
}

TEST(PlainRun, RefusesPixelsItCannotRead) {
  const Network network = with_layers({1, 1, 2}, 7, {make_flatten({1, 1, 2})});
  const std::pair<Values, const char*> cases[] = {{{1}, "1 pixels where the network reads 2"},
                                                  {{1, 2, 3}, "3 pixels where the network reads 2"},
                                                  {{0, -1}, "pixel 1 = -1 is not in [0, 7]"},
                                                  {{8, 0}, "pixel 0 = 8 is not in [0, 7]"}};
  for (const auto& [pixels, message] : cases) {
    const auto result = plain_run(network, pixels);
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(result.status().message().find(message), std::string::npos) << result.status().message();
  }
  EXPECT_TRUE(plain_run(network, Values{0, 7}).ok());
}

TEST(PlainRun, RefusesAnInvalidNetwork) {
  const auto result = plain_run(with_layers({1, 1, 2}, 7, {}), Values{0, 0});
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(result.status().message().find("no layers"), std::string::npos);
}

TEST(PlainRun, StopsExactlyWhereAValueLeaves63Bits) {
  // (2^31 - 1)^2 * 2 + 2^32 - 2 + ... : linear layers reach 2^63 - 1 and no further.
  const std::int64_t top = kMaxInput, square = top * top;  // 2^62 - 2^32 + 1
  const std::int64_t rest = std::numeric_limits<std::int64_t>::max() - 2 * square;
  Network network = with_layers({2, 1, 1}, top, {dense({2, 1, 1}, 1, {kMaxWeight, kMaxWeight}, {rest})});
  auto result = plain_run(network, Values{top, top});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ(result.value()[0], std::numeric_limits<std::int64_t>::max());
  network.layers[0].bias[0] += 1;
  result = plain_run(network, Values{top, top});
  EXPECT_EQ(result.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(result.status().message().find("layer 1 (dense): output 0 leaves 63 bits"), std::string::npos)
      << result.status().message();

  Network square_network = with_layers(
      {1, 1, 2}, top, {make_polynomial({1, 1, 2}, {0, kMaxWeight}), make_polynomial({1, 1, 2}, {0, 0, 1})});
  EXPECT_TRUE(plain_run(square_network, Values{1, 1}).ok());
  result = plain_run(square_network, Values{0, 3});  // (3 (2^31 - 1))^2 > 2^63
  EXPECT_EQ(result.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(result.status().message().find("layer 2 (polynomial): output 1"), std::string::npos)
      << result.status().message();
}

TEST(Argmax, TakesTheFirstOfEqualScores) {
  EXPECT_EQ(argmax(Values{3}), 0u);
  EXPECT_EQ(argmax(Values{1, 5, 2}), 1u);
  EXPECT_EQ(argmax(Values{1, 5, 5}), 1u);
  EXPECT_EQ(argmax(Values{-7, -7, -7}), 0u);
  EXPECT_EQ(argmax(Values{-7, -8, -6}), 2u);
}

TEST(CheckedMath, AgreesWithWiderArithmeticAroundEveryEdge) {
  __extension__ using Wide = __int128;
  const std::int64_t top = std::numeric_limits<std::int64_t>::max();
  Values edges = {0, 1, 2, 3, 5, 1000};
  for (const int bit : {16, 31, 32, 33, 47, 61, 62}) {
    for (int delta = -2; delta <= 2; ++delta) edges.push_back((std::int64_t{1} << bit) + delta);
  }
  for (int delta = 0; delta <= 2; ++delta) edges.push_back(top - delta);
  for (const std::int64_t root : {3037000499, 3037000500, std::int64_t{2097151}})
    edges.push_back(root);  // sqrt and cbrt of 2^63
  for (std::size_t i = edges.size(); i-- > 0;) edges.push_back(-edges[i]);
  for (const std::int64_t a : edges) {
    for (const std::int64_t b : edges) {
      const Wide sum = static_cast<Wide>(a) + b, product = static_cast<Wide>(a) * b;
      std::int64_t out = 42;
      const bool sum_fits = sum <= top && sum >= -static_cast<Wide>(top);
      ASSERT_EQ(internal::checked_add(out, a, b), sum_fits) << a << " + " << b;
      ASSERT_EQ(out, sum_fits ? static_cast<std::int64_t>(sum) : 42);
      out = 42;
      const bool product_fits = product <= top && product >= -static_cast<Wide>(top);
      ASSERT_EQ(internal::checked_multiply(out, a, b), product_fits) << a << " * " << b;
      ASSERT_EQ(out, product_fits ? static_cast<std::int64_t>(product) : 42);
      const auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b);
      __extension__ using UWide = unsigned __int128;
      const UWide most = std::numeric_limits<std::uint64_t>::max();
      const UWide usum = static_cast<UWide>(ua) + ub, uproduct = static_cast<UWide>(ua) * ub;
      ASSERT_EQ(internal::saturating_add(ua, ub), static_cast<std::uint64_t>(std::min(usum, most)));
      ASSERT_EQ(internal::saturating_multiply(ua, ub), static_cast<std::uint64_t>(std::min(uproduct, most)));
    }
  }
  EXPECT_EQ(internal::magnitude(std::numeric_limits<std::int64_t>::min()), std::uint64_t{1} << 63);
}

}  // namespace
}  // namespace fcn::nn
