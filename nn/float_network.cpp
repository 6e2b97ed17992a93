#include "float_network.h"

#include <algorithm>
#include <cmath>

#include "training_random.h"

namespace fcn::nn {

using platform::concat;
using platform::invalid_argument;
using platform::Result;

namespace {

bool trains(LayerKind kind) noexcept {
  return kind == LayerKind::kConv2d || kind == LayerKind::kDense || kind == LayerKind::kSumPool ||
         kind == LayerKind::kPolynomial;
}

std::size_t positions(const Layer& g) noexcept {
  return g.kind == LayerKind::kDense ? 1 : g.out.size() / static_cast<std::size_t>(g.out.channels);
}

// Gives every layer its place in the parameters.
void lay_out(FloatNetwork& network) {
  std::size_t at = 0;
  for (FloatLayer& layer : network.layers) {
    layer.weights_at = at;
    layer.bias_at = at + layer.weight_count;
    at = layer.bias_at + (layer.normalized ? 4 : 1) * layer.bias_count;
  }
  network.parameter_count = at;
}

}  // namespace

Result<FloatNetwork> make_float_network(const std::vector<Layer>& geometry,
                                        const FloatNetworkOptions& options) {
  FloatNetwork network;
  network.activation = options.activation;
  network.kernels = &best_tensor_kernels();
  if (geometry.empty()) return invalid_argument("a network to train needs at least one layer");
  if (network.activation.size() < 2)
    return invalid_argument("the activation must have a degree of at least 1");
  for (std::size_t i = 0; i < geometry.size(); ++i) {
    FloatLayer layer;
    layer.geometry = geometry[i];
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
    if (!trains(g.kind)) {
      return invalid_argument(concat("layer ", i, " (", layer_kind_name(g.kind), ") cannot be trained"));
    }
    if (g.kind == LayerKind::kConv2d) {
      layer.bias_count = static_cast<std::size_t>(g.out.channels);
      layer.weight_count = layer.bias_count * static_cast<std::size_t>(g.in.channels * g.kernel * g.kernel);
    } else if (g.kind == LayerKind::kDense) {
      layer.weight_count = g.in.size() * g.out.size();
      layer.bias_count = g.out.size();
    }
    layer.normalized = options.batch_norm && layer.weight_count > 0 && i + 1 < geometry.size();
    network.layers.push_back(std::move(layer));
  }
  lay_out(network);
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
    if (!layer.normalized) continue;
    std::fill_n(parameters.data() + layer.gamma_at(), layer.bias_count, 1.0f);
    std::fill_n(parameters.data() + layer.variance_at(), layer.bias_count, 1.0f);
  }
  return parameters;
}

FoldedNetwork fold_batch_norm(const FloatNetwork& network, std::span<const float> parameters) {
  FoldedNetwork folded{network, {}};
  for (FloatLayer& layer : folded.network.layers) layer.normalized = false;
  lay_out(folded.network);
  folded.parameters.resize(folded.network.parameter_count);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const FloatLayer& from = network.layers[i];
    if (from.weight_count == 0) continue;
    float* weights = folded.parameters.data() + folded.network.layers[i].weights_at;
    float* bias = folded.parameters.data() + folded.network.layers[i].bias_at;
    std::copy_n(parameters.data() + from.weights_at, from.weight_count, weights);
    std::copy_n(parameters.data() + from.bias_at, from.bias_count, bias);
    if (!from.normalized) continue;
    const std::size_t row = from.weight_count / from.bias_count;
    for (std::size_t o = 0; o < from.bias_count; ++o) {
      const float factor =
          parameters[from.gamma_at() + o] / std::sqrt(parameters[from.variance_at() + o] + kNormEpsilon);
      for (std::size_t k = 0; k < row; ++k) weights[o * row + k] *= factor;
      bias[o] -= factor * parameters[from.mean_at() + o];
    }
  }
  return folded;
}

