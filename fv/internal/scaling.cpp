#include "scaling.h"

#include <cstring>

#include "../../platform/secure_wipe.h"
#include "../../platform/wide.h"
#include "level.h"

namespace fcn::fv {
namespace {

// dst = -r / t modulo one prime. With c = -r / t: X^k c - b c = -r, so digit row i is c_i = (c_(i-1) + r_i) /
// b, where row -1 is minus the last row; and the last row is (sum of b^i r_i) / (b^m + 1).
void divide_negated_by_t(const Params& params, std::size_t limb, std::uint64_t* dst, const std::int64_t* r,
                         std::size_t used) noexcept {
  const PlaintextModulus& t = params.t();
  const ntt::Modulus& q = params.modulus(limb);
  const PrimeConstants& constants = params.constants(limb);
  const auto divide = [&](std::uint64_t x) {
    return ntt::multiply_shoup(x, constants.base_inverse, constants.base_inverse_quotient, q);
  };
  const std::size_t k = t.length(), m = t.digits();
  if (t.is_integer()) {
    for (std::size_t j = 0; j < k; ++j) dst[j] = ntt::negate_mod(divide(ntt::reduce_signed(r[j], q)), q);
    return;
  }
  const std::uint64_t base = t.base(), base_quotient = ntt::shoup_quotient(base, q);
  std::uint64_t* last = dst + (m - 1) * k;
  std::memset(last, 0, k * sizeof *last);
  for (std::size_t i = used; i-- > 0;) {
    for (std::size_t j = 0; j < k; ++j) {
      const std::uint64_t scaled = ntt::multiply_shoup(last[j], base, base_quotient, q);
      last[j] = ntt::add_mod(scaled, ntt::reduce_signed(r[i * k + j], q), q);
    }
  }
  for (std::size_t j = 0; j < k; ++j) last[j] = ntt::multiply_mod(last[j], constants.p_inverse, q);
  // Rows beyond r are the one before them times powers of 1/b.
  const std::size_t one_by_one = k == 1 && used != 0 && used < m - 1 ? used : m - 1;
  for (std::size_t i = 0; i < one_by_one; ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      std::uint64_t previous = i == 0 ? ntt::negate_mod(last[j], q) : dst[(i - 1) * k + j];
      if (i < used) previous = ntt::add_mod(previous, ntt::reduce_signed(r[i * k + j], q), q);
      dst[i * k + j] = divide(previous);
    }
  }
  if (one_by_one < m - 1) {
    params.kernels().scalar_multiply(q, dst + used, constants.base_inverse_powers.data(), dst[used - 1], m - 1 - used);
  }
}

}  // namespace

void scale_up(const Params& params, std::size_t limbs, std::uint64_t* dst, const std::int64_t* m,
              std::size_t used, std::int64_t* r) noexcept {
  const PlaintextModulus& t = params.t();
  const Level& level = params.level(limbs);
  const std::size_t k = t.length(), digits = t.digits();
  // r = q m modulo t: rows times digits of q, X^n = -1.
  std::memset(r, 0, params.n() * sizeof *r);
  if (t.is_integer()) {
    for (std::size_t j = 0; j < k; ++j) r[j] = t.multiply_integers(level.q_digits[0], m[j]);
  }
  for (std::size_t i = 0; i < used && !t.is_integer(); ++i) {
    for (std::size_t l = 0; l < level.q_digits_used; ++l) {
      const bool wraps = i + l >= digits;
      std::int64_t* row = r + (wraps ? i + l - digits : i + l) * k;
      const std::int64_t digit = wraps ? -level.q_digits[l] : level.q_digits[l];
      for (std::size_t j = 0; j < k; ++j) row[j] += digit * m[i * k + j];
    }
  }
  std::size_t rows = used + level.q_digits_used;
  rows = t.reduce(r, rows < digits ? rows : digits);
  for (std::size_t i = 0; i < limbs; ++i) divide_negated_by_t(params, i, dst + i * params.n(), r, rows);
  platform::secure_wipe(r, params.n() * sizeof *r);
}

void scale_down(const Params& params, std::size_t limbs, std::int64_t* m, const std::uint64_t* c,
                std::uint64_t* f) noexcept {
  const PlaintextModulus& t = params.t();
  const Level& level = params.level(limbs);
  const std::size_t n = params.n(), k = t.length();
  // f = c/q modulo 1, times 2^64: sum of z_i / q_i with z_i = c_i (q/q_i)^-1. z * fraction / 2^(bits - 1) is
  // z/q_i * 2^64 less at most z / 2^(bits - 1) + 1 < 3.
  std::memset(f, 0, n * sizeof *f);
  for (std::size_t i = 0; i < limbs; ++i) {
    const ntt::Modulus& q = params.modulus(i);
    const unsigned shift = q.bits() - 1;
    for (std::size_t j = 0; j < n; ++j) {
      const std::uint64_t z = ntt::multiply_mod(c[i * n + j], level.hat_inverse[i], q);
      const platform::Wide product = platform::multiply_wide(z, level.fraction[i]);
      f[j] += (product.high << (64 - shift)) | (product.low >> shift);
    }
  }
  if (t.is_integer()) {
    for (std::size_t j = 0; j < n; ++j) {
      const platform::Wide product = platform::multiply_wide(f[j], t.base());
      m[j] = static_cast<std::int64_t>(product.high + (product.low >> 63));
    }
    t.reduce(m, 1);
  } else {
    // round(X^k f - b f) with f in [-1/2, 1/2) as 52-bit fractions: |X^k f - b f| < (b + 1) 2^51 < 2^62.
    const std::int64_t base = static_cast<std::int64_t>(t.base());
    const auto fraction = [&](std::size_t j) { return static_cast<std::int64_t>(f[j]) >> 12; };
    for (std::size_t j = 0; j < n; ++j) {
      const std::int64_t shifted = j < k ? -fraction(n - k + j) : fraction(j - k);
      m[j] = (shifted - base * fraction(j) + (std::int64_t{1} << 51)) >> 52;
    }
    t.reduce(m, t.digits());
  }
  platform::secure_wipe(f, n * sizeof *f);
}

}  // namespace fcn::fv
