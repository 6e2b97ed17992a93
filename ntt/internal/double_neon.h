// Residues as doubles, two at a time: the arithmetic of double_avx2.h, with its proofs, in the instructions of
// AArch64. Only for *_neon.cpp, and only while the processor rounds to nearest.
//
// The one fused form here is a - b*c, so that a product's error is computed with the opposite sign. A zero of
// either sign becomes the integer 0.
#pragma once

#include "flat.h"
#include "vector_neon.h"

#if defined(__FAST_MATH__)
#error "the proofs in double_avx2.h are about IEEE arithmetic: compile without -ffast-math"
#endif

namespace fcn::ntt {
namespace {

using Vector = float64x2_t;

struct Ring {
  Vector q, inverse;
  uint64x2_t integer_q;
};

struct Root {
  Vector w, quotient;
};

FCN_INLINE Ring ring_of(const FlatModulus& modulus) {
  return {vdupq_n_f64(modulus.q_double), vdupq_n_f64(modulus.inverse), broadcast(modulus.q)};
}

// |x| <= 8q. Out: at most q*(1/2 + 2^-48).
FCN_INLINE Vector reduced(Vector x, Ring ring) {
  return vfmsq_f64(x, vrndnq_f64(vmulq_f64(x, ring.inverse)), ring.q);
}

// |a| <= B*q. Out: at most q*(1/2 + B/8).
FCN_INLINE Vector product(Vector a, Root root, Ring ring) {
  const Vector quotient = vrndnq_f64(vmulq_f64(a, root.quotient));
  const Vector high = vmulq_f64(a, root.w);
  const Vector minus_low = vfmsq_f64(high, a, root.w);
  return vsubq_f64(vfmsq_f64(high, quotient, ring.q), minus_low);
}

// a and b in [0, q): less than q*7/8.
FCN_INLINE Vector product(Vector a, Vector b, Ring ring) {
  const Vector high = vmulq_f64(a, b);
  const Vector minus_low = vfmsq_f64(high, a, b);
  const Vector quotient = vrndnq_f64(vmulq_f64(high, ring.inverse));
  return vsubq_f64(vfmsq_f64(high, quotient, ring.q), minus_low);
}

// a < 2^53.
FCN_INLINE Vector from_integers(uint64x2_t a) {
  return vcvtq_f64_u64(a);
}

// -q < x < q, to [0, q) as integers.
FCN_INLINE uint64x2_t to_canonical(Vector x, Ring ring) {
  const int64x2_t integer = vcvtq_s64_f64(x), sign = vshrq_n_s64(integer, 63);
  return vaddq_u64(vreinterpretq_u64_s64(integer), vandq_u64(vreinterpretq_u64_s64(sign), ring.integer_q));
}

// Doubles that lie in memory of integers, bit for bit.
FCN_INLINE Vector load_double(const std::uint64_t* p) {
  return vreinterpretq_f64_u64(load(p));
}
FCN_INLINE void store_double(std::uint64_t* p, Vector v) {
  store(p, vreinterpretq_u64_f64(v));
}
FCN_INLINE Vector broadcast_double(std::uint64_t bits) {
  return vreinterpretq_f64_u64(broadcast(bits));
}

}  // namespace
}  // namespace fcn::ntt
