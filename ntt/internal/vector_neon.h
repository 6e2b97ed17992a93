// Two 64-bit words at a time. Only for *_neon.cpp; nothing here has a symbol.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#define FCN_INLINE inline __attribute__((always_inline))
// The kernels' names in the texts that instruction sets share, backend/*.inc.
#define FCN_KERNEL(name) name##_neon

namespace fcn::ntt {
namespace {

using Words = uint64x2_t;
constexpr std::size_t kWidth = 2;

FCN_INLINE Words load(const std::uint64_t* p) {
  return vld1q_u64(p);
}
FCN_INLINE void store(std::uint64_t* p, Words v) {
  vst1q_u64(p, v);
}
FCN_INLINE Words broadcast(std::uint64_t word) {
  return vdupq_n_u64(word);
}
FCN_INLINE Words add(Words a, Words b) {
  return vaddq_u64(a, b);
}
FCN_INLINE Words subtract(Words a, Words b) {
  return vsubq_u64(a, b);
}

// dst[i] = f(in[i]...), two at a time; where one is left over, f sees a zero beside it.
template <class F, class... In>
FCN_INLINE void map(F f, std::size_t count, std::uint64_t* dst, const In*... in) {
  std::size_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(dst + i, f(load(in + i)...));
  if (i < count) vst1q_lane_u64(dst + i, f(vld1q_lane_u64(in + i, broadcast(0), 0)...), 0);
}

}  // namespace
}  // namespace fcn::ntt
