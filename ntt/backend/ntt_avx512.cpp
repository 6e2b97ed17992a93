// The negacyclic transform in 52-bit integers, eight at a time. The same factorisation and order as ntt_scalar.cpp.
//
// One to four levels make a pass over memory, on tiles of sixteen vectors: eight butterflies of a level do not wait for
// each other, about as many as hide the latency of one. The last six levels make one pass, on two blocks of 64. Parts
// that fit the first-level cache are finished one after the other.
//
// Within the last eight places the factors are shorter than a vector. Before each of these levels, and at the end, two
// vectors are interleaved, so that the roots of a level lie in its vectors as they lie in the table:
//
//   the vectors of blocks A and B           A0 .. A7 | B0 .. B7
//   interleaved, blocks of eight            x = A0 B0 A1 B1 A2 B2 A3 B3    y = A4 B4 .. A7 B7     roots A B A B A B A B
//   again, blocks of four: A = C D, B = E F x = C0 D0 E0 F0 C1 D1 E1 F1    y = C2 .. F3           roots C D E F C D E F
//   again, blocks of two                    x, y = the first, the second of eight blocks          eight roots
//   again                                   the places in their order
//
// The inverse runs the same steps upwards, and sorts even and odd places instead of interleaving.
//
// Bounds in units of q, in 64-bit words: the factor of a product must lie in [0, 4), the product is in [0, 2).
// Forwards a pass begins and ends in [0, 4). Inside it the two halves of a block, x + r and x - r, have bounds of their
// own: [0, 4) and (-2, 2), so that only the factors on the right need 2q added. Backwards all values are in [0, 2).
#include "../../platform/check.h"
#include "../internal/avx512.h"
#include "../internal/ifma_avx512.h"
#include "../internal/scalar.h"

namespace fcn::ntt {
namespace {

// Values that a part has at most: half of a first-level cache of 32 KiB.
constexpr std::size_t kPart = 2048;
constexpr std::size_t kBlock = 64;  // that the last six levels take
constexpr int kTile = 16;           // vectors

// Root k of the table belongs to block k - m of the level of m blocks, m <= k < 2m.
struct Roots {
  const std::uint64_t *w, *quotient;
  FCN_INLINE Root operator[](std::size_t k) const { return {broadcast(w[k]), broadcast(quotient[k])}; }
  // Two, four, eight neighbouring roots, repeated to fill the vector.
  FCN_INLINE Root twos(std::size_t k) const {
    const auto repeat = [k](const std::uint64_t* p) {
      return _mm512_broadcast_i64x2(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + k)));
    };
    return {repeat(w), repeat(quotient)};
  }
  FCN_INLINE Root fours(std::size_t k) const {
    const auto repeat = [k](const std::uint64_t* p) {
      return _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + k)));
    };
    return {repeat(w), repeat(quotient)};
  }
  FCN_INLINE Root eights(std::size_t k) const { return {load(w + k), load(quotient + k)}; }
};

[[maybe_unused]] bool below(const std::uint64_t* a, std::size_t count, Vector bound) {
  for (std::size_t i = 0; i < count; i += 8) {
    if (_mm512_cmplt_epu64_mask(load(a + i), bound) != 0xff) return false;
  }
  return true;
}

// x0 y0 x1 y1 .. x3 y3, and x4 y4 .. x7 y7.
FCN_INLINE void interleave(Vector& x, Vector& y) {
  const Vector lower = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
  const Vector upper = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
  const Vector low = _mm512_permutex2var_epi64(x, lower, y);
  y = _mm512_permutex2var_epi64(x, upper, y);
  x = low;
}

// Its inverse: the even and the odd places.
FCN_INLINE void deinterleave(Vector& x, Vector& y) {
  const Vector even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
  const Vector odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
  const Vector evens = _mm512_permutex2var_epi64(x, even, y);
  y = _mm512_permutex2var_epi64(x, odd, y);
  x = evens;
}

