// The pixel layout's plan: one ciphertext a value, and every weight a few monomials. What the engine will do to a network
// under given parameters, and a proof that noise allows it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../fv/noise_model.h"
#include "../fv/params.h"
#include "network.h"
#include "op_counter.h"

namespace fcn::nn {

namespace internal {
class PixelCircuit;
}

// A linear layer with what follows it: sums, relinearization, bias, activation.
struct PixelStage {
  std::string name;     // "layer 1: conv2d, degree-2 activation"
  fv::Noise noise_sum;  // bound on every output before the activation, and after it
  fv::Noise noise_out;
  // Whether outputs are relinearized at once; otherwise the sums of the next stage are. The cheaper way.
  bool relinearize_output = false;
  // A product with one weight counts once, however many monomials the weight is.
  OpCounts counts;
  std::size_t monomials = 0;  // added up in all sums
  int range_bits = 0;         // of the values after the stage
  double cost = 0;            // estimated, in additions of two residues
};

// Immutable; what the engine runs and `inspect` prints. Cheap to copy.
class PixelPlan {
 public:
  // Folds activations, splits weights into monomials, bounds values and noise.
  // Errors: those of validate() and fold_activations(); kInvalidArgument when t is not X - b; kOutOfRange
  // naming the layer when a value leaves the plaintext space or the noise bound lets the decryption of any
  // output fail with a probability above 2^-128.
  static platform::Result<PixelPlan> create(const Network& network, const fv::Params& params);
  // The same for a network that has been looked through; its base is that of t.
  static platform::Result<PixelPlan> create(std::shared_ptr<const internal::PixelCircuit> circuit,
                                            const fv::Params& params);

  const fv::Params& params() const noexcept { return params_; }
  const Network& network() const noexcept;  // folded
  const internal::PixelCircuit& circuit() const noexcept { return *circuit_; }
  const std::vector<PixelStage>& stages() const noexcept { return stages_; }
  fv::Noise noise_in() const noexcept { return noise_in_; }  // of every input
  const OpCounts& counts() const noexcept { return counts_; }
  double log2_failure() const noexcept { return log2_failure_; }  // of the decryption of all outputs
  // Of every output's ciphertext, as it leaves.
  fv::Noise answer_noise() const noexcept { return stages_.back().noise_out; }
  std::size_t answer_limbs() const noexcept { return params_.q_count(); }
  double cost() const noexcept;  // of all stages

 private:
  PixelPlan(std::shared_ptr<const internal::PixelCircuit> circuit, const fv::Params& params)
      : circuit_(std::move(circuit)), params_(params) {}
  std::shared_ptr<const internal::PixelCircuit> circuit_;
  fv::Params params_;
  std::vector<PixelStage> stages_;
  fv::Noise noise_in_;
  OpCounts counts_;
  double log2_failure_ = 0;
};

// The plan under the smallest secure parameters that hold the network's noise: the smallest n of 2048, 4096, ...
// 32768 with t = X - 2; then the cheaper of key switching by digits and by a special prime; then the fewest bits of
// q. Errors: those of PixelPlan::create at the largest parameters. Cost: a plan for each of some ten sets an n.
platform::Result<PixelPlan> smallest_pixel_plan(const Network& network,
                                                const ntt::KernelTable& kernels = ntt::best_kernels());

// How key switching is done in a candidate set.
enum class PixelKeySwitching { kDigits, kSpecialPrime };
// n, t = X - 2 and q of so many bits in as few primes as hold them; four digits a prime, or a special prime as wide
// as the widest of them. Errors: kInvalidArgument when the security table allows fewer bits; those of fv::make_spec.
platform::Result<fv::ParamsSpec> pixel_candidate(std::size_t n, unsigned q_bits, PixelKeySwitching switching);

}  // namespace fcn::nn
