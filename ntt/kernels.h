// The operations on one polynomial modulo one prime, and the one table through which every instruction set
// offers them.
//
// Notation: n coefficients, a power of two unless a line says more, 4 <= n <= 65536; q a prime, q = 1 mod 2n where a
// transform is involved. Every kernel returns canonical residues in [0, q), the same bits on every instruction set.
// Kernels are noexcept, allocate nothing, keep no state and run in constant time in the values (not in n, the
// exponent or q). Buffers are 8-byte aligned (64 is faster). dst may be the same array as an input but must not
// overlap it otherwise, unless a line says more.
//
// Kernels, Modulus and NttTables ask that the processor rounds to nearest; avx2 and neon give wrong residues where it does
// not. Whoever calls them directly holds a FloatingPointEnvironment (platform/floating_point.h), as fv does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "modulus.h"

namespace fcn::ntt {

class NttPermutation;
class NttTables;

// How a table wants the roots of unity stored; see ntt_tables.h.
enum class RootFormat {
  kShoup64,  // w and floor(w * 2^64 / q)
  kShoup52,  // w and floor(w * 2^52 / q)
  kDouble,   // w balanced in (-q/2, q/2) and w / q, as IEEE doubles
};

// X^exponent * a, 0 <= exponent < 2n: one term of a sum.
struct MonomialProduct {
  const std::uint64_t* a;
  std::size_t exponent;
};

// a * b, coefficient by coefficient, and scalar * a: one term of a sum.
struct PointwiseProduct {
  const std::uint64_t* a;
  const std::uint64_t* b;
};
struct ScaledPolynomial {
  const std::uint64_t* a;
  std::uint64_t scalar;
};
// factor * a and factor * b: one term of two sums.
struct PairProduct {
  const std::uint64_t* factor;
  const std::uint64_t* a;
  const std::uint64_t* b;
};

// Which inputs of a sum are far away, in memory: the processor is told of them early. A hint.
enum class Fetch { kFactors, kAll };

struct KernelTable {
  const char* name;  // "scalar", "avx2", "avx512": what --isa takes
  unsigned max_prime_bits;
  RootFormat root_format;

  // a -> its values at the n primitive 2n-th roots psi^(2 * bitreverse(i) + 1), i = 0 .. n-1, in place.
  // Bounds: canonical in and out. Order: natural in, bit-reversed out.
  void (*forward)(const NttTables& tables, std::uint64_t* a) noexcept;
  // The inverse of forward, 1/n included.
  void (*inverse)(const NttTables& tables, std::uint64_t* a) noexcept;

