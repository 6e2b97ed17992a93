#include "layer_check.h"

#include <initializer_list>
#include <span>

#include "checked_math.h"

namespace fcn::nn::internal {
namespace {

using platform::concat;
using platform::invalid_argument;
using platform::Status;

// Whether the product of positive factors is at most limit; never overflows.
bool product_within(std::size_t limit, std::initializer_list<int> factors) noexcept {
  for (const int factor : factors) limit /= static_cast<std::size_t>(factor);
  return limit >= 1;
}

Status check_extent(const char* what, int value, int low) {
  const auto high = static_cast<int>(kMaxLayerSize);
  if (value >= low && value <= high) return {};
  return invalid_argument(concat(what, " = ", value, " is not in [", low, ", ", high, "]"));
}

Status check_window(const Layer& layer) {
  FCN_RETURN_IF_ERROR(check_extent("kernel", layer.kernel, 1));
  FCN_RETURN_IF_ERROR(check_extent("stride", layer.stride, 1));
  FCN_RETURN_IF_ERROR(check_extent("padding", layer.padding, 0));
  if (layer.padding >= layer.kernel) {
    return invalid_argument(concat("padding = ", layer.padding, " is not below kernel = ", layer.kernel,
                                   ": some windows would hold no input"));
  }
  if (window_count(layer.in.height, layer.kernel, layer.stride, layer.padding) == 0 ||
      window_count(layer.in.width, layer.kernel, layer.stride, layer.padding) == 0) {
    return invalid_argument(concat("a window of kernel = ", layer.kernel, " does not fit the input ",
                                   shape_text(layer.in), " with padding = ", layer.padding));
  }
  return {};
}

// The output shape that follows from the other fields; the output channels are the layer's own where it has
// weights.
Shape derived_output(const Layer& layer) {
  switch (layer.kind) {
    case LayerKind::kConv2d:
      return make_conv2d(layer.in, layer.out.channels, layer.kernel, layer.stride, layer.padding).out;
    case LayerKind::kDense:
      return make_dense(layer.in, layer.out.channels).out;
    case LayerKind::kSumPool:
      return make_sum_pool(layer.in, layer.kernel, layer.stride, layer.padding).out;
    case LayerKind::kPolynomial:
      return layer.in;
    case LayerKind::kFlatten:
      return make_flatten(layer.in).out;
  }
  return {};
}

Status check_size(const char* what, std::size_t found, std::size_t expected) {
  if (found == expected) return {};
  return invalid_argument(concat(found, " ", what, " where ", expected, " belong"));
}

Status check_values(const char* what, std::span<const std::int64_t> values, std::int64_t limit) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (magnitude(values[i]) > static_cast<std::uint64_t>(limit)) {
      return invalid_argument(concat(what, " ", i, " = ", values[i], " is not within +-", limit));
    }
  }
  return {};
}

}  // namespace

std::string shape_text(const Shape& shape) {
  return concat(shape.channels, 'x', shape.height, 'x', shape.width);
}

std::string layer_label(const Network& network, std::size_t index) {
  return concat("layer ", index + 1, " (", layer_kind_name(network.layers[index].kind), ")");
}

Status check_salt_size(std::size_t bytes) {
  if (bytes >= kMinSaltBytes && bytes <= kMaxSaltBytes) return {};
  return invalid_argument(
      concat("a salt of ", bytes, " bytes is not of ", kMinSaltBytes, " to ", kMaxSaltBytes));
}

Status check_name(const std::string& name) {
  for (const char c : name) {
    if (c < ' ' || c > '~') {
      return invalid_argument(concat("the name has the byte ",
                                     static_cast<int>(static_cast<unsigned char>(c)),
                                     ", which is not printable ASCII"));
    }
  }
  if (!name.empty() && (name.front() == ' ' || name.back() == ' ')) {
    return invalid_argument(concat("the name '", name, "' begins or ends with a space"));
  }
  return {};
}

bool has_weights(const Layer& layer) noexcept {
  return layer.kind == LayerKind::kConv2d || layer.kind == LayerKind::kDense;
}

std::size_t weights_per_output(const Layer& layer) noexcept {
  if (layer.kind == LayerKind::kDense) return layer.in.size();
  if (layer.kind != LayerKind::kConv2d) return 0;
  return static_cast<std::size_t>(layer.in.channels) * layer.kernel * layer.kernel;
}

Status check_shape(const char* what, const Shape& shape) {
  if (shape.channels < 1 || shape.height < 1 || shape.width < 1) {
    return invalid_argument(concat(what, " ", shape_text(shape), " has an extent that is not positive"));
  }
  if (!product_within(kMaxLayerSize, {shape.channels, shape.height, shape.width})) {
    return invalid_argument(
        concat(what, " ", shape_text(shape), " has more than ", kMaxLayerSize, " values"));
  }
  return {};
}

Status check_geometry(const Layer& layer) {
  FCN_RETURN_IF_ERROR(check_shape("input", layer.in));
  FCN_RETURN_IF_ERROR(check_shape("output", layer.out));
  if (layer.kind == LayerKind::kConv2d || layer.kind == LayerKind::kSumPool) {
    FCN_RETURN_IF_ERROR(check_window(layer));
  } else if (layer.kernel != 0 || layer.stride != 0 || layer.padding != 0) {
    return invalid_argument(concat("kernel, stride, padding = ", layer.kernel, ", ", layer.stride, ", ",
                                   layer.padding, " belong to no window"));
  }
  if (const Shape expected = derived_output(layer); layer.out != expected) {
    return invalid_argument(concat("output ", shape_text(layer.out), " where input ", shape_text(layer.in),
                                   " gives ", shape_text(expected)));
  }
  const bool fits =
      layer.kind == LayerKind::kConv2d
          ? product_within(kMaxWeights, {layer.out.channels, layer.in.channels, layer.kernel, layer.kernel})
          : layer.kind != LayerKind::kDense ||
                product_within(kMaxWeights, {layer.out.channels, static_cast<int>(layer.in.size())});
  if (!fits) return invalid_argument(concat("more than ", kMaxWeights, " weights"));
  return {};
}

Status check_arrays(const Layer& layer) {
  const auto outputs = static_cast<std::size_t>(layer.out.channels);
  FCN_RETURN_IF_ERROR(check_size("weights", layer.weights.size(), outputs * weights_per_output(layer)));
  FCN_RETURN_IF_ERROR(check_size("biases", layer.bias.size(), has_weights(layer) ? outputs : 0));
  if (layer.kind != LayerKind::kPolynomial) {
    FCN_RETURN_IF_ERROR(check_size("coefficients", layer.coefficients.size(), 0));
  } else if (layer.coefficients.size() < 2 || layer.coefficients.size() > kMaxDegree + 1) {
    return invalid_argument(concat(layer.coefficients.size(), " coefficients where 2 to ", kMaxDegree + 1,
                                   " belong (degree 1 to ", kMaxDegree, ")"));
  }
  FCN_RETURN_IF_ERROR(check_values("weight", layer.weights, kMaxWeight));
  FCN_RETURN_IF_ERROR(check_values("bias", layer.bias, kMaxBias));
  return check_values("coefficient", layer.coefficients, kMaxBias);
}

}  // namespace fcn::nn::internal
