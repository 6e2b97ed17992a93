// Shapes, the rules of validate(), and taps() against a direct convolution.
#include "nn/network.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "support/network_reference.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;

TEST(Network, WindowCountEqualsCountingWindows) {
  for (int length = 1; length <= 9; ++length) {
    for (int kernel = 1; kernel <= 10; ++kernel) {
      for (int stride = 1; stride <= 4; ++stride) {
        for (int padding = 0; padding <= 4; ++padding) {
          int windows = 0;
          for (int start = -padding; start + kernel <= length + padding; start += stride) ++windows;
          EXPECT_EQ(window_count(length, kernel, stride, padding), windows)
              << length << ' ' << kernel << ' ' << stride << ' ' << padding;
        }
      }
    }
  }
}

TEST(Network, WindowCountOfImpossibleWindowsIsZero) {
  const int most = std::numeric_limits<int>::max();
  EXPECT_EQ(window_count(0, 1, 1, 0), 0);
  EXPECT_EQ(window_count(5, 0, 1, 0), 0);
  EXPECT_EQ(window_count(5, 1, 0, 0), 0);
  EXPECT_EQ(window_count(5, 1, 1, -1), 0);
  EXPECT_EQ(window_count(most, 1, 1, most), 0);
  EXPECT_EQ(window_count(most, 1, 1, 0), most);
}

TEST(Network, MakersOfThePaperNetwork) {
  const Layer conv = make_conv2d({1, 28, 28}, 5, 5, 2, 1);
  EXPECT_EQ(conv.out, (Shape{5, 13, 13}));
  EXPECT_EQ(make_polynomial(conv.out, {0, 0, 1}).out, conv.out);
  EXPECT_EQ(make_flatten(conv.out).out, (Shape{845, 1, 1}));
  EXPECT_EQ(make_dense({845, 1, 1}, 100).out, (Shape{100, 1, 1}));
  EXPECT_EQ(make_sum_pool({3, 6, 8}, 2, 2, 0).out, (Shape{3, 3, 4}));
  EXPECT_EQ(make_flatten({-1, 2, 2}).out.channels, 0);
}

TEST(Network, SwishAqCoefficientsAreTheScaledPolynomial) {
  // At x = scale * r the polynomial is 8 scale^2 (r^2/8 + r/2 + 1/4).
  for (const std::int64_t scale : {1, 2, 5, 64}) {
    const auto a = swish_aq_coefficients(scale);
    ASSERT_EQ(a.size(), 3u);
    for (std::int64_t r = -5; r <= 5; ++r) {
      const std::int64_t x = scale * r;
      EXPECT_EQ(a[0] + a[1] * x + a[2] * x * x, scale * scale * (r * r + 4 * r + 2));
    }
  }
}

// taps() as a matrix of weights must give what the definition gives, on images that isolate every input.
void expect_taps_match_definition(const Layer& layer) {
  test::Values none(layer.in.size(), 0);
  const test::Values constant = test::run_layer_ref(layer, none);
  std::vector<test::Values> matrix(layer.out.size(), test::Values(layer.in.size(), 0));
  for (std::size_t i = 0; i < layer.in.size(); ++i) {
    test::Values one = none;
    one[i] = 1;
    const test::Values values = test::run_layer_ref(layer, one);
    ASSERT_EQ(values.size(), layer.out.size());
    for (std::size_t o = 0; o < values.size(); ++o) matrix[o][i] = values[o] - constant[o];
  }
  for (std::size_t o = 0; o < layer.out.size(); ++o) {
    test::Values row(layer.in.size(), 0);
    std::int64_t last = -1;
    for (const Tap& tap : taps(layer, o)) {
      ASSERT_LT(tap.input, layer.in.size());
      EXPECT_GT(static_cast<std::int64_t>(tap.input), last) << "taps must rise";
      EXPECT_NE(tap.weight, 0);
      last = tap.input;
      row[tap.input] = tap.weight;
    }
    EXPECT_EQ(row, matrix[o]) << layer_kind_name(layer.kind) << " output " << o;
  }
}

TEST(Taps, EqualTheDefinitionForEveryWindowGeometry) {
  test::Random random(1);
  for (const Shape in : {Shape{1, 5, 5}, Shape{2, 4, 6}, Shape{3, 7, 3}, Shape{2, 1, 1}}) {
    for (int kernel = 1; kernel <= 5; ++kernel) {
      for (int stride = 1; stride <= 3; ++stride) {
        for (int padding = 0; padding < kernel; ++padding) {
          Layer conv = make_conv2d(in, 2, kernel, stride, padding);
          if (conv.out.size() == 0) continue;
          SCOPED_TRACE(testing::Message() << in.channels << 'x' << in.height << 'x' << in.width << " kernel "
                                          << kernel << " stride " << stride << " padding " << padding);
          test::randomize_weights(random, conv);
          expect_taps_match_definition(conv);
          expect_taps_match_definition(make_sum_pool(in, kernel, stride, padding));
        }
      }
    }
    Layer dense = make_dense(in, 4);
    test::randomize_weights(random, dense);
    expect_taps_match_definition(dense);
  }
}

