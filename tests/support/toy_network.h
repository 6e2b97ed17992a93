// A network small enough to compute by hand: 2 x 2 pixels in [0, 15] -> dense 3 -> square -> dense 2.
#pragma once

#include "nn/network.h"

namespace fcn::test {

// Another last_bias is another network of the same shapes and parameters.
inline nn::Network toy_network(std::int64_t last_bias = 5) {
  nn::Network network;
  network.name = "toy";
  network.input = {1, 2, 2};
  network.input_max = 15;
  nn::Layer first = nn::make_dense(network.input, 3);
  first.weights = {1, 0, -4, 2, 0, 0, 0, 8, -1, -1, -1, -1};
  first.bias = {-7, 0, 1};
  const nn::Layer square = nn::make_polynomial(first.out, {0, 0, 1});
  nn::Layer last = nn::make_dense(square.out, 2);
  last.weights = {1, -2, 0, 0, 1, 4};
  last.bias = {0, last_bias};
  network.layers = {first, square, last};
  return network;
}

}  // namespace fcn::test
