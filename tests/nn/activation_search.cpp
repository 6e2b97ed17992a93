// Optimal polynomials against brute force over all admissible ones, and against what characterises an
// optimum.
#include "nn/activation_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace fcn::nn {
namespace {

using platform::StatusCode;
using Polynomial = std::vector<double>;

const std::vector<Sample> kTable = {{-5, 1}, {-2, -0.5}, {-0.7, 0.25}, {0.4, 0}, {1.9, 2}, {3, 1.5}, {6, 1}};

// The functions once more, written differently where there is another way.
double reference(const std::string& function, double x) {
  if (function == "relu") return x < 0 ? 0 : x;
  if (function == "swish") return x * (1 + std::tanh(x / 2)) / 2;
  if (function == "softplus") return std::log(1 + std::exp(x));
  if (function == "tanh") return (std::exp(2 * x) - 1) / (std::exp(2 * x) + 1);
  if (function == "sigmoid") return (1 + std::tanh(x / 2)) / 2;
  std::size_t i = 1;
  while (kTable[i].x < x) ++i;
  const Sample a = kTable[i - 1], b = kTable[i];
  return a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x);
}

const std::vector<std::string> kFunctions = {"relu", "swish", "softplus", "tanh", "sigmoid", "table"};

ActivationTarget target_of(const std::string& function, double low, double high,
                           ErrorWeight weight = ErrorWeight::kUniform) {
  auto target = ActivationTarget::create(function, low, high, weight,
                                         function == "table" ? kTable : std::vector<Sample>{});
  EXPECT_TRUE(target.ok()) << target.status().message();
  return std::move(target).value();
}

double value_of(const Polynomial& p, double x) {
  double value = 0, power = 1;
  for (const double c : p) value += c * power, power *= x;
  return value;
}

// Points of a plain grid and f there; the trapezoid rule's weights times the weight's density.
struct PlainGrid {
  PlainGrid(const std::string& function, double low, double high, ErrorWeight weight, int cells) {
    double sum = 0;
    for (int i = 0; i <= cells; ++i) {
      x.push_back(low + (high - low) * i / cells);
      f.push_back(reference(function, x.back()));
      w.push_back((i == 0 || i == cells ? 0.5 : 1) *
                  (weight == ErrorWeight::kNormal ? std::exp(-x.back() * x.back() / 2) : 1));
      sum += w.back();
    }
    for (double& value : w) value /= sum;
  }
  double max_error(const Polynomial& p) const {
    double largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      largest = std::max(largest, std::fabs(f[i] - value_of(p, x[i])));
    return largest;
  }
  double rms_error(const Polynomial& p) const {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += w[i] * std::pow(f[i] - value_of(p, x[i]), 2);
    return std::sqrt(sum);
  }
  Polynomial x, f, w;
};

// The least error over every admissible polynomial.
double brute_force(const PowerOfTwoPolynomials& allowed,
                   const std::function<double(const Polynomial&)>& error) {
  Polynomial values = {0};
  for (int e = allowed.exponent_min; e <= allowed.exponent_max; ++e) {
    values.push_back(std::pow(2.0, e));
    values.push_back(-std::pow(2.0, e));
  }
  std::vector<std::size_t> digits(static_cast<std::size_t>(allowed.degree) + 1, 0);
  double least = std::numeric_limits<double>::infinity();
  while (true) {
    Polynomial p;
    for (const std::size_t digit : digits) p.push_back(values[digit]);
    least = std::min(least, error(p));
    std::size_t i = 0;
    while (i < digits.size() && ++digits[i] == values.size()) digits[i++] = 0;
    if (i == digits.size()) return least;
  }
}

struct Case {
  double low, high;
  int exponent_min, exponent_max;
};

