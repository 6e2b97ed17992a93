// Coefficient by coefficient: sums in 64-bit integers, products in doubles.
#include "../internal/double_neon.h"
#include "../internal/neon.h"

namespace fcn::ntt {
namespace {

// a + b < 2q, to [0, q).
FCN_INLINE uint64x2_t add_canonical(uint64x2_t a, uint64x2_t b, uint64x2_t q) {
  const uint64x2_t sum = vaddq_u64(a, b);
  return vsubq_u64(sum, vandq_u64(vcgeq_u64(sum, q), q));
}

FCN_INLINE uint64x2_t multiply_canonical(uint64x2_t a, uint64x2_t b, Ring ring) {
  return to_canonical(product(from_integers(a), from_integers(b), ring), ring);
}

constexpr std::uint64_t kLowerHalf = 0xffffffff;

// value = upper + lower, both exact, to [0, q); bounds and proof as in pointwise_avx2.cpp, reduce_halves.
FCN_INLINE uint64x2_t reduce_halves(Vector upper, Vector lower, Ring ring) {
  const Vector quotient = vrndnq_f64(vmulq_f64(vaddq_f64(upper, lower), ring.inverse));
  const Vector remainder = vaddq_f64(vfmsq_f64(upper, quotient, ring.q), lower);
  return to_canonical(reduced(remainder, ring), ring);
}

FCN_INLINE Vector lower_half(uint64x2_t a) {
  return vcvtq_f64_u64(vandq_u64(a, broadcast(kLowerHalf)));
}

}  // namespace

void add_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
              std::size_t count) noexcept {
  const uint64x2_t modulus = broadcast(flat(q).q);
  map([=](uint64x2_t x, uint64x2_t y) { return add_canonical(x, y, modulus); }, count, dst, a, b);
}

void subtract_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                   std::size_t count) noexcept {
  const uint64x2_t modulus = broadcast(flat(q).q);
  const auto subtract = [=](uint64x2_t x, uint64x2_t y) {
    return vaddq_u64(vsubq_u64(x, y), vandq_u64(vcltq_u64(x, y), modulus));
  };
  map(subtract, count, dst, a, b);
}

void negate_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept {
  const uint64x2_t modulus = broadcast(flat(q).q);
  map([=](uint64x2_t x) { return vbicq_u64(vsubq_u64(modulus, x), vceqzq_u64(x)); }, count, dst, a);
}

void multiply_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                   std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  map([=](uint64x2_t x, uint64x2_t y) { return multiply_canonical(x, y, ring); }, count, dst, a, b);
}

void multiply_add_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                       std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const auto multiply_add = [=](uint64x2_t sum, uint64x2_t x, uint64x2_t y) {
    return add_canonical(sum, multiply_canonical(x, y, ring), ring.integer_q);
  };
  map(multiply_add, count, dst, dst, a, b);
}

void scalar_multiply_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::uint64_t scalar,
                          std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const uint64x2_t factor = broadcast(scalar);
  map([=](uint64x2_t x) { return multiply_canonical(x, factor, ring); }, count, dst, a);
}

void scalar_multiply_add_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              std::uint64_t scalar, std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const uint64x2_t factor = broadcast(scalar);
  const auto multiply_add = [=](uint64x2_t sum, uint64x2_t x) {
    return add_canonical(sum, multiply_canonical(x, factor, ring), ring.integer_q);
  };
  map(multiply_add, count, dst, dst, a);
}

void reduce_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const auto reduce = [=](uint64x2_t x) {
    return reduce_halves(vcvtq_f64_u64(vbicq_u64(x, broadcast(kLowerHalf))), lower_half(x), ring);
  };
  map(reduce, count, dst, a);
}

void reduce_accumulator_neon(const Modulus& q, std::uint64_t* dst, const std::int64_t* accumulator,
                             std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const auto reduce_signed = [=](uint64x2_t x) {
    const int64x2_t upper = vreinterpretq_s64_u64(vbicq_u64(x, broadcast(kLowerHalf)));
    return reduce_halves(vcvtq_f64_s64(upper), lower_half(x), ring);
  };
  map(reduce_signed, count, dst, reinterpret_cast<const std::uint64_t*>(accumulator));
}

// Bounds as in pointwise_avx2.cpp.
void subtract_multiply_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            const std::uint64_t* b, std::uint64_t scalar, std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const Vector factor = from_integers(broadcast(scalar));
  const auto subtract_multiply = [=](uint64x2_t x, uint64x2_t y) {
    const Vector difference = vsubq_f64(from_integers(x), from_integers(y));
    return to_canonical(product(difference, factor, ring), ring);
  };
  map(subtract_multiply, count, dst, a, b);
}

// Bounds as in pointwise_avx2.cpp. The half of an odd modulus rounds down.
void reduce_centered_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const Modulus& from,
                          std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const uint64x2_t from_q = broadcast(flat(from).q), half = vshrq_n_u64(from_q, 1);
  const auto reduce = [=](uint64x2_t x) {
    const uint64x2_t is_upper = vcgtq_u64(x, half);
    const int64x2_t centered = vreinterpretq_s64_u64(vsubq_u64(x, vandq_u64(is_upper, from_q)));
    return to_canonical(reduced(vcvtq_f64_s64(centered), ring), ring);
  };
  map(reduce, count, dst, a);
}

}  // namespace fcn::ntt
