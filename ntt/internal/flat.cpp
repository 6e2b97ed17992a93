#include "flat.h"

#include "../automorphism.h"
#include "../ntt_tables.h"

namespace fcn::ntt {

FlatModulus flat(const Modulus& q) noexcept {
  return {q.value(), q.value_double(), q.inverse_double(), q.bits(), q.barrett()};
}

Shoup52 shoup52(std::uint64_t scalar, const Modulus& q) noexcept {
  return {scalar, shoup_quotient(scalar, q) >> 12};
}

Shoup52 shoup52_power_of_two(unsigned exponent, const Modulus& q) noexcept {
  const std::uint64_t half = reduce(std::uint64_t{1} << exponent / 2, q);
  return shoup52(multiply_mod(half, reduce(std::uint64_t{1} << (exponent - exponent / 2), q), q), q);
}

std::uint64_t minus_residue(const Modulus& p, const Modulus& q) noexcept {
  return negate_mod(reduce(p.value(), q), q);
}

FlatTables flat(const NttTables& tables) noexcept {
  return {.n = tables.n(),
          .in_doubles = tables.format() == RootFormat::kDouble,
          .in_shoup52 = tables.format() == RootFormat::kShoup52,
          .modulus = flat(tables.modulus()),
          .forward_roots = tables.forward_roots(),
          .forward_quotients = tables.forward_quotients(),
          .inverse_roots = tables.inverse_roots(),
          .inverse_quotients = tables.inverse_quotients(),
          .n_inverse = tables.n_inverse(),
          .n_inverse_quotient = tables.n_inverse_quotient(),
          .last_root = tables.last_root(),
          .last_root_quotient = tables.last_root_quotient()};
}

FlatPermutation flat(const NttPermutation& permutation) noexcept {
  return {permutation.n(), permutation.sources(), permutation.patterns()};
}

}  // namespace fcn::ntt
