// Sums of ciphertexts times +-X^e: the layer of a network whose weights are powers of two.
#pragma once

#include "../platform/aligned_buffer.h"
#include "ciphertext.h"

namespace fcn::fv {

// An accumulator for sum of +-X^(e_i) a_i. Nothing is reduced until 64-bit words are full, some 2^13 terms
// later.
class MonomialSum {
 public:
  // For ciphertexts of up to max_components components and exactly limbs primes, in coefficients form.
  // correlation: how the noises of the terms add up. kIndependent is right for terms whose errors are
  // uncorrelated: fresh ciphertexts, each used once, or products of ciphertexts no two of which are multiples
  // of one another. Errors: those of Ciphertext::create.
  static platform::Result<MonomialSum> create(const Params& params, std::size_t max_components,
                                              std::size_t limbs, Correlation correlation);

  // sum += (negate ? -1 : 1) * X^exponent * a, for any integer exponent. Cost: n additions a limb and
  // component. Errors: kMismatch (parameters, limbs, form, more components than max_components).
  platform::Status add(const Ciphertext& a, std::int64_t exponent, bool negate);

  // out = the sum, of as many components as the widest term (at least 2); the sum starts again from 0.
  // Errors: kOutOfRange (noise), kOutOfMemory; out is then unchanged.
  platform::Status finish(Ciphertext& out);

 private:
  MonomialSum(const Params& params, std::size_t max_components, std::size_t limbs, Correlation correlation)
      : params_(params), max_components_(max_components), limbs_(limbs), correlation_(correlation) {}
  std::int64_t* limb(std::size_t component, std::size_t i) noexcept {
    return sums_.data() + (component * limbs_ + i) * params_.n();
  }
  void reduce() noexcept;

  Params params_;
  std::size_t max_components_, limbs_;
  Correlation correlation_;
  std::uint64_t terms_ = 0, capacity_ = 0;  // residues in each word, and how many fit
  std::size_t components_ = 2;
  Noise noise_;
  platform::AlignedBuffer<std::int64_t> sums_;  // (max_components, limbs, n)
};

}  // namespace fcn::fv
