#include "activation_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace fcn::nn {
namespace {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTie = 1e-9, kTieOfScale = 1e-12;               // see the header
constexpr double kConverged = 1e-11, kConvergedOfScale = 1e-14;  // well inside a tie
constexpr int kMaxExchanges = 200;

using Polynomial = std::vector<double>;

// With coefficients `level` and above fixed, the best error that real ones below can reach, or a lower bound
// of it above the limit asked for.
struct Completion {
  double error = 0;
  Polynomial polynomial;
};

// Best approximation in the maximum norm by exchange. The free monomials 1 .. x^(level-1) satisfy Haar's
// condition: the best completion errs by the same amount E with alternating signs at level + 1 points, and
// the levelled error of ANY level + 1 points bounds it from below (de la Vallee Poussin).
class Minimax {
 public:
  explicit Minimax(const ActivationTarget& target) : target_(target) {}

  Completion complete(const Polynomial& fixed, std::size_t level, double limit) const {
    Completion best{0, fixed};
    if (level == 0) {
      best.error = std::fabs(target_.largest_residual(fixed).residual);
      return best;
    }
    Polynomial rest = fixed;
    std::fill_n(rest.begin(), level, 0.0);
    Points points(level + 1);
    for (std::size_t i = 0; i <= level; ++i) {
      const double angle = std::numbers::pi * static_cast<double>(i) / static_cast<double>(level);
      points[i] = (target_.low() + target_.high() - (target_.high() - target_.low()) * std::cos(angle)) / 2;
    }
    for (int exchange = 0; exchange < kMaxExchanges; ++exchange) {
      const double level_error = level_out(points, rest, best.polynomial);
      best.error = std::max(best.error, std::fabs(level_error));
      if (best.error > limit) break;
      const ActivationTarget::Peak peak = target_.largest_residual(best.polynomial);
      if (std::fabs(peak.residual) <= best.error * (1 + kConverged) + kConvergedOfScale * target_.scale()) {
        break;
      }
      if (!take_in(points, peak, level_error)) break;
    }
    return best;
  }

 private:
  using Points = std::vector<double>;

  // The polynomial with f - p = E, -E, E, ... at the points, by divided differences; returns E.
  double level_out(const Points& points, const Polynomial& rest, Polynomial& p) const {
    const std::size_t count = points.size();
    std::array<double, kMaxSearchDegree + 2> f{}, sign{};
    for (std::size_t i = 0; i < count; ++i) {
      f[i] = target_(points[i]) - evaluate(rest, points[i]);
      sign[i] = i % 2 == 0 ? 1 : -1;
    }
    for (std::size_t step = 1; step < count; ++step) {
      for (std::size_t i = count - 1; i >= step; --i) {
        f[i] = (f[i] - f[i - 1]) / (points[i] - points[i - step]);
        sign[i] = (sign[i] - sign[i - 1]) / (points[i] - points[i - step]);
      }
    }
    const double error = f[count - 1] / sign[count - 1];
    p = rest;
    // Newton's form to monomials: p = (...(n_k (x - x_(k-1)) + n_(k-1)) (x - x_(k-2)) + ...).
    for (std::size_t k = count - 1; k-- > 0;) {
      for (std::size_t i = count - 2 - k; i > 0; --i) p[i] = p[i - 1] - points[k] * p[i];
      p[0] = f[k] - error * sign[k] - points[k] * p[0];
    }
    return error;
  }

  // Puts the peak in the place of a point such that signs still alternate. False if the peak is a point
  // already.
  static bool take_in(Points& points, const ActivationTarget::Peak& peak, double level_error) {
    if (std::find(points.begin(), points.end(), peak.x) != points.end()) return false;
    const auto same_sign = [&](std::size_t i) {
      return (peak.residual > 0) == ((level_error >= 0) == (i % 2 == 0));
    };
    const std::size_t last = points.size() - 1;
    const std::size_t right =
        static_cast<std::size_t>(std::upper_bound(points.begin(), points.end(), peak.x) - points.begin());
    if (right == 0) {
      if (!same_sign(0)) std::rotate(points.begin(), points.end() - 1, points.end());
      points[0] = peak.x;
    } else if (right > last) {
      if (!same_sign(last)) std::rotate(points.begin(), points.begin() + 1, points.end());
      points[last] = peak.x;
    } else {
      points[same_sign(right) ? right : right - 1] = peak.x;
    }
    return true;
  }

