// The lowest levels of the transform of ntt_doubles.inc, four doubles at a time.
//
// Within the last eight places the factors are shorter than a vector, and the values change places (forward,
// downwards; the inverse runs the same steps upwards):
//
//   before the level of 8      x = 0 1 2 3     y = 4 5 6 7        x and y are the two vectors of eight places
//   after it                   x = 0 1 4 5     y = 2 3 6 7        permute2f128
//   for the level of 2         x = 0 2 4 6     y = 1 3 5 7        unpacklo, unpackhi
//   at the end                 x = 0 1 2 3     y = 4 5 6 7        unpacklo, unpackhi, then permute2f128
#include "../../platform/check.h"
#include "../internal/avx2.h"
#include "../internal/double_avx2.h"
#include "../internal/double_bounds.h"
#include "../internal/scalar.h"

namespace fcn::ntt {
namespace {
constexpr std::size_t kLowest = 8;
}
}  // namespace fcn::ntt

#include "ntt_doubles.inc"

namespace fcn::ntt {
namespace {

FCN_INLINE Vector low_halves(Vector x, Vector y) {
  return _mm256_permute2f128_pd(x, y, 0x20);
}  // x0 x1 y0 y1
FCN_INLINE Vector high_halves(Vector x, Vector y) {
  return _mm256_permute2f128_pd(x, y, 0x31);
}  // x2 x3 y2 y3
// The roots of two neighbouring blocks, each twice: w0 w0 w1 w1.
FCN_INLINE Vector root_pair(const std::uint64_t* w) {
  const __m128i pair = _mm_loadu_si128(reinterpret_cast<const __m128i*>(w));
  return _mm256_permute_pd(_mm256_castsi256_pd(_mm256_broadcastsi128_si256(pair)), 0b1100);
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
    const Words first = to_canonical(reduced(_mm256_unpacklo_pd(even, odd), ring), ring);
    const Words second = to_canonical(reduced(_mm256_unpackhi_pd(even, odd), ring), ring);
    store(a, _mm256_permute2x128_si256(first, second, 0x20));
    store(a + 4, _mm256_permute2x128_si256(first, second, 0x31));
  }
}

void forward_lowest(std::uint64_t* a, std::size_t length, std::size_t k, double bound, Roots roots,
                    Ring ring) {
  const std::size_t eights = length / 8;
  const Level level = forward_level(bound);
  if (level.reduce) {
    forward_eights<true>(a, eights, k * eights, roots, ring);
  } else {
    forward_eights<false>(a, eights, k * eights, roots, ring);
  }
  FCN_CHECK(within(a, length, level.bound, ring));
  forward_fours(a, eights, 2 * k * eights, roots, ring);
  FCN_CHECK(within(a, length, level.bound + internal::product_without_quotient(level.bound), ring));
  forward_twos(a, eights, 4 * k * eights, roots, ring);
  FCN_CHECK(within(a, length, internal::kLargestValue, ring));
  forward_integers(a, eights, ring);
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

constexpr double kAfterTwos = 2, kAfterFours = 4;
static_assert(internal::product_without_quotient(2) <= kAfterTwos &&
              internal::product_without_quotient(4) <= kAfterFours && inverse_level(kAfterFours).reduce);

double inverse_lowest(std::uint64_t* a, std::size_t length, std::size_t k, Roots roots, Ring ring) {
  const std::size_t eights = length / 8;
  inverse_twos(a, eights, 4 * k * eights, roots, ring);
  FCN_CHECK(within(a, length, kAfterTwos, ring));
  inverse_fours(a, eights, 2 * k * eights, roots, ring);
  FCN_CHECK(within(a, length, kAfterFours, ring));
  inverse_eights(a, eights, k * eights, roots, ring);
  return inverse_level(kAfterFours).bound;
}

}  // namespace
}  // namespace fcn::ntt
