// What pointwise_doubles.inc asks of AArch64: sums modulo q, and the halves of words as doubles.
#include "../internal/double_neon.h"
#include "../internal/neon.h"

namespace fcn::ntt {
namespace {

// a + b < 2q, to [0, q).
FCN_INLINE Words add_canonical(Words a, Words b, Words q) {
  const Words sum = add(a, b);
  return subtract(sum, vandq_u64(vcgeq_u64(sum, q), q));
}
FCN_INLINE Words subtract_canonical(Words a, Words b, Words q) {
  return add(subtract(a, b), vandq_u64(vcltq_u64(a, b), q));
}
FCN_INLINE Words negate_canonical(Words a, Words q) {
  return vbicq_u64(subtract(q, a), vceqzq_u64(a));
}

constexpr std::uint64_t kLowerHalf = 0xffffffff;

FCN_INLINE Vector lower_half(Words a) {
  return vcvtq_f64_u64(vandq_u64(a, broadcast(kLowerHalf)));
}
// The upper 32 bits in their place.
FCN_INLINE Vector upper_half(Words a) {
  return vcvtq_f64_u64(vbicq_u64(a, broadcast(kLowerHalf)));
}
FCN_INLINE Vector signed_upper_half(Words a) {
  return vcvtq_f64_s64(vreinterpretq_s64_u64(vbicq_u64(a, broadcast(kLowerHalf))));
}

}  // namespace
}  // namespace fcn::ntt

#include "pointwise_doubles.inc"
