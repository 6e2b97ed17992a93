#include "key_switch.h"

#include <cstring>

#include "level.h"
#include "rounding.h"

namespace fcn::fv {
namespace {

// Digit j of the balanced expansion x = sum of d_j 2^(w j), d_j in [-2^(w-1), 2^(w-1)), of the centred residues; the
// highest digit takes what is left, of either sign.
void extract_digit(std::int64_t* digit, const std::uint64_t* x, std::size_t n, const ntt::Modulus& q,
                   std::size_t j, std::size_t digits, unsigned w) noexcept {
  const unsigned shift = w * static_cast<unsigned>(j);
  const bool top = j + 1 == digits;
  // Half of every lower digit makes those non-negative; 2^62, a multiple of 2^shift, the highest.
  const std::uint64_t half = std::uint64_t{1} << (w - 1), two62 = std::uint64_t{1} << 62;
  std::uint64_t offset = two62;
  for (std::size_t i = 0; i + 1 < digits; ++i) offset += half << (w * i);
  const std::uint64_t mask = top ? ~std::uint64_t{0} : 2 * half - 1, excess = top ? two62 >> shift : half;
  for (std::size_t c = 0; c < n; ++c) {
    const std::uint64_t shifted = (static_cast<std::uint64_t>(ntt::centered(x[c], q)) + offset) >> shift;
    digit[c] = static_cast<std::int64_t>((shifted & mask) - excess);
  }
}

}  // namespace

void KeySwitch::decompose(std::uint64_t* dst, std::size_t d, std::size_t l, const std::uint64_t* x,
                          const std::uint64_t* transformed) const noexcept {
  const std::size_t per_limb = params_.digits_per_limb(), i = d / per_limb;
  const ntt::KernelTable& kernels = params_.kernels();
  const ntt::Modulus &from = params_.modulus(i), &to = params_.modulus(prime(l));
  const std::uint64_t* limb = x + i * n_;
  if (per_limb > 1) {
    auto* digit = reinterpret_cast<std::int64_t*>(dst);
    extract_digit(digit, limb, n_, from, d % per_limb, per_limb, params_.digit_bits());
    kernels.reduce_accumulator(to, dst, digit, n_);
  } else if (!is_limb(d, l)) {
    kernels.reduce_centered(to, dst, limb, from, n_);
  } else {
    std::memcpy(dst, transformed != nullptr ? transformed + i * n_ : limb, n_ * sizeof *dst);
    if (transformed != nullptr) return;
  }
  params_.table(prime(l)).forward(dst);
}

void KeySwitch::rotate(std::uint64_t* dst, std::size_t l, std::size_t offset, const std::uint64_t* digits,
                       const ntt::NttPermutation& rotation) const noexcept {
  for (std::size_t d = 0; d < this->digits(); ++d) {
    params_.kernels().permute(dst + d * (tile() + kSkew), digits + (d * total_ + l) * n_, rotation, offset,
                              offset + tile());
  }
}

void KeySwitch::add_products(PairSum& sum, std::size_t l, std::size_t offset, const std::uint64_t* digits,
                             std::size_t stride, const KeySwitchKey& key) const noexcept {
  for (std::size_t d = 0; d < this->digits(); ++d)
    sum.add(digits + d * stride, key_row(key, 0, d, l) + offset, key_row(key, 1, d, l) + offset);
}

std::size_t KeySwitch::divide_words() const noexcept {
  return params_.has_special() ? limbs_ * n_ + params_.level(limbs_).from_special.scratch_words(n_) : 0;
}

void KeySwitch::divide(std::uint64_t* sum, std::uint64_t* scratch) const noexcept {
  for (std::size_t l = 0; l < total_; ++l) params_.table(prime(l)).inverse(sum + l * n_);
  if (!params_.has_special()) return;
  const Level& level = params_.level(limbs_);
  subtract_and_divide(params_, sum, 0, limbs_, sum + limbs_ * n_, level.from_special,
                      level.special_inverse.data(), scratch);
}

}  // namespace fcn::fv
