#include "noise_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "../platform/status.h"

namespace fcn::fv {
namespace {

// Logarithms throughout: a variance may pass 2^1024.
double log2_sum(double a, double b) noexcept {
  const double high = a > b ? a : b, low = a > b ? b : a;
  return high + std::log2(1 + std::exp2(low - high));
}
constexpr double kNoNoise = -1e8;
Noise from_log2_variance(double log2_variance, unsigned s_degree, const NoiseTail& tail = {}) noexcept {
  return {log2_variance / 2, s_degree, tail, {}};
}
double log2_variance(const Noise& a) noexcept {
  return 2 * a.log2_sigma;
}

// What the moments of a noise's places are at most, as the root of the highest order: log2 of the norm of A.
double heaviest(const Noise& a) noexcept {
  const double orders = NoiseTail::kOrders.back();
  // (d k)! is below (d k)^(d k).
  const double key = a.s_degree * std::log2(1 + a.s_degree * orders);
  return std::max(a.tail.log2_moments.back() / orders + key, a.spread.log2_moments.back() / orders);
}

// The mean of ||s||^2. How far keys stray from it is part of the tails.
double secret_norm2(std::size_t n) noexcept {
  return 2.0 / 3.0 * static_cast<double>(n);
}

// A coefficient of r s^i, with the coefficients of r independent of variance v, has variance v ||s^i||^2. A
// coefficient of s^i is a sum of n^(i-1) products of i coefficients of s, every unordered choice i! times over:
// ||s^i||^2 is about i! ||s||^2i. So r s^d times s^i, i < components, raises the variance by the sum of
// (d + i)! / d! * ||s||^2i; r in [-1/2, 1/2] has variance 1/12.
double power_variance(std::size_t n, std::size_t components, unsigned d) noexcept {
  double sum = 0, term = 1;
  for (std::size_t i = 0; i < components; ++i) {
    if (i != 0) term *= static_cast<double>(d + i) * secret_norm2(n);
    sum += term / 12;
  }
  return sum;
}

}  // namespace

// c(s) = (q m - r)/t + e with |r| <= digit_bound: E = t e - r.
Noise NoiseModel::fresh_secret_key() const noexcept {
  const double r = static_cast<double>(params_.t().digit_bound());
  return from_log2_variance(std::log2(params_.t().norm2_squared() * kErrorVariance + r * r), 0);
}

// e is replaced by e_0 + u e_key + e_1 s with ternary u and s.
Noise NoiseModel::fresh_public_key() const noexcept {
  const double one = params_.t().norm2_squared() * kErrorVariance, n = static_cast<double>(params_.n());
  const Noise under_u = from_log2_variance(std::log2(one * 2 / 3 * n), 0, tail_of_factors(1));
  const Noise under_s = from_log2_variance(std::log2(one * secret_norm2(params_.n())), 1);
  return sum(fresh_secret_key(), sum(under_u, under_s, Correlation::kIndependent), Correlation::kIndependent);
}

Noise NoiseModel::sum(Noise a, Noise b, Correlation correlation) const noexcept {
  if (a.log2_sigma < b.log2_sigma) std::swap(a, b);
  if (b.log2_sigma <= kNoNoise) return a;
  const int power = correlation == Correlation::kAny ? 1 : 2;
  const double log2_sigma = log2_sum(power * a.log2_sigma, power * b.log2_sigma) / power;
  const double log2_share = power * (b.log2_sigma - log2_sigma);
  // A small part of a tail that is not much heavier changes no moment by more than 2^-10 of its root.
  if (b.s_degree <= a.s_degree && log2_share < -10 - heaviest(b)) {
    a.log2_sigma = log2_sigma + 0.0015;
    return a;
  }
  const double a_share = std::exp2(power * (a.log2_sigma - log2_sigma)), b_share = std::exp2(log2_share);
  return {log2_sigma, std::max(a.s_degree, b.s_degree),
          tails_.mix(a.tail, a.s_degree, a_share, b.tail, b.s_degree, b_share, power),
          tails_.mix(a.spread, 0, a_share, b.spread, 0, b_share, power)};
}

// Of a Gaussian sum of sums it is 1; a sum of equal noises keeps their tail at most.
Noise NoiseModel::sum_of(Noise a, double count, Correlation correlation) const noexcept {
  a.log2_sigma += std::log2(count) * (correlation == Correlation::kAny ? 1 : 0.5);
  return a;
}

Noise NoiseModel::larger(const Noise& a, const Noise& b) noexcept {
  if (a == b || b.log2_sigma <= kNoNoise) return a;
  if (a.log2_sigma <= kNoNoise) return b;
  return {std::max(a.log2_sigma, b.log2_sigma), std::max(a.s_degree, b.s_degree), larger_tail(a.tail, b.tail),
          larger_tail(a.spread, b.spread)};
}

// The scaled plaintext is (q m - r)/t: its r joins E.
Noise NoiseModel::add_plain(Noise a) const noexcept {
  return sum(a, {std::log2(static_cast<double>(params_.t().digit_bound())), 0, {}, {}}, Correlation::kAny);
}

Noise NoiseModel::multiply_plain(Noise a, double norm) const noexcept {
  a.log2_sigma += std::log2(norm);
  return a;
}

Noise NoiseModel::multiply_random(Noise a, double norm, const NoiseTail& places) const noexcept {
  a.log2_sigma += std::log2(norm);
  a.tail = multiply_tails(a.tail, places);
  a.spread = multiply_tails(a.spread, places);
  return a;
}

// Rotations bring different places together, and with them different values of s. A place of a that strays is found again
// in the sum's coefficients with the factor that the plaintexts together have there, one Gaussian number more.
Noise NoiseModel::sum_of_rotations(Noise a, double norm, const NoiseTail& places,
                                   double terms) const noexcept {
  const NoiseTail whole = tails_.with_key(a.tail, a.s_degree);
  Noise out;
  out.log2_sigma = a.log2_sigma + std::log2(norm);
  out.tail = average_tail(multiply_tails(whole, places), terms);
  out.spread = larger_tail(a.spread, multiply_tails(whole, tail_of_factors(1)));
  return out;
}

// With t a(s) = q M + E over the integers, t round(t a b / q)(s) = q M M' + M E' + M' E + E E'/q + t d(s), d the
// rounding. M = t v - E/q with v = a(s)/q, which makes it
//   q M M' + t v E' + t v' E - E E'/q + t d(s).
// v E' is a sum of products of uniform r_i = a_i/q and s^i E': n power_variance of the degree of E'. Then t adds
// at most norm1 times that deviation: E' has a factor t already, and the two are not independent. The two cross
// terms are added as deviations, since E and E' may be the same. Where E' contains v (x^2 * x), v^2 has twice
// the variance of a product, v^3 six times, as for s. The powers of s in d(s) and in E E'/q, small as they are, are paid
// for by a factor of the variance and as factors of the tail, so that they do not raise the degree.
Noise NoiseModel::multiply(Noise a, std::size_t a_components, Noise b, std::size_t b_components,
                           std::size_t limbs, bool square) const noexcept {
  const double log2_n = std::log2(static_cast<double>(params_.n()));
  const auto cross = [&](std::size_t components, const Noise& e) -> Noise {
    const double repeated = square ? 1 : 1 + static_cast<double>(e.s_degree);
    const double v = repeated * power_variance(params_.n(), components, e.s_degree);
    const NoiseTail factor =
        square || e.s_degree == 0 ? tail_of_factors(1) : tail_of_repeated_factor(e.s_degree);
    return {log2_n / 2 + std::log2(params_.t().norm1()) + std::log2(v) / 2 + e.log2_sigma,
            e.s_degree + static_cast<unsigned>(components - 1), multiply_tails(e.tail, factor), e.spread};
  };
  const Noise both = {
      (log2_n + log2_variance(a) + log2_variance(b) + a.s_degree + b.s_degree + 1) / 2 -
          params_.log2_q(limbs),
      0, multiply_tails(multiply_tails(a.tail, b.tail), tail_of_factors(1 + a.s_degree + b.s_degree)),
      multiply_tails(a.spread, b.spread)};
  const Noise rounding =
      from_log2_variance(std::log2(16 * params_.t().norm2_squared() *
                                   power_variance(params_.n(), a_components + b_components - 1, 0)),
                         0, tail_of_factors(static_cast<unsigned>(a_components + b_components - 2)));
  const Noise added = sum(cross(a_components, b), cross(b_components, a), Correlation::kAny);
  return sum(sum(added, both, Correlation::kIndependent), rounding, Correlation::kIndependent);
}

// Each digit, one of the w = 2^digit_bits numbers from -w/2 on (mean square (w^2 + 2)/12), times an error
// polynomial; divided by the special prime, whose rounding has two components.
Noise NoiseModel::key_switch(Noise a, std::size_t keys, std::size_t limbs) const noexcept {
  if (keys == 0) return a;
  const double t2 = params_.t().norm2_squared();
  const double digits = static_cast<double>(limbs * params_.digits_per_limb() * keys);
  const double square = (std::exp2(2 * params_.digit_bits()) + 2) / 12;
  const double log2_special =
      params_.has_special() ? std::log2(static_cast<double>(params_.spec().special_prime)) : 0;
  const Noise products = from_log2_variance(
      std::log2(t2 * digits * square * kErrorVariance * static_cast<double>(params_.n())) - 2 * log2_special,
      0, tail_of_factors(1));
  if (!params_.has_special()) return sum(a, products, Correlation::kIndependent);
  const Noise rounding = from_log2_variance(std::log2(t2 * power_variance(params_.n(), 2, 0)), 1);
  return sum(a, sum(products, rounding, Correlation::kIndependent), Correlation::kIndependent);
}

Noise NoiseModel::modulus_switch(Noise a, std::size_t limbs, std::size_t components) const noexcept {
  a.log2_sigma -= params_.log2_q(limbs) - params_.log2_q(limbs - 1);
  return sum(a, rounding(components), Correlation::kIndependent);
}

// As rounding, to multiples of 2^bits.
Noise NoiseModel::drop_bits(Noise a, unsigned bits, std::size_t components) const noexcept {
  if (bits == 0) return a;
  Noise lost = rounding(components);
  lost.log2_sigma += bits;
  return sum(a, lost, Correlation::kIndependent);
}

// Every component rounded to an integer.
Noise NoiseModel::rounding(std::size_t components) const noexcept {
  return from_log2_variance(
      std::log2(params_.t().norm2_squared() * power_variance(params_.n(), components, 0)),
      static_cast<unsigned>(components - 1));
}

unsigned NoiseModel::max_dropped_bits(Noise a, std::size_t components, double log2_copies) const noexcept {
  unsigned bits = 0;
  while (bits + 2 < params_.modulus(0).bits() &&
         log2_failure(drop_bits(a, bits + 1, components), 1) + log2_copies <= kMaxLog2Failure) {
    ++bits;
  }
  return bits;
}

double NoiseModel::log2_failure(const Noise& a, std::size_t limbs) const noexcept {
  const double log2_z = params_.log2_q(limbs) - 1 - a.log2_sigma;
  if (log2_z > 500) return -1e30;
  const double z = std::exp2(log2_z);
  const double failure = tails_.log2_probability(a.tail, a.s_degree, z);
  if (a.spread == NoiseTail{}) return failure;
  return std::min(log2_sum(failure, tails_.log2_probability(a.spread, 0, z)), 0.0);
}

unsigned NoiseModel::missing_bits(const Noise& a, std::size_t limbs) const noexcept {
  Noise less = a;
  unsigned bits = 0;
  for (; bits < 4096 && log2_failure(less, limbs) > kMaxLog2Failure; ++bits) less.log2_sigma -= 1;
  return bits;
}

platform::Status NoiseModel::check(const Noise& a, std::size_t limbs, const char* operation) const {
  const double failure = log2_failure(a, limbs);
  if (failure <= kMaxLog2Failure) return {};
  return platform::out_of_range(
      platform::concat("noise of 2^", static_cast<int>(std::ceil(a.log2_sigma)), " after ", operation,
                       " lets decryption fail with 2^", static_cast<int>(failure),
                       " > 2^-128: log2 q = ", static_cast<int>(std::lround(params_.log2_q(limbs))),
                       " is about ", missing_bits(a, limbs), " bits too small"));
}

}  // namespace fcn::fv
