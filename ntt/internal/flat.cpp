#include "flat.h"

#include "../automorphism.h"
#include "../ntt_tables.h"

namespace fcn::ntt {

FlatModulus flat(const Modulus& q) noexcept {
  return {q.value(), q.value_double(), q.inverse_double()};
}

FlatTables flat(const NttTables& tables) noexcept {
  return {.n = tables.n(),
          .in_doubles = tables.format() == RootFormat::kDouble,
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
