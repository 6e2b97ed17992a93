// The negacyclic transform in doubles, four at a time. The same factorisation and order as ntt_scalar.cpp.
//
// Values stay doubles, balanced and lazy, in the memory of the residues: the first level converts from
// integers, the last one back. Each level is a loop of its own over a part of the array that fits the
// first-level cache: two levels in one loop would halve the loads, but double the chain of dependent
// operations that must be in flight at once, and measured slower. Parts are finished one after the other, so
// that each is fetched once for its lower levels.
//
// Within the last eight places the factors are shorter than a vector, and the values change places (forward,
// downwards; the inverse runs the same steps upwards):
//
//   before the level of 8      x = 0 1 2 3     y = 4 5 6 7        x and y are the two vectors of eight places
//   after it                   x = 0 1 4 5     y = 2 3 6 7        permute2f128
//   for the level of 2         x = 0 2 4 6     y = 1 3 5 7        unpacklo, unpackhi
//   at the end                 x = 0 1 2 3     y = 4 5 6 7        unpacklo, unpackhi, then permute2f128
//
// Bounds: double_bounds.h decides which levels reduce; the proofs of the arithmetic are in double_avx2.h.
#include "../../platform/check.h"
#include "../internal/avx2.h"
#include "../internal/double_avx2.h"
#include "../internal/double_bounds.h"
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
};

[[maybe_unused]] bool within(const std::uint64_t* a, std::size_t count, double bound, Ring ring) {
  const Vector limit = _mm256_mul_pd(_mm256_set1_pd(bound), ring.q), sign = _mm256_set1_pd(-0.0);
  for (std::size_t i = 0; i < count; i += 4) {
    const Vector size = _mm256_andnot_pd(sign, load_double(a + i));
    if (_mm256_movemask_pd(_mm256_cmp_pd(size, limit, _CMP_LE_OQ)) != 15) return false;
  }
  return true;
}

FCN_INLINE Vector low_halves(Vector x, Vector y) {
  return _mm256_permute2f128_pd(x, y, 0x20);
}  // x0 x1 y0 y1
FCN_INLINE Vector high_halves(Vector x, Vector y) {
  return _mm256_permute2f128_pd(x, y, 0x31);
}  // x2 x3 y2 y3
// The roots of two neighbouring blocks, each twice: w0 w0 w1 w1.
FCN_INLINE Vector root_pair(const std::uint64_t* w) {
  return _mm256_permute_pd(broadcast_pair(w), 0b1100);
}

template <class AnyRoot>
FCN_INLINE void forward_butterfly(Vector& x, Vector& y, AnyRoot root, Ring ring) {
  const Vector r = product(y, root, ring);
  y = _mm256_sub_pd(x, r);
  x = _mm256_add_pd(x, r);
}

template <class AnyRoot>
FCN_INLINE void inverse_butterfly(Vector& x, Vector& y, AnyRoot root, Ring ring) {
  const Vector difference = _mm256_sub_pd(x, y);
  x = _mm256_add_pd(x, y);
  y = product(difference, root, ring);
}

enum class Step { kFirst, kPlain, kReducing };

// One level of count blocks of length values, length >= 16, with the roots from k on.
template <Step kStep>
FCN_INLINE void forward_blocks(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k,
                               Roots roots, Ring ring) {
  for (std::size_t b = 0; b < count; ++b, a += length) {
    const Root root = roots[k + b];
    for (std::size_t j = 0; j < length / 2; j += 4) {
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

template <bool kReduce>
FCN_INLINE void forward_eights(std::uint64_t* a, std::size_t count, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < count; ++b, a += 8) {
    Vector x = load_double(a), y = load_double(a + 4);
    if (kReduce) x = reduced(x, ring);
    forward_butterfly(x, y, roots[k + b], ring);
    store_double(a, low_halves(x, y));
    store_double(a + 4, high_halves(x, y));
  }
}

// The level of blocks of four, with the roots from k on.
FCN_INLINE void forward_fours(std::uint64_t* a, std::size_t eights, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < eights; ++b, a += 8) {
    Vector x = load_double(a), y = load_double(a + 4);
    forward_butterfly(x, y, root_pair(roots.w + k + 2 * b), ring);
    store_double(a, x);
    store_double(a + 4, y);
  }
}

// The level of blocks of two: even places in a's first vector of eight values, odd places in its second.
FCN_INLINE void forward_twos(std::uint64_t* a, std::size_t eights, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < eights; ++b, a += 8) {
    const Vector x = load_double(a), y = load_double(a + 4);
    Vector even = _mm256_unpacklo_pd(x, y), odd = _mm256_unpackhi_pd(x, y);
    forward_butterfly(even, odd, load_double(roots.w + k + 4 * b), ring);
    store_double(a, even);
    store_double(a + 4, odd);
  }
}

// The way back to integers and to the order of places, a loop of its own like every level.
FCN_INLINE void forward_integers(std::uint64_t* a, std::size_t eights, Ring ring) {
  for (std::size_t b = 0; b < eights; ++b, a += 8) {
    const Vector even = load_double(a), odd = load_double(a + 4);
    const __m256i first = to_canonical(reduced(_mm256_unpacklo_pd(even, odd), ring), ring);
    const __m256i second = to_canonical(reduced(_mm256_unpackhi_pd(even, odd), ring), ring);
    store(a, _mm256_permute2x128_si256(first, second, 0x20));
    store(a + 4, _mm256_permute2x128_si256(first, second, 0x31));
  }
}

