// A network's values straight from the definition of each layer: every window position, padding included as
// zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/network.h"

namespace fcn::test {

using Values = std::vector<std::int64_t>;

// Input (c, y, x), or 0 outside the image.
inline std::int64_t padded_at_ref(const nn::Shape& shape, const Values& in, int c, int y, int x) {
  if (y < 0 || y >= shape.height || x < 0 || x >= shape.width) return 0;
  return in[static_cast<std::size_t>((c * shape.height + y) * shape.width + x)];
}

inline Values run_layer_ref(const nn::Layer& layer, const Values& in) {
  Values out;
  if (layer.kind == nn::LayerKind::kFlatten) return in;
  if (layer.kind == nn::LayerKind::kPolynomial) {
    for (const std::int64_t x : in) {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < layer.coefficients.size(); ++i) {
        std::int64_t term = layer.coefficients[i];
        for (std::size_t j = 0; j < i; ++j) term *= x;
        sum += term;
      }
      out.push_back(sum);
    }
    return out;
  }
  for (int o = 0; o < layer.out.channels; ++o) {
    if (layer.kind == nn::LayerKind::kDense) {
      std::int64_t sum = layer.bias[static_cast<std::size_t>(o)];
      for (std::size_t i = 0; i < in.size(); ++i)
        sum += layer.weights[static_cast<std::size_t>(o) * in.size() + i] * in[i];
      out.push_back(sum);
      continue;
    }
    const int k = layer.kernel;
    for (int y = -layer.padding; y + k <= layer.in.height + layer.padding; y += layer.stride) {
      for (int x = -layer.padding; x + k <= layer.in.width + layer.padding; x += layer.stride) {
        std::int64_t sum = layer.kind == nn::LayerKind::kConv2d ? layer.bias[static_cast<std::size_t>(o)] : 0;
        for (int c = 0; c < layer.in.channels; ++c) {
          for (int i = 0; i < k * k; ++i) {
            const std::int64_t value = padded_at_ref(layer.in, in, c, y + i / k, x + i % k);
            const int weight_index = (o * layer.in.channels + c) * k * k + i;
            if (layer.kind == nn::LayerKind::kConv2d) {
              sum += layer.weights[static_cast<std::size_t>(weight_index)] * value;
            } else if (c == o) {
              sum += value;
            }
          }
        }
        out.push_back(sum);
      }
    }
  }
  return out;
}

// The values after every layer.
inline std::vector<Values> run_network_ref(const nn::Network& network, const Values& pixels) {
  std::vector<Values> after;
  for (const nn::Layer& layer : network.layers) {
    after.push_back(run_layer_ref(layer, after.empty() ? pixels : after.back()));
  }
  return after;
}

}  // namespace fcn::test
