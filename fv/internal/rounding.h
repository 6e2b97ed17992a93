// Exact division by primes that leave the base: what products, key switching and modulus switching share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../params.h"
#include "base_converter.h"

namespace fcn::fv {

// An integer x is known modulo A (residues a) and modulo the primes of tables first .. first + count - 1
// (residues x). x = (x - [x]_A) / A = round(x / A) modulo those primes. inverse[i] = A^-1 modulo prime first
// + i. Shape: x (count, n), in and out; a (u, n); scratch: count n + to_x.scratch_words(n). Order: natural.
void subtract_and_divide(const Params& params, std::uint64_t* x, std::size_t first, std::size_t count,
                         const std::uint64_t* a, const BaseConverter& to_x, const std::uint64_t* inverse,
                         std::uint64_t* scratch) noexcept;

// round(f x / q) modulo q for an integer x known modulo q, the product of u primes q_i, and modulo an auxiliary base B
// of v primes b_j; f a small constant. With z_i = f x_i (q/q_i)^-1 mod q_i and w = round(sum z_i / q_i),
//   f x = q (sum z_i / q_i - w) + q y,   y = f x / q - sum z_i / q_i + w = round(f x / q),
// which modulo b_j is one combination of x, all z_i and w, as 1/q and 1/q_i exist there; and y goes back from B to q.
// The factors (B/b_j)^-1 of that step are in the same combination.
class ProductRounding {
 public:
  ProductRounding() = default;
  ProductRounding(const std::vector<const ntt::NttTables*>& own,
                  const std::vector<const ntt::NttTables*>& aux, std::uint64_t factor);

  std::size_t scratch_words(std::size_t count) const noexcept {
    return (own_.size() + aux_.size() + 1) * (count < kBaseTile ? count : kBaseTile);
  }
  // Of count coefficients. Shape: rows of dst (u) and x (u + v) n words apart. Bounds: |f x / q| < B/2. Order: natural. Aliasing: none. Constant time in x.
  // Precision: as BaseConverter. Cost: u products, v combinations of u + 2 terms and u of v + 1.
  void apply(std::uint64_t* dst, const std::uint64_t* x, std::size_t n, std::size_t count,
             std::uint64_t* scratch) const noexcept;

 private:
  std::vector<const ntt::NttTables*> own_, aux_;
  BaseConverter from_aux_;
  std::vector<std::uint64_t> z_scalars_;  // f (q/q_i)^-1 mod q_i
  std::vector<std::uint64_t> y_scalars_;  // times (B/b_j)^-1 mod b_j, at [j * (u + 2) ..]: f/q, -1/q_i, 1
};

}  // namespace fcn::fv
