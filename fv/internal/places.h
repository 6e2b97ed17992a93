// The values of small polynomials in the canonical embedding, in doubles: how large a key or a plaintext is in each place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../../platform/aligned_buffer.h"

namespace fcn::fv {

class Places {
 public:
  // For n >= 4. Errors: kOutOfMemory. Memory: n doubles, wiped when it dies.
  static platform::Result<Places> create(std::size_t n);

  // |a(w)|^2 for one w of each of the n/2 pairs of conjugate roots of X^n + 1, in any order; valid until the next call.
  // Bounds: |a_j| below 2^50 / n. Cost: a complex Fourier transform of n/2 points. Secret: constant time in a.
  std::span<const double> squared_moduli(const std::int64_t* a) noexcept;

 private:
  Places(std::size_t n, platform::SecretBuffer<double> memory) : half_(n / 2), memory_(std::move(memory)) {}
  std::size_t half_;
  platform::SecretBuffer<double>
      memory_;  // real and imaginary parts, half each
};

// The largest of these values. Constant time.
double largest_value(std::span<const double> values) noexcept;

}  // namespace fcn::fv
