// Eight 64-bit words at a time. Only for *_avx512.cpp; nothing here has a symbol.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#define FCN_INLINE inline __attribute__((always_inline))

namespace fcn::ntt {
namespace {

using Vector = __m512i;

FCN_INLINE Vector load(const std::uint64_t* p) {
  return _mm512_loadu_si512(p);
}
FCN_INLINE void store(std::uint64_t* p, Vector v) {
  _mm512_storeu_si512(p, v);
}
FCN_INLINE Vector broadcast(std::uint64_t word) {
  return _mm512_set1_epi64(static_cast<long long>(word));
}

// a < 2 * bound, to [0, bound): a - bound wraps to a large number where a is below bound.
FCN_INLINE Vector subtract_once(Vector a, Vector bound) {
  return _mm512_min_epu64(a, _mm512_sub_epi64(a, bound));
}

// dst[i] = f(in[i]...), eight at a time; masked loads and stores for the last count mod 8, where f sees zeros
// beside them.
template <class F, class... In>
FCN_INLINE void map(F f, std::size_t count, std::uint64_t* dst, const In*... in) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) store(dst + i, f(load(in + i)...));
  if (i < count) {
    const __mmask8 mask = static_cast<__mmask8>((1u << (count - i)) - 1);
    _mm512_mask_storeu_epi64(dst + i, mask, f(_mm512_maskz_loadu_epi64(mask, in + i)...));
  }
}

}  // namespace
}  // namespace fcn::ntt
