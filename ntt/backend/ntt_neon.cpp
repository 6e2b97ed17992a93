// The negacyclic transform in doubles, two at a time: the structure of ntt_avx2.cpp with vectors of half its
// length. Each level is a loop of its own over a part of the array that fits the first-level cache.
//
// Only the last level has factors shorter than a vector:
//
//   after the level of four   x = 0 1   y = 2 3      x and y are the two vectors of four places
//   for the level of two      x = 0 2   y = 1 3      uzp1, uzp2
//   at the end                x = 0 1   y = 2 3      zip1, zip2
//
// Its roots are neighbours in the table, and so are their quotients: every product has a quotient here.
// Bounds: double_bounds.h decides which levels reduce; the proofs of the arithmetic are in double_avx2.h.
#include "../../platform/check.h"
#include "../internal/double_bounds.h"
#include "../internal/double_neon.h"
#include "../internal/neon.h"
#include "../internal/scalar.h"

namespace fcn::ntt {
namespace {

using internal::forward_level;
using internal::inverse_level;
using internal::Level;

// Values that a part has at most: half of a first-level cache of 32 KiB.
constexpr std::size_t kPart = 2048;

// Root k of the table belongs to block k - m of the level of m blocks, m <= k < 2m.
struct Roots {
  const std::uint64_t *w, *quotient;
  FCN_INLINE Root operator[](std::size_t k) const {
    return {broadcast_double(w[k]), broadcast_double(quotient[k])};
  }
  // Roots k and k + 1.
  FCN_INLINE Root pair(std::size_t k) const { return {load_double(w + k), load_double(quotient + k)}; }
};

[[maybe_unused]] bool within(const std::uint64_t* a, std::size_t count, double bound, Ring ring) {
  const Vector limit = vmulq_f64(vdupq_n_f64(bound), ring.q);
  for (std::size_t i = 0; i < count; i += 2) {
    const uint64x2_t inside = vcaleq_f64(load_double(a + i), limit);
    if ((vgetq_lane_u64(inside, 0) & vgetq_lane_u64(inside, 1)) == 0) return false;
  }
  return true;
}

FCN_INLINE void forward_butterfly(Vector& x, Vector& y, Root root, Ring ring) {
  const Vector r = product(y, root, ring);
  y = vsubq_f64(x, r);
  x = vaddq_f64(x, r);
}

FCN_INLINE void inverse_butterfly(Vector& x, Vector& y, Root root, Ring ring) {
  const Vector difference = vsubq_f64(x, y);
  x = vaddq_f64(x, y);
  y = product(difference, root, ring);
}

enum class Step { kFirst, kPlain, kReducing };

// One level of count blocks of length values, length >= 4, with the roots from k on.
template <Step kStep>
FCN_INLINE void forward_blocks(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k,
                               Roots roots, Ring ring) {
  for (std::size_t b = 0; b < count; ++b, a += length) {
    const Root root = roots[k + b];
    for (std::size_t j = 0; j < length / 2; j += 2) {
      std::uint64_t *lower = a + j, *upper = a + length / 2 + j;
      Vector x = kStep == Step::kFirst ? from_integers(load(lower)) : load_double(lower);
      Vector y = kStep == Step::kFirst ? from_integers(load(upper)) : load_double(upper);
      if (kStep == Step::kReducing) x = reduced(x, ring);
      forward_butterfly(x, y, root, ring);
      store_double(lower, x);
      store_double(upper, y);
    }
  }
}

// The level of blocks of two, and the way back to integers.
template <bool kReduce>
FCN_INLINE void forward_twos(std::uint64_t* a, std::size_t fours, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < fours; ++b, a += 4) {
    const Vector x = load_double(a), y = load_double(a + 2);
    Vector even = vuzp1q_f64(x, y), odd = vuzp2q_f64(x, y);
    if (kReduce) even = reduced(even, ring);
    forward_butterfly(even, odd, roots.pair(k + 2 * b), ring);
    store(a, to_canonical(reduced(vzip1q_f64(even, odd), ring), ring));
    store(a + 2, to_canonical(reduced(vzip2q_f64(even, odd), ring), ring));
  }
}

// All levels of the block of length values that belongs to root k; k = 1 is the whole array, in integers.
void forward_part(std::uint64_t* a, std::size_t length, std::size_t k, double bound, Roots roots, Ring ring) {
  std::size_t count = 1;
  for (std::size_t size = length; size >= 4; size /= 2, count *= 2) {
    if (k * count == 1) {
      forward_blocks<Step::kFirst>(a, size, count, k * count, roots, ring);
      bound = 1 + internal::product_with_quotient(1);
    } else {
      const Level level = forward_level(bound);
      if (level.reduce) {
        forward_blocks<Step::kReducing>(a, size, count, k * count, roots, ring);
      } else {
        forward_blocks<Step::kPlain>(a, size, count, k * count, roots, ring);
      }
      bound = level.bound;
    }
    FCN_CHECK(within(a, length, bound, ring));
    if (size > kPart) {
      forward_part(a, length / 2, 2 * k, bound, roots, ring);
      return forward_part(a + length / 2, length / 2, 2 * k + 1, bound, roots, ring);
    }
  }
  if (forward_level(bound).reduce) {
    forward_twos<true>(a, length / 4, k * count, roots, ring);
  } else {
    forward_twos<false>(a, length / 4, k * count, roots, ring);
  }
}

// From integers through the level of blocks of two.
FCN_INLINE void inverse_twos(std::uint64_t* a, std::size_t fours, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < fours; ++b, a += 4) {
    const Vector x = from_integers(load(a)), y = from_integers(load(a + 2));
    Vector even = vuzp1q_f64(x, y), odd = vuzp2q_f64(x, y);
    inverse_butterfly(even, odd, roots.pair(k + 2 * b), ring);
    store_double(a, vzip1q_f64(even, odd));
    store_double(a + 2, vzip2q_f64(even, odd));
  }
}

