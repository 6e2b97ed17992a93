// The pixel layout's plan: one ciphertext a value, and every weight a monomial.
//
// A stage is a linear layer with what follows it: sum of +-X^e x_i, relinearization, bias, activation. With t
// = X - b a weight +-b^e is one monomial; any other is the sum of the monomials of its signed digits.
#pragma once

#include <string>
#include <vector>

#include "../fv/noise_model.h"
#include "../fv/params.h"
#include "network.h"
#include "op_counter.h"

namespace fcn::nn {

// (negate ? -1 : 1) * X^exponent * value[input].
struct MonomialTerm {
  std::uint32_t input;
  std::uint16_t exponent;
  bool negate;
};

struct PixelStage {
  std::string name;                             // "layer 1: conv2d, polynomial"
  std::vector<std::vector<MonomialTerm>> rows;  // one for each output
  std::vector<std::int64_t> bias;               // one for each output
  bool weighted = true;                         // false: the stage has no linear layer, and rows just copy
  std::vector<std::int64_t> polynomial;         // of the activation; empty: none
  fv::Noise noise_sum;                          // bound on every output before the activation, and after it
  fv::Noise noise_out;
  OpCounts counts;
  int range_bits = 0;  // of the values after the stage
};

// Immutable; what the engine runs and `inspect` prints.
class PixelPlan {
 public:
  // Folds activations, splits weights into monomials, bounds values and noise.
  // Errors: those of validate() and fold_activations(); kInvalidArgument when t is not X - b; kOutOfRange
  // naming the layer when a value leaves the plaintext space or the noise bound lets the decryption of any
  // output fail with a probability above 2^-128.
  static platform::Result<PixelPlan> create(const Network& network, const fv::Params& params);

  const fv::Params& params() const noexcept { return params_; }
  const Network& network() const noexcept { return network_; }  // folded
  const std::vector<PixelStage>& stages() const noexcept { return stages_; }
  fv::Noise noise_in() const noexcept { return noise_in_; }  // of every input
  const OpCounts& counts() const noexcept { return counts_; }
  double log2_failure() const noexcept { return log2_failure_; }  // of the decryption of all outputs

 private:
  explicit PixelPlan(const fv::Params& params) : params_(params) {}
  fv::Params params_;
  Network network_;
  std::vector<PixelStage> stages_;
  fv::Noise noise_in_;
  OpCounts counts_;
  double log2_failure_ = 0;
};

// The smallest secure parameters that a network's plan accepts: pixel_spec of as few bits as its noise allows.
// Errors: those of PixelPlan::create at the largest parameters. Cost: six plans.
platform::Result<PixelPlan> smallest_pixel_plan(const Network& network,
                                                const ntt::KernelTable& kernels = ntt::best_kernels());

// The signed digits of a weight in base b, non-adjacent for b = 2: weight = sum of digit * b^exponent, as
// monomials (a digit d is d terms of the same exponent). Appends to terms.
void append_weight(std::vector<MonomialTerm>& terms, std::uint32_t input, std::int64_t weight,
                   std::int64_t base);

// Which power products a polynomial of this degree takes: x^i = x^(i/2) x^(i - i/2) for 2 <= i <= degree.
// True at i when x^i is a factor of a later power, and so is relinearized.
std::vector<bool> reused_powers(std::size_t degree);

}  // namespace fcn::nn
