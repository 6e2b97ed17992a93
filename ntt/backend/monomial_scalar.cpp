// Products with X^e: the coefficients rotate by e mod n places, and those that pass X^n change sign:
//
//   source       [ 0 ........ n-s-1 | n-s .... n-1 ]            s = e mod n
//   destination  [ n-s .. n-1 (neg) | 0 .... n-s-1 ]            both signs swapped when e >= n
#include <cstring>

#include "../internal/scalar.h"

namespace fcn::ntt {
namespace {

// sums[i] += a[i], or -= a[i] where sign is -1 instead of 0.
void accumulate(std::int64_t* sums, const std::uint64_t* a, std::int64_t sign, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) sums[i] += (static_cast<std::int64_t>(a[i]) ^ sign) - sign;
}

}  // namespace

void monomial_multiply_by(decltype(KernelTable::negate) negate, const Modulus& q, std::uint64_t* dst,
                          const std::uint64_t* a, std::size_t exponent, std::size_t n) noexcept {
  FCN_CHECK(exponent < 2 * n);
  const bool swapped = exponent >= n;
  const std::size_t shift = swapped ? exponent - n : exponent;
  if (swapped) {
    std::memcpy(dst, a + (n - shift), shift * sizeof(*a));
    negate(q, dst + shift, a, n - shift);
  } else {
    negate(q, dst, a + (n - shift), shift);
    std::memcpy(dst + shift, a, (n - shift) * sizeof(*a));
  }
}

void monomial_multiply_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              std::size_t exponent, std::size_t n) noexcept {
  monomial_multiply_by(negate_scalar, q, dst, a, exponent, n);
}

void monomial_accumulate_lazy_scalar(std::int64_t* accumulator, const MonomialProduct* terms,
                                     std::size_t count, std::size_t n, std::size_t first,
                                     std::size_t last) noexcept {
  FCN_CHECK(first <= last && last <= n);
  for (const MonomialProduct* term = terms; term != terms + count; ++term) {
    FCN_CHECK(term->exponent < 2 * n);
    const std::size_t source = first + 2 * n - term->exponent,
                      place = source & (n - 1);  // modulo 2n: [n, 2n) negates
    const std::size_t wanted = last - first, turn = n - place < wanted ? n - place : wanted;
    const std::int64_t sign = (source & n) != 0 ? -1 : 0;
    accumulate(accumulator, term->a + place, sign, turn);
    accumulate(accumulator + turn, term->a, ~sign, wanted - turn);
  }
}

}  // namespace fcn::ntt
