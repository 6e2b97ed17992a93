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
Noise from_log2_variance(double log2_variance) noexcept {
  return {log2_variance / 2};
}
double log2_variance(Noise a) noexcept {
  return 2 * a.log2_sigma;
}

// Variance of a coefficient of sum over 0 <= i < components of r_i s^i, for r_i with independent coefficients
// uniform in
// [-1/2, 1/2] (variance 1/12) and s uniform in {-1, 0, 1} (variance 2/3). A coefficient of s^i is a sum of
// n^(i-1) products of i coefficients of s; every unordered choice appears i! times, so its variance is at
// most i! n^(i-1) (2/3)^i, and multiplying by r_i sums n of those.
double power_variance(std::size_t n, std::size_t components) noexcept {
  double sum = 0, term = 1;
  for (std::size_t i = 0; i < components; ++i) {
    if (i != 0) term *= static_cast<double>(i) * static_cast<double>(n) * 2.0 / 3.0;
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
  return from_log2_variance(std::log2(params_.t().norm2_squared() * kErrorVariance + r * r));
}

// e is replaced by u e_pk + e_0 + e_1 s with ternary u and s.
Noise NoiseModel::fresh_public_key() const noexcept {
  const double r = static_cast<double>(params_.t().digit_bound()), n = static_cast<double>(params_.n());
  const double e = kErrorVariance * (1 + 2 * n * 2 / 3);
  return from_log2_variance(std::log2(params_.t().norm2_squared() * e + r * r));
}

Noise NoiseModel::sum(Noise a, Noise b, Correlation correlation) const noexcept {
  if (correlation == Correlation::kAny) return {log2_sum(a.log2_sigma, b.log2_sigma)};
  return from_log2_variance(log2_sum(log2_variance(a), log2_variance(b)));
}

Noise NoiseModel::sum_of(Noise a, double count, Correlation correlation) const noexcept {
  return {a.log2_sigma + std::log2(count) * (correlation == Correlation::kAny ? 1 : 0.5)};
}

// The scaled plaintext is (q m - r)/t: its r joins E.
Noise NoiseModel::add_plain(Noise a) const noexcept {
  return sum(a, {std::log2(static_cast<double>(params_.t().digit_bound()))}, Correlation::kAny);
}

// Each coefficient is a sum of E's coefficients weighted by those of the polynomial.
Noise NoiseModel::multiply_plain(Noise a, double norm) const noexcept {
  return {a.log2_sigma + std::log2(norm)};
}

// Write t c(s)/q = M + E/q, where M is an integer polynomial of the class of m. The product's noise is
//   M E' + M' E + E E'/q, and the rounding of each component adds t times a polynomial of power_variance.
// M is t c(s)/q but for less than 1/2, so its coefficients have variance norm2_squared * power_variance +
// 1/4; a coefficient of M E' sums n products. In a square the two cross terms are one, twice.
Noise NoiseModel::multiply(Noise a, std::size_t a_components, Noise b, std::size_t b_components,
                           std::size_t limbs, bool square) const noexcept {
  const double n = static_cast<double>(params_.n()), t2 = params_.t().norm2_squared();
  const auto integer_part = [&](std::size_t components) {
    return std::log2(n) + std::log2(t2 * power_variance(params_.n(), components) + 0.25);
  };
  const double left = integer_part(a_components) + log2_variance(b);
  const double right = integer_part(b_components) + log2_variance(a);
  const double cross = square ? 2 + left : log2_sum(left, right);
  const double both =
      std::log2(n) + log2_variance(a) + log2_variance(b) - 2 * params_.log2_q(limbs) + (square ? 1 : 0);
  const double rounding = std::log2(t2 * power_variance(params_.n(), a_components + b_components - 1));
  return from_log2_variance(log2_sum(log2_sum(cross, both), rounding));
}

// Each digit, uniform in [-w/2, w/2], times an error polynomial: n w^2/12 * variance, divided by the special
// prime squared; the division's rounding has the variance of two components.
Noise NoiseModel::key_switch(Noise a, std::size_t keys, std::size_t limbs) const noexcept {
  if (keys == 0) return a;
  const double n = static_cast<double>(params_.n()), t2 = params_.t().norm2_squared();
  const double digits = static_cast<double>(limbs * params_.digits_per_limb() * keys);
  double added =
      std::log2(t2 * digits * n * kErrorVariance / 12) + 2 * static_cast<double>(params_.digit_bits());
  if (params_.has_special()) {
    added -= 2 * std::log2(static_cast<double>(params_.spec().special_prime));
    added = log2_sum(added, std::log2(t2 * power_variance(params_.n(), 2)));
  }
  return from_log2_variance(log2_sum(log2_variance(a), added));
}

Noise NoiseModel::modulus_switch(Noise a, std::size_t limbs, std::size_t components) const noexcept {
  const double dropped = params_.log2_q(limbs) - params_.log2_q(limbs - 1);
  const double rounding = std::log2(params_.t().norm2_squared() * power_variance(params_.n(), components));
  return from_log2_variance(log2_sum(log2_variance(a) - 2 * dropped, rounding));
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
  return platform::out_of_range(
      platform::concat("noise of 2^", static_cast<int>(std::ceil(a.log2_sigma)), " after ", operation,
                       " lets decryption fail with 2^", static_cast<int>(failure),
                       " > 2^-128: log2 q = ", static_cast<int>(params_.log2_q(limbs)), " is about ",
                       static_cast<int>(std::ceil(needed > 1 ? needed : 1)), " bits too small"));
}

}  // namespace fcn::fv
