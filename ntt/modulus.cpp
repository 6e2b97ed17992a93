#include "modulus.h"

#include <bit>

#include "primes.h"

namespace fcn::ntt {
namespace {

// floor(2^(62 + bits) / q), bit by bit: the quotient has 63 bits.
std::uint64_t barrett_reciprocal(std::uint64_t q, unsigned bits) noexcept {
  std::uint64_t remainder = std::uint64_t{1}
                            << (bits - 1);  // 2^(bits-1) < q: the first quotient bit is that of 2^bits
  std::uint64_t quotient = 0;
  for (unsigned i = 0; i < 63; ++i) {
    remainder *= 2;
    const bool bit = remainder >= q;
    if (bit) remainder -= q;
    quotient = 2 * quotient + bit;
  }
  return quotient;
}

}  // namespace

platform::Result<Modulus> Modulus::create(std::uint64_t q) {
  const unsigned bits = static_cast<unsigned>(std::bit_width(q));
  if (bits > kMaxScalarPrimeBits) {
    return platform::invalid_argument(
        platform::concat("q = ", q, " has more than ", kMaxScalarPrimeBits, " bits"));
  }
  if (q == 2 || !is_prime_vartime(q)) {
    return platform::invalid_argument(platform::concat("q = ", q, " is not an odd prime"));
  }
  Modulus modulus;
  modulus.q_ = q;
  modulus.bits_ = bits;
  modulus.barrett_ = barrett_reciprocal(q, bits);
  modulus.q_double_ = static_cast<double>(q);
  modulus.inverse_double_ = 1.0 / modulus.q_double_;
  return modulus;
}

std::uint64_t power_mod_vartime(std::uint64_t a, std::uint64_t exponent, const Modulus& q) noexcept {
  std::uint64_t power = 1;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) power = multiply_mod(power, a, q);
    a = multiply_mod(a, a, q);
  }
  return power;
}

std::uint64_t inverse_mod(std::uint64_t a, const Modulus& q) noexcept {
  FCN_CHECK(a != 0);
  return power_mod_vartime(a, q.value() - 2, q);  // the exponent is public
}

// The estimate floor(w * barrett / 2^(bits-2)) falls short of w * 2^64 / q by less than w / 2^(bits-2) + 1 <
// 5, so that the remainder is below 5q < 2^64 and at most four steps are missing.
std::uint64_t shoup_quotient(std::uint64_t w, const Modulus& q) noexcept {
  FCN_CHECK(w < q.value());
  const unsigned shift = q.bits() - 2;
  const platform::Wide product = platform::multiply_wide(w, q.barrett());
  std::uint64_t quotient = ((product.high << 1) << (63 - shift)) | (product.low >> shift);
  std::uint64_t remainder = 0 - quotient * q.value();
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t step = remainder >= q.value();
    remainder -= q.value() & (0 - step);
    quotient += step;
  }
  FCN_CHECK(remainder < q.value());
  return quotient;
}

}  // namespace fcn::ntt