// In: x and y in [0, 4), or in (-2, 2) on the right. Out: x in [0, 4), y in (-2, 2), or in [0, 4) where it is the last.
FCN_INLINE void forward_butterfly(Vector& x, Vector& y, Root root, bool right, bool last, Ring ring) {
  const Vector other = right ? _mm512_add_epi64(x, ring.twice_q) : _mm512_sub_epi64(x, ring.twice_q);
  const Vector low = _mm512_min_epu64(x, other);  // in [0, 2): negative numbers are large ones
  const Vector r = product(right ? _mm512_add_epi64(y, ring.twice_q) : y, root, ring);
  x = _mm512_add_epi64(low, r);
  y = _mm512_sub_epi64(last ? _mm512_add_epi64(low, ring.twice_q) : low, r);
}

// In and out: [0, 2).
FCN_INLINE void inverse_butterfly(Vector& x, Vector& y, Root root, Ring ring) {
  const Vector difference = _mm512_sub_epi64(_mm512_add_epi64(x, ring.twice_q), y);  // in (0, 4)
  x = subtract_once(_mm512_add_epi64(x, y), ring.twice_q);
  y = product(difference, root, ring);
}

// The level of blocks of 2 * kHalf vectors, with the roots from k on. Its odd blocks are on the right of the level before
// where that belongs to the same pass.
template <int kHalf>
FCN_INLINE void forward_level(Vector (&v)[kTile], Roots roots, std::size_t k, bool first, bool last,
                              Ring ring) {
#pragma GCC unroll 8
  for (int i = 0; i < kTile / 2; ++i) {
    const int block = i / kHalf, j = i + block * kHalf;
    forward_butterfly(v[j], v[j + kHalf], roots[k + block], !first && block % 2 == 1, last, ring);
  }
}

template <int kHalf>
FCN_INLINE void inverse_level(Vector (&v)[kTile], Roots roots, std::size_t k, Ring ring) {
#pragma GCC unroll 8
  for (int i = 0; i < kTile / 2; ++i) {
    const int block = i / kHalf, j = i + block * kHalf;
    inverse_butterfly(v[j], v[j + kHalf], roots[k + block], ring);
  }
}

// kRows rows of neighbouring vectors, one row every step values.
template <int kRows>
FCN_INLINE void load_tile(Vector (&v)[kTile], const std::uint64_t* a, std::size_t step) {
  constexpr int kColumns = kTile / kRows;
#pragma GCC unroll 16
  for (int i = 0; i < kTile; ++i) v[i] = load(a + i / kColumns * step + i % kColumns * 8);
}

template <int kRows>
FCN_INLINE void store_tile(std::uint64_t* a, std::size_t step, const Vector (&v)[kTile]) {
  constexpr int kColumns = kTile / kRows;
#pragma GCC unroll 16
  for (int i = 0; i < kTile; ++i) store(a + i / kColumns * step + i % kColumns * 8, v[i]);
}

// kLevels levels of count blocks of length values, with the roots from k on.
template <int kLevels>
void forward_pass(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k, Roots roots,
                  Ring ring) {
  constexpr int kRows = 1 << kLevels;
  const std::size_t step = length / kRows;
  for (const std::size_t end = k + count; k < end; ++k, a += length) {
    for (std::size_t j = 0; j < step; j += 8 * kTile / kRows) {
      Vector v[kTile];
      load_tile<kRows>(v, a + j, step);
      forward_level<8>(v, roots, k, true, kLevels == 1, ring);
      if constexpr (kLevels >= 2) forward_level<4>(v, roots, 2 * k, false, kLevels == 2, ring);
      if constexpr (kLevels >= 3) forward_level<2>(v, roots, 4 * k, false, kLevels == 3, ring);
      if constexpr (kLevels >= 4) forward_level<1>(v, roots, 8 * k, false, true, ring);
      store_tile<kRows>(a + j, step, v);
    }
  }
}

// A level within the last eight places: v[2i] and v[2i + 1] are the two halves of its blocks.
template <class RootOf>
FCN_INLINE void forward_interleaved(Vector (&v)[kTile], RootOf root_of_pair, Ring ring) {
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kTile; i += 2) interleave(v[i], v[i + 1]);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kTile; i += 2)
    forward_butterfly(v[i], v[i + 1], root_of_pair(i), false, true, ring);
}

