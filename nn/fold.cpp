#include "fold.h"

#include <cstddef>

#include "internal/checked_math.h"
#include "internal/for_each_tap.h"
#include "internal/layer_check.h"

namespace fcn::nn {
namespace {

using platform::concat;
using platform::out_of_range;
using platform::Result;
using platform::Status;

// The layer before or after `index` (step -1 or +1) that is not a flatten; layers.size() when there is none.
std::size_t neighbour(const Network& network, std::size_t index, std::ptrdiff_t step) noexcept {
  const std::size_t count = network.layers.size();
  do {
    index += static_cast<std::size_t>(step);  // 0 - 1 wraps past count
  } while (index < count && network.layers[index].kind == LayerKind::kFlatten);
  return index < count ? index : count;
}

// Whether every output reads all its taps, so that a constant added to all inputs adds the same to a whole
// channel.
bool reads_all_taps(const Layer& layer) noexcept {
  return layer.kind == LayerKind::kDense || (layer.kind == LayerKind::kConv2d && layer.padding == 0);
}

bool completes_the_square(const Layer& layer) noexcept {
  return layer.kind == LayerKind::kPolynomial && layer.coefficients.size() == 3 &&
         layer.coefficients[2] == 1 && layer.coefficients[1] % 2 == 0;
}

// bias += addend, within 62 bits.
bool add_to_bias(std::int64_t& bias, std::int64_t addend) noexcept {
  std::int64_t sum = 0;
  if (!internal::checked_add(sum, bias, addend) || internal::magnitude(sum) > kMaxBias) return false;
  bias = sum;
  return true;
}

Status bias_error(const Network& network, std::size_t index, std::size_t channel) {
  return out_of_range(
      concat(internal::layer_label(network, index), ": the folded bias ", channel, " leaves 62 bits"));
}

// What adding `constant` to every input of the layer does to its outputs, moved into the biases.
Status carry_constant(Network& network, std::size_t index, std::int64_t constant) {
  Layer& layer = network.layers[index];
  const std::size_t row_size = internal::weights_per_output(layer);
  for (std::size_t o = 0; o < layer.bias.size(); ++o) {
    std::int64_t weight_sum = 0;  // at most 2^25 weights below 2^31
    for (std::size_t i = 0; i < row_size; ++i) weight_sum += layer.weights[o * row_size + i];
    std::int64_t addend = 0;
    if (!internal::checked_multiply(addend, constant, weight_sum) || !add_to_bias(layer.bias[o], addend)) {
      return bias_error(network, index, o);
    }
  }
  return {};
}

}  // namespace

Result<Network> fold_activations(const Network& network) {
  FCN_RETURN_IF_ERROR(validate(network));
  Network folded = network;
  const std::size_t count = folded.layers.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (!completes_the_square(folded.layers[i])) continue;
    const std::size_t before = neighbour(folded, i, -1);
    if (before == count || !internal::has_weights(folded.layers[before])) continue;
    // x^2 + 2 h x + a_0 = (x + h)^2 + c with c = a_0 - h^2.
    std::vector<std::int64_t>& coefficients = folded.layers[i].coefficients;
    const std::int64_t h = coefficients[1] / 2;
    std::int64_t square = 0, constant = 0;
    if (!internal::checked_multiply(square, h, h) ||
        !internal::checked_add(constant, coefficients[0], -square) ||
        internal::magnitude(constant) > kMaxBias) {
      return out_of_range(concat(internal::layer_label(folded, i),
                                 ": the constant left by completing the square (", coefficients[0], " - ", h,
                                 "^2) leaves 62 bits"));
    }
    std::vector<std::int64_t>& bias = folded.layers[before].bias;
    for (std::size_t o = 0; o < bias.size(); ++o) {
      if (!add_to_bias(bias[o], h)) return bias_error(folded, before, o);
    }
    coefficients = {constant, 0, 1};
    const std::size_t after = neighbour(folded, i, 1);
    if (after != count && reads_all_taps(folded.layers[after])) {
      FCN_RETURN_IF_ERROR(carry_constant(folded, after, constant));
      coefficients[0] = 0;
    }
  }
  return folded;
}

}  // namespace fcn::nn
