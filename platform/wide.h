// 64 x 64 -> 128-bit products, with and without compiler support for 128-bit integers.
#pragma once

#include <cstdint>

namespace fcn::platform {

struct Wide {
  std::uint64_t high;
  std::uint64_t low;
};

// a * b, exactly. Constant time on processors whose multiplier is.
constexpr Wide multiply_wide(std::uint64_t a, std::uint64_t b) noexcept {
#if defined(__SIZEOF_INT128__) && !defined(FCN_NO_INT128)
  __extension__ using Uint128 = unsigned __int128;
  const Uint128 product = static_cast<Uint128>(a) * b;
  return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
#else
  const std::uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
  const std::uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32), cross = a0 * b1 + (middle & 0xffffffffu);
  return {a1 * b1 + (middle >> 32) + (cross >> 32), (cross << 32) | (low & 0xffffffffu)};
#endif
}

// floor(a * b / 2^64).
constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) noexcept {
  return multiply_wide(a, b).high;
}

}  // namespace fcn::platform
