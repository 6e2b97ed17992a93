// Small random networks of every layer kind, and images for them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "nn/network.h"
#include "nn/range_analysis.h"

namespace fcn::test {

using Random = std::mt19937_64;

// A number in [low, high].
inline std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}

// A weight as networks here have it: often 0, mostly +-2^e, sometimes any small integer.
inline std::int64_t random_weight(Random& random) {
  const std::int64_t choice = pick(random, 0, 9);
  if (choice < 4) return 0;
  const std::int64_t sign = pick(random, 0, 1) * 2 - 1;
  return choice < 9 ? sign * (std::int64_t{1} << pick(random, 0, 3)) : sign * pick(random, 3, 7);
}

// Fills in weights and biases of the sizes that a conv2d or dense layer needs.
inline void randomize_weights(Random& random, nn::Layer& layer) {
  const std::size_t row = layer.kind == nn::LayerKind::kDense
                              ? layer.in.size()
                              : static_cast<std::size_t>(layer.in.channels * layer.kernel * layer.kernel);
  const auto outputs = static_cast<std::size_t>(layer.out.channels);
  layer.weights.resize(outputs * row);
  for (std::int64_t& weight : layer.weights) weight = random_weight(random);
  layer.bias.resize(outputs);
  for (std::int64_t& bias : layer.bias) bias = pick(random, -50, 50);
}

inline nn::Layer random_layer(Random& random, const nn::Shape& in) {
  const int kernel = static_cast<int>(pick(random, 1, std::min({in.height, in.width, 3})));
  const int padding = static_cast<int>(pick(random, 0, kernel - 1));
  const int stride = static_cast<int>(pick(random, 1, 2));
  nn::Layer layer;
  switch (pick(random, 0, 5)) {
    case 0:
      layer = nn::make_conv2d(in, static_cast<int>(pick(random, 1, 3)), kernel, stride, padding);
      randomize_weights(random, layer);
      return layer;
    case 1:
      layer = nn::make_dense(in, static_cast<int>(pick(random, 1, 6)));
      randomize_weights(random, layer);
      return layer;
    case 2:
      return nn::make_sum_pool(in, kernel, stride, padding);
    case 3:
      return nn::make_polynomial(in, nn::swish_aq_coefficients(pick(random, 1, 4)));
    case 4: {
      std::vector<std::int64_t> coefficients;
      for (std::int64_t degree = pick(random, 1, 3); degree >= 0; --degree)
        coefficients.push_back(pick(random, -4, 4));
      return nn::make_polynomial(in, std::move(coefficients));
    }
    default:
      return nn::make_flatten(in);
  }
}

// A network of 1 to max_layers layers whose range analysis succeeds.
inline nn::Network random_network(Random& random, const nn::Shape& input, std::int64_t input_max,
                                  int max_layers) {
  while (true) {
    nn::Network network;
    network.name = "random " + std::to_string(random() % 1000);
    network.input = input;
    network.input_max = input_max;
    network.output_scale = static_cast<double>(pick(random, 1, 1000)) / 7;
    nn::Shape shape = input;
    for (std::int64_t left = pick(random, 1, max_layers); left > 0; --left) {
      network.layers.push_back(random_layer(random, shape));
      shape = network.layers.back().out;
    }
    if (nn::analyze_ranges(network).ok()) return network;
  }
}

// Black, white, black and white at random, or any pixels.
inline std::vector<std::int64_t> random_image(Random& random, const nn::Network& network) {
  std::vector<std::int64_t> pixels(network.input.size());
  const std::int64_t style = pick(random, 0, 3), top = network.input_max;
  for (std::int64_t& pixel : pixels) {
    pixel = style == 0 ? 0 : style == 1 ? top : style == 2 ? top * pick(random, 0, 1) : pick(random, 0, top);
  }
  return pixels;
}

}  // namespace fcn::test
