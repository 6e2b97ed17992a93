#include "range_analysis.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "internal/checked_math.h"
#include "internal/for_each_tap.h"
#include "internal/layer_check.h"

namespace fcn::nn {
namespace {

using internal::magnitude;
using internal::saturating_add;
using internal::saturating_multiply;
using platform::concat;
using platform::Result;

// What the sum of all absolute values of a neuron's terms may reach.
constexpr std::uint64_t kLimit = std::uint64_t{1} << 62;

std::uint64_t largest_magnitude(const Interval& x) noexcept {
  return std::max(magnitude(x.low), magnitude(x.high));
}

Interval operator+(const Interval& a, const Interval& b) noexcept {
  return {a.low + b.low, a.high + b.high};
}
// weight * x.
Interval scaled(const Interval& x, std::int64_t weight) noexcept {
  return weight >= 0 ? Interval{weight * x.low, weight * x.high} : Interval{weight * x.high, weight * x.low};
}

// An output's interval, and a bound on every partial sum of its terms in any order. The interval is exact as
// long as the bound is at most kLimit, and meaningless (but defined) above.
struct Bounded {
  Interval interval;
  std::uint64_t bound = 0;

  // Adds a term whose absolute value is at most term_bound; interval() gives its interval when that cannot
  // overflow.
  template <class MakeInterval>
  void add(std::uint64_t term_bound, MakeInterval make_interval) {
    bound = saturating_add(bound, term_bound);
    if (bound <= kLimit) interval = interval + make_interval();
  }
};

Bounded linear_range(const Layer& layer, std::size_t output, const std::vector<Interval>& in) {
  Bounded sum;
  if (internal::has_weights(layer)) {
    const std::size_t plane = static_cast<std::size_t>(layer.out.height) * layer.out.width;
    const std::int64_t bias = layer.bias[output / plane];
    sum.add(magnitude(bias), [bias] { return Interval{bias, bias}; });
  }
  internal::for_each_tap(layer, output, [&](std::uint32_t input, std::int64_t weight) {
    const Interval& x = in[input];
    sum.add(saturating_multiply(magnitude(weight), largest_magnitude(x)), [&] { return scaled(x, weight); });
  });
  return sum;
}

// The exact range of b x^2 + a x over the integers of an interval: its ends and the integers beside the
// vertex. Bounds: |b| x^2 + |a x| is at most kLimit at both ends.
Interval quadratic_range(std::int64_t a, std::int64_t b, const Interval& x) noexcept {
  const auto value = [a, b](std::int64_t at) { return b * at * at + a * at; };
  Interval range{std::min(value(x.low), value(x.high)), std::max(value(x.low), value(x.high))};
  if (b == 0) return range;
  const std::int64_t vertex = -a / (2 * b);  // rounded to zero: the true vertex is less than 1 away
  for (std::int64_t at = vertex - 1; at <= vertex + 1; ++at) {
    if (at < x.low || at > x.high) continue;
    range.low = std::min(range.low, value(at));
    range.high = std::max(range.high, value(at));
  }
  return range;
}

// The exact range of x^power. Bounds: |x|^power is at most kLimit.
Interval power_range(std::size_t power, const Interval& x) noexcept {
  const auto value = [power](std::int64_t at) {
    std::int64_t result = 1;
    for (std::size_t i = 0; i < power; ++i) result *= at;
    return result;
  };
  const std::int64_t a = value(x.low), b = value(x.high);
  if (power % 2 == 1) return {a, b};
  return {x.low <= 0 && x.high >= 0 ? 0 : std::min(a, b), std::max(a, b)};
}

// Exact for degree 2; the sum of the exact ranges of the quadratic part and of each higher monomial
// otherwise.
Bounded polynomial_range(const std::vector<std::int64_t>& coefficients, const Interval& x) {
  const std::int64_t c0 = coefficients[0], c1 = coefficients[1],
                     c2 = coefficients.size() > 2 ? coefficients[2] : 0;
  const std::uint64_t top = largest_magnitude(x);
  Bounded sum;
  sum.add(magnitude(c0), [c0] { return Interval{c0, c0}; });
  const std::uint64_t quadratic = saturating_multiply(saturating_multiply(magnitude(c2), top), top);
  sum.add(saturating_add(quadratic, saturating_multiply(magnitude(c1), top)),
          [&] { return quadratic_range(c1, c2, x); });
  for (std::size_t power = 3; power < coefficients.size(); ++power) {
    const std::int64_t c = coefficients[power];
    std::uint64_t term = magnitude(c);
    for (std::size_t i = 0; i < power; ++i) term = saturating_multiply(term, top);
    if (term != 0) sum.add(term, [&] { return scaled(power_range(power, x), c); });
  }
  return sum;
}

LayerRange summarize(std::vector<Interval> values) {
  LayerRange range;
  range.hull = values[0];
  for (const Interval& value : values) {
    range.hull.low = std::min(range.hull.low, value.low);
    range.hull.high = std::max(range.hull.high, value.high);
  }
  range.bits = static_cast<int>(std::bit_width(largest_magnitude(range.hull)));
  range.values = std::move(values);
  return range;
}

// An interval in doubles. Sums of mixed signs lose up to some 2^-28 of their terms to rounding (2^25 terms at most), and
// `terms` holds what they amount to.
struct DoubleInterval {
  double low = 0, high = 0, terms = 0;

