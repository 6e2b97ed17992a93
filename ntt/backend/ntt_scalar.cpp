// The negacyclic transform in 64-bit integers.
//
// Forward, Cooley and Tukey: X^(2h) - w^2 = (X^h - w)(X^h + w) splits a polynomial modulo the left into two
// modulo the factors on the right: x + w*y and x - w*y, where x and y are its lower and upper half. From X^n
// + 1 downwards the factors of one level, left to right, belong to the roots m .. 2m-1 of the table. The
// inverse (Gentleman and Sande) runs the levels upwards: x + y and (x - y) / w.
//
// Two levels make one pass over memory. Values stay lazy: below 4q forwards, below 2q backwards; q < 2^61.
// Source: Harvey (2014), algorithms 3 and 4.
#include "../internal/scalar.h"
#include "../ntt_tables.h"

namespace fcn::ntt {
namespace {

struct Root {
  std::uint64_t w, quotient;
};

// In: x, y < 4q. Out: x, y < 4q.
inline void forward_butterfly(std::uint64_t& x, std::uint64_t& y, Root root, std::uint64_t q) noexcept {
  FCN_CHECK(x < 4 * q && y < 4 * q);
  const std::uint64_t low = subtract_once(x, 2 * q);                               // < 2q
  const std::uint64_t product = multiply_shoup_lazy(y, root.w, root.quotient, q);  // < 2q
  x = low + product;
  y = low - product + 2 * q;
}

// In: x, y < 2q. Out: x, y < 2q.
inline void inverse_butterfly(std::uint64_t& x, std::uint64_t& y, Root root, std::uint64_t q) noexcept {
  FCN_CHECK(x < 2 * q && y < 2 * q);
  const std::uint64_t difference = x - y + 2 * q;  // < 4q
  x = subtract_once(x + y, 2 * q);
  y = multiply_shoup_lazy(difference, root.w, root.quotient, q);
}

// x < 4q, to [0, q).
inline std::uint64_t canonical(std::uint64_t x, std::uint64_t q) noexcept {
  return subtract_once(subtract_once(x, 2 * q), q);
}

// Two levels of one block: above belongs to X^(4*quarter) - w^4, left and right to its halves.
template <bool kLast>
inline void forward_block(std::uint64_t* a, std::size_t quarter, Root above, Root left, Root right,
                          std::uint64_t q) noexcept {
  for (std::size_t j = 0; j < quarter; ++j) {
    std::uint64_t x0 = a[j], x1 = a[j + quarter], x2 = a[j + 2 * quarter], x3 = a[j + 3 * quarter];
    forward_butterfly(x0, x2, above, q);
    forward_butterfly(x1, x3, above, q);
    forward_butterfly(x0, x1, left, q);
    forward_butterfly(x2, x3, right, q);
    a[j] = kLast ? canonical(x0, q) : x0;
    a[j + quarter] = kLast ? canonical(x1, q) : x1;
    a[j + 2 * quarter] = kLast ? canonical(x2, q) : x2;
    a[j + 3 * quarter] = kLast ? canonical(x3, q) : x3;
  }
}

inline void inverse_block(std::uint64_t* a, std::size_t quarter, Root above, Root left, Root right,
                          std::uint64_t q) noexcept {
  for (std::size_t j = 0; j < quarter; ++j) {
    std::uint64_t x0 = a[j], x1 = a[j + quarter], x2 = a[j + 2 * quarter], x3 = a[j + 3 * quarter];
    inverse_butterfly(x0, x1, left, q);
    inverse_butterfly(x2, x3, right, q);
    inverse_butterfly(x0, x2, above, q);
    inverse_butterfly(x1, x3, above, q);
    a[j] = x0;
    a[j + quarter] = x1;
    a[j + 2 * quarter] = x2;
    a[j + 3 * quarter] = x3;
  }
}

}  // namespace

void forward_scalar(const NttTables& tables, std::uint64_t* a) noexcept {
  const std::uint64_t q = tables.modulus().value();
  const std::uint64_t *roots = tables.forward_roots(), *quotients = tables.forward_quotients();
  const std::size_t n = tables.n();
  FCN_CHECK_BOUND(a, tables.n(), 0, q - 1);
  const auto root = [=](std::size_t i) { return Root{roots[i], quotients[i]}; };

  std::size_t m = 1;  // blocks
  if (tables.log2_n() % 2 == 1) {
    for (std::size_t j = 0; j < n / 2; ++j) forward_butterfly(a[j], a[j + n / 2], root(1), q);
    m = 2;
  }
  for (; m < n / 4; m *= 4) {
    for (std::size_t i = 0; i < m; ++i) {
      forward_block<false>(a + i * (n / m), n / (4 * m), root(m + i), root(2 * (m + i)),
                           root(2 * (m + i) + 1), q);
    }
  }
  for (std::size_t i = 0; i < m; ++i) {
    forward_block<true>(a + 4 * i, 1, root(m + i), root(2 * (m + i)), root(2 * (m + i) + 1), q);
  }
}

void inverse_scalar(const NttTables& tables, std::uint64_t* a) noexcept {
  const std::uint64_t q = tables.modulus().value();
  const std::uint64_t *roots = tables.inverse_roots(), *quotients = tables.inverse_quotients();
  const std::size_t n = tables.n();
  FCN_CHECK_BOUND(a, tables.n(), 0, q - 1);
  const auto root = [=](std::size_t i) { return Root{roots[i], quotients[i]}; };

  std::size_t m = n / 4;  // blocks
  for (; m > 1; m /= 4) {
    for (std::size_t i = 0; i < m; ++i) {
      inverse_block(a + i * (n / m), n / (4 * m), root(m + i), root(2 * (m + i)), root(2 * (m + i) + 1), q);
    }
  }
  // One level is left when log2_n is odd, else two. The very last multiplies both of its outputs, by 1/n and
  // by w/n.
  if (m == 1) {
    for (std::size_t j = 0; j < n / 4; ++j) {
      inverse_butterfly(a[j], a[j + n / 4], root(2), q);
      inverse_butterfly(a[j + n / 2], a[j + 3 * n / 4], root(3), q);
    }
  }
  const Root last_sum = {tables.n_inverse(), tables.n_inverse_quotient()};
  const Root last_difference = {tables.last_root(), tables.last_root_quotient()};
  for (std::size_t j = 0; j < n / 2; ++j) {
    const std::uint64_t sum = a[j] + a[j + n / 2], difference = a[j] - a[j + n / 2] + 2 * q;  // both < 4q
    a[j] = subtract_once(multiply_shoup_lazy(sum, last_sum.w, last_sum.quotient, q), q);
    a[j + n / 2] =
        subtract_once(multiply_shoup_lazy(difference, last_difference.w, last_difference.quotient, q), q);
  }
}

}  // namespace fcn::ntt
