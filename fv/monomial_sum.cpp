#include "monomial_sum.h"

#include <algorithm>
#include <cstring>

namespace fcn::fv {

using platform::concat;
using platform::mismatch;
using platform::Status;

platform::Result<MonomialSum> MonomialSum::create(const Params& params, std::size_t max_components,
                                                  std::size_t limbs, Correlation correlation) {
  FCN_RETURN_IF_ERROR(check_shape(params, max_components, limbs));
  MonomialSum sum(params, max_components, limbs, correlation);
  FCN_ASSIGN_OR_RETURN(sum.sums_,
                       platform::AlignedBuffer<std::int64_t>::create(max_components * limbs * params.n()));
  sum.capacity_ = ~std::uint64_t{0};
  for (std::size_t i = 0; i < limbs; ++i) {
    sum.capacity_ = std::min(sum.capacity_, ntt::lazy_terms(params.modulus(i).value()));
  }
  return sum;
}

Status MonomialSum::add(const Ciphertext& a, std::int64_t exponent, bool negate) {
  if (!(a.params() == params_)) return mismatch("the term has other parameters than the sum");
  if (a.limbs() != limbs_) return mismatch(concat("the term has ", a.limbs(), " primes, the sum ", limbs_));
  if (a.components() > max_components_) {
    return mismatch(
        concat("the term has ", a.components(), " components, the sum room for ", max_components_));
  }
  if (a.form() != Form::kCoefficients) return mismatch("a monomial sum needs terms in coefficients form");
  if (terms_ == capacity_) reduce();
  ++terms_;
  const std::size_t n = params_.n();
  const std::size_t e = (ntt::monomial_exponent(exponent, n) + (negate ? n : 0)) % (2 * n);  // -1 = X^n
  for (std::size_t c = 0; c < a.components(); ++c) {
    for (std::size_t i = 0; i < limbs_; ++i) {
      params_.kernels().monomial_accumulate_lazy(limb(c, i), a.limb(c, i), e, n);
    }
  }
  components_ = std::max(components_, a.components());
  noise_ = NoiseModel(params_).sum(noise_, a.noise(), correlation_);
  return {};
}

void MonomialSum::reduce() noexcept {
  const std::size_t n = params_.n();
  for (std::size_t c = 0; c < components_; ++c) {
    for (std::size_t i = 0; i < limbs_; ++i) {
      params_.kernels().reduce_accumulator(params_.modulus(i), reinterpret_cast<std::uint64_t*>(limb(c, i)),
                                           limb(c, i), n);
    }
  }
  terms_ = 1;
}

Status MonomialSum::finish(Ciphertext& out) {
  FCN_RETURN_IF_ERROR(NoiseModel(params_).check(noise_, limbs_, "a monomial sum"));
  FCN_ASSIGN_OR_RETURN(Ciphertext result, Ciphertext::create(params_, components_, limbs_));
  const std::size_t n = params_.n();
  for (std::size_t c = 0; c < components_; ++c) {
    for (std::size_t i = 0; i < limbs_; ++i) {
      params_.kernels().reduce_accumulator(params_.modulus(i), result.limb(c, i), limb(c, i), n);
    }
  }
  result.set_noise(noise_);
  out = std::move(result);
  std::memset(sums_.data(), 0, sums_.size() * sizeof sums_[0]);
  terms_ = 0;
  components_ = 2;
  noise_ = Noise{};
  return {};
}

}  // namespace fcn::fv
