// Linear operations on ciphertexts. None needs or touches a secret key.
//
// Here and in product.h, key_switching.h and modulus_switch.h: every operation keeps the static noise bound
// and fails with kOutOfRange before the result could decrypt wrongly; operands of other parameters, limbs or
// forms give kMismatch; out of memory gives kOutOfMemory. On an error the output is unchanged. out may be one
// of the inputs.
#pragma once

#include "ciphertext.h"
#include "plaintext.h"
#include "workspace.h"

namespace fcn::fv {

// a += b and a -= b, of any numbers of components. correlation: how their noises add up; see MonomialSum.
platform::Status add_inplace(Ciphertext& a, const Ciphertext& b, Correlation correlation = Correlation::kAny);
platform::Status subtract_inplace(Ciphertext& a, const Ciphertext& b,
                                  Correlation correlation = Correlation::kAny);
void negate_inplace(Ciphertext& a) noexcept;

// a += m. Needs coefficients form. Cost: n products a limb.
platform::Status add_plain_inplace(Ciphertext& a, const Plaintext& m, Workspace& workspace);
// a *= w for a small integer. Cost: noise |w|.
platform::Status multiply_scalar_inplace(Ciphertext& a, std::int64_t w);
// a *= X^exponent (any integer). Needs coefficients form. Cost: moves only, no noise.
platform::Status multiply_monomial_inplace(Ciphertext& a, std::int64_t exponent, Workspace& workspace);

// A plaintext in transform order modulo the primes of q, made once and used often.
struct TransformedPlaintext {
  Params params;
  platform::AlignedBuffer<std::uint64_t> values;  // (q_count, n)
  double norm = 0;                                // what the noise grows by
  NoiseTail places = {};                          // and what the tail of the noise is multiplied by
};
// correlation: how m is related to the noise that it will multiply. kAny is right for every m: the norm is the
// sum of its absolute coefficients. kIndependent is right for coefficients that look random, such as encoded
// slots of unrelated values, and not the same m again and again: the norm is Euclidean, and each place of m strays as that of
// a random element. As everywhere, a promise that does not hold gives a bound that is too small, and wrong numbers.
platform::Result<TransformedPlaintext> transform(const Plaintext& m,
                                                 Correlation correlation = Correlation::kAny);
// a *= m. Cost: noise m.norm; in coefficients form a transform there and back a limb and component.
platform::Status multiply_plain_inplace(Ciphertext& a, const TransformedPlaintext& m);

// Changes of form. Cost: one transform a limb and component.
void to_transformed(Ciphertext& a) noexcept;
void to_coefficients(Ciphertext& a) noexcept;

}  // namespace fcn::fv
