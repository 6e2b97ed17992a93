// The one definition of which inputs an output of a linear layer reads, and with which weight.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../network.h"

namespace fcn::nn::internal {

// visit(input, weight) for every nonzero tap of flat output `output`, in rising input order.
// layer: a conv2d, dense or sum-pool layer that validate() accepts.
// Shape: output (o, y, x) reads input (c, y*S - P + ky, x*S - P + kx) with weight (o, c, ky, kx); outside is
// zero.
template <class Visit>
void for_each_tap(const Layer& layer, std::size_t output, Visit visit) {
  if (layer.kind == LayerKind::kDense) {
    const std::size_t inputs = layer.in.size();
    const std::int64_t* row = layer.weights.data() + output * inputs;
    for (std::size_t i = 0; i < inputs; ++i) {
      if (row[i] != 0) visit(static_cast<std::uint32_t>(i), row[i]);
    }
    return;
  }
  const bool pool = layer.kind == LayerKind::kSumPool;
  const auto position = static_cast<int>(output);  // below kMaxLayerSize
  const int x = position % layer.out.width;
  const int y = position / layer.out.width % layer.out.height;
  const int o = position / layer.out.width / layer.out.height;
  const int left = x * layer.stride - layer.padding;
  const int top = y * layer.stride - layer.padding;
  const int first_x = std::max(0, -left), end_x = std::min(layer.kernel, layer.in.width - left);
  const int first_y = std::max(0, -top), end_y = std::min(layer.kernel, layer.in.height - top);
  const int first_c = pool ? o : 0, end_c = pool ? o + 1 : layer.in.channels;
  for (int c = first_c; c < end_c; ++c) {
    for (int ky = first_y; ky < end_y; ++ky) {
      const int input_row = (c * layer.in.height + top + ky) * layer.in.width + left;
      const std::size_t weight_row =
          ((static_cast<std::size_t>(o) * layer.in.channels + c) * layer.kernel + ky) * layer.kernel;
      for (int kx = first_x; kx < end_x; ++kx) {
        const std::int64_t weight = pool ? 1 : layer.weights[weight_row + kx];
        if (weight != 0) visit(static_cast<std::uint32_t>(input_row + kx), weight);
      }
    }
  }
}

}  // namespace fcn::nn::internal
