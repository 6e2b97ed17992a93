// Sums of ciphertexts times +-X^e: the layer of a network whose weights are powers of two.
#pragma once

#include <vector>

#include "../platform/aligned_buffer.h"
#include "ciphertext.h"

namespace fcn::fv {

// Collects the terms of sum of +-X^(e_i) a_i, then adds them all at once: each coefficient of each a_i is read once, and
// nothing is reduced until 64-bit words are full, some 2^13 terms later. Reused from sum to sum without allocating.
class MonomialSum {
 public:
  // For ciphertexts of exactly limbs primes, in coefficients form.
  // correlation: how the noises of the terms add up. kIndependent is right for terms whose errors are uncorrelated:
  // fresh ciphertexts, each used once, or products of ciphertexts no two of which are multiples of one another.
  // Errors: kInvalidArgument (limbs), kOutOfMemory.
  static platform::Result<MonomialSum> create(const Params& params, std::size_t limbs,
                                              Correlation correlation);

  // sum += (negate ? -1 : 1) * X^exponent * a, for any integer exponent. a must stay where and as it is until finish().
  // Errors: kMismatch (parameters, limbs, form).
  platform::Status add(const Ciphertext& a, std::int64_t exponent, bool negate);

  // out = the sum, of as many components as the widest term (at least 2); then the sum starts again from 0.
  // Errors: kOutOfRange (noise), kOutOfMemory; out is then unchanged. Cost: n additions a term, limb and component.
  platform::Status finish(Ciphertext& out);

 private:
  struct Term {
    const Ciphertext* a;
    std::size_t exponent;  // below 2n
  };
  MonomialSum(const Params& params, std::size_t limbs, Correlation correlation)
      : params_(params), limbs_(limbs), correlation_(correlation) {}
  platform::Status add_up(Ciphertext& out);
  // dst = component c, limb i of the sum.
  void add_up(std::uint64_t* dst, std::size_t c, std::size_t i);

  Params params_;
  std::size_t limbs_;
  Correlation correlation_;
  std::vector<Term> terms_;
  std::vector<ntt::MonomialProduct> products_;   // the terms' polynomials, for one component and limb
  platform::AlignedBuffer<std::int64_t> words_;  // (n)
  std::size_t components_ = 2;
  Noise noise_;
};

}  // namespace fcn::fv