  // dst = a + b, a - b, -a, a * b (coefficient by coefficient); count is any number of elements.
  void (*add)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
              std::size_t count) noexcept;
  void (*subtract)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                   std::size_t count) noexcept;
  void (*negate)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept;
  void (*multiply)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                   std::size_t count) noexcept;
  // dst = dst + a * b. dst differs from a and b.
  void (*multiply_add)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                       std::size_t count) noexcept;
  // dst = scalar * a, and dst = dst + scalar * a; scalar canonical.
  void (*scalar_multiply)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::uint64_t scalar,
                          std::size_t count) noexcept;
  void (*scalar_multiply_add)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              std::uint64_t scalar, std::size_t count) noexcept;
  // dst = a modulo q for any 64-bit a.
  void (*reduce)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept;

  // dst = scalar * (a - b); scalar canonical.
  void (*subtract_multiply)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            const std::uint64_t* b, std::uint64_t scalar, std::size_t count) noexcept;
  // dst = a modulo q, where a stands for the integer of least absolute value in its class modulo from. a canonical
  // modulo from.
  void (*reduce_centered)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const Modulus& from,
                          std::size_t count) noexcept;

  // dst = the sum of a * b over count terms, count >= 1. Shape: n coefficients, a multiple of 4. Aliasing: dst overlaps
  // no input. Cost: each input is read once; sums are wide, and reduced once for at least eight terms.
  void (*inner_product)(const Modulus& q, std::uint64_t* dst, const PointwiseProduct* terms,
                        std::size_t count, std::size_t n) noexcept;
  // dst_a = the sum of factor * a, dst_b = that of factor * b, over count terms, count >= 1. Shape, aliasing, cost: as
  // inner_product, but factors are read once for both.
  void (*inner_product_pair)(const Modulus& q, std::uint64_t* dst_a, std::uint64_t* dst_b,
                             const PairProduct* terms, std::size_t count, std::size_t n,
                             Fetch fetch) noexcept;
  // dst = the sum of scalar * a over count terms, count >= 1. Bounds: a any words below 2^max_prime_bits, so residues
  // modulo other primes too; scalars canonical. Shape, aliasing, cost: as inner_product.
  void (*linear_combination)(const Modulus& q, std::uint64_t* dst, const ScaledPolynomial* terms,
                             std::size_t count, std::size_t n) noexcept;

  // dst[i - first] = place i of the transform of a(X^g), for first <= i < last <= n, where a is given by its transform;
  // see automorphism.h. Shape: a (n); first and last multiples of the permutation's lanes. Order: bit-reversed in and
  // out. Aliasing: dst and a do not overlap. Cost: last - first moves; the prime does not matter.
  void (*permute)(std::uint64_t* dst, const std::uint64_t* a, const NttPermutation& permutation,
                  std::size_t first, std::size_t last) noexcept;

  // dst = X^exponent * a in Z_q[X]/(X^n + 1). Bounds: 0 <= exponent < 2n; X^n = -1, so exponents from n on
  // negate.
  // 0 stays 0. Aliasing: dst and a do not overlap. Cost: n moves, no product.
  void (*monomial_multiply)(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            std::size_t exponent, std::size_t n) noexcept;
  // accumulator[i - first] += coefficient i of the sum of X^exponent * a over count terms, for first <= i < last <= n, as
  // signed integers without reduction. Bounds: every a canonical; |accumulator| <= lazy_terms(q) * (q - 1) after the
  // call, that is at most lazy_terms(q) terms since it was 0. Aliasing: the accumulator overlaps no a. Cost: last -
  // first additions a term; AVX2 reads each coefficient once and keeps the sums in registers.
  void (*monomial_accumulate_lazy)(std::int64_t* accumulator, const MonomialProduct* terms, std::size_t count,
                                   std::size_t n, std::size_t first, std::size_t last) noexcept;
  // dst = accumulator modulo q, for any 64-bit signed values. dst may be the accumulator's own memory.
  void (*reduce_accumulator)(const Modulus& q, std::uint64_t* dst, const std::int64_t* accumulator,
                             std::size_t count) noexcept;
};

// How many residues a signed 64-bit accumulator holds: floor((2^63 - 1) / (q - 1)), at least 2^13 for q <
// 2^50.
constexpr std::uint64_t lazy_terms(std::uint64_t q) noexcept {
  return 0x7fffffffffffffffu / (q - 1);
}

// Any integer exponent as one in [0, 2n): X^2n = 1.
constexpr std::size_t monomial_exponent(std::int64_t exponent, std::size_t n) noexcept {
  const std::int64_t period = static_cast<std::int64_t>(2 * n);
  const std::int64_t remainder = exponent % period;
  return static_cast<std::size_t>(remainder < 0 ? remainder + period : remainder);
}

// The tables of this build that this processor can run, fastest first; the last is always scalar.
std::span<const KernelTable* const> available_kernels() noexcept;
// The fastest of them.
const KernelTable& best_kernels() noexcept;
// The table of that name. Errors: kInvalidArgument for an unknown name, kUnsupported for one this build or
// this processor lacks; the message lists what is available.
platform::Result<const KernelTable*> find_kernels(const char* name);

// The scalar table: always built, and the only one for primes above 50 bits.
const KernelTable& scalar_kernels() noexcept;

}  // namespace fcn::ntt