// The last six levels of count blocks of 64, count even, to canonical residues.
void forward_last(std::uint64_t* a, std::size_t count, std::size_t k, Roots roots, Ring ring) {
  for (const std::size_t end = k + count; k < end; k += 2, a += 8 * kTile) {
    Vector v[kTile];
    load_tile<kTile>(v, a, 8);
    forward_level<4>(v, roots, k, true, false, ring);
    forward_level<2>(v, roots, 2 * k, false, false, ring);
    forward_level<1>(v, roots, 4 * k, false, true, ring);
    forward_interleaved(
        v, [=](std::size_t i) { return roots.twos(8 * k + i); }, ring);
    forward_interleaved(
        v, [=](std::size_t i) { return roots.fours(16 * k + 2 * i); }, ring);
    forward_interleaved(
        v, [=](std::size_t i) { return roots.eights(32 * k + 4 * i); }, ring);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kTile; i += 2) {
      interleave(v[i], v[i + 1]);
      v[i] = canonical(v[i], ring);
      v[i + 1] = canonical(v[i + 1], ring);
    }
    store_tile<kTile>(a, 8, v);
  }
}

template <class RootOf>
FCN_INLINE void inverse_deinterleaved(Vector (&v)[kTile], RootOf root_of_pair, Ring ring) {
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kTile; i += 2) deinterleave(v[i], v[i + 1]);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kTile; i += 2) inverse_butterfly(v[i], v[i + 1], root_of_pair(i), ring);
}

// From canonical residues through the six lowest levels of count blocks of 64, count even.
void inverse_first(std::uint64_t* a, std::size_t count, std::size_t k, Roots roots, Ring ring) {
  for (const std::size_t end = k + count; k < end; k += 2, a += 8 * kTile) {
    Vector v[kTile];
    load_tile<kTile>(v, a, 8);
    inverse_deinterleaved(
        v, [=](std::size_t i) { return roots.eights(32 * k + 4 * i); }, ring);
    inverse_deinterleaved(
        v, [=](std::size_t i) { return roots.fours(16 * k + 2 * i); }, ring);
    inverse_deinterleaved(
        v, [=](std::size_t i) { return roots.twos(8 * k + i); }, ring);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kTile; i += 2) deinterleave(v[i], v[i + 1]);
    inverse_level<1>(v, roots, 4 * k, ring);
    inverse_level<2>(v, roots, 2 * k, ring);
    inverse_level<4>(v, roots, k, ring);
    store_tile<kTile>(a, 8, v);
  }
}

// The factors of the level of the whole array, 1/n included.
struct LastRoots {
  Root sum, difference;
};

// The level of the whole array, to canonical residues.
FCN_INLINE void inverse_last_level(Vector (&v)[kTile], const LastRoots& last, Ring ring) {
#pragma GCC unroll 8
  for (int i = 0; i < kTile / 2; ++i) {
    const Vector sum = _mm512_add_epi64(v[i], v[i + 8]);  // both in [0, 4)
    const Vector difference = _mm512_sub_epi64(_mm512_add_epi64(v[i], ring.twice_q), v[i + 8]);
    v[i] = subtract_once(product(sum, last.sum, ring), ring.q);
    v[i + 8] = subtract_once(product(difference, last.difference, ring), ring.q);
  }
}

// kLevels levels of count blocks of length values, with the roots from k on; k = 1 is the level of the whole array.
template <int kLevels>
void inverse_pass(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k, Roots roots,
                  const LastRoots& last, Ring ring) {
  constexpr int kRows = 1 << kLevels;
  const std::size_t step = length / kRows;
  for (const std::size_t end = k + count; k < end; ++k, a += length) {
    for (std::size_t j = 0; j < step; j += 8 * kTile / kRows) {
      Vector v[kTile];
      load_tile<kRows>(v, a + j, step);
      if constexpr (kLevels >= 4) inverse_level<1>(v, roots, 8 * k, ring);
      if constexpr (kLevels >= 3) inverse_level<2>(v, roots, 4 * k, ring);
      if constexpr (kLevels >= 2) inverse_level<4>(v, roots, 2 * k, ring);
      if (k == 1) {
        inverse_last_level(v, last, ring);
      } else {
        inverse_level<8>(v, roots, k, ring);
      }
      store_tile<kRows>(a + j, step, v);
    }
  }
}