  const ActivationTarget& target_;
};

// Least squares: with x^k = sum_j r_jk P_j in polynomials P_j orthonormal under the weight, and c* the
// optimum, error^2 = rho^2 + sum_j (sum_(k>=j) r_jk (c_k - c*_k))^2. The best completion makes all terms j <
// level 0.
class LeastSquares {
 public:
  LeastSquares(const ActivationTarget& target, std::size_t size)
      : size_(size), optimum_(size, 0.0), r_(size, Polynomial(size, 0.0)) {
    const auto nodes = target.nodes();
    std::vector<Polynomial> basis;
    Polynomial product(size, 0.0), residual;
    for (const auto& node : nodes) residual.push_back(node.f);
    const auto dot = [&](const Polynomial& u, const Polynomial& v) {
      double sum = 0;
      for (std::size_t i = 0; i < nodes.size(); ++i) sum += nodes[i].weight * u[i] * v[i];
      return sum;
    };
    const auto remove = [&](Polynomial& u, const Polynomial& unit) {
      const double share = dot(u, unit);
      for (std::size_t i = 0; i < u.size(); ++i) u[i] -= share * unit[i];
      return share;
    };
    for (std::size_t k = 0; k < size; ++k) {
      Polynomial power;
      for (const auto& node : nodes) power.push_back(std::pow(node.x, static_cast<double>(k)));
      for (int round = 0; round < 2; ++round) {  // twice: orthogonal to the last bits
        for (std::size_t j = 0; j < k; ++j) r_[j][k] += remove(power, basis[j]);
      }
      r_[k][k] = std::sqrt(dot(power, power));
      for (double& value : power) value /= r_[k][k];
      product[k] = remove(residual, power);
      basis.push_back(std::move(power));
    }
    rho2_ = dot(residual, residual);
    for (std::size_t j = size; j-- > 0;) {
      double sum = product[j];
      for (std::size_t k = j + 1; k < size; ++k) sum -= r_[j][k] * optimum_[k];
      optimum_[j] = sum / r_[j][j];
    }
  }

  Completion complete(const Polynomial& fixed, std::size_t level, double) const {
    Completion best{0, fixed};
    double error2 = rho2_;
    for (std::size_t j = size_; j-- > 0;) {
      double above = 0;
      for (std::size_t k = j + 1; k < size_; ++k) above += r_[j][k] * (best.polynomial[k] - optimum_[k]);
      if (j < level) {
        best.polynomial[j] = optimum_[j] - above / r_[j][j];
      } else {
        const double term = above + r_[j][j] * (fixed[j] - optimum_[j]);
        error2 += term * term;
      }
    }
    best.error = std::sqrt(error2);
    return best;
  }

 private:
  std::size_t size_;
  Polynomial optimum_;
  std::vector<Polynomial> r_;
  double rho2_ = 0;
};

// The rule for ties.
bool comes_first(const Polynomial& p, const Polynomial& other) {
  const auto zeros = [](const Polynomial& q) { return std::count(q.begin(), q.end(), 0.0); };
  if (zeros(p) != zeros(other)) return zeros(p) > zeros(other);
  for (std::size_t i = p.size(); i-- > 0;) {
    if (std::fabs(p[i]) != std::fabs(other[i])) return std::fabs(p[i]) < std::fabs(other[i]);
  }
  return std::lexicographical_compare(other.rbegin(), other.rend(), p.rbegin(), p.rend());
}

template <class Norm>
class Search {
 public:
  Search(Norm norm, double scale, const PowerOfTwoPolynomials& allowed)
      : norm_(std::move(norm)),
        scale_(scale),
        polynomial_(static_cast<std::size_t>(allowed.degree) + 1, 0.0) {
    for (int e = allowed.exponent_min; e <= allowed.exponent_max; ++e) {
      candidates_.insert(candidates_.end(), {std::ldexp(1.0, e), -std::ldexp(1.0, e)});
    }
    candidates_.push_back(0);
    std::sort(candidates_.begin(), candidates_.end());
  }

