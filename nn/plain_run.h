// The network in ordinary integers: the oracle that every encrypted run must equal exactly.
#pragma once

#include <span>

#include "network.h"
#include "wide_integer.h"

namespace fcn::nn {

// The values of the last layer, flat. pixels: input.size() integers in [0, input_max].
// Errors: kInvalidArgument (size or value of a pixel), kOutOfRange naming the layer where a value leaves 63 bits.
platform::Result<std::vector<std::int64_t>> plain_run(const Network& network,
                                                      std::span<const std::int64_t> pixels);

// The same for networks whose values need up to 255 bits. Errors: the same, where a value leaves 255 bits.
platform::Result<std::vector<WideInteger>> plain_run_wide(const Network& network,
                                                          std::span<const std::int64_t> pixels);

// The index of the largest score; the first of equal ones.
std::size_t argmax(std::span<const std::int64_t> scores) noexcept;
std::size_t argmax(std::span<const WideInteger> scores) noexcept;

}  // namespace fcn::nn
