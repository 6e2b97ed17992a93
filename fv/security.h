// How large a modulus may be for 128-bit security.
#pragma once

#include <cstddef>

namespace fcn::fv {

// Largest log2 of the product of all primes a key ever sees, for ring degree n, ternary secret and error
// deviation 3.2; 0 for a degree outside [1024, 32768]. Classical attacks, 128 bits. Source: Bossuat et al.,
// "Security Guidelines for Implementing Homomorphic Encryption", ePrint 2024/463, table 5.2.
constexpr double max_log2_modulus(std::size_t n) noexcept {
  switch (n) {
    case 1024:
      return 26;
    case 2048:
      return 53;
    case 4096:
      return 106;
    case 8192:
      return 214;
    case 16384:
      return 430;
    case 32768:
      return 868;
    default:
      return 0;
  }
}

}  // namespace fcn::fv
