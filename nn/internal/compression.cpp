#include "compression.h"

#include <algorithm>
#include <cmath>

#include "../pruning.h"

namespace fcn::nn::internal {

Compression::Compression(const FloatNetwork& network, const std::vector<LayerRecipe>& recipes, int input_max)
    : network_(network),
      recipes_(recipes),
      input_max_(input_max),
      states_(network.parameter_count, State::kFree),
      learns_(network.parameter_count, 1.0f),
      grids_(network.layers.size()) {}

std::vector<std::size_t> Compression::largest(std::span<const float> parameters, const FloatLayer& layer,
                                              std::size_t count) const {
  std::vector<std::uint8_t> candidates(layer.weight_count);
  for (std::size_t k = 0; k < candidates.size(); ++k) {
    candidates[k] = states_[layer.weights_at + k] != State::kPruned;
  }
  std::vector<std::size_t> indices;
  for (const std::uint32_t k :
       largest_weights(parameters.subspan(layer.weights_at, layer.weight_count), candidates, count)) {
    indices.push_back(layer.weights_at + k);
  }
  return indices;
}

std::size_t Compression::remaining(const FloatLayer& layer) const noexcept {
  const auto first = states_.begin() + static_cast<std::ptrdiff_t>(layer.weights_at);
  const auto last = first + static_cast<std::ptrdiff_t>(layer.weight_count);
  return layer.weight_count - static_cast<std::size_t>(std::count(first, last, State::kPruned));
}

void Compression::prune(std::span<float> parameters, float progress) {
  std::size_t linear = 0;
  for (const FloatLayer& layer : network_.layers) {
    if (layer.weight_count == 0) continue;
    const float share = cubic_keep(recipes_[linear++].keep, progress);
    const auto count = static_cast<std::size_t>(std::lround(share * static_cast<float>(layer.weight_count)));
    std::vector<std::uint8_t> stays(layer.weight_count, 0);
    for (const std::size_t k : largest(parameters, layer, count)) stays[k - layer.weights_at] = 1;
    for (std::size_t k = 0; k < stays.size(); ++k) {
      if (stays[k] != 0) continue;
      states_[layer.weights_at + k] = State::kPruned;
      learns_[layer.weights_at + k] = 0;
      parameters[layer.weights_at + k] = 0;
    }
  }
}

platform::Status Compression::fix(std::span<float> parameters, float share, bool straight_through) {
  if (scales_.empty()) {
    std::size_t linear = 0;
    for (std::size_t i = 0; i < grids_.size(); ++i) {
      const FloatLayer& layer = network_.layers[i];
      if (layer.weight_count == 0) continue;
      grids_[i] =
          fit_grid(parameters.subspan(layer.weights_at, layer.weight_count), recipes_[linear++].levels);
    }
    FCN_ASSIGN_OR_RETURN(scales_, layer_scales(network_, grids_, input_max_));
  }
  for (std::size_t i = 0; i < grids_.size(); ++i) {
    const FloatLayer& layer = network_.layers[i];
    const auto count = static_cast<std::size_t>(std::lround(share * static_cast<float>(remaining(layer))));
    for (const std::size_t k : largest(parameters, layer, count)) {
      states_[k] = State::kFixed;
      if (straight_through) continue;
      parameters[k] = project(grids_[i], parameters[k]);
      learns_[k] = 0;
    }
  }
  return {};
}

void Compression::apply(std::vector<float>& effective, std::span<const float> parameters) const {
  effective.assign(parameters.begin(), parameters.end());
  if (scales_.empty()) return;
  for (std::size_t i = 0; i < grids_.size(); ++i) {
    const FloatLayer& layer = network_.layers[i];
    for (std::size_t k = layer.weights_at; k < layer.bias_at; ++k) {
      if (states_[k] == State::kFixed) effective[k] = project(grids_[i], effective[k]);
    }
    for (std::size_t k = layer.bias_at; k < layer.bias_at + layer.bias_count; ++k) {
      effective[k] = round_bias(effective[k], scales_[i]);
    }
  }
}

}  // namespace fcn::nn::internal
