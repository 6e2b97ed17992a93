// Signed integers of 256 bits: what deep networks compute, whose values double their length in every square.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../platform/wide.h"

namespace fcn::nn {

// Two's complement, the lowest word first. Values are at least -(2^255 - 1).
class WideInteger {
 public:
  static constexpr std::size_t kWords = 4;

  constexpr WideInteger() noexcept = default;
  constexpr WideInteger(std::int64_t value) noexcept {  // NOLINT: implicit by design
    words_[0] = static_cast<std::uint64_t>(value);
    for (std::size_t i = 1; i < kWords; ++i) words_[i] = value < 0 ? ~std::uint64_t{0} : 0;
  }

  std::span<std::uint64_t, kWords> words() noexcept { return words_; }
  std::span<const std::uint64_t, kWords> words() const noexcept { return words_; }
  constexpr bool negative() const noexcept { return words_[kWords - 1] >> 63 != 0; }

  friend constexpr bool operator==(const WideInteger&, const WideInteger&) = default;
  friend constexpr bool operator<(const WideInteger& a, const WideInteger& b) noexcept {
    if (a.negative() != b.negative()) return a.negative();
    for (std::size_t i = kWords; i-- > 0;) {
      if (a.words_[i] != b.words_[i]) return a.words_[i] < b.words_[i];
    }
    return false;
  }
  friend constexpr bool operator>(const WideInteger& a, const WideInteger& b) noexcept { return b < a; }

  constexpr WideInteger operator-() const noexcept {
    WideInteger result;
    std::uint64_t carry = 1;
    for (std::size_t i = 0; i < kWords; ++i) {
      result.words_[i] = ~words_[i] + carry;
      carry = carry & (result.words_[i] == 0);
    }
    return result;
  }

  // out = a + b, and out = a * b. False, with out unchanged, where the result needs more bits.
  friend constexpr bool checked_add(WideInteger& out, const WideInteger& a, const WideInteger& b) noexcept {
    WideInteger sum;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < kWords; ++i) {
      const std::uint64_t partial = a.words_[i] + carry;
      sum.words_[i] = partial + b.words_[i];
      carry = static_cast<std::uint64_t>(partial < carry) + (sum.words_[i] < partial);
    }
    if (a.negative() == b.negative() && sum.negative() != a.negative()) return false;
    if (sum.is_lowest()) return false;
    out = sum;
    return true;
  }
  friend constexpr bool checked_multiply(WideInteger& out, const WideInteger& a,
                                         const WideInteger& b) noexcept {
    const WideInteger x = a.negative() ? -a : a, y = b.negative() ? -b : b;
    WideInteger product;
    for (std::size_t i = 0; i < kWords; ++i) {
      if (x.words_[i] == 0) continue;
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < kWords; ++j) {
        const platform::Wide term = platform::multiply_wide(x.words_[i], y.words_[j]);
        if (i + j >= kWords) {
          if (term.high != 0 || term.low != 0 || carry != 0) return false;
          continue;
        }
        const std::uint64_t low = term.low + carry;
        carry = term.high + (low < carry);
        product.words_[i + j] += low;
        carry += product.words_[i + j] < low;
      }
      if (carry != 0) return false;
    }
    if (product.negative()) return false;
    out = a.negative() != b.negative() ? -product : product;
    return true;
  }

 private:
  constexpr bool is_lowest() const noexcept {
    return words_[kWords - 1] == std::uint64_t{1} << 63 && words_[0] == 0 && words_[1] == 0 && words_[2] == 0;
  }
  std::uint64_t words_[kWords] = {};
};

}  // namespace fcn::nn
