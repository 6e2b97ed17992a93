#include "rounding.h"

#include <algorithm>

namespace fcn::fv {

void subtract_and_divide(const Params& params, std::uint64_t* x, std::size_t first, std::size_t count,
                         const std::uint64_t* a, const BaseConverter& to_x, const std::uint64_t* inverse,
                         std::uint64_t* scratch) noexcept {
  const std::size_t n = params.n();
  to_x.convert(scratch, a, n, n, scratch + count * n);
  for (std::size_t i = 0; i < count; ++i) {
    params.kernels().subtract_multiply(params.modulus(first + i), x + i * n, x + i * n, scratch + i * n,
                                       inverse[i], n);
  }
}

ProductRounding::ProductRounding(const std::vector<const ntt::NttTables*>& own,
                                 const std::vector<const ntt::NttTables*>& aux, std::uint64_t factor)
    : own_(own), aux_(aux), from_aux_(aux, own) {
  const std::size_t u = own_.size();
  FCN_CHECK(u < kMaxBasePrimes);
  for (std::size_t i = 0; i < u; ++i) {
    const ntt::Modulus& q = own_[i]->modulus();
    const std::uint64_t hat_inverse = ntt::inverse_mod(product_except(own_, i, q), q);
    z_scalars_.push_back(ntt::multiply_mod(ntt::reduce(factor, q), hat_inverse, q));
  }
  for (std::size_t j = 0; j < aux_.size(); ++j) {
    const ntt::Modulus& b = aux_[j]->modulus();
    const std::uint64_t hat_inverse = from_aux_.hat_inverse(j);
    const auto add = [&](std::uint64_t numerator, std::uint64_t denominator) {
      const std::uint64_t quotient = ntt::multiply_mod(numerator, ntt::inverse_mod(denominator, b), b);
      y_scalars_.push_back(ntt::multiply_mod(quotient, hat_inverse, b));
    };
    add(ntt::reduce(factor, b), product_except(own_, u, b));
    for (const ntt::NttTables* q : own_) add(ntt::negate_mod(1, b), ntt::reduce(q->modulus().value(), b));
    add(1, 1);
  }
}

void ProductRounding::apply(std::uint64_t* dst, const std::uint64_t* x, std::size_t n, std::size_t count,
                            std::uint64_t* scratch) const noexcept {
  const std::size_t u = own_.size(), v = aux_.size(), tile = std::min(count, kBaseTile);
  FCN_CHECK(count % tile == 0);
  std::uint64_t* z = scratch;       // (u, tile)
  std::uint64_t* y = z + u * tile;  // (v, tile): y (B/b_j)^-1 mod b_j
  std::uint64_t* w = y + v * tile;  // (tile)
  ntt::ScaledPolynomial terms[kMaxBasePrimes + 1];
  for (std::size_t first = 0; first < count; first += tile) {
    for (std::size_t i = 0; i < u; ++i) {
      own_[i]->kernels().scalar_multiply(own_[i]->modulus(), z + i * tile, x + i * n + first, z_scalars_[i],
                                         tile);
      terms[1 + i].a = z + i * tile;
    }
    round_sum_of_fractions(w, z, own_, tile);
    terms[u + 1].a = w;
    for (std::size_t j = 0; j < v; ++j) {
      terms[0].a = x + (u + j) * n + first;
      for (std::size_t i = 0; i < u + 2; ++i) terms[i].scalar = y_scalars_[j * (u + 2) + i];
      aux_[j]->kernels().linear_combination(aux_[j]->modulus(), y + j * tile, terms, u + 2, tile);
    }
    from_aux_.combine(dst + first, n, y, tile, w);
  }
}

}  // namespace fcn::fv
