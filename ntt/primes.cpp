#include "primes.h"

#include <algorithm>
#include <bit>

namespace fcn::ntt {
namespace {

constexpr bool valid_length(std::size_t n) {
  return std::has_single_bit(n) && n >= 4 && n <= 65536;
}

// Products modulo any odd m < 2^64 in Montgomery's form: x stands for x * 2^-64.
class Montgomery {
 public:
  explicit Montgomery(std::uint64_t m) noexcept : m_(m) {
    inverse_ = m;                                              // m * m = 1 mod 8: three bits,
    for (int i = 0; i < 5; ++i) inverse_ *= 2 - m * inverse_;  // and twice as many each time
    one_ = (0 - m) % m;                                        // 2^64 modulo m
    square_ = one_;
    for (int i = 0; i < 64; ++i) square_ = add(square_, square_);  // 2^128 modulo m
  }
  std::uint64_t one() const noexcept { return one_; }
  std::uint64_t enter(std::uint64_t a) const noexcept { return multiply(a % m_, square_); }
  std::uint64_t multiply(std::uint64_t a, std::uint64_t b) const noexcept {
    const platform::Wide product = platform::multiply_wide(a, b);
    const std::uint64_t carried = platform::multiply_high(product.low * inverse_, m_);
    return product.high - carried + (product.high < carried ? m_ : 0);
  }

 private:
  std::uint64_t add(std::uint64_t a, std::uint64_t b) const noexcept {
    return a >= m_ - b ? a - (m_ - b) : a + b;
  }

  std::uint64_t m_, inverse_, one_, square_;
};

// Whether candidate = 2^s * d + 1, d odd, passes Miller and Rabin's test to the given base.
bool is_strong_probable_prime(std::uint64_t candidate, std::uint64_t base, const Montgomery& ring) noexcept {
  const int s = std::countr_zero(candidate - 1);
  std::uint64_t power = ring.one();
  for (int bit = 63; bit >= s; --bit) {
    power = ring.multiply(power, power);
    if ((candidate - 1) >> bit & 1) power = ring.multiply(power, ring.enter(base));
  }
  const std::uint64_t minus_one = candidate - ring.one();
  if (power == ring.one() || power == minus_one) return true;
  for (int i = 1; i < s; ++i) {
    power = ring.multiply(power, power);
    if (power == minus_one) return true;
  }
  return false;
}

}  // namespace

// The first twelve primes as bases decide every number below 3.18 * 10^23.
// Source: Sorenson and Webster, "Strong pseudoprimes to twelve prime bases" (2017).
bool is_prime_vartime(std::uint64_t candidate) noexcept {
  constexpr std::uint64_t kBases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
  if (candidate < 2) return false;
  for (const std::uint64_t base : kBases) {
    if (candidate % base == 0) return candidate == base;
  }
  const Montgomery ring(candidate);
  return std::all_of(std::begin(kBases), std::end(kBases),
                     [&](std::uint64_t base) { return is_strong_probable_prime(candidate, base, ring); });
}

platform::Result<std::vector<std::uint64_t>> find_primes(std::size_t n, unsigned bits, std::size_t count,
                                                         const std::vector<std::uint64_t>& excluded) {
  if (!valid_length(n)) {
    return platform::invalid_argument(platform::concat("n = ", n, " is not a power of two in [4, 65536]"));
  }
  if (bits < 4 || bits > kMaxScalarPrimeBits) {
    return platform::invalid_argument(platform::concat("primes of ", bits, " bits: not in [4, 61]"));
  }
  std::vector<std::uint64_t> primes;
  const std::uint64_t step = 2 * n, limit = std::uint64_t{1} << bits;
  for (std::uint64_t k = (limit - 2) / step; k > 0 && primes.size() < count; --k) {
    const std::uint64_t candidate = k * step + 1;
    if (is_prime_vartime(candidate) &&
        std::find(excluded.begin(), excluded.end(), candidate) == excluded.end()) {
      primes.push_back(candidate);
    }
  }
  if (primes.size() < count) {
    return platform::invalid_argument(platform::concat("only ", primes.size(), " of ", count,
                                                       " primes below 2^", bits, " are 1 modulo ", step,
                                                       " and not excluded"));
  }
  return primes;
}

platform::Result<std::uint64_t> primitive_root(std::size_t n, const Modulus& q) {
  if (!std::has_single_bit(n))
    return platform::invalid_argument(platform::concat("n = ", n, " is not a power of two"));
  if ((q.value() - 1) % (2 * n) != 0) {
    return platform::invalid_argument(platform::concat("q = ", q.value(), " is not 1 modulo 2n = ", 2 * n));
  }
  // root^n = -1 makes the order exactly 2n, since n is a power of two. Half of all bases give one.
  std::uint64_t root = 0;
  for (std::uint64_t base = 2; root == 0; ++base) {
    const std::uint64_t power = power_mod_vartime(base, (q.value() - 1) / (2 * n), q);
    if (power_mod_vartime(power, n, q) == q.value() - 1) root = power;
  }
  // The others are its odd powers.
  const std::uint64_t square = multiply_mod(root, root, q);
  std::uint64_t smallest = root;
  for (std::size_t i = 1; i < n; ++i) {
    root = multiply_mod(root, square, q);
    smallest = std::min(smallest, root);
  }
  return smallest;
}

}  // namespace fcn::ntt
