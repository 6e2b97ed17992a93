// Random polynomials.
#pragma once

#include <cstdint>

#include "../../platform/random.h"
#include "../params.h"

namespace fcn::fv {

// n uniform residues modulo the primes of tables first .. first + limbs - 1: limb i from stream 'stream + i'
// of the seed. The same residues on every machine: candidates are 7 bytes of the stream, little-endian, cut
// to the prime's bits; those that are too large are skipped. Shape: dst (limbs, n).
void expand_uniform(const Params& params, std::uint64_t* dst, std::size_t limbs, const platform::Seed& seed,
                    std::uint64_t stream) noexcept;

// n coefficients of the error: the difference of two sums of 21 random bits, variance kErrorVariance.
// Constant time.
void sample_error(std::int64_t* dst, std::size_t n, platform::ChaCha20& rng) noexcept;
// n coefficients uniform in {-1, 0, 1} (to within 2^-60). Constant time.
void sample_ternary(std::int64_t* dst, std::size_t n, platform::ChaCha20& rng) noexcept;

// dst = x modulo the primes of the first limbs tables. Shape: dst (limbs, n), x (n). Constant time.
void to_residues(const Params& params, std::uint64_t* dst, std::size_t limbs, const std::int64_t* x) noexcept;

}  // namespace fcn::fv