TEST(ActivationSearch, FindsTheLeastErrorOfAllAdmissiblePolynomials) {
  for (const std::string& function : kFunctions) {
    for (const Case c : {Case{-4, 4, -4, -1}, Case{-1.5, 3, -3, 1}, Case{0.5, 2.5, -2, 0}}) {
      for (int degree = 1; degree <= 3; ++degree) {
        for (const ErrorWeight weight : {ErrorWeight::kUniform, ErrorWeight::kNormal}) {
          SCOPED_TRACE(function + " on " + std::to_string(c.low) + ", degree " + std::to_string(degree));
          const PowerOfTwoPolynomials allowed{degree, c.exponent_min, c.exponent_max};
          const ActivationTarget target = target_of(function, c.low, c.high, weight);
          // Two grids: a coarse one for the search, a fine one for the error of what was found.
          const PlainGrid coarse(function, c.low, c.high, weight, 240),
              fine(function, c.low, c.high, weight, 24000);
          const auto minimax = search_activation(target, ErrorCriterion::kMinimax, allowed);
          const auto squares = search_activation(target, ErrorCriterion::kLeastSquares, allowed);
          ASSERT_TRUE(minimax.ok() && squares.ok());
          for (const auto* found : {&minimax.value(), &squares.value()}) {
            const Polynomial& p = found->power_of_two.polynomial;
            EXPECT_TRUE(is_admissible(allowed, p));
            EXPECT_EQ(p.size(), static_cast<std::size_t>(degree) + 1);
            EXPECT_NEAR(found->power_of_two.max_error, fine.max_error(p), 2e-4);
            EXPECT_NEAR(found->power_of_two.rms_error, fine.rms_error(p), 1e-6);
            EXPECT_LE(found->measured, found->bounds);
            EXPECT_LT(found->measured, found->admissible);
            EXPECT_EQ(found->admissible, static_cast<std::uint64_t>(std::llround(std::pow(
                                             2 * (c.exponent_max - c.exponent_min) + 3, degree + 1))));
          }
          // On a subset of the points no polynomial errs more than on the interval; and the best one there
          // may gain no more than the grid hides.
          const double least_max =
              brute_force(allowed, [&](const Polynomial& p) { return coarse.max_error(p); });
          EXPECT_GE(minimax->power_of_two.max_error, least_max - 1e-12);
          EXPECT_NEAR(coarse.max_error(minimax->power_of_two.polynomial), least_max, 1e-3);
          const double least_rms =
              brute_force(allowed, [&](const Polynomial& p) { return coarse.rms_error(p); });
          EXPECT_NEAR(coarse.rms_error(squares->power_of_two.polynomial), least_rms, 1e-4);
          EXPECT_LE(minimax->power_of_two.max_error, squares->power_of_two.max_error + 1e-12);
          EXPECT_LE(squares->power_of_two.rms_error, minimax->power_of_two.rms_error + 1e-12);
        }
      }
    }
  }
}

TEST(ActivationSearch, TheUnconstrainedMinimaxEquioscillates) {
  for (const std::string& function : kFunctions) {
    for (int degree = 1; degree <= kMaxSearchDegree; ++degree) {
      for (const auto& [low, high] : {std::pair{-4.0, 4.0}, std::pair{-1.0, 2.5}, std::pair{-4.5, 0.25}}) {
        SCOPED_TRACE(function + ", degree " + std::to_string(degree) + ", from " + std::to_string(low));
        const auto found =
            search_activation(target_of(function, low, high), ErrorCriterion::kMinimax, {degree, -4, 0});
        ASSERT_TRUE(found.ok());
        const Approximation& best = found->unconstrained;
        EXPECT_LE(best.max_error, found->power_of_two.max_error * (1 + 1e-12));
        const PlainGrid grid(function, low, high, ErrorWeight::kUniform, 50000);
        EXPECT_NEAR(grid.max_error(best.polynomial), best.max_error, 1e-4 * best.max_error);
        int alternations = 0, sign = 0;
        for (std::size_t i = 0; i < grid.x.size(); ++i) {
          const double residual = grid.f[i] - value_of(best.polynomial, grid.x[i]);
          const int here = residual > 0 ? 1 : -1;
          if (std::fabs(residual) < best.max_error * (1 - 1e-3) || here == sign) continue;
          sign = here;
          ++alternations;
        }
        EXPECT_GE(alternations, degree + 2);
      }
    }
  }
}

TEST(ActivationSearch, TheUnconstrainedLeastSquaresIsAMinimum) {
  for (const std::string& function : kFunctions) {
    for (const ErrorWeight weight : {ErrorWeight::kUniform, ErrorWeight::kNormal}) {
      const auto found =
          search_activation(target_of(function, -3, 4, weight), ErrorCriterion::kLeastSquares, {3, -4, 0});
      ASSERT_TRUE(found.ok());
      const PlainGrid grid(function, -3, 4, weight, 70000);  // the corners of relu and the table lie on it
      Polynomial p = found->unconstrained.polynomial;
      const double least = grid.rms_error(p);
      EXPECT_NEAR(found->unconstrained.rms_error, least, 1e-8) << function;
      EXPECT_LE(least, found->power_of_two.rms_error);
      // The residual is orthogonal to every monomial, so that no direction improves.
      for (std::size_t k = 0; k < p.size(); ++k) {
        double inner = 0;
        for (std::size_t i = 0; i < grid.x.size(); ++i)
          inner += grid.w[i] * (grid.f[i] - value_of(p, grid.x[i])) * std::pow(grid.x[i], k);
        EXPECT_NEAR(inner, 0, 1e-6) << function << " x^" << k;
        for (const double step : {-1e-3, 1e-3}) {
          Polynomial beside = p;
          beside[k] += step;
          EXPECT_GT(grid.rms_error(beside), least) << function << " x^" << k;
        }
      }
    }
  }
}

