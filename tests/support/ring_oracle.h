// Z_q[X]/(X^n + 1) from its definition, one division at a time, with no arithmetic of the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace fcn::test {

using Residues = std::vector<std::uint64_t>;
using Random = std::mt19937_64;

#if defined(__SIZEOF_INT128__)
__extension__ using Uint128 = unsigned __int128;

inline std::uint64_t add_ref(std::uint64_t a, std::uint64_t b, std::uint64_t q) {
  return static_cast<std::uint64_t>((static_cast<Uint128>(a) + b) % q);
}

inline std::uint64_t multiply_ref(std::uint64_t a, std::uint64_t b, std::uint64_t q) {
  return static_cast<std::uint64_t>(static_cast<Uint128>(a) * b % q);
}
#else  // for q < 2^63, bit by bit
inline std::uint64_t add_ref(std::uint64_t a, std::uint64_t b, std::uint64_t q) {
  return (a % q + b % q) % q;
}

inline std::uint64_t multiply_ref(std::uint64_t a, std::uint64_t b, std::uint64_t q) {
  std::uint64_t product = 0;
  for (int bit = 63; bit >= 0; --bit) {
    product = add_ref(product, product, q);
    if ((b >> bit) % 2 == 1) product = add_ref(product, a, q);
  }
  return product;
}
#endif

inline std::uint64_t power_ref(std::uint64_t a, std::uint64_t exponent, std::uint64_t q) {
  std::uint64_t power = 1 % q;
  for (; exponent != 0; exponent /= 2) {
    if (exponent % 2 == 1) power = multiply_ref(power, a, q);
    a = multiply_ref(a, a, q);
  }
  return power;
}

// The value of a signed integer modulo q.
inline std::uint64_t signed_ref(std::int64_t a, std::uint64_t q) {
  if (a >= 0) return static_cast<std::uint64_t>(a) % q;
  const std::uint64_t magnitude = (0 - static_cast<std::uint64_t>(a)) % q;
  return magnitude == 0 ? 0 : q - magnitude;
}

inline bool is_prime_ref(std::uint64_t candidate) {
  if (candidate < 2) return false;
  for (std::uint64_t d = 2; d * d <= candidate; ++d) {
    if (candidate % d == 0) return false;
  }
  return true;
}

// The smallest prime that is 1 modulo 2n.
inline std::uint64_t smallest_prime_ref(std::size_t n) {
  std::uint64_t candidate = 2 * n + 1;
  while (!is_prime_ref(candidate)) candidate += 2 * n;
  return candidate;
}

// a(x) by Horner's rule.
inline std::uint64_t evaluate_ref(const Residues& a, std::uint64_t x, std::uint64_t q) {
  std::uint64_t value = 0;
  for (std::size_t i = a.size(); i-- > 0;) value = add_ref(multiply_ref(value, x, q), a[i], q);
  return value;
}

// coefficient * X^exponent added to sum, for any exponent >= 0: X^n = -1.
inline void add_term_ref(Residues& sum, std::uint64_t coefficient, std::uint64_t exponent, std::uint64_t q) {
  const std::size_t n = sum.size();
  const bool negative = exponent / n % 2 == 1;
  std::uint64_t& place = sum[exponent % n];
  place = add_ref(place, negative ? (q - coefficient) % q : coefficient, q);
}

inline Residues product_ref(const Residues& a, const Residues& b, std::uint64_t q) {
  Residues product(a.size(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) add_term_ref(product, multiply_ref(a[i], b[j], q), i + j, q);
  }
  return product;
}

inline Residues monomial_product_ref(const Residues& a, std::uint64_t exponent, std::uint64_t q) {
  Residues product(a.size(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) add_term_ref(product, a[i], i + exponent, q);
  return product;
}

// a(X^g).
inline Residues automorphism_ref(const Residues& a, std::uint64_t g, std::uint64_t q) {
  Residues image(a.size(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) add_term_ref(image, a[i], i * g, q);
  return image;
}

// The bits of i, i < n = 2^k, in the opposite order.
inline std::size_t bit_reverse_ref(std::size_t i, std::size_t n) {
  std::size_t reversed = 0;
  for (; n > 1; n /= 2, i /= 2) reversed = 2 * reversed + i % 2;
  return reversed;
}

// Residues of which a quarter are 0, 1, q-1 or near q/2.
inline Residues random_residues(Random& random, std::size_t count, std::uint64_t q) {
  const std::uint64_t edges[] = {0, 1, q - 1, q / 2, q / 2 + 1};
  Residues values(count);
  for (auto& value : values) value = random() % 4 == 0 ? edges[random() % 5] : random() % q;
  return values;
}

}  // namespace fcn::test
