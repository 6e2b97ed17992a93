// The lowest level of the transform of ntt_doubles.inc, two doubles at a time.
//
// Only the last level has factors shorter than a vector:
//
//   after the level of four   x = 0 1   y = 2 3      x and y are the two vectors of four places
//   for the level of two      x = 0 2   y = 1 3      uzp1, uzp2
//   at the end                x = 0 1   y = 2 3      zip1, zip2
//
// Its roots are neighbours in the table, and so are their quotients: every product has a quotient here.
#include "../../platform/check.h"
#include "../internal/double_bounds.h"
#include "../internal/double_neon.h"
#include "../internal/neon.h"
#include "../internal/scalar.h"

namespace fcn::ntt {
namespace {
constexpr std::size_t kLowest = 2;
}
}  // namespace fcn::ntt

#include "ntt_doubles.inc"

namespace fcn::ntt {
namespace {

// Roots k and k + 1.
FCN_INLINE Root root_pair(Roots roots, std::size_t k) {
  return {load_double(roots.w + k), load_double(roots.quotient + k)};
}

// The level of blocks of two, and the way back to integers.
template <bool kReduce>
FCN_INLINE void forward_twos(std::uint64_t* a, std::size_t fours, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < fours; ++b, a += 4) {
    const Vector x = load_double(a), y = load_double(a + 2);
    Vector even = vuzp1q_f64(x, y), odd = vuzp2q_f64(x, y);
    if (kReduce) even = reduced(even, ring);
    forward_butterfly(even, odd, root_pair(roots, k + 2 * b), ring);
    store(a, to_canonical(reduced(vzip1q_f64(even, odd), ring), ring));
    store(a + 2, to_canonical(reduced(vzip2q_f64(even, odd), ring), ring));
  }
}

void forward_lowest(std::uint64_t* a, std::size_t length, std::size_t k, double bound, Roots roots,
                    Ring ring) {
  if (forward_level(bound).reduce) {
    forward_twos<true>(a, length / 4, k * length / 2, roots, ring);
  } else {
    forward_twos<false>(a, length / 4, k * length / 2, roots, ring);
  }
}

static_assert(!inverse_level(1).reduce);  // of blocks of two

// From integers through the level of blocks of two.
double inverse_lowest(std::uint64_t* a, std::size_t length, std::size_t k, Roots roots, Ring ring) {
  for (std::size_t b = 0; b < length / 4; ++b, a += 4) {
    const Vector x = from_integers(load(a)), y = from_integers(load(a + 2));
    Vector even = vuzp1q_f64(x, y), odd = vuzp2q_f64(x, y);
    inverse_butterfly(even, odd, root_pair(roots, k * length / 2 + 2 * b), ring);
    store_double(a, vzip1q_f64(even, odd));
    store_double(a + 2, vzip2q_f64(even, odd));
  }
  return inverse_level(1).bound;
}

}  // namespace
}  // namespace fcn::ntt
