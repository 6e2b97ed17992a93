#include "monomial_sum.h"

#include <algorithm>
#include <cstring>

namespace fcn::fv {

using platform::concat;
using platform::mismatch;
using platform::Status;

platform::Result<MonomialSum> MonomialSum::create(const Params& params, std::size_t limbs,
                                                  Correlation correlation) {
  FCN_RETURN_IF_ERROR(check_shape(params, 2, limbs));
  MonomialSum sum(params, limbs, correlation);
  FCN_ASSIGN_OR_RETURN(sum.words_, platform::AlignedBuffer<std::int64_t>::create(params.n()));
  return sum;
}

Status MonomialSum::add(const Ciphertext& a, std::int64_t exponent, bool negate) {
  if (!(a.params() == params_)) return mismatch("the term has other parameters than the sum");
  if (a.limbs() != limbs_) return mismatch(concat("the term has ", a.limbs(), " primes, the sum ", limbs_));
  if (a.form() != Form::kCoefficients) return mismatch("a monomial sum needs terms in coefficients form");
  const std::size_t n = params_.n();
  terms_.push_back({&a, (ntt::monomial_exponent(exponent, n) + (negate ? n : 0)) % (2 * n)});  // -1 = X^n
  components_ = std::max(components_, a.components());
  noise_ = NoiseModel(params_).sum(noise_, a.noise(), correlation_);
  return {};
}

void MonomialSum::add_up(std::uint64_t* dst, std::size_t c, std::size_t i) {
  const std::size_t n = params_.n();
  const ntt::Modulus& q = params_.modulus(i);
  const ntt::KernelTable& kernels = params_.kernels();
  products_.clear();
  for (const Term& term : terms_) {
    if (c < term.a->components()) products_.push_back({term.a->limb(c, i), term.exponent});
  }
  std::memset(words_.data(), 0, n * sizeof words_[0]);
  // The first batch fills the words; a reduction leaves room for all but one of as many again.
  const std::uint64_t capacity = ntt::lazy_terms(q.value()) - 1;
  for (std::size_t done = 0; done < products_.size();) {
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(products_.size() - done, capacity));
    kernels.monomial_accumulate_lazy(words_.data(), products_.data() + done, count, n);
    done += count;
    if (done < products_.size()) {
      kernels.reduce_accumulator(q, reinterpret_cast<std::uint64_t*>(words_.data()), words_.data(), n);
    }
  }
  kernels.reduce_accumulator(q, dst, words_.data(), n);
}

Status MonomialSum::finish(Ciphertext& out) {
  const Status status = add_up(out);
  terms_.clear();
  components_ = 2;
  noise_ = Noise{};
  return status;
}

Status MonomialSum::add_up(Ciphertext& out) {
  FCN_RETURN_IF_ERROR(NoiseModel(params_).check(noise_, limbs_, "a monomial sum"));
  FCN_ASSIGN_OR_RETURN(Ciphertext result, Ciphertext::create(params_, components_, limbs_));
  for (std::size_t c = 0; c < components_; ++c) {
    for (std::size_t i = 0; i < limbs_; ++i) add_up(result.limb(c, i), c, i);
  }
  result.set_noise(noise_);
  out = std::move(result);
  return {};
}

}  // namespace fcn::fv
