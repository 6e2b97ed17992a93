// A function on an interval, and how far a polynomial is from it.
//
// Polynomials are coefficients a_0 first. Accuracy: errors are those of the interval, not of a grid: extrema
// are found on 2048 cells (and every corner of the function) and refined, to about 1e-10 of the largest |f|.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "../platform/status.h"

namespace fcn::nn {

struct Sample {
  double x = 0, y = 0;
};

// What root mean squares are taken under: the interval's points alike, or as a standard normal value falls on
// them.
enum class ErrorWeight { kUniform, kNormal };

inline constexpr double kMaxIntervalEnd = 64;  // |a| and |b|
inline constexpr double kMinIntervalLength = 0x1p-6;
inline constexpr double kMaxIntervalOffset = 16;  // |a| and |b| in lengths of the interval
inline constexpr std::size_t kMaxSamples = std::size_t{1} << 16;

class ActivationTarget {
 public:
  // function: relu, swish, softplus, tanh, sigmoid, or table: straight lines between the samples, which no
  // other function has. Errors: kInvalidArgument naming an unknown function (and those there are), an
  // interval [low, high] that is empty, not finite or outside the limits above, samples fewer than 2 or too
  // many, not finite, not rising in x, or not covering the interval.
  static platform::Result<ActivationTarget> create(const std::string& function, double low, double high,
                                                   ErrorWeight weight = ErrorWeight::kUniform,
                                                   std::vector<Sample> samples = {});

  double low() const noexcept { return grid_.front(); }
  double high() const noexcept { return grid_.back(); }
  double scale() const noexcept { return scale_; }  // the largest |f|; 1 where f is 0
  double operator()(double x) const noexcept;       // low <= x <= high

  struct Peak {
    double x = 0, residual = 0;  // residual = f(x) - p(x)
  };
  // Where |f - p| is largest; of equal ones the leftmost.
  Peak largest_residual(std::span<const double> polynomial) const;
  // The root of the weighted mean of (f - p)^2.
  double rms_error(std::span<const double> polynomial) const noexcept;

  // Points and weights (their sum is 1) of the integrals, and f there.
  struct Node {
    double x = 0, weight = 0, f = 0;
  };
  std::span<const Node> nodes() const noexcept { return nodes_; }

 private:
  ActivationTarget() = default;
  void make_grid();
  void make_nodes(ErrorWeight weight);
  Peak refine(std::span<const double> polynomial, std::size_t around) const noexcept;

  double (*function_)(double) = nullptr;  // null: samples_
  std::vector<Sample> samples_;
  std::vector<double> grid_, values_;  // cell borders, rising, and f there
  std::vector<Node> nodes_;
  double scale_ = 1;
};

// p(x).
inline double evaluate(std::span<const double> polynomial, double x) noexcept {
  double value = 0;
  for (std::size_t i = polynomial.size(); i-- > 0;) value = value * x + polynomial[i];
  return value;
}

}  // namespace fcn::nn
