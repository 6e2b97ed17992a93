// Folding changes the program and never what it computes.
#include "nn/fold.h"

#include <gtest/gtest.h>

#include "nn/plain_run.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;
using Values = std::vector<std::int64_t>;

Network with_layers(Shape input, std::vector<Layer> layers) {
  return {"test", input, 15, 1.0, std::move(layers)};
}

Layer dense(Shape in, int outputs, Values weights, Values bias) {
  Layer layer = make_dense(in, outputs);
  layer.weights = std::move(weights);
  layer.bias = std::move(bias);
  return layer;
}

Layer conv(test::Random& random, Shape in, int out_channels, int kernel, int stride, int padding) {
  Layer layer = make_conv2d(in, out_channels, kernel, stride, padding);
  test::randomize_weights(random, layer);
  return layer;
}

void expect_same_results(test::Random& random, const Network& before, const Network& after) {
  for (int image = 0; image < 12; ++image) {
    Values pixels = test::random_image(random, before);
    if (image < 2) pixels.assign(pixels.size(), image == 0 ? 0 : before.input_max);
    const auto expected = plain_run(before, pixels), found = plain_run(after, pixels);
    ASSERT_TRUE(expected.ok()) << expected.status().message();
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_EQ(found.value(), expected.value());
  }
}

TEST(Fold, ByHand) {
  // (x^2 + 4x + 2) = (x + 2)^2 - 2; the -2 meets weights 3 - 1 = 2 and adds -4 to the next bias.
  const Network network =
      with_layers({1, 1, 1}, {dense({1, 1, 1}, 2, {1, -8}, {5, 7}), make_polynomial({2, 1, 1}, {2, 4, 1}),
                              dense({2, 1, 1}, 1, {3, -1}, {100})});
  const auto folded = fold_activations(network);
  ASSERT_TRUE(folded.ok()) << folded.status().message();
  EXPECT_EQ(folded->layers[0].bias, (Values{7, 9}));
  EXPECT_EQ(folded->layers[1].coefficients, (Values{0, 0, 1}));
  EXPECT_EQ(folded->layers[2].bias, (Values{96}));
  EXPECT_EQ(folded->layers[0].weights, network.layers[0].weights);
  EXPECT_EQ(folded->layers[2].weights, network.layers[2].weights);
}

TEST(Fold, TheSwishAqNetworkBecomesPureSquares) {
  test::Random random(31);
  for (const bool flatten : {false, true}) {
    Network network = with_layers({1, 28, 28}, {conv(random, {1, 28, 28}, 5, 5, 2, 1)});
    network.layers.push_back(make_polynomial({5, 13, 13}, swish_aq_coefficients(16)));
    Shape shape{5, 13, 13};
    if (flatten) {
      network.layers.push_back(make_flatten(shape));
      shape = {845, 1, 1};
    }
    network.layers.push_back(make_dense(shape, 100));
    test::randomize_weights(random, network.layers.back());
    network.layers.push_back(make_polynomial({100, 1, 1}, swish_aq_coefficients(1024)));
    network.layers.push_back(make_dense({100, 1, 1}, 10));
    test::randomize_weights(random, network.layers.back());
    const auto folded = fold_activations(network);
    ASSERT_TRUE(folded.ok()) << folded.status().message();
    EXPECT_EQ(folded->layers.size(), network.layers.size());
    int squares = 0;
    for (const Layer& layer : folded->layers) {
      if (layer.kind != LayerKind::kPolynomial) continue;
      EXPECT_EQ(layer.coefficients, (Values{0, 0, 1}));
      ++squares;
    }
    EXPECT_EQ(squares, 2);
    expect_same_results(random, network, folded.value());
    // Folding again changes nothing.
    const auto again = fold_activations(folded.value());
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(again.value() == folded.value());
  }
}

struct Placement {
  const char* name;
  std::vector<Layer> layers;
  Values coefficients;  // of the first polynomial after folding
};

