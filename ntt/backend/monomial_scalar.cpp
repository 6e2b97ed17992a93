// Products with X^e: the coefficients rotate by e mod n places, and those that pass X^n change sign:
//
//   source       [ 0 ........ n-s-1 | n-s .... n-1 ]            s = e mod n
//   destination  [ n-s .. n-1 (neg) | 0 .... n-s-1 ]            both signs swapped when e >= n
#include "../internal/scalar.h"

namespace fcn::ntt {
namespace {

void copy(std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) dst[i] = a[i];
}

void accumulate(std::int64_t* accumulator, const std::uint64_t* a, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) accumulator[i] += static_cast<std::int64_t>(a[i]);
}

void deduct(std::int64_t* accumulator, const std::uint64_t* a, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) accumulator[i] -= static_cast<std::int64_t>(a[i]);
}

}  // namespace

void monomial_multiply_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              std::size_t exponent, std::size_t n) noexcept {
  FCN_CHECK(exponent < 2 * n);
  const bool swapped = exponent >= n;
  const std::size_t shift = swapped ? exponent - n : exponent;
  if (swapped) {
    copy(dst, a + (n - shift), shift);
    negate_scalar(q, dst + shift, a, n - shift);
  } else {
    negate_scalar(q, dst, a + (n - shift), shift);
    copy(dst + shift, a, n - shift);
  }
}

void monomial_accumulate_lazy_scalar(std::int64_t* accumulator, const MonomialProduct* terms,
                                     std::size_t count, std::size_t n) noexcept {
  for (const MonomialProduct* term = terms; term != terms + count; ++term) {
    FCN_CHECK(term->exponent < 2 * n);
    const bool swapped = term->exponent >= n;
    const std::size_t shift = swapped ? term->exponent - n : term->exponent;
    if (swapped) {
      accumulate(accumulator, term->a + (n - shift), shift);
      deduct(accumulator + shift, term->a, n - shift);
    } else {
      deduct(accumulator, term->a + (n - shift), shift);
      accumulate(accumulator + shift, term->a, n - shift);
    }
  }
}

}  // namespace fcn::ntt
