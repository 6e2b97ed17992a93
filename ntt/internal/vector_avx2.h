// Four 64-bit words at a time. Only for *_avx2.cpp; nothing here has a symbol.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#define FCN_INLINE inline __attribute__((always_inline))
// The kernels' names in the texts that instruction sets share, backend/*.inc.
#define FCN_KERNEL(name) name##_avx2

namespace fcn::ntt {
namespace {

using Words = __m256i;
constexpr std::size_t kWidth = 4;

FCN_INLINE Words load(const std::uint64_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
FCN_INLINE void store(std::uint64_t* p, Words v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
}
FCN_INLINE Words broadcast(std::uint64_t word) {
  return _mm256_set1_epi64x(static_cast<long long>(word));
}
FCN_INLINE Words add(Words a, Words b) {
  return _mm256_add_epi64(a, b);
}
FCN_INLINE Words subtract(Words a, Words b) {
  return _mm256_sub_epi64(a, b);
}

// if_negative where the top bit of sign is set, else otherwise; word by word.
FCN_INLINE Words choose(Words sign, Words if_negative, Words otherwise) {
  return _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(otherwise),
                                              _mm256_castsi256_pd(if_negative), _mm256_castsi256_pd(sign)));
}

// dst[i] = f(in[i]...), four at a time; masked loads and stores for the last count mod 4, where f sees zeros
// beside them.
template <class F, class... In>
FCN_INLINE void map(F f, std::size_t count, std::uint64_t* dst, const In*... in) {
  std::size_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(dst + i, f(load(in + i)...));
  if (i < count) {
    const Words mask = _mm256_cmpgt_epi64(broadcast(count - i), _mm256_setr_epi64x(0, 1, 2, 3));
    _mm256_maskstore_epi64(reinterpret_cast<long long*>(dst + i), mask,
                           f(_mm256_maskload_epi64(reinterpret_cast<const long long*>(in + i), mask)...));
  }
}

}  // namespace
}  // namespace fcn::ntt
