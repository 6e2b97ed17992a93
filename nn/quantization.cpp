#include "quantization.h"

#include <algorithm>
#include <cmath>

#include "internal/tensor_kernels.h"

namespace fcn::nn {

using platform::concat;
using platform::invalid_argument;
using platform::Result;

namespace {

constexpr int kMaxFractionBits = 12;
constexpr double kLargestScale = 0x1p200, kLargestBias = 0x1p62;

bool is_integer(double value) noexcept {
  return value == std::nearbyint(value);
}

// Whether a_0 + a_1 x + a_2 x^2 is a_2 (x + h)^2, exactly.
bool is_square(std::span<const float> activation, double& h) noexcept {
  if (activation.size() != 3 || activation[2] == 0) return false;
  const double a0 = static_cast<double>(activation[0]), a1 = static_cast<double>(activation[1]),
               a2 = static_cast<double>(activation[2]);
  h = a1 / (2 * a2);
  return h * h * a2 == a0;
}

// What is added to the biases of layer i so that the activation after it becomes a squaring; 0 where it does not.
double moved_into_bias(const FloatNetwork& network, std::size_t i) noexcept {
  double h = 0;
  const bool last = i + 1 == network.layers.size();
  if (last || network.layers[i + 1].geometry.kind != LayerKind::kPolynomial) return 0;
  return network.layers[i].weight_count > 0 && is_square(network.activation, h) ? h : 0;
}

// The coefficients of polynomial layer i behind values of scale S, D a_k S^(d - k), with the smallest power of two D
// that makes them integers; D becomes `factor`.
Result<std::vector<std::int64_t>> integer_coefficients(const FloatNetwork& network, std::size_t i,
                                                       double scale, double& factor) {
  const std::vector<float>& activation = network.activation;
  const std::size_t degree = activation.size() - 1;
  std::vector<double> exact(activation.size());
  bool found = false;
  for (factor = 0x1p-60; !found && factor < 0x1p60; factor *= 2) {
    double power = 2 * factor;
    found = true;
    for (std::size_t k = degree + 1; k-- > 0; power *= scale) {
      exact[k] = power * static_cast<double>(activation[k]);
      found = found && is_integer(exact[k]);
    }
  }
  if (!found) {
    return invalid_argument(
        concat("the activation's coefficients are no integers at any scale of layer ", i));
  }
  if (i > 0 && moved_into_bias(network, i - 1) != 0) return std::vector<std::int64_t>{0, 0, 1};
  std::vector<std::int64_t> coefficients;
  for (const double a : exact) {
    if (!(std::fabs(a) < kLargestBias))
      return platform::out_of_range(concat("a coefficient of layer ", i, " leaves 62 bits"));
    coefficients.push_back(static_cast<std::int64_t>(a));
  }
  return coefficients;
}

}  // namespace

void project(const TensorKernels& kernels, const WeightGrid& grid, std::span<float> out,
             std::span<const float> in) noexcept {
  const float smallest = std::ldexp(1.0f, -grid.fraction_bits);
  if (grid.integer_bits == 0) return kernels.project(smallest, grid.levels, out.data(), in.data(), in.size());
  const float largest = std::ldexp(1.0f, grid.integer_bits - 1) - 1;
  kernels.round_to(smallest, largest, out.data(), in.data(), in.size());
}

float project(const WeightGrid& grid, float weight) noexcept {
  float out = 0;
  project(internal::kTensorKernelsScalar, grid, std::span(&out, 1), std::span(&weight, 1));
  return out;
}

WeightGrid fit_grid(std::span<const float> weights, WeightGrid grid) {
  WeightGrid best = grid;
  double least = -1;
  std::vector<float> projected(weights.size());
  for (grid.fraction_bits = 0; grid.fraction_bits <= kMaxFractionBits; ++grid.fraction_bits) {
    project(internal::kTensorKernelsScalar, grid, projected, weights);
    double error = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double difference = static_cast<double>(weights[k]) - static_cast<double>(projected[k]);
      error += difference * difference;
    }
    if (least < 0 || error < least) {
      least = error;
      best = grid;
    }
  }
  return best;
}

Result<std::vector<double>> layer_scales(const FloatNetwork& network, std::span<const WeightGrid> grids,
                                         int input_max) {
  std::vector<double> scales;
  double scale = input_max;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& g = network.layers[i].geometry;
    if (network.layers[i].weight_count > 0) {
      scale = std::ldexp(scale, grids[i].fraction_bits);
    } else if (g.kind == LayerKind::kSumPool) {
      scale *= g.kernel * g.kernel;
    } else {
      double factor = 1;
      FCN_RETURN_IF_ERROR(integer_coefficients(network, i, scale, factor).status());
      scale = factor * std::pow(scale, static_cast<double>(network.activation.size() - 1));
    }
    if (!(scale < kLargestScale))
      return platform::out_of_range(concat("the scale after layer ", i, " passes 2^200"));
    scales.push_back(scale);
  }
  return scales;
}

float round_bias(float bias, double scale) noexcept {
  return static_cast<float>(std::nearbyint(static_cast<double>(bias) * scale) / scale);
}

Result<Network> export_network(const FloatNetwork& network, std::span<const float> parameters,
                               std::span<const WeightGrid> grids, int input_max, const std::string& name) {
  FCN_ASSIGN_OR_RETURN(const std::vector<double> scales, layer_scales(network, grids, input_max));
  Network out;
  out.name = name;
  out.input = network.layers.front().geometry.in;
  out.input_max = input_max;
  out.output_scale = scales.back();
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const FloatLayer& from = network.layers[i];
    Layer layer = from.geometry;
    if (layer.kind == LayerKind::kPolynomial) {
      double factor = 1;
      FCN_ASSIGN_OR_RETURN(layer.coefficients,
                           integer_coefficients(network, i, i > 0 ? scales[i - 1] : input_max, factor));
    }
    for (std::size_t k = 0; k < from.weight_count; ++k) {
      const float w = parameters[from.weights_at + k];
      if (w != project(grids[i], w)) {
        return invalid_argument(concat("weight ", k, " of layer ", i, " is ", w, ", not on the grid of 2^-",
                                       grids[i].fraction_bits));
      }
      layer.weights.push_back(static_cast<std::int64_t>(std::ldexp(w, grids[i].fraction_bits)));
    }
    for (std::size_t k = 0; k < from.bias_count; ++k) {
      const double bias =
          (static_cast<double>(parameters[from.bias_at + k]) + moved_into_bias(network, i)) * scales[i];
      if (!(std::fabs(bias) < kLargestBias)) {
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