// All levels of the block of length values that belongs to root k; k = 1 is the whole array, in integers.
void forward_part(std::uint64_t* a, std::size_t length, std::size_t k, double bound, Roots roots, Ring ring) {
  std::size_t count = 1;
  for (std::size_t size = length; size >= 16; size /= 2, count *= 2) {
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
  const Level level = forward_level(bound);
  if (level.reduce) {
    forward_eights<true>(a, length / 8, k * count, roots, ring);
  } else {
    forward_eights<false>(a, length / 8, k * count, roots, ring);
  }
  FCN_CHECK(within(a, length, level.bound, ring));
  forward_fours(a, length / 8, 2 * k * count, roots, ring);
  FCN_CHECK(within(a, length, level.bound + internal::product_without_quotient(level.bound), ring));
  forward_twos(a, length / 8, 4 * k * count, roots, ring);
  FCN_CHECK(within(a, length, internal::kLargestValue, ring));
  forward_integers(a, length / 8, ring);
}

// From integers through the level of blocks of two: sums up to 2q.
FCN_INLINE void inverse_twos(std::uint64_t* a, std::size_t eights, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < eights; ++b, a += 8) {
    const Vector r = from_integers(load(a)), s = from_integers(load(a + 4));
    const Vector x = low_halves(r, s), y = high_halves(r, s);
    Vector even = _mm256_unpacklo_pd(x, y), odd = _mm256_unpackhi_pd(x, y);
    inverse_butterfly(even, odd, load_double(roots.w + k + 4 * b), ring);
    store_double(a, _mm256_unpacklo_pd(even, odd));
    store_double(a + 4, _mm256_unpackhi_pd(even, odd));
  }
}

// Sums up to 4q.
FCN_INLINE void inverse_fours(std::uint64_t* a, std::size_t eights, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < eights; ++b, a += 8) {
    Vector x = load_double(a), y = load_double(a + 4);
    inverse_butterfly(x, y, root_pair(roots.w + k + 2 * b), ring);
    store_double(a, x);
    store_double(a + 4, y);
  }
}

// Sums up to 8q, reduced.
FCN_INLINE void inverse_eights(std::uint64_t* a, std::size_t count, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < count; ++b, a += 8) {
    const Vector r = load_double(a), s = load_double(a + 4);
    Vector x = low_halves(r, s), y = high_halves(r, s);
    inverse_butterfly(x, y, roots[k + b], ring);
    store_double(a, reduced(x, ring));
    store_double(a + 4, y);
  }
}

template <Step kStep>
FCN_INLINE void inverse_blocks(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k,
                               Roots roots, Ring ring) {
  for (std::size_t b = 0; b < count; ++b, a += length) {
    const Root root = roots[k + b];
    for (std::size_t j = 0; j < length / 2; j += 4) {
      std::uint64_t *lower = a + j, *upper = a + length / 2 + j;
      Vector x = load_double(lower), y = load_double(upper);
      inverse_butterfly(x, y, root, ring);
      store_double(lower, kStep == Step::kReducing ? reduced(x, ring) : x);
      store_double(upper, y);
    }
  }
}

constexpr double kAfterTwos = 2, kAfterFours = 4;
static_assert(internal::product_without_quotient(2) <= kAfterTwos &&
              internal::product_without_quotient(4) <= kAfterFours && inverse_level(kAfterFours).reduce);

// The levels of the block of length values that belongs to root k, up to blocks of highest values: their bound.
double inverse_part(std::uint64_t* a, std::size_t length, std::size_t highest, std::size_t k, Roots roots,
                    Ring ring) {
  double bound = 0;
  std::size_t size = 16;
  if (length > kPart) {
    bound = inverse_part(a, length / 2, highest, 2 * k, roots, ring);
    inverse_part(a + length / 2, length / 2, highest, 2 * k + 1, roots, ring);
    size = length;
  } else {
    inverse_twos(a, length / 8, k * length / 2, roots, ring);
    FCN_CHECK(within(a, length, kAfterTwos, ring));
    inverse_fours(a, length / 8, k * length / 4, roots, ring);
    FCN_CHECK(within(a, length, kAfterFours, ring));
    inverse_eights(a, length / 8, k * length / 8, roots, ring);
    bound = inverse_level(kAfterFours).bound;
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
  return bound;
}

// The level of the whole array, with 1/n in both of its factors, and the way back to integers.
// In: at most kLargestValue / 2, so that both products are below 2q.
FCN_INLINE void inverse_last(std::uint64_t* a, std::size_t n, Root sum_root, Root difference_root,
                             Ring ring) {
  for (std::size_t j = 0; j < n / 2; j += 4) {
    const Vector x = load_double(a + j), y = load_double(a + n / 2 + j);
    const Vector sum = product(_mm256_add_pd(x, y), sum_root, ring);
    const Vector difference = product(_mm256_sub_pd(x, y), difference_root, ring);
    store(a + j, to_canonical(reduced(sum, ring), ring));
    store(a + n / 2 + j, to_canonical(reduced(difference, ring), ring));
  }
}

}  // namespace

void forward_avx2(const NttTables& tables, std::uint64_t* a) noexcept {
  const FlatTables t = flat(tables);
  if (!t.in_doubles) return forward_scalar(tables, a);
  forward_part(a, t.n, 1, 1, {t.forward_roots, t.forward_quotients}, ring_of(t.modulus));
}

void inverse_avx2(const NttTables& tables, std::uint64_t* a) noexcept {
  const FlatTables t = flat(tables);
  if (!t.in_doubles) return inverse_scalar(tables, a);
  const Ring ring = ring_of(t.modulus);
  inverse_part(a, t.n, t.n / 2, 1, {t.inverse_roots, t.inverse_quotients}, ring);
  inverse_last(a, t.n, {broadcast_double(t.n_inverse), broadcast_double(t.n_inverse_quotient)},
               {broadcast_double(t.last_root), broadcast_double(t.last_root_quotient)}, ring);
}

}  // namespace fcn::ntt