TEST(Fold, KeepsTheConstantWhereTheNextLayerCannotTakeIt) {
  test::Random random(32);
  const Shape in{2, 6, 6}, mid{3, 6, 6}, flat{108, 1, 1};
  const Layer first = conv(random, in, 3, 3, 1, 1), swish = make_polynomial(mid, {2, 4, 1});
  const auto random_dense = [&random](Shape shape, int outputs) {
    Layer layer = make_dense(shape, outputs);
    test::randomize_weights(random, layer);
    return layer;
  };
  const std::vector<Placement> placements = {
      {"before dense", {first, swish, random_dense(mid, 4)}, {0, 0, 1}},
      {"before convolution without padding", {first, swish, conv(random, mid, 2, 3, 2, 0)}, {0, 0, 1}},
      {"before convolution with padding", {first, swish, conv(random, mid, 2, 3, 2, 1)}, {-2, 0, 1}},
      {"before sum pool", {first, swish, make_sum_pool(mid, 2, 2, 0)}, {-2, 0, 1}},
      {"before another polynomial", {first, swish, make_polynomial(mid, {1, 2, 3})}, {-2, 0, 1}},
      {"last", {first, swish}, {-2, 0, 1}},
      {"last but a flatten", {first, swish, make_flatten(mid)}, {-2, 0, 1}},
      {"flatten before and after",
       {first, make_flatten(mid), make_polynomial(flat, {2, 4, 1}), make_flatten(flat),
        random_dense(flat, 3)},
       {0, 0, 1}},
      {"after sum pool",
       {first, make_sum_pool(mid, 2, 2, 0), make_polynomial({3, 3, 3}, {2, 4, 1}),
        random_dense({3, 3, 3}, 4)},
       {2, 4, 1}},
      {"first", {make_polynomial(in, {2, 4, 1}), random_dense(in, 3)}, {2, 4, 1}},
      {"first but a flatten",
       {make_flatten(in), make_polynomial({72, 1, 1}, {2, 4, 1}), random_dense({72, 1, 1}, 3)},
       {2, 4, 1}},
      {"odd linear coefficient", {first, make_polynomial(mid, {2, 3, 1}), random_dense(mid, 4)}, {2, 3, 1}},
      {"leading coefficient 2", {first, make_polynomial(mid, {2, 4, 2}), random_dense(mid, 4)}, {2, 4, 2}},
      {"degree 3", {first, make_polynomial(mid, {2, 4, 1, 1}), random_dense(mid, 4)}, {2, 4, 1, 1}},
      {"degree 1", {first, make_polynomial(mid, {2, 4}), random_dense(mid, 4)}, {2, 4}},
      {"negative linear coefficient",
       {first, make_polynomial(mid, {0, -6, 1}), random_dense(mid, 4)},
       {0, 0, 1}},
      {"negative, kept", {first, make_polynomial(mid, {0, -6, 1})}, {-9, 0, 1}},
  };
  for (const Placement& placement : placements) {
    SCOPED_TRACE(placement.name);
    const Network network = with_layers(in, placement.layers);
    const auto folded = fold_activations(network);
    ASSERT_TRUE(folded.ok()) << folded.status().message();
    for (const Layer& layer : folded->layers) {
      if (layer.kind != LayerKind::kPolynomial) continue;
      EXPECT_EQ(layer.coefficients, placement.coefficients);
      break;
    }
    expect_same_results(random, network, folded.value());
  }
}

TEST(Fold, KeepsTheResultsOfRandomNetworks) {
  test::Random random(33);
  int changed = 0;
  for (int round = 0; round < 400; ++round) {
    const Shape input{static_cast<int>(test::pick(random, 1, 2)), static_cast<int>(test::pick(random, 2, 7)),
                      static_cast<int>(test::pick(random, 2, 7))};
    const Network network = test::random_network(random, input, test::pick(random, 1, 15), 7);
    const auto folded = fold_activations(network);
    ASSERT_TRUE(folded.ok()) << folded.status().message();
    changed += !(folded.value() == network);
    expect_same_results(random, network, folded.value());
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
  EXPECT_GT(changed, 60);
}

TEST(Fold, RefusesBiasesThatLeave62Bits) {
  const auto expect_refused = [](const Network& network, const char* message) {
    const auto folded = fold_activations(network);
    ASSERT_FALSE(folded.ok()) << message;
    EXPECT_EQ(folded.status().code(), StatusCode::kOutOfRange);
    EXPECT_NE(folded.status().message().find(message), std::string::npos) << folded.status().message();
  };
  const Layer swish = make_polynomial({1, 1, 1}, {2, 4, 1});
  Network network = with_layers({1, 1, 1}, {dense({1, 1, 1}, 1, {1}, {kMaxBias - 2}), swish});
  EXPECT_TRUE(fold_activations(network).ok());
  network.layers[0].bias[0] += 1;
  expect_refused(network, "layer 1 (dense): the folded bias 0 leaves 62 bits");

  network = with_layers(
      {1, 1, 1}, {dense({1, 1, 1}, 1, {1}, {0}), swish, dense({1, 1, 1}, 2, {1, 1}, {0, -kMaxBias + 2})});
  EXPECT_TRUE(fold_activations(network).ok());
  network.layers[2].bias[1] -= 1;
  expect_refused(network, "layer 3 (dense): the folded bias 1 leaves 62 bits");

  // c = -(2^31 - 1)^2 times a weight leaves 64 bits.
  network.layers[2] = dense({1, 1, 1}, 1, {kMaxWeight}, {0});
  network.layers[1].coefficients = {0, 2 * kMaxWeight, 1};
  expect_refused(network, "layer 3 (dense): the folded bias 0 leaves 62 bits");
  // c = -2^62 does not fit itself.
  network.layers[1].coefficients = {0, std::int64_t{1} << 32, 1};
  expect_refused(network,
                 "layer 2 (polynomial): the constant left by completing the square (0 - 2147483648^2)");
}

TEST(Fold, RefusesAnInvalidNetwork) {
  EXPECT_EQ(fold_activations(with_layers({1, 1, 1}, {})).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fcn::nn