  Result<ActivationSearch> run(const ActivationTarget& target) {
    const Completion free = norm_.complete(polynomial_, polynomial_.size(), kInfinity);
    ActivationSearch result;
    result.unconstrained = measure(target, free.polynomial);
    if (!descend(polynomial_.size(), free.polynomial.back())) {
      return platform::out_of_range(
          concat("the search needs more than ", kMaxBounds,
                 " bounds: the smallest exponents hardly change the error; raise them"));
    }
    const auto best =
        std::min_element(best_.begin(), best_.end(), [](const Completion& c, const Completion& other) {
          return comes_first(c.polynomial, other.polynomial);
        });
    result.power_of_two = measure(target, best->polynomial);
    result.admissible = 1;
    for (std::size_t i = 0; i < polynomial_.size(); ++i) result.admissible *= candidates_.size();
    result.measured = measured_;
    result.bounds = bounds_;
    return result;
  }

 private:
  double tied_with(double error) const { return error * (1 + kTie) + kTieOfScale * scale_; }

  // Tries every value of coefficient level - 1 that could matter, those nearest to the centre first.
  bool descend(std::size_t level, double centre) {
    auto right = std::lower_bound(candidates_.begin(), candidates_.end(), centre);
    auto left = right;
    auto first = candidates_.begin(), end = candidates_.end();
    while (left != first || right != end) {
      const bool go_left = left != first && (right == end || centre - left[-1] <= *right - centre);
      const double candidate = go_left ? *--left : *right++;
      polynomial_[level - 1] = candidate;
      if (++bounds_ > kMaxBounds) return false;
      const double limit = tied_with(least_);
      Completion completion = norm_.complete(polynomial_, level - 1, limit);
      measured_ += level == 1;
      if (completion.error > limit) {
        (go_left ? first : end) = go_left ? left : right;  // convex: farther ones are no better
      } else if (level == 1) {
        offer(std::move(completion));
      } else if (!descend(level - 1, completion.polynomial[level - 2])) {
        return false;
      }
    }
    polynomial_[level - 1] = 0;
    return true;
  }

  void offer(Completion found) {
    const bool better = found.error < least_;
    least_ = std::min(least_, found.error);
    best_.push_back(std::move(found));
    if (better) std::erase_if(best_, [&](const Completion& c) { return c.error > tied_with(least_); });
  }

  Norm norm_;
  double scale_;
  std::vector<double> candidates_;
  Polynomial polynomial_;
  double least_ = kInfinity;
  std::vector<Completion> best_;  // all that tie for the least error
  std::uint64_t measured_ = 0, bounds_ = 0;
};

}  // namespace

Result<ActivationSearch> search_activation(const ActivationTarget& target, ErrorCriterion criterion,
                                           const PowerOfTwoPolynomials& allowed) {
  if (allowed.degree < 1 || allowed.degree > kMaxSearchDegree) {
    return invalid_argument(concat("degree ", allowed.degree, " is outside 1 to ", kMaxSearchDegree));
  }
  const std::string range = concat("exponents ", allowed.exponent_min, " to ", allowed.exponent_max);
  if (allowed.exponent_min > allowed.exponent_max) {
    return invalid_argument(range + ": no polynomial is admissible, the first exceeds the second");
  }
  if (allowed.exponent_min < -kMaxSearchExponent || allowed.exponent_max > kMaxSearchExponent) {
    return invalid_argument(concat(range, " leave [", -kMaxSearchExponent, ", ", kMaxSearchExponent, "]"));
  }
  if (criterion == ErrorCriterion::kMinimax) {
    return Search(Minimax(target), target.scale(), allowed).run(target);
  }
  return Search(LeastSquares(target, static_cast<std::size_t>(allowed.degree) + 1), target.scale(), allowed)
      .run(target);
}

bool is_admissible(const PowerOfTwoPolynomials& allowed, std::span<const double> polynomial) noexcept {
  return polynomial.size() <= static_cast<std::size_t>(allowed.degree) + 1 &&
         std::all_of(polynomial.begin(), polynomial.end(), [&](double c) {
           int exponent = 0;
           const double mantissa = std::fabs(std::frexp(c, &exponent));  // c = mantissa 2^exponent
           return c == 0 || (mantissa == 0.5 && exponent - 1 >= allowed.exponent_min &&
                             exponent - 1 <= allowed.exponent_max);
         });
}

Approximation measure(const ActivationTarget& target, std::vector<double> polynomial) {
  const double max_error = std::fabs(target.largest_residual(polynomial).residual);
  const double rms_error = target.rms_error(polynomial);
  return {std::move(polynomial), max_error, rms_error};
}

}  // namespace fcn::nn
