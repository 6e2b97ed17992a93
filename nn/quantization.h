// Weights that are 0 or a power of two, or integers of a few bits, and the step from a float network to exact
// integers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "float_network.h"

namespace fcn::nn {

// The weights a layer may have: 2^-fraction_bits times
// 0 and +-2^e, e in [0, levels), when integer_bits is 0;
// the integers of integer_bits bits, sign included, in absolute value below 2^(integer_bits - 1), otherwise.
struct WeightGrid {
  int fraction_bits = 0;
  int levels = 1;
  int integer_bits = 0;
  friend bool operator==(const WeightGrid&, const WeightGrid&) = default;
};

// The nearest values of the grid; of two equally near powers of two the smaller in absolute value, of two integers
// the even one. Shape: out and in of one size; out may be in.
void project(const TensorKernels& kernels, const WeightGrid& grid, std::span<float> out,
             std::span<const float> in) noexcept;
float project(const WeightGrid& grid, float weight) noexcept;

// `grid` with the fraction bits, among 0 .. 12, whose projection changes the weights least (sum of squares); the
// smallest of equal ones.
WeightGrid fit_grid(std::span<const float> weights, WeightGrid grid);

// The integers that values and biases are counted in: integer = real value * scale, after every layer of a network
// whose input has scale input_max. A linear layer multiplies it by 2^fraction_bits, a sum pool, which is a mean in
// floats, by K^2; a polynomial maps S to D S^d with the smallest power of two D that makes all its coefficients
// integers (Swish-AQ: 8 S^2). Exact, although doubles. grids: one a layer, ignored where there are no weights.
// Errors: kInvalidArgument where no such D is near; kOutOfRange naming the layer where a scale passes 2^200.
platform::Result<std::vector<double>> layer_scales(const FloatNetwork& network,
                                                   std::span<const WeightGrid> grids, int input_max);

// The nearest multiple of 1/scale.
float round_bias(float bias, double scale) noexcept;

// The integer network of parameters whose weights lie on the grids already. Biases are rounded to the layer's
// scale; nothing else is. An activation that is a multiple of (x + h)^2 becomes a squaring, h moves into the bias before
// it. Errors: kInvalidArgument naming a weight that is not on its grid; kOutOfRange where a bias or coefficient does
// not fit; those of layer_scales().
platform::Result<Network> export_network(const FloatNetwork& network, std::span<const float> parameters,
                                         std::span<const WeightGrid> grids, int input_max,
                                         const std::string& name);

}  // namespace fcn::nn
