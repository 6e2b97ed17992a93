#include "activation_target.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

namespace fcn::nn {
namespace {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;

constexpr int kCells = 2048;
constexpr int kGoldenSteps =
    28;  // 2 cells shrink by 0.618^28 < 2e-6; a smooth peak's height moves by the square

double relu(double x) {
  return std::max(x, 0.0);
}
double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
double swish(double x) {
  return x * sigmoid(x);
}
double softplus(double x) {
  return relu(x) + std::log1p(std::exp(-std::fabs(x)));
}

struct Known {
  const char* name;
  double (*function)(double);
};
constexpr Known kKnown[] = {{"relu", relu},         {"swish", swish},
                            {"softplus", softplus}, {"tanh", [](double x) { return std::tanh(x); }},
                            {"sigmoid", sigmoid},   {"table", nullptr}};

std::string text(double value) {
  char digits[40];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

Status check_interval(double low, double high) {
  const std::string name = concat("interval [", text(low), ", ", text(high), "]");
  if (!std::isfinite(low) || !std::isfinite(high)) return invalid_argument(name + " is not finite");
  if (low >= high) return invalid_argument(name + " is empty: its first end must be below its second");
  const double largest = std::max(std::fabs(low), std::fabs(high)), length = high - low;
  if (largest > kMaxIntervalEnd) return invalid_argument(concat(name, " leaves [-64, 64]"));
  if (length < kMinIntervalLength) return invalid_argument(name + " is shorter than 1/64");
  if (largest > kMaxIntervalOffset * length)
    return invalid_argument(name + " is over 16 lengths away from 0");
  return {};
}

Status check_samples(const std::vector<Sample>& samples, double low, double high) {
  if (samples.size() < 2 || samples.size() > kMaxSamples) {
    return invalid_argument(
        concat("a table of ", samples.size(), " samples; 2 to ", kMaxSamples, " are allowed"));
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!std::isfinite(samples[i].x) || !std::isfinite(samples[i].y)) {
      return invalid_argument(
          concat("sample ", i + 1, " (", text(samples[i].x), ", ", text(samples[i].y), ") is not finite"));
    }
    if (i > 0 && samples[i].x <= samples[i - 1].x) {
      return invalid_argument(concat("sample ", i + 1, " is unsorted: x = ", text(samples[i].x), " after ",
                                     text(samples[i - 1].x)));
    }
  }
  if (samples.front().x > low || samples.back().x < high) {
    return invalid_argument(concat("samples from ", text(samples.front().x), " to ", text(samples.back().x),
                                   " do not cover the interval [", text(low), ", ", text(high), "]"));
  }
  return {};
}

}  // namespace

Result<ActivationTarget> ActivationTarget::create(const std::string& function, double low, double high,
                                                  ErrorWeight weight, std::vector<Sample> samples) {
  const Known* known =
      std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& k) { return k.name == function; });
  if (known == std::end(kKnown)) {
    return invalid_argument(concat("unknown function \"", function,
                                   "\"; known are relu, swish, softplus, tanh, sigmoid and table"));
  }
  FCN_RETURN_IF_ERROR(check_interval(low, high));
  if (known->function == nullptr) {
    FCN_RETURN_IF_ERROR(check_samples(samples, low, high));
  } else if (!samples.empty()) {
    return invalid_argument(concat("samples belong to the function table, not to ", function));
  }
  ActivationTarget target;
  target.function_ = known->function;
  target.samples_ = std::move(samples);
  target.grid_ = {low, high};
  target.make_grid();
  target.make_nodes(weight);
  return target;
}

double ActivationTarget::operator()(double x) const noexcept {
  if (function_ != nullptr) return function_(x);
  const auto right = std::partition_point(samples_.begin() + 1, samples_.end() - 1,
                                          [x](const Sample& sample) { return sample.x < x; });
  const auto left = right - 1;
  const double share = (x - left->x) / (right->x - left->x);
  return left->y * (1 - share) + right->y * share;
}

