// What pruning and quantisation have decided so far about every weight of a network in training.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../float_network.h"
#include "../quantization.h"
#include "../training.h"
#include "state_io.h"

namespace fcn::nn::internal {

// A weight is free (any real number), fixed (on its layer's grid) or pruned (0 for ever).
class Compression {
 public:
  // recipes: one for each linear layer. Both references outlive this.
  Compression(const FloatNetwork& network, const std::vector<LayerRecipe>& recipes, int input_max);

  // Keeps the largest weights (or groups of weights) of every layer, as many as a gradual pruning has left at
  // progress in [0, 1], and sets the others to 0.
  void prune(std::span<float> parameters, float progress);

  // Fixes this share of every layer's remaining weights, the largest first. straight_through: they go on
  // learning behind their projection; otherwise they become it and stop. The first call chooses the grids.
  // Errors: those of layer_scales().
  platform::Status fix(std::span<float> parameters, float share, bool straight_through);

  // The parameters a network computes with: fixed weights projected; biases rounded once the grids are
  // chosen.
  void apply(std::vector<float>& effective, std::span<const float> parameters) const;

  const std::vector<float>& learns() const noexcept { return learns_; }  // 1 or 0 for every parameter
  const std::vector<WeightGrid>& grids() const noexcept { return grids_; }

  void save(platform::ByteWriter& out) const;
  platform::Status load(platform::ByteReader& in);

 private:
  enum class State : std::uint8_t { kFree, kFixed, kPruned };

  // The count largest weights of a layer that are not pruned, as indices into the parameters.
  std::vector<std::size_t> largest(std::span<const float> parameters, const FloatLayer& layer,
                                   std::size_t count) const;
  std::size_t remaining(const FloatLayer& layer) const noexcept;
  void prune_groups(std::span<float> parameters, const FloatLayer& layer, const LayerRecipe& recipe,
                    float share);
  void prune_weight(std::span<float> parameters, std::size_t k);

  const FloatNetwork& network_;
  const std::vector<LayerRecipe>& recipes_;
  int input_max_;
  std::vector<State> states_;
  std::vector<float> learns_;
  std::vector<WeightGrid> grids_;  // one a layer
  std::vector<double> scales_;     // one a layer; empty until the grids are chosen
};

}  // namespace fcn::nn::internal
