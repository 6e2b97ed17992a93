#include "base_converter.h"

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
  for (std::size_t first = 0; first < n; first += kTile) {
    const std::size_t count = n - first < kTile ? n - first : kTile;
    if (from_.size() == 1) {
      convert_one(out + first, in + first, n, count, scratch);
    } else {
      convert_many(out + first, in + first, n, count, scratch);
    }
  }
}

void BaseConverter::convert_one(std::uint64_t* out, const std::uint64_t* in, std::size_t n, std::size_t count,
                                std::uint64_t* scratch) const noexcept {
  auto* x = reinterpret_cast<std::int64_t*>(scratch);
  for (std::size_t c = 0; c < count; ++c) x[c] = ntt::centered(in[c], from_[0]->modulus());
  for (std::size_t j = 0; j < to_.size(); ++j)
    from_[0]->kernels().reduce_accumulator(to_[j]->modulus(), out + j * n, x, count);
}

void BaseConverter::convert_many(std::uint64_t* out, const std::uint64_t* in, std::size_t n,
                                 std::size_t count, std::uint64_t* scratch) const noexcept {
  const std::size_t u = from_.size();
  const ntt::KernelTable& kernels = from_[0]->kernels();
  std::uint64_t* z = scratch;              // (u, count): z_i
  std::uint64_t* w = scratch + u * count;  // (count): the multiple of A to take off
  std::uint64_t* reduced = w + count;      // (count): z_i modulo b_j
  for (std::size_t i = 0; i < u; ++i) {    // w = sum z_i / a_i, at first as the bits of doubles
    const ntt::Modulus& a = from_[i]->modulus();
    std::uint64_t* zi = z + i * count;
    kernels.scalar_multiply(a, zi, in + i * n, hat_inverse_[i], count);
    const double inverse = a.inverse_double();
    for (std::size_t c = 0; c < count; ++c) {
      const double sum = (i == 0 ? 0 : std::bit_cast<double>(w[c])) + to_double(zi[c]) * inverse;
      w[c] = i + 1 == u ? round_to_word(sum) : std::bit_cast<std::uint64_t>(sum);
    }
  }
  FCN_CHECK_BOUND(w, count, 0, u);
  for (std::size_t j = 0; j < to_.size(); ++j) {
    const ntt::Modulus& b = to_[j]->modulus();
    std::uint64_t* row = out + j * n;
    kernels.scalar_multiply(b, row, w, minus_a_[j], count);
    for (std::size_t i = 0; i < u; ++i) {
      const std::uint64_t* zi = z + i * count;
      if (from_[i]->modulus().value() > b.value()) {
        kernels.reduce(b, reduced, zi, count);
        zi = reduced;
      }
      kernels.scalar_multiply_add(b, row, zi, hat_[j * u + i], count);
    }
  }
}

}  // namespace fcn::fv
