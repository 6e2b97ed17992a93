// Power-of-two weights, pruning and the exact integer network.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "nn/plain_run.h"
#include "nn/pruning.h"
#include "nn/quantization.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;

std::vector<float> grid_values(const WeightGrid& grid) {
  std::vector<float> values = {0.0f};
  for (int e = 0; e < grid.levels; ++e) {
    for (const float sign : {1.0f, -1.0f})
      values.push_back(sign * std::pow(2.0f, static_cast<float>(e - grid.fraction_bits)));
  }
  return values;
}

TEST(TrainingQuantization, ProjectFindsTheNearestValue) {
  for (const WeightGrid grid : {WeightGrid{0, 1}, WeightGrid{3, 4}, WeightGrid{5, 2}, WeightGrid{2, 6}}) {
    const std::vector<float> values = grid_values(grid);
    for (int i = -4000; i <= 4000; ++i) {
      const float w = static_cast<float>(i) / 1024.0f;
      const float projected = project(grid, w);
      EXPECT_NE(std::find(values.begin(), values.end(), projected), values.end()) << w;
      for (const float v : values) EXPECT_LE(std::fabs(w - projected), std::fabs(w - v)) << w << " " << v;
      for (const float v : values) {  // ties go to the smaller
        if (std::fabs(w - projected) == std::fabs(w - v)) {
          EXPECT_LE(std::fabs(projected), std::fabs(v)) << w;
        }
      }
    }
    for (const float v : values) EXPECT_EQ(project(grid, v), v);
  }
}

TEST(TrainingQuantization, FitGridFindsTheScale) {
  EXPECT_EQ(fit_grid(std::vector<float>{0.25f, -0.125f, 0.0f, 0.0625f, 0.03125f}, WeightGrid{0, 4}),
            (WeightGrid{5, 4}));
  EXPECT_EQ(fit_grid(std::vector<float>{4.0f, -2.0f, 1.0f}, WeightGrid{9, 3}), (WeightGrid{0, 3}));
  EXPECT_EQ(fit_grid(std::vector<float>{3.75f, -0.25f, 1.5f}, WeightGrid{0, 1, 5}), (WeightGrid{2, 1, 5}));
}

TEST(TrainingQuantization, RoundBias) {
  EXPECT_EQ(round_bias(0.26f, 4), 0.25f);
  EXPECT_EQ(round_bias(-0.4f, 4), -0.5f);
  EXPECT_EQ(round_bias(0.1f, 4), 0.0f);
}

FloatNetwork small_network() {
  const Layer conv = make_conv2d({1, 6, 6}, 2, 3, 2, 1), hidden = make_dense(conv.out, 5);
  return make_float_network({conv, make_polynomial(conv.out, {}), hidden, make_polynomial(hidden.out, {}),
                             make_dense(hidden.out, 3)})
      .value();
}
const std::vector<WeightGrid> kGrids = {{2, 3}, {}, {3, 2}, {}, {4, 4}};
constexpr int kInputMax = 3;

std::vector<float> parameters_on_grid(const FloatNetwork& network, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<float> parameters(network.parameter_count);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const FloatLayer& layer = network.layers[i];
    if (layer.weight_count == 0) continue;
    const std::vector<float> values = grid_values(kGrids[i]);
    for (std::size_t k = 0; k < layer.weight_count; ++k)
      parameters[layer.weights_at + k] = values[generator() % values.size()];
    for (std::size_t k = 0; k < layer.bias_count; ++k) {
      parameters[layer.bias_at + k] =
          static_cast<float>(static_cast<int>(generator() % 2001) - 1000) / 1000.0f;
    }
  }
  return parameters;
}

