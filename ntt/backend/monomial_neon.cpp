#include "../../platform/check.h"
#include "../internal/neon.h"
#include "../internal/scalar.h"
#include "../internal/vector_neon.h"

namespace fcn::ntt {
namespace {
constexpr std::size_t kVectors = 16;  // of 32 registers
}
}  // namespace fcn::ntt

#include "monomial_vectors.inc"
