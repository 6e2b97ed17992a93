// The steps from a ciphertext under another key back to one under s, for relinearization, rotations and sums of
// rotations:
//
//   x (limbs, n) --decompose--> digits (digits, total, n) --inner, with a key--> sums (2, total, n) --divide--> (2, limbs, n)
//
// A digit is a small integer polynomial d_j with x = sum of d_j g_j; it is kept in transform order modulo every prime of
// q and the special prime P ("total" primes), since a key has P g_j s' there. Many keys may use the digits of one x: a
// rotation of x has the digits of x, rotated ("hoisting"; Halevi, Shoup, ePrint 2018/244).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../../ntt/automorphism.h"
#include "../keys.h"
#include "pair_sum.h"

namespace fcn::fv {

// Words between arrays that are read side by side: lengths are powers of two, and without a skew the lines of all of them
// would compete for the same few places of a cache.
inline constexpr std::size_t kSkew = 8;

class KeySwitch {
 public:
  KeySwitch(const Params& params, std::size_t limbs, std::size_t least_tile = 0) noexcept
      : params_(params),
        n_(params.n()),
        limbs_(limbs),
        total_(limbs + (params.has_special() ? 1 : 0)),
        tile_(std::max(std::min(n_, kTile), least_tile)) {}

  std::size_t limbs() const noexcept { return limbs_; }
  std::size_t total() const noexcept { return total_; }
  std::size_t digits() const noexcept { return limbs_ * params_.digits_per_limb(); }
  // The table of prime l < total().
  std::size_t prime(std::size_t l) const noexcept { return l < limbs_ ? l : params_.q_count(); }
  std::size_t digit_words() const noexcept { return digits() * total_ * n_; }
  std::size_t sum_words() const noexcept { return 2 * total_ * n_; }

  // Digit d of x modulo prime l, in transform order. Shape: dst (n), x (limbs, n) coefficients; transformed: x in
  // transform order, or null. Constant time. Cost: one transform, or none where a whole limb is its own digit and
  // transformed is given.
  void decompose(std::uint64_t* dst, std::size_t d, std::size_t l, const std::uint64_t* x,
                 const std::uint64_t* transformed) const noexcept;

  // Whether digit d modulo prime l is limb l itself.
  bool is_limb(std::size_t d, std::size_t l) const noexcept {
    return params_.digits_per_limb() == 1 && d == l;
  }

  // What digit d is multiplied by, for one part (0: b, 1: a) and prime l: n residues in transform order.
  const std::uint64_t* key_row(const KeySwitchKey& key, std::size_t part, std::size_t d,
                               std::size_t l) const noexcept {
    return (part == 0 ? key.b() : key.a()) + (d * params_.key_limbs() + prime(l)) * n_;
  }

  // What follows works on one tile of n coefficients in transform order, from offset on: all that is done with it while
  // it is in the cache, by the thread that has it there. A tile of k coefficients or more, t = X^k - b, is mapped to itself
  // by every rotation.
  std::size_t tile() const noexcept { return tile_; }
  std::size_t tiles() const noexcept { return n_ / tile_; }

  // A tile of every digit of prime l, rotated. Shape: dst (digits, tile + kSkew); digits (digits, total, n), all of them.
  // Aliasing: none.
  std::size_t rotated_words() const noexcept { return digits() * (tile() + kSkew); }
  void rotate(std::uint64_t* dst, std::size_t l, std::size_t offset, const std::uint64_t* digits,
              const ntt::NttPermutation& rotation) const noexcept;

  // sum += digit times key over all digits, b and a, for a tile of prime l. Shape: digit d of prime l has that tile at
  // digits + d * stride. The sum keeps the pointers until it is finished.
  void add_products(PairSum& sum, std::size_t l, std::size_t offset, const std::uint64_t* digits,
                    std::size_t stride, const KeySwitchKey& key) const noexcept;

  // The first limbs() rows of sum become round(sum / P) (or sum, where there is no P), in coefficients. Shape: sum
  // (total, n), transform order. scratch: divide_words().
  std::size_t divide_words() const noexcept;
  void divide(std::uint64_t* sum, std::uint64_t* scratch) const noexcept;

 private:
  static constexpr std::size_t kTile = 1024;

  const Params& params_;
  std::size_t n_, limbs_, total_, tile_;
};

}  // namespace fcn::fv
