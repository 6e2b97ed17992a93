#include "float_network.h"

#include <algorithm>
#include <cmath>

#include "training_random.h"

namespace fcn::nn {

using platform::concat;
using platform::invalid_argument;
using platform::Result;

Result<FloatNetwork> make_float_network(const std::vector<Layer>& geometry) {
  FloatNetwork network;
  if (geometry.empty()) return invalid_argument("a network to train needs at least one layer");
  for (std::size_t i = 0; i < geometry.size(); ++i) {
    FloatLayer layer{geometry[i]};
    const Layer& g = layer.geometry;
    if (g.in.size() == 0 || g.out.size() == 0 || g.in.size() > kMaxLayerSize ||
        g.out.size() > kMaxLayerSize) {
      return invalid_argument(concat("layer ", i, " (", layer_kind_name(g.kind), ") has ", g.in.size(),
                                     " inputs and ", g.out.size(), " outputs, not 1 to ", kMaxLayerSize));
    }
    if (i > 0 && g.in.size() != geometry[i - 1].out.size()) {
      return invalid_argument(concat("layer ", i, " reads ", g.in.size(),
                                     " values but the layer before it makes ", geometry[i - 1].out.size()));
    }
    if (g.kind == LayerKind::kConv2d) {
      layer.bias_count = static_cast<std::size_t>(g.out.channels);
      layer.weight_count = layer.bias_count * static_cast<std::size_t>(g.in.channels * g.kernel * g.kernel);
    } else if (g.kind == LayerKind::kDense) {
      layer.weight_count = g.in.size() * g.out.size();
      layer.bias_count = g.out.size();
    } else if (g.kind != LayerKind::kPolynomial) {
      return invalid_argument(concat("layer ", i, " (", layer_kind_name(g.kind), ") cannot be trained"));
    }
    layer.weights_at = network.parameter_count;
    layer.bias_at = layer.weights_at + layer.weight_count;
    network.parameter_count = layer.bias_at + layer.bias_count;
    network.layers.push_back(std::move(layer));
  }
  return network;
}

std::vector<float> initial_parameters(const FloatNetwork& network, std::uint64_t seed) {
  std::vector<float> parameters(network.parameter_count, 0.0f);
  TrainingRandom random(seed, Purpose::kInitialWeights, 0, 0);
  for (const FloatLayer& layer : network.layers) {
    if (layer.weight_count == 0) continue;
    const std::size_t fan_in = layer.weight_count / layer.bias_count;
    const float limit = std::sqrt(3.0f / static_cast<float>(fan_in));
    for (std::size_t i = 0; i < layer.weight_count; ++i)
      parameters[layer.weights_at + i] = random.uniform(-limit, limit);
  }
  return parameters;
}

GroupWorkspace make_workspace(const FloatNetwork& network) {
  GroupWorkspace group;
  std::size_t widest = network.layers.front().geometry.in.size();
  group.values.emplace_back(widest * kLanes);
  for (const FloatLayer& layer : network.layers) {
    group.values.emplace_back(layer.geometry.out.size() * kLanes);
    widest = std::max(widest, layer.geometry.out.size());
  }
  for (auto* buffer : {&group.error, &group.next_error, &group.scratch}) buffer->resize(widest * kLanes);
  group.gradient.resize(network.parameter_count);
  return group;
}

void forward(const FloatNetwork& network, std::span<const float> parameters, GroupWorkspace& group) noexcept {
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const FloatLayer& layer = network.layers[i];
    const float* x = group.values[i].data();
    float* y = group.values[i + 1].data();
    const float* weights = parameters.data() + layer.weights_at;
    const float* bias = parameters.data() + layer.bias_at;
    if (layer.geometry.kind == LayerKind::kConv2d) {
      conv2d_forward(layer.geometry, y, x, weights, bias);
    } else if (layer.geometry.kind == LayerKind::kDense) {
      dense_forward(layer.geometry, y, x, weights, bias);
    } else {
      polynomial_forward(kSwishAq, y, x, group.values[i].size());
    }
  }
}

void backward(const FloatNetwork& network, std::span<const float> parameters,
              GroupWorkspace& group) noexcept {
  std::fill(group.gradient.begin(), group.gradient.end(), 0.0f);
  for (std::size_t i = network.layers.size(); i-- > 0;) {
    const FloatLayer& layer = network.layers[i];
    const float* x = group.values[i].data();
    const float* weights = parameters.data() + layer.weights_at;
    float* dweights = group.gradient.data() + layer.weights_at;
    float* dbias = group.gradient.data() + layer.bias_at;
    float* dx = i > 0 ? group.next_error.data() : nullptr;
    const float* dy = group.error.data();
    if (layer.geometry.kind == LayerKind::kConv2d) {
      conv2d_backward(layer.geometry, dx, dweights, dbias, dy, x, weights);
    } else if (layer.geometry.kind == LayerKind::kDense) {
      dense_backward(layer.geometry, dx, dweights, dbias, dy, x, weights, group.scratch.data());
    } else if (dx != nullptr) {
      polynomial_backward(kSwishAq, dx, dy, x, group.values[i].size());
    }
    std::swap(group.error, group.next_error);
  }
}

}  // namespace fcn::nn