// Cells of equal length, cut at every corner: relu's at 0, each sample of a table.
void ActivationTarget::make_grid() {
  const double a = low(), b = high();
  for (int i = 1; i < kCells; ++i) grid_.push_back(a + (b - a) * i / kCells);
  if (a < 0 && 0 < b) grid_.push_back(0);
  for (const Sample& sample : samples_) {
    if (a < sample.x && sample.x < b) grid_.push_back(sample.x);
  }
  std::sort(grid_.begin(), grid_.end());
  grid_.erase(std::unique(grid_.begin(), grid_.end()), grid_.end());
  scale_ = 0;
  for (const double x : grid_) {
    values_.push_back((*this)(x));
    scale_ = std::max(scale_, std::fabs(values_.back()));
  }
  if (scale_ == 0) scale_ = 1;
}

// Gauss and Legendre's rule of three points on each cell: exact for polynomials of degree 5.
void ActivationTarget::make_nodes(ErrorWeight weight) {
  const double offset = std::sqrt(0.6);
  double sum = 0;
  for (std::size_t i = 0; i + 1 < grid_.size(); ++i) {
    const double middle = (grid_[i] + grid_[i + 1]) / 2, half = (grid_[i + 1] - grid_[i]) / 2;
    for (const double t : {-offset, 0.0, offset}) {
      const double x = middle + half * t;
      const double density = weight == ErrorWeight::kNormal ? std::exp(-x * x / 2) : 1;
      nodes_.push_back({x, density * half * (t == 0 ? 8.0 / 9 : 5.0 / 9), (*this)(x)});
      sum += nodes_.back().weight;
    }
  }
  for (Node& node : nodes_) node.weight /= sum;
}

// The largest |f - p| between the grid points beside `around`, by golden sections.
ActivationTarget::Peak ActivationTarget::refine(std::span<const double> polynomial,
                                                std::size_t around) const noexcept {
  constexpr double kGolden = std::numbers::phi - 1;
  const auto residual = [&](double x) { return (*this)(x)-evaluate(polynomial, x); };
  Peak best{grid_[around], values_[around] - evaluate(polynomial, grid_[around])};
  double left = grid_[around == 0 ? 0 : around - 1], right = grid_[std::min(around + 1, grid_.size() - 1)];
  const auto probe = [&](double x) {
    const double r = residual(x);
    if (std::fabs(r) > std::fabs(best.residual)) best = {x, r};
    return std::fabs(r);
  };
  double x1 = right - kGolden * (right - left), x2 = left + kGolden * (right - left);
  double r1 = probe(x1), r2 = probe(x2);
  for (int step = 0; step < kGoldenSteps; ++step) {
    if (r1 >= r2) {
      right = x2, x2 = x1, r2 = r1;
      r1 = probe(x1 = right - kGolden * (right - left));
    } else {
      left = x1, x1 = x2, r1 = r2;
      r2 = probe(x2 = left + kGolden * (right - left));
    }
  }
  return best;
}

ActivationTarget::Peak ActivationTarget::largest_residual(std::span<const double> polynomial) const {
  std::vector<double> size(grid_.size());
  for (std::size_t i = 0; i < size.size(); ++i)
    size[i] = std::fabs(values_[i] - evaluate(polynomial, grid_[i]));
  const double largest = *std::max_element(size.begin(), size.end());
  Peak best{grid_[0], values_[0] - evaluate(polynomial, grid_[0])};
  for (std::size_t i = 0; i < size.size(); ++i) {
    if (size[i] < 0.99 * largest || (i > 0 && size[i - 1] > size[i]) ||
        (i + 1 < size.size() && size[i + 1] > size[i])) {
      continue;
    }
    const Peak peak = refine(polynomial, i);
    if (std::fabs(peak.residual) > std::fabs(best.residual)) best = peak;
  }
  return best;
}

double ActivationTarget::rms_error(std::span<const double> polynomial) const noexcept {
  double sum = 0;
  for (const Node& node : nodes_) {
    const double residual = node.f - evaluate(polynomial, node.x);
    sum += node.weight * residual * residual;
  }
  return std::sqrt(sum);
}

}  // namespace fcn::nn
