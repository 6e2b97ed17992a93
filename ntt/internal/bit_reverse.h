// The order of transforms.
#pragma once

#include <cstddef>

namespace fcn::ntt::internal {

// The lowest bits of i, in the opposite order.
constexpr std::size_t bit_reverse(std::size_t i, unsigned bits) noexcept {
  std::size_t reversed = 0;
  for (unsigned b = 0; b < bits; ++b) reversed |= ((i >> b) & 1) << (bits - 1 - b);
  return reversed;
}

}  // namespace fcn::ntt::internal
