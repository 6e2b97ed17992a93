// Chooses layouts, rotations and primes for a packed network: the cheapest that the noise allows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../fv/params.h"
#include "../packed_plan.h"

namespace fcn::nn::internal {

// A linear layer and the activation after it.
struct PackedLayer {
  std::string name;
  Layer linear;
  std::vector<std::int64_t> polynomial;  // a_0, a_1[, a_2]; empty: none
  std::size_t last;                      // index of the last of the two in the network
};

struct PackedChoice {
  OutputLayout output;
  std::size_t split = 1;  // of rotations; see SlotMatrix::products
  std::size_t limbs = 0, activation_limbs = 0;
  std::vector<std::vector<std::int64_t>> folds;
  double cost = 0;
};

struct PackedSearchResult {
  bool found = false;
  SlotLayout input;
  std::vector<PackedChoice> stages;
  double cost = 0;
  // Where nothing was found: the layer that the noise lets nobody pass, and about how many bits of q are missing.
  std::string failed_at;
  double missing_bits = 0;
};

// input_ciphertexts: 0, or the number that is wanted. The search takes plaintexts for unrelated and random; margin_bits is
// what it leaves free for those that are not.
PackedSearchResult search_packed_layouts(const fv::Params& params, const std::vector<PackedLayer>& layers,
                                         std::size_t input_ciphertexts, double margin_bits);

// Fresh ciphertexts have unrelated noises. Those of a layer's outputs may be alike: two of equal rows are the same.
fv::Correlation related_inputs(std::size_t stage);

// The noise of a_0 + a_1 x + a_2 x^2, relinearized.
fv::Noise activation_noise(const fv::NoiseModel& model, const std::vector<std::int64_t>& a, fv::Noise x,
                           std::size_t limbs);

// The noise after folding.
fv::Noise fold_noise(const fv::NoiseModel& model, const std::vector<std::vector<std::int64_t>>& folds,
                     fv::Noise x, std::size_t limbs);

}  // namespace fcn::nn::internal
