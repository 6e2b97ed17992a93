// Residues as doubles, four at a time. Only for *_avx2.cpp.
#pragma once

#include "flat.h"
#include "vector_avx2.h"

namespace fcn::ntt {
namespace {

using Vector = __m256d;

FCN_INLINE Vector repeat(double x) {
  return _mm256_set1_pd(x);
}
FCN_INLINE Vector fused_add(Vector sum, Vector a, Vector b) {
  return _mm256_fmadd_pd(a, b, sum);
}
FCN_INLINE Vector fused_subtract(Vector sum, Vector a, Vector b) {
  return _mm256_fnmadd_pd(a, b, sum);
}
FCN_INLINE Vector rest_of(Vector a, Vector b, Vector part) {
  return _mm256_fmsub_pd(a, b, part);
}
FCN_INLINE Vector add_rest(Vector sum, Vector rest) {
  return sum + rest;
}
FCN_INLINE Vector round_to_integer(Vector x) {
  return _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

#include "double_arithmetic.inc"

// |x| <= limit in every lane.
FCN_INLINE bool all_within(Vector x, Vector limit) {
  const Vector size = _mm256_andnot_pd(repeat(-0.0), x);
  return _mm256_movemask_pd(_mm256_cmp_pd(size, limit, _CMP_LE_OQ)) == 15;
}

// value where x > y, else 0.
FCN_INLINE Vector where_greater(Vector x, Vector y, Vector value) {
  return _mm256_and_pd(_mm256_cmp_pd(x, y, _CMP_GT_OQ), value);
}

// Between 2^52 and 2^53 a double's lowest mantissa bit counts 1: the bits of 2^52 + i are those of 2^52,
// or'ed with i.
constexpr double kTwo52 = 0x1p52;

// a < 2^52.
FCN_INLINE Vector from_integers(Words a) {
  const Vector magic = repeat(kTwo52);
  return _mm256_or_pd(_mm256_castsi256_pd(a), magic) - magic;
}

// -q < x < q, to [0, q) as integers.
FCN_INLINE Words to_canonical(Vector x, Ring ring) {
  const Vector magic = repeat(kTwo52);
  const Vector shift = _mm256_blendv_pd(magic, magic + ring.q, x);  // 2^52 + q where x is negative
  return _mm256_castpd_si256(_mm256_xor_pd(x + shift, magic));
}

}  // namespace
}  // namespace fcn::ntt
