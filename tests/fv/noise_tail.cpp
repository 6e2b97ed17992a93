// How often noise strays: the bounds against sampled products of ring elements, and against tilted sampling where sampling
// sees nothing.
#include "fv/noise_tail.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdio>
#include <numbers>
#include <random>

#include "fv/internal/places.h"
#include "fv/internal/sampling.h"
#include "fv/keys.h"
#include "support/fv_sets.h"

namespace fcn::test {
namespace {

using fv::NoiseTail;
using fv::TailModel;
using Element = std::vector<double>;
using Generator = std::mt19937_64;

constexpr auto& kOrders = NoiseTail::kOrders;

double log2_factorial(unsigned k) {
  return std::lgamma(k + 1.0) / std::numbers::ln2;
}

TEST(NoiseTail, MomentsOfFactors) {
  for (std::size_t at = 0; at < kOrders.size(); ++at) {
    EXPECT_NEAR(fv::tail_of_factors(1).log2_moments[at], log2_factorial(kOrders[at]), 1e-9);
    EXPECT_NEAR(fv::tail_of_factors(3).log2_moments[at], 3 * log2_factorial(kOrders[at]), 1e-8);
    // L^2 once more: (3k)! / ((2k)! 3^k).
    const unsigned k = kOrders[at];
    EXPECT_NEAR(fv::tail_of_repeated_factor(2).log2_moments[at],
                log2_factorial(3 * k) - log2_factorial(2 * k) - k * std::log2(3.0), 1e-4);
  }
  for (unsigned factors = 0; factors < 8; ++factors)
    EXPECT_EQ(fv::count_factors(fv::tail_of_factors(factors)), factors);
}

// The mean of J exponential variables has the moments of a gamma distribution.
TEST(NoiseTail, AveragesOfExponentials) {
  for (const double count : {1.0, 2.0, 3.0, 25.0, 1000.0, 7.5}) {
    const NoiseTail mean = fv::average_tail(fv::tail_of_factors(1), count);
    for (std::size_t at = 0; at < kOrders.size(); ++at) {
      const double k = kOrders[at];
      const double exact =
          (std::lgamma(count + k) - std::lgamma(count)) / std::numbers::ln2 - k * std::log2(count);
      // Between the kept orders moments are bounds, so that those of a mean are not below the exact ones.
      EXPECT_GE(mean.log2_moments[at], exact - 1e-6) << count << ", order " << k;
      EXPECT_LE(mean.log2_moments[at], exact + 0.02 * k) << count << ", order " << k;
    }
  }
}

// p + (1 - p) L has the moments sum C(k, j) p^(k-j) (1-p)^j j!; of |x + y|^2 for related x, y those of (a + b sqrt(L))^2k.
TEST(NoiseTail, MixturesAreNotBelowTheExactOnes) {
  const TailModel model(1024, false);
  for (const double p : {0.01, 0.3, 0.9}) {
    const NoiseTail mixed = model.mix({}, 0, p, fv::tail_of_factors(1), 0, 1 - p, 2);
    const NoiseTail by_degree = model.mix({}, 0, p, {}, 1, 1 - p, 2);
    for (std::size_t at = 0; at < kOrders.size(); ++at) {
      const unsigned k = kOrders[at];
      double exact = 0;
      for (unsigned j = 0; j <= k; ++j)
        exact += std::exp(std::lgamma(k + 1.0) - std::lgamma(k - j + 1.0) + (k - j) * std::log(p) +
                          j * std::log1p(-p));
      EXPECT_GE(mixed.log2_moments[at], std::log2(exact) - 1e-9);
      EXPECT_LE(mixed.log2_moments[at], fv::tail_of_factors(1).log2_moments[at] + 1e-9);
      EXPECT_NEAR(by_degree.log2_moments[at] + log2_factorial(k), mixed.log2_moments[at], 1e-3);
    }
  }
  const NoiseTail a = fv::tail_of_factors(2);
  EXPECT_EQ(model.mix(a, 1, 0.5, a, 1, 0.5, 1), a);
}

// ---- sampling ----

Element negacyclic(const Element& a, const Element& b) {
  const std::size_t n = a.size();
  Element c(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n - i; ++j) c[i + j] += a[i] * b[j];
    for (std::size_t j = n - i; j < n; ++j) c[i + j - n] -= a[i] * b[j];
  }
  return c;
}
Element ternary(Generator& g, std::size_t n) {
  Element x(n);
  for (double& v : x) v = static_cast<double>(g() % 3) - 1;
  return x;
}
Element uniform(Generator& g, std::size_t n) {
  Element x(n);
  for (double& v : x) v = std::ldexp(static_cast<double>(g() >> 11), -53) - 0.5;
  return x;
}
Element error(Generator& g, std::size_t n) {  // centred binomial of 2 x 21 bits
  Element x(n);
  for (double& v : x) {
    const std::uint64_t bits = g();
    v = std::popcount(bits & 0x1fffff) - std::popcount(bits >> 21 & 0x1fffff);
  }
  return x;
}

// s^degree times uniform elements times an error, as noise has them: the share of samples where some coefficient passes z
// deviations is below the bound.
TEST(NoiseTail, SampledProductsStayBelowTheBound) {
  constexpr std::size_t n = 32;
  constexpr int samples = 1 << 17;
  struct Case {
    unsigned degree, uniforms;
  };
  for (const Case& c : {Case{0, 1}, Case{1, 1}, Case{1, 2}, Case{2, 2}}) {
    Generator g(c.degree * 16 + c.uniforms);
    std::vector<float> largest(samples);
    double squares = 0;
    for (float& most : largest) {
      Element x = error(g, n);
      const Element s = ternary(g, n);
      for (unsigned i = 0; i < c.degree; ++i) x = negacyclic(x, s);
      for (unsigned i = 0; i < c.uniforms; ++i) x = negacyclic(x, uniform(g, n));
      most = 0;
      for (const double v : x) {
        squares += v * v;
        most = std::max(most, static_cast<float>(std::fabs(v)));
      }
    }
    const double deviation = std::sqrt(squares / n / samples);
    const TailModel model(n, false);
    const NoiseTail tail = fv::tail_of_factors(c.uniforms);
    int compared = 0;
    for (double z = 4; z < 60; z *= 1.25) {
      int passed = 0;
      for (const float most : largest) passed += most > z * deviation;
      const double bound = std::exp2(model.log2_probability(tail, c.degree, z));
      if (bound >= 1 || passed < 5) continue;
      ++compared;
      const double share = static_cast<double>(passed) / samples;
      std::printf(
          "  s^%u, %u uniform: %.1f deviations: 2^%.1f of 2^17 samples, bound 2^%.1f, normal law 2^%.1f\n",
          c.degree, c.uniforms, z, std::log2(share), std::log2(bound),
          std::log2(n * std::erfc(z / std::numbers::sqrt2)));
      EXPECT_LE(share, bound);
      EXPECT_GE(share, bound / 4096) << "the bound says next to nothing";
    }
    EXPECT_GE(compared, 2);
  }
}

// Places drawn from a law that makes one of them large, each sample weighted by the likelihood ratio: an estimate of
// probabilities that no sampling reaches. L_i of the place is drawn with the mean lift instead of 1.
double tilted_log2(std::size_t n, unsigned degree, unsigned factors, double z, double lift, int samples,
                   Generator& g) {
  const std::size_t pairs = n / 2;
  const unsigned independent = factors + 1 + (degree > 0 ? 1 : 0);
  std::normal_distribution<double> normal(0, std::sqrt(0.5));
  std::vector<double> logs(pairs);
  double sum = 0;
  const double norm = std::sqrt(std::tgamma(degree + 1.0));
  for (int sample = 0; sample < samples; ++sample) {
    const std::size_t chosen = g() % pairs;
    double total = 0, highest = -1e300;
    for (std::size_t h = 0; h < pairs; ++h) {
      std::complex<double> y = 1;
      double exponent = 0;
      for (unsigned i = 0; i < independent; ++i) {
        const bool key = degree > 0 && i == 0;
        const double own = h == chosen ? std::sqrt(lift * (key ? degree : 1)) : 1;
        const std::complex<double> x(own * normal(g), own * normal(g));
        const double mean = lift * (key ? degree : 1);
        exponent += std::norm(x) * (1 - 1 / mean) - std::log(mean);
        y *= key ? std::pow(x, static_cast<int>(degree)) : x;
      }
      total += y.real() / norm;
      logs[h] = exponent;
      highest = std::max(highest, exponent);
    }
    if (total * 2 / std::sqrt(static_cast<double>(n)) < z) continue;
    double mixture = 0;
    for (const double exponent : logs) mixture += std::exp(exponent - highest);
    sum += std::exp(-highest) / (mixture / static_cast<double>(pairs));
  }
  return std::log2(sum / samples);
}

TEST(NoiseTail, TiltedSamplesStayBelowTheBound) {
  struct Case {
    std::size_t n;
    unsigned degree, factors;
    double z, lift;
  };
  // The second and third are x -> x^2 -> x^4 at the deviations that a normal law takes for 2^-128.
  for (const Case& c : {Case{256, 1, 1, 13.67, 20}, Case{256, 2, 2, 13.67, 5}, Case{2048, 2, 2, 13.67, 10},
                        Case{256, 2, 2, 40, 8}, Case{512, 0, 3, 20, 8}, Case{512, 1, 3, 40, 8}}) {
    Generator g(7);
    const double estimate = tilted_log2(c.n, c.degree, c.factors, c.z, c.lift, 6000, g);
    const double bound =
        TailModel(c.n, false).log2_probability(fv::tail_of_factors(c.factors), c.degree, c.z);
    std::printf("  n = %zu, s^%u, %u factors, %.1f deviations: tilted 2^%.1f, bound 2^%.1f\n", c.n, c.degree,
                c.factors + 1, c.z, estimate, bound);
    EXPECT_TRUE(std::isfinite(estimate));
    EXPECT_LE(estimate, bound);
    EXPECT_GE(estimate, bound - 60);
  }
}

// ---- keys ----

TEST(Places, AreValuesAtTheRoots) {
  Generator g(3);
  for (const std::size_t n : {4u, 8u, 64u, 1024u}) {
    std::vector<std::int64_t> a(n);
    for (auto& x : a) x = static_cast<std::int64_t>(g() % 201) - 100;
    fv::Places places = must(fv::Places::create(n));
    std::vector<double> found(n / 2), expected;
    const auto values = places.squared_moduli(a.data());
    std::copy(values.begin(), values.end(), found.begin());
    for (std::size_t j = 0; j < n; ++j) {  // all roots of X^n + 1; of each pair one
      const double angle = std::numbers::pi * (2.0 * static_cast<double>(j) + 1) / static_cast<double>(n);
      if (angle > std::numbers::pi) break;
      std::complex<double> sum = 0;
      for (std::size_t i = 0; i < n; ++i)
        sum += static_cast<double>(a[i]) * std::polar(1.0, angle * static_cast<double>(i));
      expected.push_back(std::norm(sum));
    }
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(found[i], expected[i], 1e-7 * (1 + expected.back())) << n;
    EXPECT_EQ(fv::largest_value(found), found.back());
  }
}

TEST(SecretKey, IsNowhereLarge) {
  const fv::Params params = must(fv::Params::create(must(fv::pixel_spec())));
  const std::size_t n = params.n();
  fv::Places places = must(fv::Places::create(n));
  const double limit = fv::largest_key_place(n) * 2 / 3 * static_cast<double>(n);
  platform::ChaCha20 rng = test_rng(77);
  std::vector<std::int64_t> s(n);
  int usable = 0;
  for (int i = 0; i < 300; ++i) {
    fv::sample_ternary(s.data(), n, rng);
    const bool fits = fv::largest_value(places.squared_moduli(s.data())) <= limit;
    usable += fits;
    EXPECT_EQ(fv::SecretKey::from_coefficients(params, s.data()).ok(), fits);
    if (i < 40) {
      const fv::SecretKey key = must(fv::SecretKey::generate(params, rng));
      EXPECT_LE(fv::largest_value(places.squared_moduli(key.coefficients())), limit);
    }
  }
  EXPECT_NEAR(usable / 300.0, std::exp(-1 / std::numbers::e), 0.11);  // four deviations
  std::fill(s.begin(), s.end(), 1);
  const auto refused = fv::SecretKey::from_coefficients(params, s.data());
  EXPECT_EQ(refused.status().code(), platform::StatusCode::kCorrupt);
  EXPECT_NE(refused.status().message().find("larger in one place"), std::string::npos);
}

// Keys within the limit allow fewer bits of q, and never more failures than the limit says.
TEST(TailModel, CheckedKeysHelp) {
  for (const unsigned degree : {1u, 2u, 3u}) {
    const NoiseTail tail = fv::tail_of_factors(2);
    for (const double z : {20.0, 100.0, 1000.0}) {
      const double checked = TailModel(2048, true).log2_probability(tail, degree, z);
      const double any = TailModel(2048, false).log2_probability(tail, degree, z);
      EXPECT_LE(checked, any + 0.55) << degree << ' ' << z;
      EXPECT_LE(TailModel(2048, true).log2_probability(tail, degree, 2 * z), checked);
    }
  }
}

}  // namespace
}  // namespace fcn::test