// Extrema between grid points: tanh(x) - x/2 is largest where cosh(x)^2 = 2, (1/sqrt(2) - acosh(sqrt(2))/2).
TEST(ActivationSearch, ErrorsAreThoseOfTheIntervalAndNotOfAGrid) {
  const Polynomial p = {0, 0.5};
  const double expected = std::sqrt(0.5) - std::acosh(std::sqrt(2.0)) / 2;
  EXPECT_NEAR(measure(target_of("tanh", -1.1, 1.2), p).max_error, expected, 1e-14);
}

// swish is x/2 and an even function, which leaves x/2 exact.
TEST(ActivationSearch, SwishOnFourHasTheKnownQuadratic) {
  const auto found = search_activation(target_of("swish", -4, 4), ErrorCriterion::kMinimax, {2, -6, 2});
  ASSERT_TRUE(found.ok());
  const Polynomial& p = found->unconstrained.polynomial;
  EXPECT_NEAR(p[0], 0.1536, 5e-5);
  EXPECT_NEAR(p[1], 0.5, 1e-9);
  EXPECT_NEAR(p[2], 0.1205, 5e-5);
}

// On [-4, 4] |x| / 2 is nearest to x^2/8 + 1/4: Swish-AQ is relu's best quadratic even among real ones.
TEST(ActivationSearch, SwishAqIsTheOptimumOfReluOnFourAndNotOfSwish) {
  const Polynomial swish_aq = {0.25, 0.5, 0.125};
  for (const ErrorCriterion criterion : {ErrorCriterion::kMinimax, ErrorCriterion::kLeastSquares}) {
    const auto relu = search_activation(target_of("relu", -4, 4), criterion, {2, -6, 2});
    ASSERT_TRUE(relu.ok());
    EXPECT_EQ(relu->power_of_two.polynomial, swish_aq);
    if (criterion == ErrorCriterion::kLeastSquares) continue;
    EXPECT_NEAR(relu->power_of_two.max_error, 0.25, 1e-14);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(relu->unconstrained.polynomial[i], swish_aq[i], 1e-9);
  }
  // swish(4) is 3.9281: 1/8 in the place of 1/4 errs by 0.1969 there, and by less elsewhere.
  const ActivationTarget swish = target_of("swish", -4, 4);
  const auto found = search_activation(swish, ErrorCriterion::kMinimax, {2, -6, 2});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->power_of_two.polynomial, (Polynomial{0.125, 0.5, 0.125}));
  EXPECT_NEAR(found->power_of_two.max_error, 4.125 - 4 / (1 + std::exp(-4.0)), 1e-12);
  EXPECT_NEAR(measure(swish, swish_aq).max_error, 4.25 - 4 / (1 + std::exp(-4.0)), 1e-12);
}

TEST(ActivationSearch, ExactPolynomialsAreFoundAndTiesPreferFewTerms) {
  // relu right of 0 is x, and a table may be a line.
  const auto line = search_activation(target_of("relu", 0, 2), ErrorCriterion::kMinimax, {4, -30, 3});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->power_of_two.polynomial, (Polynomial{0, 1, 0, 0, 0}));
  EXPECT_LT(line->unconstrained.max_error, 1e-12);
  const auto zero = ActivationTarget::create("table", -1, 1, ErrorWeight::kUniform, {{-1, 0}, {1, 0}});
  ASSERT_TRUE(zero.ok());
  const auto none = search_activation(zero.value(), ErrorCriterion::kLeastSquares, {2, -8, 0});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->power_of_two.polynomial, (Polynomial{0, 0, 0}));
  // 3/4 is as near to 1/2 as to 1; the smaller one wins. And 0 wins over +1 and -1 on a saw of height 1.
  const auto flat = ActivationTarget::create("table", -1, 1, ErrorWeight::kUniform, {{-1, 0.75}, {1, 0.75}});
  const auto saw = ActivationTarget::create("table", -1, 1, ErrorWeight::kUniform,
                                            {{-1, 1}, {-0.5, -1}, {0, 1}, {0.5, -1}, {1, 1}});
  ASSERT_TRUE(flat.ok() && saw.ok());
  for (const ErrorCriterion criterion : {ErrorCriterion::kMinimax, ErrorCriterion::kLeastSquares}) {
    const auto half = search_activation(flat.value(), criterion, {1, -1, 0});
    const auto nothing = search_activation(saw.value(), criterion, {2, 0, 0});
    ASSERT_TRUE(half.ok() && nothing.ok());
    EXPECT_EQ(half->power_of_two.polynomial, (Polynomial{0.5, 0}));
    EXPECT_EQ(nothing->power_of_two.polynomial, (Polynomial{0, 0, 0}));
  }
}

