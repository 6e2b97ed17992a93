// Products of ciphertexts.
#pragma once

#include "../platform/thread_pool.h"
#include "ciphertext.h"
#include "workspace.h"

namespace fcn::fv {

// out = a * b, of a.components() + b.components() - 1 components, in coefficients form. out may be a or b.
// Bounds: the auxiliary base has room for components that look uniform modulo q, as those of every encryption do; only a
// ciphertext made to be otherwise (coefficients all near q/2) can overflow it, and then its own product is wrong.
// Errors: kInvalidArgument for inputs of more than 3 components; kMismatch; kOutOfRange (noise); kOutOfMemory.
// Cost: with l limbs, l' auxiliary primes, c and d components: (l + l')(c + d) forward and (l + l')(c + d - 1) inverse
// transforms; for a factor in transformed form its l forward ones are inverse.
// Source: Fan, Vercauteren, ePrint 2012/144; in RNS after Halevi, Polyakov, Shoup, ePrint 2018/117: t a b exactly, modulo
// q and an auxiliary base, divided by q with rounding, and back. pool: threads for one product, or null.
platform::Status multiply(Ciphertext& out, const Ciphertext& a, const Ciphertext& b, Workspace& workspace,
                          platform::ThreadPool* pool = nullptr);

// out = a^2: as multiply, with the transforms of one input and one product for each pair of components.
platform::Status square(Ciphertext& out, const Ciphertext& a, Workspace& workspace,
                        platform::ThreadPool* pool = nullptr);

}  // namespace fcn::fv