FCN_INLINE int log2_of(std::size_t power) {
  return __builtin_ctzll(power);
}

// Levels of the highest pass over blocks of length values: three over more than a part, whose rows would be too many for
// the ways of a cache, and in a part what remains, in two passes when that is five.
FCN_INLINE int levels_of_pass(std::size_t length) {
  const int levels = log2_of(length / kBlock);
  return levels >= 5 ? 3 : levels;
}

void forward_blocks(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k, Roots roots,
                    Ring ring) {
  switch (levels_of_pass(length)) {
    case 1:
      return forward_pass<1>(a, length, count, k, roots, ring);
    case 2:
      return forward_pass<2>(a, length, count, k, roots, ring);
    case 3:
      return forward_pass<3>(a, length, count, k, roots, ring);
    default:
      return forward_pass<4>(a, length, count, k, roots, ring);
  }
}

void inverse_blocks(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k, Roots roots,
                    const LastRoots& last, Ring ring) {
  switch (levels_of_pass(length)) {
    case 1:
      return inverse_pass<1>(a, length, count, k, roots, last, ring);
    case 2:
      return inverse_pass<2>(a, length, count, k, roots, last, ring);
    case 3:
      return inverse_pass<3>(a, length, count, k, roots, last, ring);
    default:
      return inverse_pass<4>(a, length, count, k, roots, last, ring);
  }
}

// All levels of count blocks of length values that belong to the roots from k on; k = 1 is the whole array.
void forward_part(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k, Roots roots,
                  Ring ring) {
  if (length == kBlock) return forward_last(a, count, k, roots, ring);
  const int levels = levels_of_pass(length);
  const std::size_t size = length >> levels;
  forward_blocks(a, length, count, k, roots, ring);
  FCN_CHECK(below(a, count * length, _mm512_add_epi64(ring.twice_q, ring.twice_q)));
  if (count * length <= kPart) return forward_part(a, size, count << levels, k << levels, roots, ring);
  for (std::size_t i = 0; i < count << levels; ++i)
    forward_part(a + i * size, size, 1, (k << levels) + i, roots, ring);
}

void inverse_part(std::uint64_t* a, std::size_t length, std::size_t count, std::size_t k, Roots roots,
                  const LastRoots& last, Ring ring) {
  if (length == kBlock) return inverse_first(a, count, k, roots, ring);
  const int levels = levels_of_pass(length);
  const std::size_t size = length >> levels;
  if (count * length <= kPart) {
    inverse_part(a, size, count << levels, k << levels, roots, last, ring);
  } else {
    for (std::size_t i = 0; i < count << levels; ++i)
      inverse_part(a + i * size, size, 1, (k << levels) + i, roots, last, ring);
  }
  FCN_CHECK(below(a, count * length, ring.twice_q));
  inverse_blocks(a, length, count, k, roots, last, ring);
}

}  // namespace

void forward_avx512(const NttTables& tables, std::uint64_t* a) noexcept {
  const FlatTables t = flat(tables);
  if (!t.in_shoup52) return forward_scalar(tables, a);
  FCN_CHECK(below(a, t.n, broadcast(t.modulus.q)));
  forward_part(a, t.n, 1, 1, {t.forward_roots, t.forward_quotients}, ring_of(t.modulus));
}

void inverse_avx512(const NttTables& tables, std::uint64_t* a) noexcept {
  const FlatTables t = flat(tables);
  if (!t.in_shoup52) return inverse_scalar(tables, a);
  FCN_CHECK(below(a, t.n, broadcast(t.modulus.q)));
  const LastRoots last = {root_of({t.n_inverse, t.n_inverse_quotient}),
                          root_of({t.last_root, t.last_root_quotient})};
  inverse_part(a, t.n, 1, 1, {t.inverse_roots, t.inverse_quotients}, last, ring_of(t.modulus));
}

}  // namespace fcn::ntt
