// Two 64-bit words at a time. Only for *_neon.cpp; nothing here has a symbol.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#define FCN_INLINE inline __attribute__((always_inline))

namespace fcn::ntt {
namespace {

FCN_INLINE uint64x2_t load(const std::uint64_t* p) {
  return vld1q_u64(p);
}
FCN_INLINE void store(std::uint64_t* p, uint64x2_t v) {
  vst1q_u64(p, v);
}
FCN_INLINE uint64x2_t broadcast(std::uint64_t word) {
  return vdupq_n_u64(word);
}

// dst[i] = f(in[i]...), two at a time; where one is left over, f sees a zero beside it.
template <class F, class... In>
FCN_INLINE void map(F f, std::size_t count, std::uint64_t* dst, const In*... in) {
  std::size_t i = 0;
  for (; i + 2 <= count; i += 2) store(dst + i, f(load(in + i)...));
  if (i < count) vst1q_lane_u64(dst + i, f(vld1q_lane_u64(in + i, broadcast(0), 0)...), 0);
}

}  // namespace
}  // namespace fcn::ntt
