// Weights that are 0 or a power of two, and the step from a float network to exact integers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "float_network.h"

namespace fcn::nn {

// The weights a layer may have: 0 and +-2^(e - fraction_bits), e in [0, levels).
struct PowerOfTwoGrid {
  int fraction_bits = 0;
  int levels = 1;
  friend bool operator==(const PowerOfTwoGrid&, const PowerOfTwoGrid&) = default;
};

// The nearest value of the grid; of two equally near ones the smaller in absolute value.
float project(const PowerOfTwoGrid& grid, float weight) noexcept;

// The grid with that many levels whose projection changes the nonzero weights least (sum of squares), among
// fraction bits 0 .. 12; the smallest of equal ones.
PowerOfTwoGrid fit_grid(std::span<const float> weights, int levels) noexcept;

// The integers that values and biases are counted in: integer = real value * scale, after every layer of a
// network whose input has scale input_max. A linear layer multiplies it by 2^fraction_bits, Swish-AQ maps S
// to 8 S^2. grids: one a layer, ignored at polynomials. Errors: kOutOfRange naming the layer where a scale
// passes 2^60.
platform::Result<std::vector<std::int64_t>> layer_scales(const FloatNetwork& network,
                                                         std::span<const PowerOfTwoGrid> grids,
                                                         int input_max);

// The nearest multiple of 1/scale.
float round_bias(float bias, std::int64_t scale) noexcept;

// The integer network of parameters whose weights lie on the grids already. Biases are rounded to the layer's
// scale; nothing else is. Errors: kInvalidArgument naming a weight that is not on its grid; those of
// layer_scales().
platform::Result<Network> export_network(const FloatNetwork& network, std::span<const float> parameters,
                                         std::span<const PowerOfTwoGrid> grids, int input_max,
                                         const std::string& name);

}  // namespace fcn::nn
