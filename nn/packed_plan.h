// The packed layout's plan: a layer in the slots of a ciphertext, its weights as slot vectors in diagonal order.
//
// A stage is a linear layer with what follows it: rotations and products (fv::LinearTransform, the bias included),
// rotations that fold partial sums, and the activation, of degree at most 2. How values lie in slots, how each
// rotation is split into baby and giant steps, and when a prime is dropped, is chosen by estimated cost among what
// the noise allows.
#pragma once

#include <string>
#include <vector>

#include "../fv/linear_transform.h"
#include "network.h"
#include "op_counter.h"
#include "slot_matrix.h"

namespace fcn::nn {

struct PackedStage {
  explicit PackedStage(fv::LinearTransform linear) : transform(std::move(linear)) {}

  std::string name;                             // "layer 1: conv2d, degree-2 activation"
  std::size_t limbs = 0, activation_limbs = 0;  // primes during the linear layer, and from the activation on
  fv::LinearTransform transform;
  // One after the other: += the sum of these rotations. None in a last stage without
  // an activation.
  std::vector<std::vector<std::int64_t>> folds;
  std::vector<std::int64_t> polynomial;  // a_0, a_1[, a_2] of the activation; empty: none
  OutputLayout layout;
  std::string split;  // "25 diagonals = 6 baby, 2 giant steps"
  OpCounts counts;
  // Bounds before the layer, after its transform, before the activation, after it.
  fv::Noise noise_in, noise_transform, noise_sum, noise_out;
  double cost = 0;  // estimated, in transforms of one polynomial
  int range_bits = 0;
};

// What may be forced; 0: the cheapest.
struct PackedOptions {
  std::size_t input_ciphertexts = 0;
  std::size_t limbs = 0;  // of a fresh ciphertext
};

// Immutable; what the engine runs and `inspect` prints. Move-only, since it holds every weight as a polynomial.
class PackedPlan {
 public:
  // Chooses the smallest secure parameters and the cheapest layouts whose noise bound leaves a failure probability below
  // 2^-128. Errors: those of validate() and fold_activations(); kInvalidArgument for an activation of a degree above
  // 2 or options that nothing fits; kOutOfRange naming the layer when a value leaves the plaintext space, or the
  // noise every secure set, with the bits that are missing. Cost: a search over layouts, then a transform of every
  // diagonal.
  static platform::Result<PackedPlan> create(const Network& network,
                                             const ntt::KernelTable& kernels = ntt::best_kernels(),
                                             const PackedOptions& options = {});

  const fv::Params& params() const noexcept { return params_; }
  const fv::SlotEncoder& encoder() const noexcept { return encoder_; }
  const Network& network() const noexcept { return network_; }  // folded
  const SlotLayout& input() const noexcept { return input_; }
  const std::vector<PackedStage>& stages() const noexcept { return stages_; }
  // The slots whose sum is an output, equally many for each, counted through the answer's ciphertexts: the last layer's
  // partial sums are not folded but blinded (PackedEngine), and their holder adds them up.
  const std::vector<std::uint32_t>& output_slots() const noexcept { return output_slots_; }
  // All that keys are needed for, in rising order.
  const std::vector<std::size_t>& galois_elements() const noexcept { return galois_elements_; }
  fv::Noise noise_in() const noexcept { return noise_in_; }
  const OpCounts& counts() const noexcept { return counts_; }
  double log2_failure() const noexcept { return log2_failure_; }  // of the decryption of all outputs
  // Of the answer's ciphertexts, as they leave.
  fv::Noise answer_noise() const noexcept { return answer_noise_; }
  std::size_t answer_limbs() const noexcept { return 1; }
  // Low bits that each residue of the answer goes without (see fv::serialize).
  unsigned dropped_bits() const noexcept { return dropped_bits_; }

 private:
  struct Compiler;
  explicit PackedPlan(fv::SlotEncoder encoder) : params_(encoder.params()), encoder_(std::move(encoder)) {}
  fv::Params params_;
  fv::SlotEncoder encoder_;
  Network network_;
  SlotLayout input_;
  std::vector<PackedStage> stages_;
  std::vector<std::size_t> galois_elements_;
  std::vector<std::uint32_t> output_slots_;
  fv::Noise noise_in_, answer_noise_;
  OpCounts counts_;
  double log2_failure_ = 0;
  unsigned dropped_bits_ = 0;
};

}  // namespace fcn::nn
