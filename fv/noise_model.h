// The static noise model: what a ciphertext's noise can be at most, computed without any key.
//
// For a ciphertext c of message m with components c_0, c_1, ... and c(s) = sum c_i s^i, the noise is the
// polynomial E of
//   t * c(s) = q * m + E   (modulo q t),
// and decryption is right as long as every |coefficient of E| < q/2. The model follows the standard deviation of E's
// coefficients, keys included in the average, and the tail that products give it (noise_tail.h). Each rule is derived in
// noise_model.cpp under these assumptions: components of ciphertexts, errors and roundings are independent and uniform
// where they should be, and n places of the canonical embedding are independent and Gaussian for each of them. Tests hold
// measured noise below it.
#pragma once

#include <cstddef>

#include "../platform/floating_point.h"
#include "noise_tail.h"
#include "params.h"

namespace fcn::fv {

struct Noise {
  double log2_sigma = -1e9;  // of the deviation of E's coefficients, at most; no noise at all
  unsigned s_degree = 0;     // E is a sum of independent polynomials times powers of s up to this one
  NoiseTail tail = {};       // of E in one place of the embedding, powers of s apart
  // What a place that strayed before a sum of rotations does to the sum's coefficients, powers of s included. The sum
  // spreads it over as many places as there are rotations, where later factors meet it with their means.
  NoiseTail spread = {};

  friend bool operator==(const Noise&, const Noise&) = default;
};

// How the errors of the terms of a sum are related. kIndependent is a promise of the caller's, which nothing checks: where
// it is false, the bound is too small by up to the square root of the number of terms, and a ciphertext may decrypt to a
// wrong number without an error. Multiples of one ciphertext by any polynomial, and plaintext products or rotations of one
// ciphertext, are not independent.
enum class Correlation {
  kAny,          // right for any errors: deviations add
  kIndependent,  // for errors that are uncorrelated: variances add
};

class NoiseModel {
 public:
  explicit NoiseModel(const Params& params)
      : params_(params), tails_(params.n(), params.spec().security == Security::kTable128) {}

  Noise fresh_secret_key() const noexcept;
  Noise fresh_public_key() const noexcept;
  Noise sum(Noise a, Noise b, Correlation correlation) const noexcept;
  // count terms of noise a each.
  Noise sum_of(Noise a, double count, Correlation correlation) const noexcept;
  // A bound on either of two noises.
  static Noise larger(const Noise& a, const Noise& b) noexcept;
  // + a plaintext: its scaling is rounded.
  Noise add_plain(Noise a) const noexcept;
  // * a polynomial that multiplies no place of the embedding by more than norm, such as the sum of its absolute coefficients;
  // a monomial has 1, a scalar w has |w|.
  Noise multiply_plain(Noise a, double norm) const noexcept;
  // * a polynomial of this Euclidean norm whose places have this tail, and whose coefficients are unrelated to a's.
  Noise multiply_random(Noise a, double norm, const NoiseTail& places) const noexcept;
  // The sum of terms rotations of noises a, each times such a polynomial, their Euclidean norms together norm.
  Noise sum_of_rotations(Noise a, double norm, const NoiseTail& places, double terms) const noexcept;
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

  // log2 of a bound on the probability that some coefficient of E reaches q/2: in the model of fv/README.md, and an estimate
  // after sums of rotations (packed plans).
  double log2_failure(const Noise& a, std::size_t limbs) const noexcept;
  // Bits by which q should be larger for a failure of at most kMaxLog2Failure; 0: it is large enough.
  unsigned missing_bits(const Noise& a, std::size_t limbs) const noexcept;
  // Errors: kOutOfRange, naming the operation and the bits that are missing, when log2_failure > kMaxLog2Failure.
  platform::Status check(const Noise& a, std::size_t limbs, const char* operation) const;

 private:
  Noise rounding(std::size_t components) const noexcept;
  platform::FloatingPointEnvironment
      nearest_;  // logarithms under any mode of the caller's, as long as the model lives
  const Params& params_;
  TailModel tails_;
};

}  // namespace fcn::fv