// A network that uses every kind.
Network good_network() {
  test::Random random(2);
  Network network{"good", {2, 6, 6}, 15, 1.0, {}};
  network.layers.push_back(make_conv2d(network.input, 3, 3, 1, 1));
  test::randomize_weights(random, network.layers[0]);
  network.layers.push_back(make_polynomial({3, 6, 6}, {2, 4, 1}));
  network.layers.push_back(make_sum_pool({3, 6, 6}, 2, 2, 0));
  network.layers.push_back(make_flatten({3, 3, 3}));
  network.layers.push_back(make_dense({27, 1, 1}, 4));
  test::randomize_weights(random, network.layers[4]);
  return network;
}

TEST(Validate, AcceptsEveryKind) {
  const auto status = validate(good_network());
  EXPECT_TRUE(status.ok()) << status.message();
}

struct Damage {
  const char* message_part;
  std::function<void(Network&)> apply;
};

TEST(Validate, NamesEveryDamage) {
  const std::vector<Damage> damages = {
      {"the name has the byte 10", [](Network& n) { n.name = "two\nlines"; }},
      {"the name has the byte 195", [](Network& n) { n.name = "\xc3\xa4"; }},
      {"the name ' x' begins or ends", [](Network& n) { n.name = " x"; }},
      {"the network's input 0x6x6 has an extent that is not positive",
       [](Network& n) { n.input.channels = 0; }},
      {"the network's input 2x6x-6", [](Network& n) { n.input.width = -6; }},
      {"1024x1024x2 has more than 1048576",
       [](Network& n) {
         n.input = {1024, 1024, 2};
       }},
      {"2147483647x2147483647x2147483647",
       [](Network& n) {
         n.input = {2147483647, 2147483647, 2147483647};
       }},
      {"input_max = 0", [](Network& n) { n.input_max = 0; }},
      {"input_max = 2147483648", [](Network& n) { n.input_max = kMaxInput + 1; }},
      {"output_scale = 0", [](Network& n) { n.output_scale = 0; }},
      {"output_scale = nan", [](Network& n) { n.output_scale = std::numeric_limits<double>::quiet_NaN(); }},
      {"output_scale = inf", [](Network& n) { n.output_scale = std::numeric_limits<double>::infinity(); }},
      {"the network has no layers", [](Network& n) { n.layers.clear(); }},
      {"layer 1 (conv2d): input 2x6x6 does not follow the network's input 1x6x6",
       [](Network& n) { n.input.channels = 1; }},
      {"layer 3 (sum_pool): input 3x6x6 does not follow the output before it, 2x6x6",
       [](Network& n) {
         n.layers[1] = make_polynomial({2, 6, 6}, {0, 1}), n.layers[0] = make_flatten({2, 6, 6}),
         n.layers[0] = make_sum_pool({2, 6, 6}, 1, 1, 0);
       }},
      {"layer 1 (conv2d): kernel = 0 is not in", [](Network& n) { n.layers[0].kernel = 0; }},
      {"layer 1 (conv2d): stride = 0 is not in", [](Network& n) { n.layers[0].stride = 0; }},
      {"layer 1 (conv2d): padding = -1 is not in", [](Network& n) { n.layers[0].padding = -1; }},
      {"padding = 3 is not below kernel = 3", [](Network& n) { n.layers[0].padding = 3; }},
      {"a window of kernel = 9 does not fit the input 2x6x6", [](Network& n) { n.layers[0].kernel = 9; }},
      {"layer 1 (conv2d): output 3x6x6 where input 2x6x6 gives 3x3x3",
       [](Network& n) { n.layers[0].stride = 2; }},
      {"layer 2 (polynomial): output 3x6x5", [](Network& n) { n.layers[1].out.width = 5; }},
      {"layer 2 (polynomial): kernel, stride, padding = 1, 0, 0", [](Network& n) { n.layers[1].kernel = 1; }},
      {"layer 3 (sum_pool): output 2x3x3", [](Network& n) { n.layers[2].out.channels = 2; }},
      {"layer 4 (flatten): output 27x1x2 where input 3x3x3 gives 27x1x1",
       [](Network& n) { n.layers[3].out.width = 2; }},
      {"layer 5 (dense): output 4x2x1", [](Network& n) { n.layers[4].out.height = 2; }},
      {"layer 5 (dense): 107 weights where 108 belong", [](Network& n) { n.layers[4].weights.pop_back(); }},
      {"layer 5 (dense): 5 biases where 4 belong", [](Network& n) { n.layers[4].bias.push_back(0); }},
      {"layer 1 (conv2d): 55 weights where 54 belong", [](Network& n) { n.layers[0].weights.push_back(1); }},
      {"layer 3 (sum_pool): 1 weights where 0 belong", [](Network& n) { n.layers[2].weights.push_back(1); }},
      {"layer 3 (sum_pool): 1 biases where 0 belong", [](Network& n) { n.layers[2].bias.push_back(1); }},
      {"layer 4 (flatten): 1 coefficients where 0 belong",
       [](Network& n) { n.layers[3].coefficients = {1}; }},
      {"layer 2 (polynomial): 1 coefficients where 2 to 17 belong",
       [](Network& n) { n.layers[1].coefficients = {1}; }},
      {"layer 2 (polynomial): 18 coefficients", [](Network& n) { n.layers[1].coefficients.resize(18); }},
      {"layer 5 (dense): weight 7 = -2147483648 is not within",
       [](Network& n) { n.layers[4].weights[7] = -kMaxWeight - 1; }},
      {"layer 5 (dense): bias 2 = 4611686018427387904",
       [](Network& n) { n.layers[4].bias[2] = kMaxBias + 1; }},
      {"layer 2 (polynomial): coefficient 0 = -9223372036854775808",
       [](Network& n) { n.layers[1].coefficients[0] = std::numeric_limits<std::int64_t>::min(); }},
      {"layer 5 (dense): more than 33554432 weights",
       [](Network& n) {
         n.layers = {make_flatten({1024, 32, 32}), make_dense({1 << 20, 1, 1}, 33)};
         n.input = {1024, 32, 32};
         n.layers.insert(n.layers.begin(), 3, make_polynomial(n.input, {0, 1}));
       }},
      {"layer 1 (conv2d): more than 33554432 weights",
       [](Network& n) {
         n.input = {1024, 8, 8};
         n.layers = {make_conv2d(n.input, 513, 8, 1, 0)};
       }},
  };
  for (const Damage& damage : damages) {
    Network network = good_network();
    damage.apply(network);
    const auto status = validate(network);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << damage.message_part;
    EXPECT_NE(status.message().find(damage.message_part), std::string::npos)
        << "expected: " << damage.message_part << "\nfound:    " << status.message();
  }
}

