// The polynomial of least error whose coefficients are 0 or +-2^e, found by complete search.
//
// Coefficients are fixed from the highest degree down. With some of them fixed, the best real completion of
// the others bounds every admissible one from below, and is convex in the next coefficient: candidates are
// tried from its optimum outwards, and a side ends at the first whose bound exceeds the best polynomial
// known. What is left out is therefore proven worse. Errors within 1e-9 of the least (and 1e-12 of the
// largest |f|) are ties; of these, the polynomial with the fewest terms wins, then the smallest coefficient
// by size, highest degree first, then the positive one.
#pragma once

#include <cstdint>
#include <vector>

#include "activation_target.h"

namespace fcn::nn {

enum class ErrorCriterion { kMinimax, kLeastSquares };

struct PowerOfTwoPolynomials {
  int degree = 2;  // at most
  int exponent_min = -6, exponent_max = 2;
};

inline constexpr int kMaxSearchDegree = 4;
inline constexpr int kMaxSearchExponent = 30;  // |e|
inline constexpr std::uint64_t kMaxBounds = std::uint64_t{1} << 18;

struct Approximation {
  std::vector<double> polynomial;  // a_0 first, degree + 1 coefficients
  double max_error = 0, rms_error = 0;
};

struct ActivationSearch {
  Approximation unconstrained;   // the best with real coefficients
  Approximation power_of_two;    // the best admissible one
  std::uint64_t admissible = 0;  // polynomials there are
  std::uint64_t measured = 0;    // polynomials whose error was computed; all others were bounded from below
  std::uint64_t bounds = 0;      // completions computed
};

// Minimax by the exchange algorithm, least squares (under the target's weight) in an orthonormal basis.
// Errors: kInvalidArgument naming a degree outside 1 .. 4, or exponents outside -30 .. 30 or an empty range
// of them; kOutOfRange where more than kMaxBounds completions would be needed (exponents too small to
// matter).
platform::Result<ActivationSearch> search_activation(const ActivationTarget& target, ErrorCriterion criterion,
                                                     const PowerOfTwoPolynomials& allowed);

// Whether the search would consider it. Swish-AQ: {0.25, 0.5, 0.125}.
bool is_admissible(const PowerOfTwoPolynomials& allowed, std::span<const double> polynomial) noexcept;

Approximation measure(const ActivationTarget& target, std::vector<double> polynomial);

}  // namespace fcn::nn
