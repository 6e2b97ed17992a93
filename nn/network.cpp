#include "network.h"

#include <cmath>
#include <limits>
#include <utility>

#include "../platform/check.h"
#include "internal/for_each_tap.h"
#include "internal/layer_check.h"

namespace fcn::nn {

using platform::concat;
using platform::invalid_argument;
using platform::Status;

int window_count(int length, int kernel, int stride, int padding) noexcept {
  if (length < 1 || kernel < 1 || stride < 1 || padding < 0) return 0;
  const std::int64_t room = std::int64_t{length} + 2 * std::int64_t{padding} - kernel;
  if (room < 0) return 0;
  const std::int64_t count = room / stride + 1;
  return count <= std::numeric_limits<int>::max() ? static_cast<int>(count) : 0;
}

Layer make_conv2d(Shape in, int out_channels, int kernel, int stride, int padding) {
  Layer layer;
  layer.kind = LayerKind::kConv2d;
  layer.in = in;
  layer.out = {out_channels, window_count(in.height, kernel, stride, padding),
               window_count(in.width, kernel, stride, padding)};
  layer.kernel = kernel;
  layer.stride = stride;
  layer.padding = padding;
  return layer;
}

Layer make_dense(Shape in, int outputs) {
  Layer layer;
  layer.kind = LayerKind::kDense;
  layer.in = in;
  layer.out = {outputs, 1, 1};
  return layer;
}

Layer make_sum_pool(Shape in, int kernel, int stride, int padding) {
  Layer layer = make_conv2d(in, in.channels, kernel, stride, padding);
  layer.kind = LayerKind::kSumPool;
  return layer;
}

Layer make_polynomial(Shape in, std::vector<std::int64_t> coefficients) {
  Layer layer;
  layer.kind = LayerKind::kPolynomial;
  layer.in = in;
  layer.out = in;
  layer.coefficients = std::move(coefficients);
  return layer;
}

Layer make_flatten(Shape in) {
  Layer layer;
  layer.kind = LayerKind::kFlatten;
  layer.in = in;
  layer.out = {internal::check_shape("input", in).ok() ? static_cast<int>(in.size()) : 0, 1, 1};
  return layer;
}

Status validate(const Network& network) {
  FCN_RETURN_IF_ERROR(internal::check_name(network.name));
  FCN_RETURN_IF_ERROR(internal::check_shape("the network's input", network.input));
  if (network.input_max < 1 || network.input_max > kMaxInput) {
    return invalid_argument(concat("input_max = ", network.input_max, " is not in [1, ", kMaxInput, "]"));
  }
  if (!std::isfinite(network.output_scale) || network.output_scale <= 0) {
    return invalid_argument(concat("output_scale = ", network.output_scale, " is not a positive number"));
  }
  if (!network.salt.empty()) FCN_RETURN_IF_ERROR(internal::check_salt_size(network.salt.size()));
  if (network.layers.empty()) return invalid_argument("the network has no layers");
  Shape previous = network.input;
  std::size_t weights = 0;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const std::string label = internal::layer_label(network, i);
    FCN_RETURN_IF_ERROR(internal::check_geometry(layer).with_context(label));
    if (layer.in != previous) {
      return invalid_argument(concat(label, ": input ", internal::shape_text(layer.in), " does not follow ",
                                     i == 0 ? "the network's input " : "the output before it, ",
                                     internal::shape_text(previous)));
    }
    FCN_RETURN_IF_ERROR(internal::check_arrays(layer).with_context(label));
    previous = layer.out;
    weights += layer.weights.size();
  }
  if (weights > kMaxWeights) {
    return invalid_argument(concat(weights, " weights in all layers together, more than ", kMaxWeights));
  }
  return {};
}

const char* layer_kind_name(LayerKind kind) noexcept {
  switch (kind) {
    case LayerKind::kConv2d:
      return "conv2d";
    case LayerKind::kDense:
      return "dense";
    case LayerKind::kSumPool:
      return "sum_pool";
    case LayerKind::kPolynomial:
      return "polynomial";
    case LayerKind::kFlatten:
      return "flatten";
  }
  return "unknown";
}

std::vector<std::int64_t> swish_aq_coefficients(std::int64_t scale) {
  return {2 * scale * scale, 4 * scale, 1};
}

std::vector<Tap> taps(const Layer& layer, std::size_t output) {
  FCN_CHECK(internal::has_weights(layer) || layer.kind == LayerKind::kSumPool);
  FCN_CHECK(output < layer.out.size());
  std::vector<Tap> result;
  internal::for_each_tap(layer, output, [&result](std::uint32_t input, std::int64_t weight) {
    result.push_back({input, weight});
  });
  return result;
}

}  // namespace fcn::nn