GroupWorkspace make_workspace(const FloatNetwork& network) {
  GroupWorkspace group;
  std::size_t widest = network.layers.front().geometry.in.size(), scratch = 0;
  group.values.emplace_back(widest * kLanes);
  for (const FloatLayer& layer : network.layers) {
    const std::size_t out = layer.geometry.out.size() * kLanes;
    group.values.emplace_back(out);
    group.normal.emplace_back(layer.normalized ? out : 0);
    widest = std::max(widest, layer.geometry.out.size());
    scratch = std::max(scratch, scratch_floats(layer.geometry));
  }
  group.error.resize(widest * kLanes);
  group.next_error.resize(widest * kLanes);
  group.scratch.resize(scratch);
  group.gradient.resize(network.parameter_count);
  group.statistics.resize(network.parameter_count);
  return group;
}

void forward(const FloatNetwork& network, std::span<const float> parameters, GroupWorkspace& group,
             Pass pass) noexcept {
  const TensorKernels& kernels = *network.kernels;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const FloatLayer& layer = network.layers[i];
    const Layer& g = layer.geometry;
    const float* x = group.values[i].data();
    float* y = group.values[i + 1].data();
    const float* weights = parameters.data() + layer.weights_at;
    const float* bias = parameters.data() + layer.bias_at;
    switch (g.kind) {
      case LayerKind::kConv2d:
        conv2d_forward(kernels, g, y, x, weights, bias, group.scratch.data());
        break;
      case LayerKind::kDense:
        dense_forward(kernels, g, y, x, weights, bias);
        break;
      case LayerKind::kSumPool:
        mean_pool_forward(g, y, x);
        break;
      default:
        polynomial_forward(kernels, network.activation, y, x, group.values[i].size());
    }
    if (!layer.normalized) continue;
    // The bias that the linear layer added is taken out again with the mean.
    const float* gamma = parameters.data() + layer.gamma_at();
    if (pass == Pass::kLearning) {
      batch_norm_forward(layer.bias_count, positions(g), y, group.normal[i].data(),
                         group.statistics.data() + layer.mean_at(),
                         group.statistics.data() + layer.variance_at(), gamma, bias);
      for (std::size_t o = 0; o < layer.bias_count; ++o) group.statistics[layer.mean_at() + o] -= bias[o];
    } else {
      for (std::size_t o = 0; o < layer.bias_count; ++o)
        group.statistics[o] = parameters[layer.mean_at() + o] + bias[o];
      batch_norm_apply(layer.bias_count, positions(g), y, group.statistics.data(),
                       parameters.data() + layer.variance_at(), gamma, bias);
    }
  }
}

void backward(const FloatNetwork& network, std::span<const float> parameters,
              GroupWorkspace& group) noexcept {
  const TensorKernels& kernels = *network.kernels;
  std::fill(group.gradient.begin(), group.gradient.end(), 0.0f);
  for (std::size_t i = network.layers.size(); i-- > 0;) {
    const FloatLayer& layer = network.layers[i];
    const Layer& g = layer.geometry;
    const float* x = group.values[i].data();
    const float* weights = parameters.data() + layer.weights_at;
    float* dweights = group.gradient.data() + layer.weights_at;
    float* dbias = group.gradient.data() + layer.bias_at;
    float* dx = i > 0 ? group.next_error.data() : nullptr;
    float* dy = group.error.data();
    if (layer.normalized) {
      batch_norm_backward(layer.bias_count, positions(g), dy, group.gradient.data() + layer.gamma_at(), dbias,
                          group.normal[i].data(), group.statistics.data() + layer.variance_at(),
                          parameters.data() + layer.gamma_at());
    }
    switch (g.kind) {
      case LayerKind::kConv2d:
        conv2d_backward(kernels, g, dx, dweights, dbias, dy, x, weights, group.scratch.data());
        break;
      case LayerKind::kDense:
        dense_backward(kernels, g, dx, dweights, dbias, dy, x, weights, group.scratch.data());
        break;
      case LayerKind::kSumPool:
        if (dx != nullptr) mean_pool_backward(g, dx, dy);
        break;
      default:
        if (dx != nullptr)
          polynomial_backward(kernels, network.activation, dx, dy, x, group.values[i].size());
    }
    std::swap(group.error, group.next_error);
  }
}

}  // namespace fcn::nn
