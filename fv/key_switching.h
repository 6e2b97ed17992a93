// From a ciphertext under another key back to one under s: relinearization and rotation.
#pragma once

#include "ciphertext.h"
#include "keys.h"
#include "workspace.h"

namespace fcn::fv {

// Back to two components, in coefficients form.
// Errors: kMismatch (other parameters, or keys for fewer components, naming the missing power), kOutOfRange,
// kOutOfMemory. Cost: with l limbs, l'' key limbs and d digits a limb: d l l'' forward transforms a power and
// 2 l'' inverse ones in all.
platform::Status relinearize_inplace(Ciphertext& a, const RelinKeys& keys, Workspace& workspace);

// a(X) -> a(X^g), for a of two components; the result is in coefficients form. Needs is_galois_element(params, g).
// Errors: kInvalidArgument (g, components), kMismatch (no key for g, named), kOutOfRange, kOutOfMemory.
platform::Status apply_galois_inplace(Ciphertext& a, std::size_t g, const GaloisKeys& keys,
                                      Workspace& workspace);

// Slots rotated to the left by steps (negative: right); see rotation_element. A whole turn costs nothing.
platform::Status rotate_inplace(Ciphertext& a, std::int64_t steps, const GaloisKeys& keys,
                                Workspace& workspace);

}  // namespace fcn::fv