// From 1/4 at 0 to 1 at 1: x and 1/2 + x/2 both err by 1/4, at 0.
TEST(ActivationSearch, OfTiesTheFewestTermsComeBeforeTheSmallest) {
  const auto line = ActivationTarget::create("table", 0, 1, ErrorWeight::kUniform, {{0, 0.25}, {1, 1}});
  ASSERT_TRUE(line.ok());
  const auto found = search_activation(line.value(), ErrorCriterion::kMinimax, {1, -1, 0});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->power_of_two.polynomial, (Polynomial{0, 1}));
}

TEST(ActivationSearch, AdmissibleMeansZeroOrAPowerOfTwoInRange) {
  const PowerOfTwoPolynomials allowed{2, -3, -1};
  EXPECT_TRUE(is_admissible(allowed, Polynomial{0.25, 0.5, 0.125}));
  EXPECT_TRUE(is_admissible(allowed, Polynomial{-0.25, 0}));
  EXPECT_FALSE(is_admissible(allowed, Polynomial{1}));
  EXPECT_FALSE(is_admissible(allowed, Polynomial{0.0625}));
  EXPECT_FALSE(is_admissible(allowed, Polynomial{0.375}));
  EXPECT_FALSE(is_admissible(allowed, Polynomial{0, 0, 0, 0.5}));
}

void expect_refused(const platform::Status& status, StatusCode code, const std::string& part) {
  EXPECT_EQ(status.code(), code) << part;
  EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
}

TEST(ActivationSearch, RefusesFunctionsIntervalsAndTables) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const auto refused = [](const std::string& function, double low, double high, std::vector<Sample> samples,
                          const std::string& part) {
    expect_refused(
        ActivationTarget::create(function, low, high, ErrorWeight::kUniform, std::move(samples)).status(),
        StatusCode::kInvalidArgument, part);
  };
  refused("gelu", -1, 1, {},
          "unknown function \"gelu\"; known are relu, swish, softplus, tanh, sigmoid and table");
  refused("relu", 1, 1, {}, "[1, 1] is empty");
  refused("relu", 2, -2.5, {}, "[2, -2.5] is empty");
  refused("relu", nan, 1, {}, "[nan, 1] is not finite");
  refused("relu", 0, infinity, {}, "[0, inf] is not finite");
  refused("relu", -65, 1, {}, "leaves [-64, 64]");
  refused("relu", 0, 0.01, {}, "shorter than 1/64");
  refused("relu", 60, 63, {}, "16 lengths");
  refused("relu", -1, 1, {{-1, 0}, {1, 0}}, "not to relu");
  refused("table", -1, 1, {{-1, 0}}, "a table of 1 samples");
  refused("table", -1, 1, std::vector<Sample>(kMaxSamples + 1), "a table of 65537 samples");
  refused("table", -1, 1, {{-1, 0}, {0.5, 1}, {0.5, 2}, {1, 0}}, "sample 3 is unsorted: x = 0.5 after 0.5");
  refused("table", -1, 1, {{-1, 0}, {0, nan}, {1, 0}}, "sample 2 (0, nan) is not finite");
  refused("table", -1, 1, {{-1, 0}, {0.5, 0}}, "samples from -1 to 0.5 do not cover the interval [-1, 1]");
  refused("table", -1, 1, {{-0.5, 0}, {1, 0}}, "do not cover");
}

TEST(ActivationSearch, RefusesDegreesAndExponents) {
  const ActivationTarget target = target_of("swish", -4, 4);
  for (const ErrorCriterion criterion : {ErrorCriterion::kMinimax, ErrorCriterion::kLeastSquares}) {
    const auto refused = [&](PowerOfTwoPolynomials allowed, const std::string& part) {
      expect_refused(search_activation(target, criterion, allowed).status(), StatusCode::kInvalidArgument,
                     part);
    };
    refused({0, -6, 2}, "degree 0 is outside 1 to 4");
    refused({5, -6, 2}, "degree 5 is outside 1 to 4");
    refused({2, 3, 2}, "exponents 3 to 2: no polynomial is admissible");
    refused({2, -31, 2}, "exponents -31 to 2 leave [-30, 30]");
    refused({2, 0, 31}, "exponents 0 to 31 leave");
  }
  // On a short interval high powers with small factors all but vanish: too many polynomials are equally good.
  const auto flat = ActivationTarget::create("table", -0.0078125, 0.0078125, ErrorWeight::kUniform,
                                             {{-0.0078125, 1}, {0.0078125, 1}});
  ASSERT_TRUE(flat.ok());
  expect_refused(search_activation(flat.value(), ErrorCriterion::kLeastSquares, {4, -30, -20}).status(),
                 StatusCode::kOutOfRange, "more than 262144 bounds");
}

}  // namespace
}  // namespace fcn::nn
