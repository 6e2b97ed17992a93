// Arithmetic modulo one word-sized odd prime. Residues are canonical, in [0, q), unless a name says else.
#pragma once

#include <cstdint>

#include "../platform/check.h"
#include "../platform/status.h"
#include "../platform/wide.h"

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

  constexpr std::uint64_t value() const noexcept { return q_; }
  constexpr unsigned bits() const noexcept { return bits_; }
  // floor(2^(62 + bits) / q), in (2^62, 2^63]: see reduce_wide.
  constexpr std::uint64_t barrett() const noexcept { return barrett_; }
  constexpr double value_double() const noexcept { return q_double_; }          // exact when bits <= 53
  constexpr double inverse_double() const noexcept { return inverse_double_; }  // 1 / q, correctly rounded

 private:
  std::uint64_t q_ = 0;
  std::uint64_t barrett_ = 0;
  unsigned bits_ = 0;
  double q_double_ = 0;
  double inverse_double_ = 0;
};

// All of these are constant time in a and b, and canonical in, canonical out.
constexpr std::uint64_t add_mod(std::uint64_t a, std::uint64_t b, const Modulus& q) noexcept;
constexpr std::uint64_t sub_mod(std::uint64_t a, std::uint64_t b, const Modulus& q) noexcept;
constexpr std::uint64_t negate_mod(std::uint64_t a, const Modulus& q) noexcept;  // 0 stays 0
constexpr std::uint64_t multiply_mod(std::uint64_t a, std::uint64_t b, const Modulus& q) noexcept;
// Any a, to [0, q). Constant time in a.
constexpr std::uint64_t reduce(std::uint64_t a, const Modulus& q) noexcept;
constexpr std::uint64_t reduce_signed(std::int64_t a, const Modulus& q) noexcept;
// a < q^2 as a 128-bit number, to [0, q). Constant time in a. Source: Barrett (1986), with a 64-bit
// reciprocal.
constexpr std::uint64_t reduce_wide(platform::Wide a, const Modulus& q) noexcept;
// The residue as the integer of least absolute value, in [-(q-1)/2, (q-1)/2]. Constant time.
constexpr std::int64_t centered(std::uint64_t a, const Modulus& q) noexcept;

// a^exponent; variable time in the exponent.
std::uint64_t power_mod_vartime(std::uint64_t a, std::uint64_t exponent, const Modulus& q) noexcept;
// a^-1 = a^(q-2); a != 0. Constant time in a.
std::uint64_t inverse_mod(std::uint64_t a, const Modulus& q) noexcept;

// Shoup's product by a constant w: quotient = floor(w * 2^64 / q), then w * a in [0, q) for ANY 64-bit a.
// The lazy form leaves the result in [0, 2q).
// Source: Harvey, "Faster arithmetic for number-theoretic transforms" (2014), section 2.
std::uint64_t shoup_quotient(std::uint64_t w, const Modulus& q) noexcept;
constexpr std::uint64_t multiply_shoup(std::uint64_t a, std::uint64_t w, std::uint64_t quotient,
                                       const Modulus& q) noexcept;
constexpr std::uint64_t multiply_shoup_lazy(std::uint64_t a, std::uint64_t w, std::uint64_t quotient,
                                            std::uint64_t q) noexcept;

// a < 2 * bound, to a or a - bound in [0, bound). Bounds: bound <= 2^63. Constant time.
constexpr std::uint64_t subtract_once(std::uint64_t a, std::uint64_t bound) noexcept {
  const std::uint64_t difference = a - bound;
  return difference + (bound & (0 - (difference >> 63)));
}

// Only the bodies from here on.

constexpr std::uint64_t add_mod(std::uint64_t a, std::uint64_t b, const Modulus& q) noexcept {
  FCN_CHECK(a < q.value() && b < q.value());
  return subtract_once(a + b, q.value());
}

constexpr std::uint64_t sub_mod(std::uint64_t a, std::uint64_t b, const Modulus& q) noexcept {
  FCN_CHECK(a < q.value() && b < q.value());
  return subtract_once(a + (q.value() - b), q.value());
}

constexpr std::uint64_t negate_mod(std::uint64_t a, const Modulus& q) noexcept {
  FCN_CHECK(a < q.value());
  return (q.value() - a) & (0 - ((0 - a) >> 63));  // 0 - a has its top bit set exactly when a != 0
}

// With b = bits, estimate = floor(floor(a / 2^(b-2)) * barrett / 2^64) falls short of a / q by less than
//   1/2 (the inner floor, barrett < 2^63)  +  1/2 (barrett's own, a / 2^(b-2) < 2^63)  +  1 (the outer floor),
// so that a - estimate * q is in [0, 2q), and one subtraction finishes.
constexpr std::uint64_t reduce_wide(platform::Wide a, const Modulus& q) noexcept {
  const unsigned shift = q.bits() - 2;
  const std::uint64_t top = ((a.high << 1) << (63 - shift)) | (a.low >> shift);
  const std::uint64_t estimate = platform::multiply_high(top, q.barrett());
  return subtract_once(a.low - estimate * q.value(), q.value());
}

constexpr std::uint64_t multiply_mod(std::uint64_t a, std::uint64_t b, const Modulus& q) noexcept {
  FCN_CHECK(a < q.value() && b < q.value());
  return reduce_wide(platform::multiply_wide(a, b), q);
}

// barrett >> (bits - 2) = floor(2^64 / q); the estimate falls short of a / q by less than 1 + 1.
constexpr std::uint64_t reduce(std::uint64_t a, const Modulus& q) noexcept {
  const std::uint64_t reciprocal = q.barrett() >> (q.bits() - 2);
  return subtract_once(a - platform::multiply_high(a, reciprocal) * q.value(), q.value());
}

constexpr std::uint64_t reduce_signed(std::int64_t a, const Modulus& q) noexcept {
  const std::uint64_t negative = 0 - (static_cast<std::uint64_t>(a) >> 63);
  const std::uint64_t two_to_64 = 0 - (q.barrett() >> (q.bits() - 2)) * q.value();  // 2^64 modulo q
  return sub_mod(reduce(static_cast<std::uint64_t>(a), q), two_to_64 & negative, q);
}

constexpr std::int64_t centered(std::uint64_t a, const Modulus& q) noexcept {
  FCN_CHECK(a < q.value());
  const std::uint64_t upper_half = 0 - ((q.value() / 2 - a) >> 63);
  return static_cast<std::int64_t>(a - (q.value() & upper_half));
}

constexpr std::uint64_t multiply_shoup_lazy(std::uint64_t a, std::uint64_t w, std::uint64_t quotient,
                                            std::uint64_t q) noexcept {
  return a * w - platform::multiply_high(a, quotient) * q;
}

constexpr std::uint64_t multiply_shoup(std::uint64_t a, std::uint64_t w, std::uint64_t quotient,
                                       const Modulus& q) noexcept {
  return subtract_once(multiply_shoup_lazy(a, w, quotient, q.value()), q.value());
}

}  // namespace fcn::ntt
