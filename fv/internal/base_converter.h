// Moving integers from residues modulo one set of primes to residues modulo another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../ntt/ntt_tables.h"

namespace fcn::fv {

// From primes a_0 .. a_(u-1) with product A to primes b_0 .. b_(v-1). An integer x is known by its residues
// x_i; with z_i = x_i (A/a_i)^-1 mod a_i, x = sum z_i A/a_i - w A, and w = round(sum z_i / a_i) gives the x
// of least absolute value. The sum is taken in doubles: its error is below u 2^-50, so the result is that x,
// or, when |x|/A is within u 2^-50 of 1/2, possibly x -+ A; for u = 1 it is always that x. The same operations in
// the same order everywhere: the same bits. Source: Halevi, Polyakov, Shoup, ePrint 2018/117, section 2.2.
class BaseConverter {
 public:
  BaseConverter() = default;
  // Tables of the primes, each set pairwise distinct; from below 2^50. The tables must outlive the converter.
  BaseConverter(std::vector<const ntt::NttTables*> from, std::vector<const ntt::NttTables*> to);

  // Words of scratch that convert() needs for n coefficients.
  std::size_t scratch_words(std::size_t n) const noexcept {
    return (from_.size() + 2) * (n < kTile ? n : kTile);
  }

  // out[j * n ..] = x modulo b_j. Shape: in (u, n), out (v, n). Order: natural (coefficients). Aliasing:
  // none. Constant time in x. Cost: u + u v + v scalar products of n coefficients; for u = 1 v reductions.
  void convert(std::uint64_t* out, const std::uint64_t* in, std::size_t n,
               std::uint64_t* scratch) const noexcept;

 private:
  static constexpr std::size_t kTile =
      1024;  // coefficients at a time, so that scratch stays in the first-level cache
  // count coefficients of rows of n, from one prime and from several.
  void convert_one(std::uint64_t* out, const std::uint64_t* in, std::size_t n, std::size_t count,
                   std::uint64_t* scratch) const noexcept;
  void convert_many(std::uint64_t* out, const std::uint64_t* in, std::size_t n, std::size_t count,
                    std::uint64_t* scratch) const noexcept;

  std::vector<const ntt::NttTables*> from_, to_;
  std::vector<std::uint64_t> hat_inverse_;  // (A/a_i)^-1 mod a_i
  std::vector<std::uint64_t> hat_;          // A/a_i mod b_j at [j * u + i]
  std::vector<std::uint64_t> minus_a_;      // -A mod b_j
};

}  // namespace fcn::fv
