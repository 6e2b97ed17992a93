// The static noise model: what a ciphertext's noise can be at most, computed without any key.
//
// For a ciphertext c of message m with components c_0, c_1, ... and c(s) = sum c_i s^i, the noise is the
// polynomial E of
//   t * c(s) = q * m + E   (modulo q t),
// and decryption is right as long as every |coefficient of E| < q/2. The model follows the standard deviation
// of E's coefficients. Each rule is derived in noise_model.cpp under these assumptions: components of
// ciphertexts, errors and rounding are independent and uniform where they should be; the key is none of the
// rarest 2^-128. Tests hold measured noise below it.
#pragma once

#include <cstddef>

#include "params.h"

namespace fcn::fv {

// A bound on the deviation of E's coefficients, as a logarithm.
struct Noise {
  double log2_sigma = -1e9;  // no noise at all
  unsigned s_degree = 0;     // E is a sum of independent polynomials times powers of s up to this one
};

enum class Correlation {
  kAny,          // valid for any errors: deviations add
  kIndependent,  // for errors that are uncorrelated: variances add
};

class NoiseModel {
 public:
  explicit NoiseModel(const Params& params) : params_(params) {}

  Noise fresh_secret_key() const noexcept;
  Noise fresh_public_key() const noexcept;
  Noise sum(Noise a, Noise b, Correlation correlation) const noexcept;
  // count terms of noise a each.
  Noise sum_of(Noise a, double count, Correlation correlation) const noexcept;
  // + a plaintext: its scaling is rounded.
  Noise add_plain(Noise a) const noexcept;
  // * a polynomial that raises deviations by at most norm; a monomial has 1, a scalar w has |w|.
  Noise multiply_plain(Noise a, double norm) const noexcept;
  // a * b of so many components and limbs, before relinearization, however a and b are related; square: a and b
  // are the same ciphertext.
  Noise multiply(Noise a, std::size_t a_components, Noise b, std::size_t b_components, std::size_t limbs,
                 bool square) const noexcept;
  // + keys switched keys (relinearizing from c components takes c - 2; a rotation takes 1).
  Noise key_switch(Noise a, std::size_t keys, std::size_t limbs) const noexcept;
  // Dropping the last of so many limbs, for a ciphertext of so many components.
  Noise modulus_switch(Noise a, std::size_t limbs, std::size_t components) const noexcept;

  // The lowest bits of every residue modulo the one prime that is left, replaced by their middle (see serialize).
  Noise drop_bits(Noise a, unsigned bits, std::size_t components) const noexcept;
  // The most bits that leave room for 2^-log2_copies of the allowed probability of failure.
  unsigned max_dropped_bits(Noise a, std::size_t components, double log2_copies) const noexcept;

  // log2 of the probability that some coefficient of E reaches q/2, by the normal tail and a union over n.
  double log2_failure(Noise a, std::size_t limbs) const noexcept;
  // Errors: kOutOfRange, naming the operation and the bits that are missing, when log2_failure >
  // kMaxLog2Failure.
  platform::Status check(Noise a, std::size_t limbs, const char* operation) const;

 private:
  const Params& params_;
};

}  // namespace fcn::fv