TEST(Validate, CountsTheWeightsOfAllLayers) {
  Network network{"wide", {1 << 20, 1, 1}, 1, 1.0, {}};
  network.layers = {make_dense(network.input, 31), make_dense({31, 1, 1}, 33825)};
  for (Layer& layer : network.layers) {
    layer.weights.resize(layer.in.size() * layer.out.size());
    layer.bias.resize(layer.out.size());
  }
  EXPECT_TRUE(validate(network).ok()) << validate(network).message();  // 2^25 - 1
  network.layers.push_back(make_dense({33825, 1, 1}, 1));
  network.layers[2].weights.resize(33825);
  network.layers[2].bias.resize(1);
  EXPECT_EQ(validate(network).code(), StatusCode::kInvalidArgument);
  EXPECT_NE(validate(network).message().find("33588256 weights in all layers together, more than 33554432"),
            std::string::npos)
      << validate(network).message();
}

TEST(Validate, AcceptsValuesAtTheirLimits) {
  Network network = good_network();
  network.input_max = kMaxInput;
  network.layers[4].weights[7] = -kMaxWeight;
  network.layers[4].bias[2] = -kMaxBias;
  network.layers[1].coefficients.resize(kMaxDegree + 1, kMaxBias);
  EXPECT_TRUE(validate(network).ok()) << validate(network).message();
}

TEST(Network, EveryKindHasAName) {
  EXPECT_STREQ(layer_kind_name(LayerKind::kConv2d), "conv2d");
  EXPECT_STREQ(layer_kind_name(LayerKind::kDense), "dense");
  EXPECT_STREQ(layer_kind_name(LayerKind::kSumPool), "sum_pool");
  EXPECT_STREQ(layer_kind_name(LayerKind::kPolynomial), "polynomial");
  EXPECT_STREQ(layer_kind_name(LayerKind::kFlatten), "flatten");
}

}  // namespace
}  // namespace fcn::nn
