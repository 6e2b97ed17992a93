// A network with single-precision parameters: what is trained before it becomes integers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network.h"
#include "tensor_ops.h"

namespace fcn::nn {

// Swish-AQ, a_0 first: what every kPolynomial layer of a float network computes.
inline constexpr float kSwishAq[] = {0.25f, 0.5f, 0.125f};

// One layer and where its parameters lie in the flat parameter vector of the whole network.
struct FloatLayer {
  Layer geometry;  // its integer arrays are empty
  std::size_t weights_at = 0, weight_count = 0;
  std::size_t bias_at = 0, bias_count = 0;
};

// Immutable; the parameters are a vector<float> of parameter_count beside it, so that a teacher, a latent and
// a quantised version share one structure.
struct FloatNetwork {
  std::vector<FloatLayer> layers;
  std::size_t parameter_count = 0;
};

// Lays out the parameters of a chain of conv2d, dense and polynomial layers.
// Errors: kInvalidArgument for another kind, or shapes that do not chain.
platform::Result<FloatNetwork> make_float_network(const std::vector<Layer>& geometry);

// Weights uniform with variance 1/fan-in, biases 0. The same seed gives the same parameters.
std::vector<float> initial_parameters(const FloatNetwork& network, std::uint64_t seed);

// Memory for one group of kLanes images.
struct GroupWorkspace {
  std::vector<std::vector<float>> values;  // values[i]: input of layer i; the last: the scores
  std::vector<float> error, next_error, scratch;
  std::vector<float> gradient;  // of every parameter, summed over the group
};
GroupWorkspace make_workspace(const FloatNetwork& network);

// values.front() -> values.back().
void forward(const FloatNetwork& network, std::span<const float> parameters, GroupWorkspace& group) noexcept;
// Sets gradient from error = the gradient of the loss by the scores; after forward with the same parameters.
void backward(const FloatNetwork& network, std::span<const float> parameters, GroupWorkspace& group) noexcept;

}  // namespace fcn::nn
