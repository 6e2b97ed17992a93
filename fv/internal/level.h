// What operations on ciphertexts of one number of limbs precompute. Private to fv.
#pragma once

#include <cstdint>
#include <vector>

#include "../params.h"
#include "rounding.h"

namespace fcn::fv {

// An auxiliary base B in which products of ciphertexts are divided by q'.
struct ProductBase {
  std::size_t count = 0;     // primes of B: tables aux_first .. aux_first + count - 1
  BaseConverter to_aux;      // q' -> B
  ProductRounding rounding;  // x -> round(f x / q') from q' and B to q', where f is t for an integer t, or 1
};

// limbs primes of q with product q'.
struct Level {
  std::size_t limbs = 0;
  ProductBase pairs, triples;  // for factors of 2 components, and of up to 3
  std::vector<std::int64_t>
      q_digits;  // q' modulo t: small digits at X^(k i), none beyond the last nonzero one
  std::vector<std::uint64_t> hat_inverse;   // (q'/q_i)^-1 mod q_i
  std::vector<std::uint64_t> fraction;      // floor(2^(63 + bits(q_i)) / q_i), at most 2^64 - 1: see decrypt
  BaseConverter from_last, from_special;    // the last prime -> the earlier ones; the special prime -> q'
  std::vector<std::uint64_t> last_inverse;  // inverse of the last prime modulo each earlier one
  std::vector<std::uint64_t> special_inverse;  // inverse of the special prime modulo each of q'
};

// Where the auxiliary primes begin among Params::table: at the special prime, which serves as the first of
// them.
inline std::size_t aux_first(const Params& params) noexcept {
  return params.q_count();
}

// What one prime precomputes about t.
struct PrimeConstants {
  platform::AlignedBuffer<std::uint64_t> t_transformed;  // t, forward transformed: n residues
  std::uint64_t base_inverse = 0;                        // b^-1 (t^-1 for an integer)
  platform::AlignedBuffer<std::uint64_t>
      base_inverse_powers;      // for t = X - b: b^-1, b^-2, ..., b^-n; else empty
  std::uint64_t p_inverse = 0;  // (b^m + 1)^-1; 1 for an integer
};

}  // namespace fcn::fv
