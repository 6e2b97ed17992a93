#include "quantization.h"

#include <algorithm>
#include <cmath>

namespace fcn::nn {

using platform::concat;
using platform::invalid_argument;
using platform::Result;

namespace {
constexpr int kMaxFractionBits = 12;
}

float project(const PowerOfTwoGrid& grid, float weight) noexcept {
  const float magnitude = std::fabs(weight);
  const float smallest = std::ldexp(1.0f, -grid.fraction_bits);
  if (!(magnitude > 0.5f * smallest)) return 0.0f;
  // From v to 2v the midpoint is 1.5 v.
  float value = smallest;
  for (int e = 1; e < grid.levels && magnitude > 1.5f * value; ++e) value *= 2;
  return std::copysign(value, weight);
}

PowerOfTwoGrid fit_grid(std::span<const float> weights, int levels) noexcept {
  PowerOfTwoGrid best{0, levels};
  double least = -1;
  for (int bits = 0; bits <= kMaxFractionBits; ++bits) {
    const PowerOfTwoGrid grid{bits, levels};
    double error = 0;
    for (const float w : weights) {
      const double difference = static_cast<double>(w) - static_cast<double>(project(grid, w));
      error += difference * difference;
    }
    if (least < 0 || error < least) {
      least = error;
      best = grid;
    }
  }
  return best;
}

Result<std::vector<std::int64_t>> layer_scales(const FloatNetwork& network,
                                               std::span<const PowerOfTwoGrid> grids, int input_max) {
  std::vector<std::int64_t> scales;
  double scale = input_max;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const bool linear = network.layers[i].weight_count > 0;
    scale = linear ? std::ldexp(scale, grids[i].fraction_bits) : 8 * scale * scale;
    if (!(scale < 0x1p60)) return platform::out_of_range(concat("the scale after layer ", i, " passes 2^60"));
    // Exact although a double: input_max^4 has few bits, the rest are factors of two.
    scales.push_back(static_cast<std::int64_t>(scale));
  }
  return scales;
}

float round_bias(float bias, std::int64_t scale) noexcept {
  const double s = static_cast<double>(scale);
  return static_cast<float>(std::nearbyint(static_cast<double>(bias) * s) / s);
}

Result<Network> export_network(const FloatNetwork& network, std::span<const float> parameters,
                               std::span<const PowerOfTwoGrid> grids, int input_max,
                               const std::string& name) {
  FCN_ASSIGN_OR_RETURN(const std::vector<std::int64_t> scales, layer_scales(network, grids, input_max));
  Network out;
  out.name = name;
  out.input = network.layers.front().geometry.in;
  out.input_max = input_max;
  out.output_scale = static_cast<double>(scales.back());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const FloatLayer& from = network.layers[i];
    Layer layer = from.geometry;
    if (layer.kind == LayerKind::kPolynomial) {
      layer.coefficients = swish_aq_coefficients(i > 0 ? scales[i - 1] : input_max);
    }
    for (std::size_t k = 0; k < from.weight_count; ++k) {
      const float w = parameters[from.weights_at + k];
      if (w != project(grids[i], w)) {
        return invalid_argument(concat("weight ", k, " of layer ", i, " is ", w, ", not 0 or +-2^(e - ",
                                       grids[i].fraction_bits, ") with e below ", grids[i].levels));
      }
      layer.weights.push_back(static_cast<std::int64_t>(std::ldexp(w, grids[i].fraction_bits)));
    }
    for (std::size_t k = 0; k < from.bias_count; ++k) {
      const double bias = static_cast<double>(parameters[from.bias_at + k]) * static_cast<double>(scales[i]);
      if (!(std::fabs(bias) < 0x1p62)) {
        return platform::out_of_range(
            concat("bias ", k, " of layer ", i, " leaves 62 bits at its layer's scale"));
      }
      layer.bias.push_back(std::llrint(bias));
    }
    out.layers.push_back(std::move(layer));
  }
  FCN_RETURN_IF_ERROR(validate(out));
  return out;
}

}  // namespace fcn::nn
