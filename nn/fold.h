// Rewriting a network so that each quadratic activation becomes one squaring with no plaintext product.
#pragma once

#include "network.h"

namespace fcn::nn {

// Completes the square: a_2 x^2 + a_1 x + a_0 with a_2 = 1 and even a_1 after a layer with a bias becomes x^2, with
// a_1/2 added to that bias and c = a_0 - a_1^2/4 carried into the next layer's bias (c times the sum of its weights)
// where every output of the next layer reads all its taps (dense, or convolution without padding); otherwise c stays
// as the constant coefficient. Activations of other forms stay as they are. Flatten layers in between are passed.
// The folded network computes the same values at its last layer, for every input.
// Errors: those of validate(); kOutOfRange where a folded bias leaves 62 bits.
platform::Result<Network> fold_activations(const Network& network);

}  // namespace fcn::nn
