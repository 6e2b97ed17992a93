// Moving integers from residues modulo one set of primes to residues modulo another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../ntt/ntt_tables.h"

namespace fcn::fv {

// Primes of one base at most: those of q, the special one and the auxiliary ones of a product.
inline constexpr std::size_t kMaxBasePrimes = 30;
// Coefficients that go through all steps together, so that scratch stays in the first-level cache.
inline constexpr std::size_t kBaseTile = 1024;

// From primes a_0 .. a_(u-1) with product A to primes b_0 .. b_(v-1). An integer x is known by its residues
// x_i; with z_i = x_i (A/a_i)^-1 mod a_i, x = sum z_i A/a_i - w A, and w = round(sum z_i / a_i) gives the x
// of least absolute value. The sum is taken in doubles: its error is below u 2^-50, so the result is that x,
// or, when |x|/A is within u 2^-50 of 1/2, possibly x -+ A; for u = 1 it is always that x. The same operations in
// the same order everywhere: the same bits. Source: Halevi, Polyakov, Shoup, ePrint 2018/117, section 2.2.
class BaseConverter {
 public:
  BaseConverter() = default;
  // Tables of the primes, each set pairwise distinct and below 2^50. The tables must outlive the converter.
  BaseConverter(std::vector<const ntt::NttTables*> from, std::vector<const ntt::NttTables*> to);

  // Words of scratch that convert() needs for count coefficients.
  std::size_t scratch_words(std::size_t count) const noexcept {
    return (from_.size() + 1) * (count < kBaseTile ? count : kBaseTile);
  }
  // out[j * n ..] = x modulo b_j, count coefficients. Shape: rows of in (u) and out (v) n words apart. Order: natural
  // (coefficients). Aliasing: none. Constant time in x. Cost: u products and v combinations of u + 1 terms; for u = 1 v
  // reductions.
  void convert(std::uint64_t* out, const std::uint64_t* in, std::size_t n, std::size_t count,
               std::uint64_t* scratch) const noexcept;

  // The second half of convert(), from z_i, for count coefficients: out[j * stride ..]. Shape: z (u, count); scratch
  // (count).
  void combine(std::uint64_t* out, std::size_t stride, const std::uint64_t* z, std::size_t count,
               std::uint64_t* scratch) const noexcept;
  std::uint64_t hat_inverse(std::size_t i) const noexcept { return hat_inverse_[i]; }  // (A/a_i)^-1 mod a_i

 private:
  std::vector<const ntt::NttTables*> from_, to_;
  std::vector<std::uint64_t> hat_inverse_;
  std::vector<std::uint64_t>
      scalars_;  // A/a_i mod b_j at [j * (u + 1) + i], and -A mod b_j at [j * (u + 1) + u]
};

// w = round(sum of z_i / a_i), the multiple of A above. Shape: z (u, count), w (count).
void round_sum_of_fractions(std::uint64_t* w, const std::uint64_t* z,
                            const std::vector<const ntt::NttTables*>& primes, std::size_t count) noexcept;

// The product of the primes but one (or none left out, for skipped = their number), modulo m.
std::uint64_t product_except(const std::vector<const ntt::NttTables*>& primes, std::size_t skipped,
                             const ntt::Modulus& m) noexcept;

}  // namespace fcn::fv
