#include "scaling.h"

#include <cstring>

#include "../../platform/secure_wipe.h"
#include "../../platform/wide.h"
#include "level.h"

namespace fcn::fv {
namespace {

// dst += r / t modulo one prime. With c = r / t: X^k c - b c = r, so digit row i is c_i = (c_(i-1) - r_i) / b, where
// row -1 is minus the last row, (sum of b^i r_i) / (b^m + 1). Shape: scratch (n); rows of r >= used are zero.
void add_quotient(const Params& params, std::size_t limb, std::uint64_t* dst, const std::int64_t* r,
                  std::size_t used, std::uint64_t* scratch) noexcept {
  const PlaintextModulus& t = params.t();
  const ntt::Modulus& q = params.modulus(limb);
  const ntt::KernelTable& kernels = params.kernels();
  const PrimeConstants& constants = params.constants(limb);
  const std::size_t k = t.length(), last = t.digits() - 1, rows = used < last ? used : last;
  std::uint64_t* c = scratch;
  kernels.reduce_accumulator(q, c, r, used * k);
  if (t.is_integer()) {
    kernels.scalar_multiply_add(q, dst, c, constants.base_inverse, k);
    return;
  }
  // Row -1, in the first row beyond r, or in the last one.
  std::uint64_t* previous = c + rows * k;
  const std::uint64_t base = ntt::reduce(t.base(), q);
  if (used > last) {
    const std::uint64_t highest = ntt::power_mod_vartime(base, last, q);
    kernels.scalar_multiply(q, previous, previous, ntt::multiply_mod(highest, constants.p_inverse, q), k);
  } else {
    std::memset(previous, 0, k * sizeof *previous);
  }
  std::uint64_t factor = constants.p_inverse;
  for (std::size_t i = 0; i < rows; ++i) {
    kernels.scalar_multiply_add(q, previous, c + i * k, factor, k);
    factor = ntt::multiply_mod(factor, base, q);
  }
  kernels.subtract(q, dst + last * k, dst + last * k, previous, k);
  for (std::size_t i = 0; i < rows; ++i) {
    kernels.subtract_multiply(q, c + i * k, previous, c + i * k, constants.base_inverse, k);
    previous = c + i * k;
  }
  kernels.add(q, dst, dst, c, rows * k);
  // Rows beyond r are the one before them times powers of 1/b.
  if (k == 1) {
    kernels.scalar_multiply_add(q, dst + rows, constants.base_inverse_powers.data(), *previous, last - rows);
    return;
  }
  for (std::size_t i = rows; i < last; ++i) {
    kernels.scalar_multiply(q, previous, previous, constants.base_inverse, k);
    kernels.add(q, dst + i * k, dst + i * k, previous, k);
  }
}

}  // namespace

void add_scaled_up(const Params& params, std::size_t limbs, std::uint64_t* dst, const std::int64_t* m,
                   std::size_t used, std::uint64_t* scratch) noexcept {
  const PlaintextModulus& t = params.t();
  const Level& level = params.level(limbs);
  const std::size_t n = params.n(), k = t.length(), digits = t.digits();
  auto* r = reinterpret_cast<std::int64_t*>(scratch);
  std::size_t rows = 1;
  if (t.is_integer()) {
    for (std::size_t j = 0; j < k; ++j) r[j] = t.multiply_integers(-level.q_digits[0], m[j]);
  } else {  // rows times digits of q, X^n = -1
    rows = used + level.q_digits.size() < digits ? used + level.q_digits.size() : digits;
    std::memset(r, 0, n * sizeof *r);
    for (std::size_t i = 0; i < used; ++i) {
      for (std::size_t l = 0; l < level.q_digits.size(); ++l) {
        const bool wraps = i + l >= digits;
        std::int64_t* row = r + (wraps ? i + l - digits : i + l) * k;
        const std::int64_t digit = wraps ? level.q_digits[l] : -level.q_digits[l];
        for (std::size_t j = 0; j < k; ++j) row[j] += digit * m[i * k + j];
      }
    }
  }
  rows = t.reduce(r, rows);
  for (std::size_t i = 0; i < limbs; ++i) add_quotient(params, i, dst + i * n, r, rows, scratch + n);
  platform::secure_wipe(scratch, 2 * n * sizeof *scratch);
}

void scale_down(const Params& params, std::size_t limbs, std::int64_t* m, std::uint64_t* c,
                std::uint64_t* f) noexcept {
  const PlaintextModulus& t = params.t();
  const Level& level = params.level(limbs);
  const std::size_t n = params.n(), k = t.length();
  // f = c/q modulo 1, times 2^64: sum of z_i / q_i with z_i = c_i (q/q_i)^-1. z * fraction / 2^(bits - 1) is
  // z/q_i * 2^64 less at most z / 2^(bits - 1) + 1 < 3.
  for (std::size_t i = 0; i < limbs; ++i) {
    const ntt::Modulus& q = params.modulus(i);
    const unsigned shift = q.bits() - 1;
    const std::uint64_t fraction = level.fraction[i];
    std::uint64_t* z = c + i * n;
    params.kernels().scalar_multiply(q, z, z, level.hat_inverse[i], n);
    for (std::size_t j = 0; j < n; ++j) {
      const platform::Wide product = platform::multiply_wide(z[j], fraction);
      f[j] = (i == 0 ? 0 : f[j]) + ((product.high << (64 - shift)) | (product.low >> shift));
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
