#include "noise_model.h"

#include <cmath>

#include "../platform/status.h"

namespace fcn::fv {
namespace {

// Logarithms throughout: a variance may pass 2^1024.
double log2_sum(double a, double b) noexcept {
  const double high = a > b ? a : b, low = a > b ? b : a;
  return high + std::log2(1 + std::exp2(low - high));
}
Noise from_log2_variance(double log2_variance, unsigned s_degree) noexcept {
  return {log2_variance / 2, s_degree};
}
double log2_variance(Noise a) noexcept {
  return 2 * a.log2_sigma;
}

// What the squares of n fixed values of mean square 1 (a key's coefficients, its errors) add up to at most: for
// values in [0, 3/2] the sum exceeds its mean by 10 sqrt(n) with a probability below exp(-2 * 100 * 4/9) =
// 2^-128 (Hoeffding); for errors those are seven deviations.
double norm2_bound(std::size_t n) noexcept {
  return static_cast<double>(n) + 10 * std::sqrt(static_cast<double>(n));
}
double secret_norm2(std::size_t n) noexcept {
  const double mostly = 2.0 / 3.0 * norm2_bound(n), always = static_cast<double>(n);
  return mostly < always ? mostly : always;
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

// log2 of the two-sided normal tail P(|x| >= z sigma), from erfc where it does not underflow and its
// asymptote beyond.
double log2_normal_tail(double z) noexcept {
  if (z < 30) return std::log2(std::erfc(z / std::sqrt(2.0)));
  return -z * z / 2 / std::log(2.0) - std::log2(z) + 0.5 * std::log2(2 / 3.14159265358979323846);
}

}  // namespace

// c(s) = (q m - r)/t + e with |r| <= digit_bound: E = t e - r.
Noise NoiseModel::fresh_secret_key() const noexcept {
  const double r = static_cast<double>(params_.t().digit_bound());
  return from_log2_variance(std::log2(params_.t().norm2_squared() * kErrorVariance + r * r), 0);
}

// e is replaced by e_0 + u e_key + e_1 s with ternary u and s.
Noise NoiseModel::fresh_public_key() const noexcept {
  const double r = static_cast<double>(params_.t().digit_bound());
  const double e = kErrorVariance * (1 + 2.0 / 3.0 * norm2_bound(params_.n()) + secret_norm2(params_.n()));
  return from_log2_variance(std::log2(params_.t().norm2_squared() * e + r * r), 1);
}

Noise NoiseModel::sum(Noise a, Noise b, Correlation correlation) const noexcept {
  const unsigned degree = a.s_degree > b.s_degree ? a.s_degree : b.s_degree;
  if (correlation == Correlation::kAny) return {log2_sum(a.log2_sigma, b.log2_sigma), degree};
  return from_log2_variance(log2_sum(log2_variance(a), log2_variance(b)), degree);
}

Noise NoiseModel::sum_of(Noise a, double count, Correlation correlation) const noexcept {
  return {a.log2_sigma + std::log2(count) * (correlation == Correlation::kAny ? 1 : 0.5), a.s_degree};
}

// The scaled plaintext is (q m - r)/t: its r joins E.
Noise NoiseModel::add_plain(Noise a) const noexcept {
  return sum(a, {std::log2(static_cast<double>(params_.t().digit_bound())), 0}, Correlation::kAny);
}

Noise NoiseModel::multiply_plain(Noise a, double norm) const noexcept {
  return {a.log2_sigma + std::log2(norm), a.s_degree};
}

// With t a(s) = q M + E over the integers, t round(t a b / q)(s) = q M M' + M E' + M' E + E E'/q + t d(s), d the
// rounding. M = t v - E/q with v = a(s)/q, which makes it
//   q M M' + t v E' + t v' E - E E'/q + t d(s).
// v E' is a sum of products of uniform r_i = a_i/q and s^i E': n power_variance of the degree of E'. Then t adds
// at most norm1 times that deviation: E' has a factor t already, and the two are not independent. The two cross
// terms are added as deviations, since E and E' may be the same. Where E' contains v (x^2 * x), v^2 has twice
// the variance of a product, v^3 six times, as for s. The powers of s in d(s), small as it is, are paid for by
// a factor 16, so that they do not raise the degree.
Noise NoiseModel::multiply(Noise a, std::size_t a_components, Noise b, std::size_t b_components,
                           std::size_t limbs, bool square) const noexcept {
  const double log2_n = std::log2(static_cast<double>(params_.n()));
  const auto cross = [&](std::size_t components, Noise e) -> Noise {
    const double repeated = square ? 1 : 1 + static_cast<double>(e.s_degree);
    const double v = repeated * power_variance(params_.n(), components, e.s_degree);
    return from_log2_variance(log2_n + 2 * std::log2(params_.t().norm1()) + std::log2(v) + log2_variance(e),
                              e.s_degree + static_cast<unsigned>(components - 1));
  };
  const Noise both = from_log2_variance(
      log2_n + log2_variance(a) + log2_variance(b) - 2 * params_.log2_q(limbs) + a.s_degree + b.s_degree + 1,
      0);
  const double rounding =
      16 * params_.t().norm2_squared() * power_variance(params_.n(), a_components + b_components - 1, 0);
  const Noise added = sum(cross(a_components, b), cross(b_components, a), Correlation::kAny);
  return sum(sum(added, both, Correlation::kIndependent), from_log2_variance(std::log2(rounding), 0),
             Correlation::kIndependent);
}

// Each digit, one of the w = 2^digit_bits numbers from -w/2 on (mean square (w^2 + 2)/12), times an error
// polynomial; divided by the special prime, whose rounding has two components.
Noise NoiseModel::key_switch(Noise a, std::size_t keys, std::size_t limbs) const noexcept {
  if (keys == 0) return a;
  const double t2 = params_.t().norm2_squared();
  const double digits = static_cast<double>(limbs * params_.digits_per_limb() * keys);
  const double square = (std::exp2(2 * params_.digit_bits()) + 2) / 12;
  double added = std::log2(t2 * digits * square * kErrorVariance * norm2_bound(params_.n()));
  if (!params_.has_special()) return sum(a, from_log2_variance(added, 0), Correlation::kIndependent);
  added -= 2 * std::log2(static_cast<double>(params_.spec().special_prime));
  added = log2_sum(added, std::log2(t2 * power_variance(params_.n(), 2, 0)));
  return sum(a, from_log2_variance(added, 1), Correlation::kIndependent);
}

Noise NoiseModel::modulus_switch(Noise a, std::size_t limbs, std::size_t components) const noexcept {
  const double dropped = params_.log2_q(limbs) - params_.log2_q(limbs - 1);
  const double rounding = params_.t().norm2_squared() * power_variance(params_.n(), components, 0);
  return sum({a.log2_sigma - dropped, a.s_degree},
             from_log2_variance(std::log2(rounding), static_cast<unsigned>(components - 1)),
             Correlation::kIndependent);
}

// As rounding, to multiples of 2^bits.
Noise NoiseModel::drop_bits(Noise a, unsigned bits, std::size_t components) const noexcept {
  if (bits == 0) return a;
  const double rounding =
      std::log2(params_.t().norm2_squared() * power_variance(params_.n(), components, 0)) + 2.0 * bits;
  return sum(a, from_log2_variance(rounding, static_cast<unsigned>(components - 1)),
             Correlation::kIndependent);
}

unsigned NoiseModel::max_dropped_bits(Noise a, std::size_t components, double log2_copies) const noexcept {
  unsigned bits = 0;
  while (bits + 2 < params_.modulus(0).bits() &&
         log2_failure(drop_bits(a, bits + 1, components), 1) + log2_copies <= kMaxLog2Failure) {
    ++bits;
  }
  return bits;
}

double NoiseModel::log2_failure(Noise a, std::size_t limbs) const noexcept {
  const double log2_z = params_.log2_q(limbs) - 1 - a.log2_sigma;
  const double tail = log2_z > 100 ? -1e30 : log2_normal_tail(std::exp2(log2_z));
  const double failure = std::log2(static_cast<double>(params_.n())) + tail;
  return failure < 0 ? failure : 0;
}

platform::Status NoiseModel::check(Noise a, std::size_t limbs, const char* operation) const {
  const double failure = log2_failure(a, limbs);
  if (failure <= kMaxLog2Failure) return {};
  const double needed = a.log2_sigma + 4 - (params_.log2_q(limbs) - 1);  // 2^4 deviations are beyond 2^-128
  return platform::out_of_range(platform::concat(
      "noise of 2^", static_cast<int>(std::ceil(a.log2_sigma)), " after ", operation,
      " lets decryption fail with 2^", static_cast<int>(failure),
      " > 2^-128: log2 q = ", static_cast<int>(std::lround(params_.log2_q(limbs))), " is about ",
      static_cast<int>(std::ceil(needed > 1 ? needed : 1)), " bits too small"));
}

}  // namespace fcn::fv
