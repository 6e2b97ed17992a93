// Linear maps of slots: sums of rotated ciphertexts times plaintexts, with as few key switches as possible.
//
// Every output is a sum, over giant steps g, of
//   rotation by g of ( sum over baby steps b and inputs c of W_(g, b, c) * (input c rotated by b) ).
// All baby steps of an input share one decomposition. Their products stay modulo q P until a giant step, and the giant
// steps' sum until the end: one division by P for each giant step, and two for each output.
// Source: Halevi, Shoup, ePrint 2018/244 (baby-step giant-step, hoisting); Bossuat et al., ePrint 2020/1203 (sums modulo
// q P).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../platform/aligned_buffer.h"
#include "../platform/thread_pool.h"
#include "ciphertext.h"
#include "encoding.h"
#include "keys.h"
#include "workspace.h"

namespace fcn::fv {

// One W: output[output] += rotation by giant of (weights * rotation by baby of input[input]), rotations to the left, in
// [0, slots). weights: one for each slot.
struct RotatedProduct {
  std::uint32_t output, input;
  std::uint32_t giant, baby;
  std::vector<std::int64_t> weights;
};

// What makes the noise of one output (internal/rotation_noise.h).
struct OutputSum {
  double norm2 = 0;  // what the variance of the inputs' noises grows by, at most, where they are unrelated
  double related_norm2 = 0;  // the same however they are related
  double baby_norm2 = 0;     // the same for the errors of key switches that baby steps make
  double terms = 0;  // how many products of equal size there are in effect, less where they are related
  std::size_t rotated_giants = 0;
  NoiseTail places;  // of the plaintexts
};

class LinearTransform {
 public:
  // For ciphertexts of so many limbs. bias: slots to add to each output, or empty. Errors: kUnsupported (no slots, or no
  // special prime), kInvalidArgument naming an index or rotation out of range, kOutOfRange (a weight that is no balanced
  // residue), kOutOfMemory. Memory: key_limbs n words a product.
  static platform::Result<LinearTransform> create(const SlotEncoder& encoder, std::size_t limbs,
                                                  std::size_t inputs, std::size_t outputs,
                                                  std::span<const RotatedProduct> products,
                                                  const std::vector<std::vector<std::int64_t>>& bias);

  // The Galois elements of all steps, in rising order.
  const std::vector<std::size_t>& galois_elements() const noexcept { return elements_; }
  std::size_t products() const noexcept { return products_.size(); }
  std::size_t outputs() const noexcept { return outputs_; }
  bool has_bias() const noexcept { return !bias_.empty(); }
  std::size_t rotations() const noexcept {
    return rotations_;
  }  // babies of every input and giants of every output

  // Bound on the noise of every output, from one on that of every input: computed from the plaintexts, related or not, and
  // for every coefficient. inputs: how the noises of different inputs are related.
  Noise noise(const Noise& in, Correlation inputs) const noexcept;
  // The same for one output of any transform, without its bias.
  static Noise bound(const Params& params, std::size_t limbs, const Noise& in, Correlation inputs,
                     const OutputSum& sum) noexcept;

  // out: resized to the outputs, each of two components, in coefficients form; its memory is reused where it is not the
  // inputs'. in: two components each, coefficients
  // form. proven: a bound on the outputs' noise that the caller has from noise(); null: computed, for inputs of any relation.
  // Errors: kInvalidArgument (number, components or form of inputs), kMismatch (other parameters or limbs, a
  // missing key: named before any work), kOutOfRange, kOutOfMemory. Cost: with l limbs, l' = l + 1: l' (l + 1)
  // transforms an input, l' pairs of inner products of l terms and at most l' (l + 1) permutations a baby step, the same and
  // l' (l + 1) transforms a giant step. Workspace: l' n words a giant step and 2 l' n an output, and two tiles
  // (KeySwitch) a baby step and thread, beside inputs and digits.
  platform::Status apply(std::vector<Ciphertext>& out, std::span<const Ciphertext> in, const GaloisKeys& keys,
                         Workspace& workspace, platform::ThreadPool* pool = nullptr,
                         const Noise* proven = nullptr) const;

 private:
  struct Baby {
    std::uint32_t input, steps;
    std::size_t element;  // the rotation's; 1 where there is none
  };
  struct Giant {
    std::uint32_t output, steps;
    std::size_t element;
    std::size_t first, last;  // of products_
  };
  explicit LinearTransform(const Params& params) : params_(params) {}
  class Run;

  Params params_;
  std::size_t limbs_ = 0, inputs_ = 0, outputs_ = 0, rotations_ = 0;
  bool extended_ = false;  // some baby step rotates, and products are modulo q P
  std::vector<Baby> babies_;
  std::vector<Giant> giants_;          // by output
  std::vector<OutputSum> sums_;        // by output
  std::vector<std::size_t> products_;  // by giant: the index of its baby
  platform::AlignedBuffer<std::uint64_t>
      weights_;  // of each product, stride_ words apart: (total, n), transform order
  std::size_t stride_ = 0;
  std::vector<platform::AlignedBuffer<std::uint64_t>>
      bias_;  // (limbs, n) each: scaled, coefficients; or none
  std::vector<std::size_t> elements_;
};

}  // namespace fcn::fv
