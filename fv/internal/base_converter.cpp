#include "base_converter.h"

#include <algorithm>
#include <bit>

namespace fcn::fv {
namespace {

// x < 2^52 as a double, exactly, and x >= 0 rounded to the nearest integer: the integer is the low bits of a double of
// exponent 52. No branch, and words and doubles side by side in one register.
constexpr std::uint64_t kTwo52Bits = 0x4330000000000000u;
constexpr double kTwo52 = 4503599627370496.0;
double to_double(std::uint64_t x) {
  return std::bit_cast<double>(x | kTwo52Bits) - kTwo52;
}
std::uint64_t round_to_word(double x) {
  return std::bit_cast<std::uint64_t>(x + kTwo52) ^ kTwo52Bits;
}

}  // namespace

void round_sum_of_fractions(std::uint64_t* w, const std::uint64_t* z,
                            const std::vector<const ntt::NttTables*>& primes, std::size_t count) noexcept {
  for (std::size_t i = 0; i < primes.size(); ++i) {  // the sum, as the bits of doubles, until the last term
    const double inverse = primes[i]->modulus().inverse_double();
    for (std::size_t c = 0; c < count; ++c) {
      const double sum = (i == 0 ? 0 : std::bit_cast<double>(w[c])) + to_double(z[i * count + c]) * inverse;
      w[c] = i + 1 == primes.size() ? round_to_word(sum) : std::bit_cast<std::uint64_t>(sum);
    }
  }
  FCN_CHECK_BOUND(w, count, 0, primes.size());
}

std::uint64_t product_except(const std::vector<const ntt::NttTables*>& primes, std::size_t skipped,
                             const ntt::Modulus& m) noexcept {
  std::uint64_t product = 1;
  for (std::size_t i = 0; i < primes.size(); ++i) {
    if (i != skipped) product = ntt::multiply_mod(product, ntt::reduce(primes[i]->modulus().value(), m), m);
  }
  return product;
}

BaseConverter::BaseConverter(std::vector<const ntt::NttTables*> from, std::vector<const ntt::NttTables*> to)
    : from_(std::move(from)), to_(std::move(to)) {
  const std::size_t u = from_.size();
  FCN_CHECK(u <= kMaxBasePrimes);
  for (std::size_t i = 0; i < u; ++i) {
    const ntt::Modulus& a = from_[i]->modulus();
    hat_inverse_.push_back(ntt::inverse_mod(product_except(from_, i, a), a));
  }
  for (const ntt::NttTables* target : to_) {
    const ntt::Modulus& b = target->modulus();
    for (std::size_t i = 0; i < u; ++i) scalars_.push_back(product_except(from_, i, b));
    scalars_.push_back(ntt::negate_mod(product_except(from_, u, b), b));
  }
}

void BaseConverter::convert(std::uint64_t* out, const std::uint64_t* in, std::size_t n, std::size_t count,
                            std::uint64_t* scratch) const noexcept {
  const std::size_t u = from_.size(), tile = std::min(count, kBaseTile);
  FCN_CHECK(count % tile == 0);
  if (u == 1) return combine(out, n, in, count, scratch);  // z = x
  for (std::size_t first = 0; first < count; first += tile) {
    for (std::size_t i = 0; i < u; ++i) {
      from_[i]->kernels().scalar_multiply(from_[i]->modulus(), scratch + i * tile, in + i * n + first,
                                          hat_inverse_[i], tile);
    }
    combine(out + first, n, scratch, tile, scratch + u * tile);
  }
}

void BaseConverter::combine(std::uint64_t* out, std::size_t stride, const std::uint64_t* z, std::size_t count,
                            std::uint64_t* w) const noexcept {
  const std::size_t u = from_.size();
  const ntt::KernelTable& kernels = from_[0]->kernels();
  if (u == 1) {
    for (std::size_t j = 0; j < to_.size(); ++j)
      kernels.reduce_centered(to_[j]->modulus(), out + j * stride, z, from_[0]->modulus(), count);
    return;
  }
  round_sum_of_fractions(w, z, from_, count);
  ntt::ScaledPolynomial terms[kMaxBasePrimes + 1];
  for (std::size_t j = 0; j < to_.size(); ++j) {
    const std::uint64_t* scalars = scalars_.data() + j * (u + 1);
    for (std::size_t i = 0; i < u; ++i) terms[i] = {z + i * count, scalars[i]};
    terms[u] = {w, scalars[u]};
    kernels.linear_combination(to_[j]->modulus(), out + j * stride, terms, u + 1, count);
  }
}

}  // namespace fcn::fv
