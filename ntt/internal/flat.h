// Plain copies of what a kernel reads. A file with instruction-set flags of its own must not instantiate
// inline functions of shared headers: the linker keeps one copy of each, and could keep the one that not
// every processor runs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fcn::ntt {

class Modulus;
class NttPermutation;
class NttTables;

struct FlatModulus {
  std::uint64_t q;
  double q_double;  // exact
  double inverse;   // 1 / q, correctly rounded
  unsigned bits;
  std::uint64_t barrett;  // floor(2^(62 + bits) / q)
};

// A constant w in [0, q) and floor(w * 2^52 / q), q < 2^50.
struct Shoup52 {
  std::uint64_t w, quotient;
};

// Arrays and numbers as in ntt_tables.h.
struct FlatTables {
  std::size_t n;
  bool in_doubles;  // RootFormat::kDouble
  bool in_shoup52;  // RootFormat::kShoup52
  FlatModulus modulus;
  const std::uint64_t *forward_roots, *forward_quotients, *inverse_roots, *inverse_quotients;
  std::uint64_t n_inverse, n_inverse_quotient, last_root, last_root_quotient;
};

// As in automorphism.h.
struct FlatPermutation {
  std::size_t n;
  const std::uint32_t* sources;
  const std::uint64_t* patterns;
};

FlatModulus flat(const Modulus& q) noexcept;
// scalar canonical; and 2^exponent, exponent <= 100.
Shoup52 shoup52(std::uint64_t scalar, const Modulus& q) noexcept;
Shoup52 shoup52_power_of_two(unsigned exponent, const Modulus& q) noexcept;
std::uint64_t minus_residue(const Modulus& p, const Modulus& q) noexcept;  // -p modulo q
FlatTables flat(const NttTables& tables) noexcept;
FlatPermutation flat(const NttPermutation& permutation) noexcept;

}  // namespace fcn::ntt
