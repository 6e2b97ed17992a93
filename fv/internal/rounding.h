// Exact division by primes that leave the base: what products, key switching and modulus switching share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../params.h"
#include "base_converter.h"

namespace fcn::fv {

// An integer x is known modulo A (residues a) and modulo the primes of tables first .. first + count - 1
// (residues x). x = (x - [x]_A) / A = round(x / A) modulo those primes. inverse[i] = A^-1 modulo prime first
// + i. Shape: x (count, n), in and out; a (u, n); scratch: count n + to_x.scratch_words(n). Order: natural.
void subtract_and_divide(const Params& params, std::uint64_t* x, std::size_t first, std::size_t count,
                         const std::uint64_t* a, const BaseConverter& to_x, const std::uint64_t* inverse,
                         std::uint64_t* scratch) noexcept;

}  // namespace fcn::fv
