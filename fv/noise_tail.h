// How far the noise strays from its deviation, and how rarely.
//
// Noise after a product is not normal. In the canonical embedding, X -> an odd power of a primitive 2n-th root of unity, a
// product of ring elements is a product of complex numbers in each of n places. The coefficients of a fresh error are
// independent and sub-Gaussian, so its n/2 conjugate pairs of places hold nearly independent complex Gaussian numbers, whose
// squared moduli are exponential variables. A product of five such errors is large in one place as soon as five exponential
// variables are large there together, which is far more likely than a normal law of the same deviation says.
//
// A tail describes one place. Where E is the noise and E(w) its value there, E(w) is a complex Gaussian number times the
// square root of an independent variable A >= 0 of mean 1, times the deviation. The tail bounds the moments of A:
//   A = 1                         a fresh error, a sum of many independent ones
//   A = L_1 ... L_f               a product of f + 1 independent ring elements; E A^k = (k!)^f
//   A = (A_1 + ... + A_J) / J     a sum of J independent noises: nearer to 1 than each of them
// Powers of the secret key multiply A by L^d with one L; the degree d is kept beside the tail, since further factors s
// meet the same L. Keys with a large L anywhere are not used (largest_key_place). fv/README.md derives the bound on the
// probability; tests sample it.
#pragma once

#include <array>
#include <cstddef>

namespace fcn::fv {

struct NoiseTail {
  // Moments are kept at these orders. Their logarithms are convex in the order, so that lines between two orders are
  // bounds for all orders between them.
  static constexpr std::array<unsigned, 12> kOrders = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
  std::array<double, kOrders.size()> log2_moments = {};  // of A at each order; zeros: a Gaussian number

  friend bool operator==(const NoiseTail&, const NoiseTail&) = default;
};

// A secret key is used only when its squared modulus is at most this many times its mean, 2n/3, in every place:
// ln(n/2) + 1, which 69 % of all keys satisfy, since n/2 exponential variables all do with a probability of exp(-1/e).
double largest_key_place(std::size_t n) noexcept;

// The product with a ring element whose places are described by b, independent of a.
NoiseTail multiply_tails(const NoiseTail& a, const NoiseTail& b) noexcept;
// The product of so many ring elements with independent coefficients: every place a product of exponential variables.
NoiseTail tail_of_factors(unsigned factors) noexcept;
// A factor that is already there to the power of times: E L^(times + 1)k / E L^(times k), more than of an independent one.
NoiseTail tail_of_repeated_factor(unsigned times) noexcept;
// The least number of factors whose product strays at least as far: what a file keeps of a tail.
unsigned count_factors(const NoiseTail& a) noexcept;
// The larger moment at each order: holds for either.
NoiseTail larger_tail(const NoiseTail& a, const NoiseTail& b) noexcept;

class TailModel {
 public:
  // checked_keys: keys are within largest_key_place; otherwise L has no limit.
  TailModel(std::size_t n, bool checked_keys) noexcept;

  // The tail of a sum whose terms contribute a_share and b_share (both above 0, together 1) of the deviation (power 1) or
  // of the variance (power 2). The terms may have different degrees in s; the result has the larger. Valid however the
  // terms are related for power 1 (the triangle inequality for the moments of E(w)), and for power 2 where, other factors
  // given, they are independent (the same inequality for the moments of A).
  NoiseTail mix(const NoiseTail& a, unsigned a_degree, double a_share, const NoiseTail& b, unsigned b_degree,
                double b_share, int power) const noexcept;

  // L^degree as a factor like others, for places that no later factor s meets.
  NoiseTail with_key(const NoiseTail& a, unsigned degree) const noexcept;

  // log2 of a bound on the probability that any of n coefficients passes z deviations; at most 0. Cost: some ten
  // microseconds where z is below a few thousand, and below one microsecond beyond.
  double log2_probability(const NoiseTail& a, unsigned degree, double z) const noexcept;

 private:
  double log2_key_moment(unsigned degree, unsigned k) const noexcept;
  double log2_by_one_moment(const NoiseTail& a, unsigned degree, double log2_z) const noexcept;
  class PlaceBound;
  double n_, key_limit_;  // key_limit_: of L; 0: none
};

// The tail of a sum of count terms of equal deviations that are independent in each place. Terms of unequal deviations
// count as the sum of their variances over the largest of these. Cost: some ten microseconds.
NoiseTail average_tail(const NoiseTail& a, double count) noexcept;

}  // namespace fcn::fv
