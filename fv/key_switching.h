// From a ciphertext under another key back to one under s: relinearization and rotation.
//
// pool: threads for the transforms of one ciphertext, or null; the result is the same.
#pragma once

#include <span>

#include "../platform/thread_pool.h"
#include "ciphertext.h"
#include "keys.h"
#include "workspace.h"

namespace fcn::fv {

// Back to two components, in coefficients form.
// Errors: kMismatch (other parameters, or keys for fewer components, naming the missing power), kOutOfRange,
// kOutOfMemory. Cost: with l limbs, l'' key limbs and d digits a limb: d l l'' forward transforms a power and
// 2 l'' inverse ones in all.
platform::Status relinearize_inplace(Ciphertext& a, const RelinKeys& keys, Workspace& workspace,
                                     platform::ThreadPool* pool = nullptr);

// a(X) -> a(X^g), for a of two components; the result is in coefficients form. Needs is_galois_element(params, g).
// Errors: kInvalidArgument (g, components), kMismatch (no key for g, named), kOutOfRange, kOutOfMemory.
platform::Status apply_galois_inplace(Ciphertext& a, std::size_t g, const GaloisKeys& keys,
                                      Workspace& workspace);

// Slots rotated to the left by steps (negative: right); see rotation_element. A whole turn costs nothing.
platform::Status rotate_inplace(Ciphertext& a, std::int64_t steps, const GaloisKeys& keys,
                                Workspace& workspace);

// a += the sum of a rotated by each of steps. Errors: those of rotate_inplace, before any work. Cost: one decomposition
// and one division for all; an inner product and a permutation a step. Noise: coefficients at multiples of X^k stay where
// they are in every rotation, so that deviations add up.
platform::Status add_rotations_inplace(Ciphertext& a, std::span<const std::int64_t> steps,
                                       const GaloisKeys& keys, Workspace& workspace,
                                       platform::ThreadPool* pool = nullptr);

}  // namespace fcn::fv