TEST(TrainingQuantization, ScalesFollowTheLayers) {
  const auto scales = layer_scales(small_network(), kGrids, kInputMax);
  ASSERT_TRUE(scales.ok());
  // 3 * 2^2, 8 * 12^2, 1152 * 2^3, 8 * 9216^2, 679477248 * 2^4
  EXPECT_EQ(scales.value(), (std::vector<double>{12, 1152, 9216, 679477248, 10871635968}));
  const auto huge =
      layer_scales(small_network(), std::vector<WeightGrid>{{12, 1}, {}, {12, 1}, {}, {12, 1}}, 255);
  EXPECT_EQ(huge.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(huge.status().message().find("layer 3"), std::string::npos) << huge.status().message();
}

// The same weights in floats and in integers: equal up to the rounding of biases, which the float network is
// given too.
TEST(TrainingQuantization, IntegerNetworkEqualsFloatNetwork) {
  const FloatNetwork network = small_network();
  std::vector<float> parameters = parameters_on_grid(network, 11);
  const auto exported = export_network(network, parameters, kGrids, kInputMax, "small");
  ASSERT_TRUE(exported.ok()) << exported.status().message();
  const Network& integers = exported.value();
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    for (std::size_t k = 0; k < network.layers[i].weight_count; ++k) {
      const std::int64_t w = std::abs(integers.layers[i].weights[k]);
      EXPECT_TRUE((w & (w - 1)) == 0 && w < (std::int64_t{1} << kGrids[i].levels)) << w;
    }
  }
  const auto scales = layer_scales(network, kGrids, kInputMax);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    for (std::size_t k = 0; k < network.layers[i].bias_count; ++k) {
      float& bias = parameters[network.layers[i].bias_at + k];
      const float rounded = round_bias(bias, scales.value()[i]);
      EXPECT_NEAR(bias, rounded, 0.5 / static_cast<double>(scales.value()[i]) + 1e-7);
      bias = rounded;
    }
  }
  std::mt19937 generator(12);
  GroupWorkspace group = make_workspace(network);
  std::vector<std::vector<std::int64_t>> images(kLanes, std::vector<std::int64_t>(36));
  for (std::size_t l = 0; l < kLanes; ++l) {
    for (std::size_t i = 0; i < 36; ++i) {
      images[l][i] = static_cast<std::int64_t>(generator() % (kInputMax + 1));
      group.values.front()[i * kLanes + l] = static_cast<float>(images[l][i]) / kInputMax;
    }
  }
  forward(network, parameters, group);
  for (std::size_t l = 0; l < kLanes; ++l) {
    const auto scores = plain_run(integers, images[l]);
    ASSERT_TRUE(scores.ok()) << scores.status().message();
    for (std::size_t c = 0; c < 3; ++c) {
      const double real = static_cast<double>(scores.value()[c]) / integers.output_scale;
      EXPECT_NEAR(group.values.back()[c * kLanes + l], real, 1e-5 * (1 + std::fabs(real)));
    }
  }
}

TEST(TrainingQuantization, ExportRefusesAWeightOffTheGrid) {
  const FloatNetwork network = small_network();
  std::vector<float> parameters = parameters_on_grid(network, 13);
  parameters[network.layers[2].weights_at + 7] = 0.375f;
  const auto exported = export_network(network, parameters, kGrids, kInputMax, "small");
  EXPECT_EQ(exported.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(exported.status().message().find("weight 7 of layer 2 is 0.375"), std::string::npos)
      << exported.status().message();
}

TEST(TrainingQuantization, ExportRefusesABiasThatDoesNotFit) {
  const FloatNetwork network = small_network();
  for (const float bias : {1e12f, -1e12f, std::nanf("")}) {
    std::vector<float> parameters = parameters_on_grid(network, 14);
    parameters[network.layers[4].bias_at + 1] = bias;
    const auto exported = export_network(network, parameters, kGrids, kInputMax, "small");
    EXPECT_EQ(exported.status().code(), StatusCode::kOutOfRange);
    EXPECT_NE(exported.status().message().find("bias 1 of layer 4"), std::string::npos)
        << exported.status().message();
  }
}

TEST(TrainingPruning, CubicScheduleFallsFromOneToKeep) {
  EXPECT_FLOAT_EQ(cubic_keep(0.1f, 0.0f), 1.0f);
  EXPECT_FLOAT_EQ(cubic_keep(0.1f, 0.5f), 0.1f + 0.9f / 8);
  EXPECT_FLOAT_EQ(cubic_keep(0.1f, 1.0f), 0.1f);
  EXPECT_FLOAT_EQ(cubic_keep(0.1f, 1.3f), 0.1f);
}

TEST(TrainingPruning, LargestWeightsAgainstSorting) {
  const std::vector<float> weights = {0.5f, -2.0f, 0.25f, 2.0f, -0.5f, 3.0f};
  const std::vector<std::uint8_t> all(6, 1), without_last = {1, 1, 1, 1, 1, 0};
  EXPECT_EQ(largest_weights(weights, all, 0), (std::vector<std::uint32_t>{}));
  EXPECT_EQ(largest_weights(weights, all, 2), (std::vector<std::uint32_t>{1, 5}));  // of equal ones the first
  EXPECT_EQ(largest_weights(weights, without_last, 3), (std::vector<std::uint32_t>{0, 1, 3}));
  EXPECT_EQ(largest_weights(weights, without_last, 9), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace fcn::nn
