#include "base_converter.h"

#include <bit>

namespace fcn::fv {
namespace {

// x < 2^52 as a double, exactly: x in the low bits of a double of exponent 52, less 2^52.
double to_double(std::uint64_t x) {
  constexpr std::uint64_t kTwo52Bits = 0x4330000000000000u;
  return std::bit_cast<double>(x | kTwo52Bits) - 4503599627370496.0;
}

// The product of the primes but one (or none left out), modulo m.
std::uint64_t product_except(const std::vector<const ntt::NttTables*>& primes, std::size_t skipped,
                             const ntt::Modulus& m) {
  std::uint64_t product = 1;
  for (std::size_t i = 0; i < primes.size(); ++i) {
    if (i != skipped) product = ntt::multiply_mod(product, ntt::reduce(primes[i]->modulus().value(), m), m);
  }
  return product;
}

}  // namespace

BaseConverter::BaseConverter(std::vector<const ntt::NttTables*> from, std::vector<const ntt::NttTables*> to)
    : from_(std::move(from)), to_(std::move(to)) {
  for (std::size_t i = 0; i < from_.size(); ++i) {
    const ntt::Modulus& a = from_[i]->modulus();
    hat_inverse_.push_back(ntt::inverse_mod(product_except(from_, i, a), a));
  }
  for (const ntt::NttTables* target : to_) {
    const ntt::Modulus& b = target->modulus();
    for (std::size_t i = 0; i < from_.size(); ++i) hat_.push_back(product_except(from_, i, b));
    minus_a_.push_back(ntt::negate_mod(product_except(from_, from_.size(), b), b));
  }
}

void BaseConverter::convert(std::uint64_t* out, const std::uint64_t* in, std::size_t n,
                            std::uint64_t* scratch) const noexcept {
  const std::size_t u = from_.size();
  std::uint64_t* z = scratch;          // (u, n): z_i
  std::uint64_t* w = scratch + u * n;  // (n): the multiple of A to take off
  std::uint64_t* reduced = w + n;      // (n): z_i modulo b_j
  const auto* kernels = &from_[0]->kernels();
  // w = sum z_i / a_i + 1/2 grows in the accumulator's doubles, held in w's memory as bits.
  for (std::size_t c = 0; c < n; ++c) w[c] = std::bit_cast<std::uint64_t>(0.5);
  for (std::size_t i = 0; i < u; ++i) {
    const ntt::Modulus& a = from_[i]->modulus();
    std::uint64_t* zi = z + i * n;
    kernels->scalar_multiply(a, zi, in + i * n, hat_inverse_[i], n);  // times 1 when u = 1
    const double inverse = a.inverse_double();
    for (std::size_t c = 0; c < n; ++c) {
      const double sum = std::bit_cast<double>(w[c]) + to_double(zi[c]) * inverse;
      w[c] = std::bit_cast<std::uint64_t>(sum);
    }
  }
  for (std::size_t c = 0; c < n; ++c) {
    w[c] = static_cast<std::uint64_t>(static_cast<std::int64_t>(std::bit_cast<double>(w[c])));
    FCN_CHECK(w[c] <= u);
  }
  for (std::size_t j = 0; j < to_.size(); ++j) {
    const ntt::Modulus& b = to_[j]->modulus();
    std::uint64_t* row = out + j * n;
    kernels->scalar_multiply(b, row, w, minus_a_[j], n);
    for (std::size_t i = 0; i < u; ++i) {
      kernels->reduce(b, reduced, z + i * n, n);
      kernels->scalar_multiply_add(b, row, reduced, hat_[j * u + i], n);
    }
  }
}

}  // namespace fcn::fv
