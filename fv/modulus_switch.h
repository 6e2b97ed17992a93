// Fewer primes: smaller and faster ciphertexts of the same plaintext.
#pragma once

#include "ciphertext.h"
#include "workspace.h"

namespace fcn::fv {

// Divides by the last prime of q with rounding; the result is in coefficients form.
// Errors: kInvalidArgument when one prime is left, kOutOfRange (noise), kOutOfMemory.
platform::Status modulus_switch_inplace(Ciphertext& a, Workspace& workspace);

}  // namespace fcn::fv
