// Integer arithmetic that notices a result that does not fit, without 128-bit integers.
#pragma once

#include <cstdint>
#include <limits>

#include "../../platform/wide.h"

namespace fcn::nn::internal {

inline constexpr std::int64_t kMaxInt64 = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint64_t kMaxUint64 = std::numeric_limits<std::uint64_t>::max();

// |a|, for every a.
constexpr std::uint64_t magnitude(std::int64_t a) noexcept {
  return a < 0 ? 0 - static_cast<std::uint64_t>(a) : static_cast<std::uint64_t>(a);
}

// out = a + b. Bounds: |a|, |b| < 2^63. False, with out unchanged, unless |a + b| < 2^63.
constexpr bool checked_add(std::int64_t& out, std::int64_t a, std::int64_t b) noexcept {
  if (b >= 0 ? a > kMaxInt64 - b : a < -kMaxInt64 - b) return false;
  out = a + b;
  return true;
}

// out = a * b. False, with out unchanged, unless |a * b| < 2^63.
constexpr bool checked_multiply(std::int64_t& out, std::int64_t a, std::int64_t b) noexcept {
  const platform::Wide product = platform::multiply_wide(magnitude(a), magnitude(b));
  if (product.high != 0 || product.low > static_cast<std::uint64_t>(kMaxInt64)) return false;
  const auto positive = static_cast<std::int64_t>(product.low);
  out = (a < 0) != (b < 0) ? -positive : positive;
  return true;
}

// a + b and a * b, or 2^64 - 1 where they are larger.
constexpr std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) noexcept {
  return a > kMaxUint64 - b ? kMaxUint64 : a + b;
}
constexpr std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) noexcept {
  const platform::Wide product = platform::multiply_wide(a, b);
  return product.high != 0 ? kMaxUint64 : product.low;
}

}  // namespace fcn::nn::internal