  void add(double weight, const DoubleInterval& x) {
    const double a = weight * x.low, b = weight * x.high;
    low += std::min(a, b);
    high += std::max(a, b);
    terms += std::max(std::fabs(a), std::fabs(b));
  }
  void widen() {
    const double slack = terms * 0x1p-20;
    low -= slack;
    high += slack;
    terms = 0;
  }
};

// The range of c x^power.
DoubleInterval monomial_bound(double c, std::size_t power, const DoubleInterval& x) {
  const double a = std::pow(x.low, static_cast<double>(power)),
               b = std::pow(x.high, static_cast<double>(power));
  const bool turns = power % 2 == 0 && x.low < 0 && x.high > 0;
  DoubleInterval result;
  result.add(c, {turns ? 0 : std::min(a, b), std::max(a, b), 0});
  return result;
}

DoubleInterval polynomial_bound(const std::vector<std::int64_t>& coefficients, const DoubleInterval& x) {
  DoubleInterval sum;
  for (std::size_t power = 0; power < coefficients.size(); ++power) {
    sum.add(1, monomial_bound(static_cast<double>(coefficients[power]), power, x));
  }
  return sum;
}

DoubleInterval linear_bound(const Layer& layer, std::size_t output, const std::vector<DoubleInterval>& in) {
  DoubleInterval sum;
  if (internal::has_weights(layer)) {
    const std::size_t plane = static_cast<std::size_t>(layer.out.height) * layer.out.width;
    sum.add(static_cast<double>(layer.bias[output / plane]), {1, 1, 0});
  }
  internal::for_each_tap(layer, output, [&](std::uint32_t input, std::int64_t weight) {
    sum.add(static_cast<double>(weight), in[input]);
  });
  return sum;
}

}  // namespace

Result<std::vector<LayerRange>> analyze_ranges(const Network& network) {
  FCN_RETURN_IF_ERROR(validate(network));
  std::vector<LayerRange> ranges;
  const std::vector<Interval> pixels(network.input.size(), Interval{0, network.input_max});
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const std::vector<Interval>& in = i == 0 ? pixels : ranges.back().values;
    std::vector<Interval> out(layer.out.size());
    for (std::size_t o = 0; o < out.size(); ++o) {
      if (layer.kind == LayerKind::kFlatten) {
        out[o] = in[o];
        continue;
      }
      const Bounded sum = layer.kind == LayerKind::kPolynomial ? polynomial_range(layer.coefficients, in[o])
                                                               : linear_range(layer, o, in);
      if (sum.bound > kLimit) {
        const bool saturated = sum.bound == internal::kMaxUint64;
        return platform::out_of_range(
            concat(internal::layer_label(network, i), ": output ", o, " may need ",
                   saturated ? "more than 64" : std::to_string(std::bit_width(sum.bound)),
                   " bits; the sum of its terms' absolute values must not pass 2^62"));
      }
      out[o] = sum.interval;
    }
    ranges.push_back(summarize(std::move(out)));
  }
  return ranges;
}

Result<std::vector<RangeBound>> bound_ranges(const Network& network) {
  std::vector<RangeBound> bounds;
  const auto exact = analyze_ranges(network);
  if (exact.ok()) {
    for (const LayerRange& range : exact.value()) {
      bounds.push_back(
          {static_cast<double>(range.hull.low), static_cast<double>(range.hull.high), range.bits});
    }
    return bounds;
  }
  if (exact.status().code() != platform::StatusCode::kOutOfRange) return exact.status();
  std::vector<DoubleInterval> values(network.input.size(), {0, static_cast<double>(network.input_max), 0});
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    RangeBound bound{HUGE_VAL, -HUGE_VAL, 0};
    std::vector<DoubleInterval> out(layer.out.size());
    for (std::size_t o = 0; o < out.size(); ++o) {
      out[o] = layer.kind == LayerKind::kFlatten      ? values[o]
               : layer.kind == LayerKind::kPolynomial ? polynomial_bound(layer.coefficients, values[o])
                                                      : linear_bound(layer, o, values);
      out[o].widen();
      bound.low = std::min(bound.low, out[o].low);
      bound.high = std::max(bound.high, out[o].high);
    }
    const double largest = std::max(-bound.low, bound.high);
    if (!(largest < 0x1p1000)) {
      return platform::out_of_range(
          concat(internal::layer_label(network, i), ": values may need more than 1000 bits"));
    }
    bound.bits = largest < 1 ? 0 : std::ilogb(largest) + 1;
    bounds.push_back(bound);
    values = std::move(out);
  }
  return bounds;
}

}  // namespace fcn::nn
