// X -> X^g on the coefficients of a polynomial, and on its transform.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../platform/aligned_buffer.h"
#include "modulus.h"

namespace fcn::ntt {

// dst(X) = a(X^g) in Z_q[X]/(X^n + 1). Bounds: g odd, 0 < g < 2n; canonical in and out, 0 stays 0.
// Order: natural. Aliasing: dst and a do not overlap. Constant time in a.
void apply_automorphism(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t g,
                        std::size_t n) noexcept;

// X -> X^g on transforms: the table of KernelTable::permute for one n and g, whatever the prime.
//
// Place i of a transform holds the value at psi^e, e = 2 * bitreverse(i) + 1, and a(X^g) has there the value of a at
// psi^(g*e): a permutation of the places. Eight neighbouring places hold e + r*n/4, r = bitreverse(lane), and
//   g * (e + r*n/4) = e' + (c + g*r)*n/4   modulo 2n,   where g*e = e' + c*n/4 and e' < n/4 belongs to lane 0 of a block.
// So each block of eight comes from one block, its lanes permuted in one of eight patterns: c. (n = 4: one block of 4.)
// Immutable once made; shared freely between threads.
class NttPermutation {
 public:
  // Errors: kInvalidArgument unless n is a power of two in [4, 65536], g odd and 0 < g < 2n; kOutOfMemory.
  static platform::Result<NttPermutation> create(std::size_t n, std::size_t g);

  std::size_t n() const noexcept { return n_; }
  std::size_t lanes() const noexcept { return n_ < 8 ? n_ : 8; }
  // For each block of lanes() places: the first place of its source, a multiple of 8, plus c.
  const std::uint32_t* sources() const noexcept { return sources_.data(); }
  // Lane l of a block comes from lane patterns()[8 * c + l] of its source.
  const std::uint64_t* patterns() const noexcept { return patterns_.data(); }

 private:
  std::size_t n_ = 0;
  platform::AlignedBuffer<std::uint32_t> sources_;
  platform::AlignedBuffer<std::uint64_t> patterns_;
};

}  // namespace fcn::ntt
