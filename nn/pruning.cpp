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

std::vector<std::uint8_t> largest_groups(std::span<const float> weights,
                                         std::span<const std::uint32_t> groups, float share) {
  const std::size_t count =
      groups.empty() ? 0 : *std::max_element(groups.begin(), groups.end()) + std::size_t{1};
  std::vector<float> squares(count, 0.0f);
  for (std::size_t k = 0; k < weights.size(); ++k) squares[groups[k]] += weights[k] * weights[k];
  const std::vector<std::uint8_t> all(count, 1);
  const auto kept = static_cast<std::size_t>(std::lround(share * static_cast<float>(count)));
  std::vector<std::uint8_t> stays(count, 0);
  for (const std::uint32_t g : largest_weights(squares, all, kept)) stays[g] = 1;
  return stays;
}

}  // namespace fcn::nn
