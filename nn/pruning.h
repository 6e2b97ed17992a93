// Magnitude pruning: which weights of a layer stay.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fcn::nn {

// The share of weights kept after progress in [0, 1] of a gradual pruning from 1 to keep: fast at first,
// gently at the end. Source: Zhu, Gupta, "To prune, or not to prune" (2017), equation 1.
float cubic_keep(float keep, float progress) noexcept;

// Indices of the count largest weights in absolute value, among those with candidates[i] != 0; of equal ones
// the first. Shape: weights and candidates of one size. count may exceed the number of candidates.
std::vector<std::uint32_t> largest_weights(std::span<const float> weights,
                                           std::span<const std::uint8_t> candidates, std::size_t count);

// Which groups of weights stay: stays[g] = 1 for the share (rounded) of the groups with the largest sums of squares; of
// equal ones the first. groups[k] is the group of weight k; groups count from 0. Shape: weights and groups of one size.
std::vector<std::uint8_t> largest_groups(std::span<const float> weights,
                                         std::span<const std::uint32_t> groups, float share);

}  // namespace fcn::nn
