// The smallest parameters with slots and rotations; insecure.
#pragma once

#include "fv/params.h"

namespace fcn::test {

// n = 64, t = X^8 - 132, two primes and a special one.
inline fv::ParamsSpec tiny_packed_spec() {
  const auto t = fv::PlaintextModulus::binomial(64, 8, 132).value();
  fv::ParamsSpec spec = fv::make_spec(64, t, {50, 45}, 50, 0).value();
  spec.security = fv::Security::kInsecureForTests;
  return spec;
}

}  // namespace fcn::test
