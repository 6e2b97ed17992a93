// X -> X^g on the coefficients of a polynomial.
#pragma once

#include <cstddef>
#include <cstdint>

#include "modulus.h"

namespace fcn::ntt {

// dst(X) = a(X^g) in Z_q[X]/(X^n + 1). Bounds: g odd, 0 < g < 2n; canonical in and out, 0 stays 0.
// Order: natural. Aliasing: dst and a do not overlap. Constant time in a.
void apply_automorphism(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t g,
                        std::size_t n) noexcept;

}  // namespace fcn::ntt
