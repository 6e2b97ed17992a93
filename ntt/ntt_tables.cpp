#include "ntt_tables.h"

#include <bit>
#include <initializer_list>

#include "internal/bit_reverse.h"
#include "primes.h"

namespace fcn::ntt {
namespace {

struct Stored {
  std::uint64_t root, quotient;
};

Stored store(std::uint64_t w, const Modulus& q, RootFormat format) noexcept {
  if (format == RootFormat::kShoup64) return {w, shoup_quotient(w, q)};
  if (format == RootFormat::kShoup52) return {w, shoup_quotient(w, q) >> 12};
  const double balanced = static_cast<double>(centered(w, q));
  return {std::bit_cast<std::uint64_t>(balanced), std::bit_cast<std::uint64_t>(balanced / q.value_double())};
}

}  // namespace

platform::Result<NttTables> NttTables::create(std::size_t n, const Modulus& q, const KernelTable& kernels) {
  if (!std::has_single_bit(n) || n < 4 || n > 65536) {
    return platform::invalid_argument(platform::concat("n = ", n, " is not a power of two in [4, 65536]"));
  }
  if (q.bits() > kernels.max_prime_bits) {
    return platform::invalid_argument(platform::concat("q = ", q.value(), " has ", q.bits(), " bits; the ",
                                                       kernels.name, " kernels take ",
                                                       kernels.max_prime_bits));
  }
  NttTables tables;
  FCN_ASSIGN_OR_RETURN(tables.psi_, primitive_root(n, q));
  tables.n_ = n;
  tables.log2_n_ = static_cast<unsigned>(std::countr_zero(n));
  tables.q_ = q;
  tables.kernels_ = &kernels;
  const std::size_t shortest =
      kernels.root_format == RootFormat::kShoup52 ? kShortestShoup52Transform : kShortestDoubleTransform;
  tables.format_ = n < shortest ? RootFormat::kShoup64 : kernels.root_format;
  for (auto* buffer : {&tables.forward_roots_, &tables.forward_quotients_, &tables.inverse_roots_,
                       &tables.inverse_quotients_}) {
    FCN_ASSIGN_OR_RETURN(*buffer, platform::AlignedBuffer<std::uint64_t>::create(n));
  }

  const std::uint64_t psi_inverse = inverse_mod(tables.psi_, q);
  std::uint64_t power = 1, inverse_power = 1;
  for (std::size_t exponent = 0; exponent < n; ++exponent) {
    const std::size_t i = internal::bit_reverse(exponent, tables.log2_n_);
    const Stored forward = store(power, q, tables.format_);
    const Stored inverse = store(inverse_power, q, tables.format_);
    tables.forward_roots_[i] = forward.root;
    tables.forward_quotients_[i] = forward.quotient;
    tables.inverse_roots_[i] = inverse.root;
    tables.inverse_quotients_[i] = inverse.quotient;
    power = multiply_mod(power, tables.psi_, q);
    inverse_power = multiply_mod(inverse_power, psi_inverse, q);
  }
  const std::uint64_t n_inverse = inverse_mod(reduce(n, q), q);
  const Stored last_sum = store(n_inverse, q, tables.format_);
  tables.n_inverse_ = last_sum.root;
  tables.n_inverse_quotient_ = last_sum.quotient;
  const std::uint64_t last_root = multiply_mod(power_mod_vartime(psi_inverse, n / 2, q), n_inverse, q);
  const Stored last_difference = store(last_root, q, tables.format_);
  tables.last_root_ = last_difference.root;
  tables.last_root_quotient_ = last_difference.quotient;
  return tables;
}

}  // namespace fcn::ntt
