// Residues as doubles, two at a time. Only for *_neon.cpp.
#pragma once

#include "flat.h"
#include "vector_neon.h"

namespace fcn::ntt {
namespace {

using Vector = float64x2_t;

FCN_INLINE Vector repeat(double x) {
  return vdupq_n_f64(x);
}
FCN_INLINE Vector fused_add(Vector sum, Vector a, Vector b) {
  return vfmaq_f64(sum, a, b);
}
FCN_INLINE Vector fused_subtract(Vector sum, Vector a, Vector b) {
  return vfmsq_f64(sum, a, b);
}
// There is no a*b - part: a rest has the opposite sign.
FCN_INLINE Vector rest_of(Vector a, Vector b, Vector part) {
  return vfmsq_f64(part, a, b);
}
FCN_INLINE Vector add_rest(Vector sum, Vector rest) {
  return sum - rest;
}
FCN_INLINE Vector round_to_integer(Vector x) {
  return vrndnq_f64(x);
}

#include "double_arithmetic.inc"

// |x| <= limit in every lane.
FCN_INLINE bool all_within(Vector x, Vector limit) {
  const Words inside = vcaleq_f64(x, limit);
  return (vgetq_lane_u64(inside, 0) & vgetq_lane_u64(inside, 1)) != 0;
}

// value where the mask is set, else 0.
FCN_INLINE Vector where(Words mask, Vector value) {
  return vreinterpretq_f64_u64(vandq_u64(mask, vreinterpretq_u64_f64(value)));
}

// value where x > y, else 0.
FCN_INLINE Vector where_greater(Vector x, Vector y, Vector value) {
  return where(vcgtq_f64(x, y), value);
}

// a < 2^53.
FCN_INLINE Vector from_integers(Words a) {
  return vcvtq_f64_u64(a);
}

// -q < x < q, to [0, q) as integers. A zero of either sign becomes the integer 0.
FCN_INLINE Words to_canonical(Vector x, Ring ring) {
  return vcvtq_u64_f64(x + where(vcltzq_f64(x), ring.q));
}

}  // namespace
}  // namespace fcn::ntt
