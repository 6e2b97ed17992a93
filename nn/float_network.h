// A network with single-precision parameters: what is trained before it becomes integers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network.h"
#include "tensor_ops.h"

namespace fcn::nn {

// Swish-AQ, a_0 first.
inline constexpr float kSwishAq[] = {0.25f, 0.5f, 0.125f};

// One layer and where its parameters lie in the flat parameter vector of the whole network, in this order: weights,
// biases, and, where the layer is batch-normalised, factors (gamma), running means and variances, one of each a bias.
// The bias is then added after the normalisation.
struct FloatLayer {
  Layer geometry;  // its integer arrays are empty
  std::size_t weights_at = 0, weight_count = 0;
  std::size_t bias_at = 0, bias_count = 0;
  bool normalized = false;

  std::size_t gamma_at() const noexcept { return bias_at + bias_count; }
  std::size_t mean_at() const noexcept { return bias_at + 2 * bias_count; }
  std::size_t variance_at() const noexcept { return bias_at + 3 * bias_count; }
};

// Immutable; the parameters are a vector<float> of parameter_count beside it, so that a teacher, a latent and
// a quantised version share one structure.
struct FloatNetwork {
  std::vector<FloatLayer> layers;
  std::size_t parameter_count = 0;
  std::vector<float> activation;  // a_0 first: what every polynomial layer computes
  const TensorKernels* kernels = nullptr;
};

struct FloatNetworkOptions {
  std::vector<float> activation{std::begin(kSwishAq), std::end(kSwishAq)};
  bool batch_norm = false;  // after every linear layer but the last
};

// Lays out the parameters of a chain of conv2d, dense, sum pool (as a mean) and polynomial layers.
// Errors: kInvalidArgument for another kind, shapes that do not chain, or an activation of degree 0.
platform::Result<FloatNetwork> make_float_network(const std::vector<Layer>& geometry,
                                                  const FloatNetworkOptions& options = {});

// Weights uniform with variance 1/fan-in, factors and variances 1, all else 0. The same seed gives the same parameters.
std::vector<float> initial_parameters(const FloatNetwork& network, std::uint64_t seed);

// The same function without batch normalisation: running means and variances become part of weights and biases.
struct FoldedNetwork {
  FloatNetwork network;
  std::vector<float> parameters;
};
FoldedNetwork fold_batch_norm(const FloatNetwork& network, std::span<const float> parameters);

// Memory for one group of kLanes images.
struct GroupWorkspace {
  std::vector<std::vector<float>> values;  // values[i]: input of layer i; the last: the scores
  std::vector<std::vector<float>> normal;  // of layer i where it is normalised
  std::vector<float> statistics;  // of this group, where the parameters have running means and variances
  std::vector<float> error, next_error, scratch;
  std::vector<float> gradient;  // of every parameter, summed over the group
};
GroupWorkspace make_workspace(const FloatNetwork& network);

// values.front() -> values.back(). kLearning normalises by the group's own statistics, for backward().
enum class Pass { kLearning, kMeasuring };
void forward(const FloatNetwork& network, std::span<const float> parameters, GroupWorkspace& group,
             Pass pass = Pass::kLearning) noexcept;
// Sets gradient from error = the gradient of the loss by the scores; after forward with the same parameters.
void backward(const FloatNetwork& network, std::span<const float> parameters, GroupWorkspace& group) noexcept;

}  // namespace fcn::nn
