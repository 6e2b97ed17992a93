#include "pruning.h"

#include <algorithm>
#include <cmath>

namespace fcn::nn {

float cubic_keep(float keep, float progress) noexcept {
  const float rest = 1 - std::clamp(progress, 0.0f, 1.0f);
  return keep + (1 - keep) * rest * rest * rest;
}

std::vector<std::uint32_t> largest_weights(std::span<const float> weights,
                                           std::span<const std::uint8_t> candidates, std::size_t count) {
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (candidates[i] != 0) order.push_back(static_cast<std::uint32_t>(i));
  }
  count = std::min(count, order.size());
  const auto larger = [&](std::uint32_t a, std::uint32_t b) {
    const float wa = std::fabs(weights[a]), wb = std::fabs(weights[b]);
    return wa > wb || (wa == wb && a < b);
  };
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), larger);
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace fcn::nn
