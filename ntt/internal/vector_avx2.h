// Four 64-bit words at a time. Only for *_avx2.cpp; nothing here has a symbol.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#define FCN_INLINE inline __attribute__((always_inline))

namespace fcn::ntt {
namespace {

FCN_INLINE __m256i load(const std::uint64_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
FCN_INLINE void store(std::uint64_t* p, __m256i v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
}
FCN_INLINE __m256i broadcast(std::uint64_t word) {
  return _mm256_set1_epi64x(static_cast<long long>(word));
}

// if_negative where the top bit of sign is set, else otherwise; word by word.
FCN_INLINE __m256i choose(__m256i sign, __m256i if_negative, __m256i otherwise) {
  return _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(otherwise),
                                              _mm256_castsi256_pd(if_negative), _mm256_castsi256_pd(sign)));
}

// dst[i] = f(in[i]...), four at a time; masked loads and stores for the last count mod 4, where f sees zeros
// beside them.
template <class F, class... In>
FCN_INLINE void map(F f, std::size_t count, std::uint64_t* dst, const In*... in) {
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) store(dst + i, f(load(in + i)...));
  if (i < count) {
    const __m256i mask = _mm256_cmpgt_epi64(broadcast(count - i), _mm256_setr_epi64x(0, 1, 2, 3));
    _mm256_maskstore_epi64(reinterpret_cast<long long*>(dst + i), mask,
                           f(_mm256_maskload_epi64(reinterpret_cast<const long long*>(in + i), mask)...));
  }
}

}  // namespace
}  // namespace fcn::ntt
