// Between plaintexts modulo t and polynomials modulo q: round(q m / t) and round(t c / q).
#pragma once

#include <cstddef>
#include <cstdint>

#include "../params.h"

namespace fcn::fv {

// dst += (q m + r) / t modulo each prime, where r = -q m modulo t in small digits: the exact division leaves an
// error of r/t, at most digit_bound() when multiplied by t. Modulo q it is r / t. Shape: dst (limbs, n); m
// (n), digit rows >= used zero; scratch (2, n), wiped. Bounds: |m| <= digit_bound(); dst canonical. Constant time in m.
// Cost: used * (digits of q) * k small products, about 3 n products a prime.
void add_scaled_up(const Params& params, std::size_t limbs, std::uint64_t* dst, const std::int64_t* m,
                   std::size_t used, std::uint64_t* scratch) noexcept;

// m = round(t c / q) as a small representative modulo t. c (limbs, n) canonical, overwritten; m (n); scratch (n), wiped.
// c/q modulo 1 is held in 64-bit fixed point with an error below limbs * 2^-62: right whenever the noise E of
// c has |E|/q < 1/2 - limbs * norm1 * 2^-51 (binomial) or limbs * 2^-22 (integer). Constant time in c.
void scale_down(const Params& params, std::size_t limbs, std::int64_t* m, std::uint64_t* c,
                std::uint64_t* scratch) noexcept;

}  // namespace fcn::fv
