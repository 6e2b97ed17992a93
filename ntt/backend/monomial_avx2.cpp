#include "../../platform/check.h"
#include "../internal/avx2.h"
#include "../internal/scalar.h"
#include "../internal/vector_avx2.h"

namespace fcn::ntt {
namespace {
constexpr std::size_t kVectors = 8;  // of 16 registers
}
}  // namespace fcn::ntt

#include "monomial_vectors.inc"
