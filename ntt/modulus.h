// Arithmetic modulo one word-sized odd prime. Residues are canonical, in [0, q), unless a name says otherwise.
#pragma once

#include <cstdint>

#include "../platform/status.h"

namespace fcn::ntt {

// Primes of ciphertexts are below 2^50 (exact in every kernel); the scalar kernel alone takes up to 61 bits.
inline constexpr unsigned kMaxPrimeBits = 50;
inline constexpr unsigned kMaxScalarPrimeBits = 61;

// A prime q and what its arithmetic needs. Immutable; cheap to copy.
class Modulus {
 public:
  Modulus() noexcept = default;
  // Errors: kInvalidArgument unless q is an odd prime of at most kMaxScalarPrimeBits bits.
  static platform::Result<Modulus> create(std::uint64_t q);

  std::uint64_t value() const noexcept { return q_; }
  unsigned bits() const noexcept { return bits_; }
  // floor(2^(62 + bits) / q), in (2^62, 2^63]: see reduce_wide.
  std::uint64_t barrett() const noexcept { return barrett_; }
  double value_double() const noexcept { return q_double_; }      // exact when bits <= 53
  double inverse_double() const noexcept { return inverse_double_; }  // 1 / q, correctly rounded

 private:
  std::uint64_t q_ = 0;
  std::uint64_t barrett_ = 0;
  unsigned bits_ = 0;
  double q_double_ = 0;
  double inverse_double_ = 0;
};

// All of these are constant time in a and b, and canonical in, canonical out.
std::uint64_t add_mod(std::uint64_t a, std::uint64_t b, const Modulus& q) noexcept;
std::uint64_t sub_mod(std::uint64_t a, std::uint64_t b, const Modulus& q) noexcept;
std::uint64_t negate_mod(std::uint64_t a, const Modulus& q) noexcept;  // 0 stays 0
std::uint64_t multiply_mod(std::uint64_t a, std::uint64_t b, const Modulus& q) noexcept;
// Any a, to [0, q). Constant time in a.
std::uint64_t reduce(std::uint64_t a, const Modulus& q) noexcept;
std::uint64_t reduce_signed(std::int64_t a, const Modulus& q) noexcept;
// The residue as the integer of least absolute value, in [-(q-1)/2, (q-1)/2]. Constant time.
std::int64_t centered(std::uint64_t a, const Modulus& q) noexcept;

// a^exponent; variable time in the exponent.
std::uint64_t power_mod_vartime(std::uint64_t a, std::uint64_t exponent, const Modulus& q) noexcept;
// a^-1 = a^(q-2); a != 0. Constant time in a.
std::uint64_t inverse_mod(std::uint64_t a, const Modulus& q) noexcept;

// Shoup's product by a constant w: quotient = floor(w * 2^64 / q), then w * a in [0, q) for ANY 64-bit a.
// Source: Harvey, "Faster arithmetic for number-theoretic transforms" (2014), section 2.
std::uint64_t shoup_quotient(std::uint64_t w, const Modulus& q) noexcept;
std::uint64_t multiply_shoup(std::uint64_t a, std::uint64_t w, std::uint64_t quotient, const Modulus& q) noexcept;

}  // namespace fcn::ntt
