// The rules for names, shapes and single layers, for everything that accepts or names them.
#pragma once

#include <cstddef>
#include <string>

#include "../network.h"

namespace fcn::nn::internal {

// "5x13x13".
std::string shape_text(const Shape& shape);
// "layer 2 (dense)": layers count from 1.
std::string layer_label(const Network& network, std::size_t index);

// Errors: kInvalidArgument unless a network's name is printable ASCII without a space at either end.
platform::Status check_name(const std::string& name);
platform::Status check_salt_size(std::size_t bytes);

// conv2d and dense: a bias for each output channel and weights for each of those.
bool has_weights(const Layer& layer) noexcept;
// How many weights one bias goes with: C*K*K or I. Bounds: check_geometry(layer) succeeded.
std::size_t weights_per_output(const Layer& layer) noexcept;

// Errors: kInvalidArgument unless the extents are within the limits and `out` follows from the other numbers.
platform::Status check_geometry(const Layer& layer);
// Errors: kInvalidArgument unless the arrays have the sizes and value ranges that the geometry asks for.
platform::Status check_arrays(const Layer& layer);
// Errors: kInvalidArgument unless every extent is positive and the tensor has at most kMaxLayerSize values.
platform::Status check_shape(const char* what, const Shape& shape);

}  // namespace fcn::nn::internal
