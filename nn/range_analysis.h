// Intervals that no value of a network can leave, whatever the image.
#pragma once

#include <vector>

#include "network.h"

namespace fcn::nn {

struct Interval {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

struct LayerRange {
  std::vector<Interval> values;  // one for each output of the layer
  Interval hull;                 // the smallest interval that holds them all
  int bits = 0;                  // smallest b with every |value| < 2^b
};

// Propagates [0, input_max] through every layer: linear layers by the sign of each weight, polynomials by the exact
// range of the monomials' sum over the interval or a superset of it (a square of a signed value is never negative).
// Partial sums are covered too: any order of summation stays within 63 bits.
// Errors: kOutOfRange naming the layer, output and bits when a bound passes 2^62; those of validate().
platform::Result<std::vector<LayerRange>> analyze_ranges(const Network& network);

// What the values of a layer cannot leave, for networks of any depth.
struct RangeBound {
  double low = 0, high = 0;
  int bits = 0;  // b with every |value| < 2^b: the smallest one up to 62
};

// The hulls of analyze_ranges() where that succeeds. Beyond, intervals in doubles whose rounding widens them; partial
// sums are not looked at. Errors: kOutOfRange naming the layer where a value may pass 2^1000; those of validate().
platform::Result<std::vector<RangeBound>> bound_ranges(const Network& network);

}  // namespace fcn::nn
