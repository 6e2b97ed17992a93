// Sums of products in 128-bit integers, reduced once for many terms.
#include "../internal/scalar.h"

namespace fcn::ntt {
namespace {

// Products below 2^122 that a 128-bit sum holds beside a residue below 2^61.
constexpr std::size_t kWideTerms = 63;
static_assert(2 * kMaxScalarPrimeBits == 122);

inline void add_product(platform::Wide& sum, std::uint64_t a, std::uint64_t b) noexcept {
  const platform::Wide product = platform::multiply_wide(a, b);
  sum.low += product.low;
  sum.high += product.high + (sum.low < product.low);
}

// Any sum, to [0, q). Constant time.
inline std::uint64_t reduce_sum(platform::Wide sum, const Modulus& q) noexcept {
  const std::uint64_t two_to_64 = 0 - (q.barrett() >> (q.bits() - 2)) * q.value();  // 2^64 modulo q
  return add_mod(multiply_mod(reduce(sum.high, q), two_to_64, q), reduce(sum.low, q), q);
}

// dst[i] = the sum of left(term, i) * right(term, i) over all terms.
template <class Term, class Left, class Right>
inline void sum_products(const Modulus& q, std::uint64_t* dst, const Term* terms, std::size_t count,
                         std::size_t n, Left left, Right right) noexcept {
  FCN_CHECK(count >= 1);
  for (std::size_t i = 0; i < n; ++i) {
    platform::Wide sum = {0, 0};
    for (std::size_t first = 0; first < count; first += kWideTerms) {
      const std::size_t last = count - first < kWideTerms ? count : first + kWideTerms;
      for (std::size_t t = first; t < last; ++t) add_product(sum, left(terms[t], i), right(terms[t], i));
      sum = {0, reduce_sum(sum, q)};
    }
    dst[i] = sum.low;
  }
}

}  // namespace

void inner_product_scalar(const Modulus& q, std::uint64_t* dst, const PointwiseProduct* terms,
                          std::size_t count, std::size_t n) noexcept {
  for (std::size_t t = 0; t < count; ++t) {
    FCN_CHECK_BOUND(terms[t].a, n, 0, q.value() - 1);
    FCN_CHECK_BOUND(terms[t].b, n, 0, q.value() - 1);
  }
  sum_products(
      q, dst, terms, count, n, [](const PointwiseProduct& term, std::size_t i) { return term.a[i]; },
      [](const PointwiseProduct& term, std::size_t i) { return term.b[i]; });
}

void inner_product_pair_scalar(const Modulus& q, std::uint64_t* dst_a, std::uint64_t* dst_b,
                               const PairProduct* terms, std::size_t count, std::size_t n, Fetch) noexcept {
  for (std::size_t t = 0; t < count; ++t) {
    FCN_CHECK_BOUND(terms[t].factor, n, 0, q.value() - 1);
    FCN_CHECK_BOUND(terms[t].a, n, 0, q.value() - 1);
    FCN_CHECK_BOUND(terms[t].b, n, 0, q.value() - 1);
  }
  const auto factor = [](const PairProduct& term, std::size_t i) { return term.factor[i]; };
  sum_products(q, dst_a, terms, count, n, factor,
               [](const PairProduct& term, std::size_t i) { return term.a[i]; });
  sum_products(q, dst_b, terms, count, n, factor,
               [](const PairProduct& term, std::size_t i) { return term.b[i]; });
}

void linear_combination_scalar(const Modulus& q, std::uint64_t* dst, const ScaledPolynomial* terms,
                               std::size_t count, std::size_t n) noexcept {
  for (std::size_t t = 0; t < count; ++t) {
    FCN_CHECK_BOUND(terms[t].a, n, 0, (std::uint64_t{1} << kMaxScalarPrimeBits) - 1);
    FCN_CHECK(terms[t].scalar < q.value());
  }
  sum_products(
      q, dst, terms, count, n, [](const ScaledPolynomial& term, std::size_t i) { return term.a[i]; },
      [](const ScaledPolynomial& term, std::size_t) { return term.scalar; });
}

}  // namespace fcn::ntt
