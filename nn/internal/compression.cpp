#include "compression.h"

#include <algorithm>
#include <cmath>

#include "../pruning.h"

namespace fcn::nn::internal {

using platform::Status;

Compression::Compression(const FloatNetwork& network, const std::vector<LayerRecipe>& recipes, int input_max)
    : network_(network),
      recipes_(recipes),
      input_max_(input_max),
      states_(network.parameter_count, State::kFree),
      learns_(network.parameter_count, 1.0f),
      grids_(network.layers.size()) {
  std::size_t linear = 0;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const FloatLayer& layer = network.layers[i];
    if (layer.weight_count == 0) continue;
    const LayerRecipe& recipe = recipes_[linear++];
    grids_[i].levels = recipe.levels;
    grids_[i].integer_bits = recipe.integer_bits;
    if (!recipe.bias) std::fill_n(learns_.data() + layer.bias_at, layer.bias_count, 0.0f);
    // Running means and variances follow the batches; no gradient moves them.
    if (layer.normalized) std::fill_n(learns_.data() + layer.mean_at(), 2 * layer.bias_count, 0.0f);
  }
}

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

void Compression::prune_weight(std::span<float> parameters, std::size_t k) {
  states_[k] = State::kPruned;
  learns_[k] = 0;
  parameters[k] = 0;
}

void Compression::prune(std::span<float> parameters, float progress) {
  std::size_t linear = 0;
  for (const FloatLayer& layer : network_.layers) {
    if (layer.weight_count == 0) continue;
    const LayerRecipe& recipe = recipes_[linear++];
    const float share = cubic_keep(recipe.keep, progress);
    if (!recipe.groups.empty()) {
      prune_groups(parameters, layer, recipe, share);
      continue;
    }
    const auto count = static_cast<std::size_t>(std::lround(share * static_cast<float>(layer.weight_count)));
    std::vector<std::uint8_t> stays(layer.weight_count, 0);
    for (const std::size_t k : largest(parameters, layer, count)) stays[k - layer.weights_at] = 1;
    for (std::size_t k = 0; k < stays.size(); ++k) {
      if (stays[k] == 0) prune_weight(parameters, layer.weights_at + k);
    }
  }
}

void Compression::prune_groups(std::span<float> parameters, const FloatLayer& layer,
                               const LayerRecipe& recipe, float share) {
  const std::span<const float> weights = parameters.subspan(layer.weights_at, layer.weight_count);
  const std::vector<std::uint8_t> stays = largest_groups(weights, recipe.groups, share);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (stays[recipe.groups[k]] == 0) prune_weight(parameters, layer.weights_at + k);
  }
}

Status Compression::fix(std::span<float> parameters, float share, bool straight_through) {
  if (scales_.empty()) {
    for (std::size_t i = 0; i < grids_.size(); ++i) {
      const FloatLayer& layer = network_.layers[i];
      if (layer.weight_count == 0) continue;
      grids_[i] = fit_grid(parameters.subspan(layer.weights_at, layer.weight_count), grids_[i]);
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
    if (layer.weight_count == 0) continue;
    const std::span<float> weights(effective.data() + layer.weights_at, layer.weight_count);
    project(*network_.kernels, grids_[i], weights, weights);
    for (std::size_t k = layer.weights_at; k < layer.bias_at; ++k) {
      if (states_[k] == State::kFree) effective[k] = parameters[k];
    }
    for (std::size_t k = layer.bias_at; k < layer.bias_at + layer.bias_count; ++k) {
      effective[k] = round_bias(effective[k], scales_[i]);
    }
  }
}

void Compression::save(platform::ByteWriter& out) const {
  for (const State state : states_) out.u8(static_cast<std::uint8_t>(state));
  write_floats(out, learns_);
  out.u8(scales_.empty() ? 0 : 1);
  for (const WeightGrid& grid : grids_) out.u32(static_cast<std::uint32_t>(grid.fraction_bits));
}

Status Compression::load(platform::ByteReader& in) {
  for (State& state : states_) {
    std::uint8_t value = 0;
    FCN_RETURN_IF_ERROR(in.u8(value, "states of weights"));
    if (value > static_cast<std::uint8_t>(State::kPruned))
      return platform::corrupt(platform::concat("a weight's state is ", +value, ", not 0 to 2"));
    state = static_cast<State>(value);
  }
  FCN_RETURN_IF_ERROR(read_floats(in, learns_, "which weights learn"));
  std::uint8_t chosen = 0;
  FCN_RETURN_IF_ERROR(in.u8(chosen, "whether grids are chosen"));
  for (WeightGrid& grid : grids_) {
    std::uint32_t bits = 0;
    FCN_RETURN_IF_ERROR(in.u32(bits, "fraction bits"));
    if (bits > 60) return platform::corrupt(platform::concat("a grid has ", bits, " fraction bits"));
    grid.fraction_bits = static_cast<int>(bits);
  }
  scales_.clear();
  if (chosen != 0) {
    FCN_ASSIGN_OR_RETURN(scales_, layer_scales(network_, grids_, input_max_));
  }
  return {};
}

}  // namespace fcn::nn::internal