template <Step kStep>
FCN_INLINE void inverse_blocks(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k,
                               Roots roots, Ring ring) {
  for (std::size_t b = 0; b < count; ++b, a += length) {
    const Root root = roots[k + b];
    for (std::size_t j = 0; j < length / 2; j += 2) {
      std::uint64_t *lower = a + j, *upper = a + length / 2 + j;
      Vector x = load_double(lower), y = load_double(upper);
      inverse_butterfly(x, y, root, ring);
      store_double(lower, kStep == Step::kReducing ? reduced(x, ring) : x);
      store_double(upper, y);
    }
  }
}

static_assert(!inverse_level(1).reduce);  // of blocks of two

// The levels of the block of length values that belongs to root k, up to blocks of highest values: their bound.
double inverse_part(std::uint64_t* a, std::size_t length, std::size_t highest, std::size_t k, Roots roots,
                    Ring ring) {
  double bound = 0;
  std::size_t size = 4;
  if (length > kPart) {
    bound = inverse_part(a, length / 2, highest, 2 * k, roots, ring);
    inverse_part(a + length / 2, length / 2, highest, 2 * k + 1, roots, ring);
    size = length;
  } else {
    inverse_twos(a, length / 4, k * length / 2, roots, ring);
    bound = inverse_level(1).bound;
  }
  for (; size <= length && size <= highest; size *= 2) {
    FCN_CHECK(within(a, length, bound, ring));
    const Level level = inverse_level(bound);
    if (level.reduce) {
      inverse_blocks<Step::kReducing>(a, size, length / size, k * length / size, roots, ring);
    } else {
      inverse_blocks<Step::kPlain>(a, size, length / size, k * length / size, roots, ring);
    }
    bound = level.bound;
  }
  FCN_CHECK(within(a, length, bound, ring));
  return bound;
}

// The level of the whole array, with 1/n in both of its factors, and the way back to integers.
// In: at most kLargestValue / 2, so that both products are below 2q.
FCN_INLINE void inverse_last(std::uint64_t* a, std::size_t n, Root sum_root, Root difference_root,
                             Ring ring) {
  for (std::size_t j = 0; j < n / 2; j += 2) {
    const Vector x = load_double(a + j), y = load_double(a + n / 2 + j);
    const Vector sum = product(vaddq_f64(x, y), sum_root, ring);
    const Vector difference = product(vsubq_f64(x, y), difference_root, ring);
    store(a + j, to_canonical(reduced(sum, ring), ring));
    store(a + n / 2 + j, to_canonical(reduced(difference, ring), ring));
  }
}

}  // namespace

void forward_neon(const NttTables& tables, std::uint64_t* a) noexcept {
  const FlatTables t = flat(tables);
  if (!t.in_doubles) return forward_scalar(tables, a);
  forward_part(a, t.n, 1, 1, {t.forward_roots, t.forward_quotients}, ring_of(t.modulus));
}

void inverse_neon(const NttTables& tables, std::uint64_t* a) noexcept {
  const FlatTables t = flat(tables);
  if (!t.in_doubles) return inverse_scalar(tables, a);
  const Ring ring = ring_of(t.modulus);
  inverse_part(a, t.n, t.n / 2, 1, {t.inverse_roots, t.inverse_quotients}, ring);
  inverse_last(a, t.n, {broadcast_double(t.n_inverse), broadcast_double(t.n_inverse_quotient)},
               {broadcast_double(t.last_root), broadcast_double(t.last_root_quotient)}, ring);
}

}  // namespace fcn::ntt
