// Residues as doubles, four at a time: exact arithmetic modulo q < 2^50 with fused multiply-adds. Only for
// *_avx2.cpp, and only while the processor rounds to nearest, as it does unless it is told otherwise.
//
// u = 2^-53 is the rounding unit. Every double below is an integer. Sums, differences and products of
// integers are exact while they are at most 2^53 in absolute value, and a fused multiply-add rounds once: it
// is exact when its result is.
//
// Product of a, |a| <= B*q <= 2^53, and w, |w| < q/2:
//   high = fl(a*w), low = a*w - high        exact: an FMA gives the error of a product; |low| < 2^49
//   quotient = round(p), where p approximates a*w/q
//   r = a*w - quotient*q = (high - quotient*q) + low
// With w' = fl(w/q) from the table, p = fl(a*w') has two roundings of relative error u:
//   |p - a*w/q| <= (B*q/2) * (2u + u^2) < B/8, because q*u <= (2^50 - 1) / 2^53.
// With inverse = fl(1/q) alone, p = fl(high * inverse) has three:
//   |p - a*w/q| <= (B*q/2) * (3u + 3u^2 + u^3) < 3B/16.
// Rounding to an integer adds 1/2, so that |r| <= q*(1/2 + B/8), or q*(1/2 + 3B/16). For B <= 8 that is at
// most 2q < 2^51, hence high - quotient*q = r - low is an integer below 2^52: the FMA that computes it is
// exact, and so is the last sum.
//
// Product of a and b in [0, q): the second case with a*b/q < q, so that |p - a*b/q| < 3/8 and |r| < q*7/8.
//
// Reduction of x, |x| <= 8q: p = fl(x * inverse), |p - x/q| <= 8*(2u + u^2) < 2^-48, |r| <= q*(1/2 + 2^-48).
//
// None of these is ever -0: a sum of opposite numbers is +0 when rounding to nearest, and x = -0 gives
// quotient = -0 and -(-0 * q) + -0 = +0.
// Source: van der Hoeven, Lecerf, Quintin, "Modular SIMD arithmetic in Mathemagix" (2016), section 3.
#pragma once

#include "flat.h"
#include "vector_avx2.h"

#if defined(__FAST_MATH__)
#error "the proofs above are about IEEE arithmetic: compile without -ffast-math"
#endif

namespace fcn::ntt {
namespace {

using Vector = __m256d;

struct Ring {
  Vector q, inverse;
};

struct Root {
  Vector w, quotient;
};

FCN_INLINE Ring ring_of(const FlatModulus& modulus) {
  return {_mm256_set1_pd(modulus.q_double), _mm256_set1_pd(modulus.inverse)};
}

FCN_INLINE Vector round_to_integer(Vector x) {
  return _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// |x| <= 8q. Out: at most q*(1/2 + 2^-48).
FCN_INLINE Vector reduced(Vector x, Ring ring) {
  return _mm256_fnmadd_pd(round_to_integer(_mm256_mul_pd(x, ring.inverse)), ring.q, x);
}

// |a| <= B*q. Out: at most q*(1/2 + B/8).
FCN_INLINE Vector product(Vector a, Root root, Ring ring) {
  const Vector quotient = round_to_integer(_mm256_mul_pd(a, root.quotient));
  const Vector high = _mm256_mul_pd(a, root.w);
  const Vector low = _mm256_fmsub_pd(a, root.w, high);
  return _mm256_add_pd(_mm256_fnmadd_pd(quotient, ring.q, high), low);
}

// |a| <= B*q, |b| < q/2: at most q*(1/2 + 3B/16). a and b in [0, q): less than q*7/8.
FCN_INLINE Vector product(Vector a, Vector b, Ring ring) {
  const Vector high = _mm256_mul_pd(a, b);
  const Vector low = _mm256_fmsub_pd(a, b, high);
  const Vector quotient = round_to_integer(_mm256_mul_pd(high, ring.inverse));
  return _mm256_add_pd(_mm256_fnmadd_pd(quotient, ring.q, high), low);
}

// Between 2^52 and 2^53 a double's lowest mantissa bit counts 1: the bits of 2^52 + i are those of 2^52,
// or'ed with i.
constexpr double kTwo52 = 0x1p52;

// a < 2^52.
FCN_INLINE Vector from_integers(__m256i a) {
  const Vector magic = _mm256_set1_pd(kTwo52);
  return _mm256_sub_pd(_mm256_or_pd(_mm256_castsi256_pd(a), magic), magic);
}

// -q < x < q, to [0, q) as integers.
FCN_INLINE __m256i to_canonical(Vector x, Ring ring) {
  const Vector magic = _mm256_set1_pd(kTwo52);
  const Vector shift =
      _mm256_blendv_pd(magic, _mm256_add_pd(magic, ring.q), x);  // 2^52 + q where x is negative
  return _mm256_castpd_si256(_mm256_xor_pd(_mm256_add_pd(x, shift), magic));
}

// Doubles that lie in memory of integers, bit for bit.
FCN_INLINE Vector load_double(const std::uint64_t* p) {
  return _mm256_castsi256_pd(load(p));
}
FCN_INLINE void store_double(std::uint64_t* p, Vector v) {
  store(p, _mm256_castpd_si256(v));
}
FCN_INLINE Vector broadcast_double(std::uint64_t bits) {
  return _mm256_castsi256_pd(broadcast(bits));
}
// (p[0], p[1], p[0], p[1]).
FCN_INLINE Vector broadcast_pair(const std::uint64_t* p) {
  return _mm256_castsi256_pd(
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

}  // namespace
}  // namespace fcn::ntt
