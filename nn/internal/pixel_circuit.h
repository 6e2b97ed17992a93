// The pixel layout's circuit: a network as stages of sums and powers, before any parameters are chosen.
//
// A stage is a linear layer with what follows it: sum of weight * x_i, relinearization, bias, activation. In Z[X]/(X - b)
// a weight is the polynomial of its signed digits in base b: one monomial for +-b^e, a few for other integers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../network.h"
#include "../op_counter.h"
#include "../range_analysis.h"
#include "for_each_digit.h"
#include "for_each_tap.h"

namespace fcn::nn::internal {

// (negate ? -1 : 1) * X^exponent * value[input].
struct MonomialTerm {
  std::uint32_t input;
  std::uint16_t exponent;
  bool negate;
};

struct CircuitStage {
  std::string name;  // "layer 1: conv2d, degree-2 activation"
  std::size_t first_layer = 0, end_layer = 0;
  bool linear = true;  // false: the stage has no linear layer, and its sums are its inputs
  Shape in, out;
  std::vector<std::int64_t> polynomial;  // of the activation; empty: none
  OpCounts sum_counts;                   // of all sums and biases, without relinearizations
  std::vector<bool> live;  // whether an output is read, at last by an answer; the others are not computed
  std::size_t live_count = 0;
  bool weighted = false;      // the sums have weights, not just ones
  std::size_t sums = 0;       // outputs with a weight that is not 0
  std::size_t monomials = 0;  // added up in all sums
  double noise_factor = 1;    // what the sums raise the variance of their inputs' noise by, at most
  int range_bits = 0;         // of the values after the stage
};

// Immutable, shared: plans for several parameters are made from one circuit.
class PixelCircuit {
 public:
  // Folds activations, bounds values, counts, and looks for sums whose noise is correlated.
  // Errors: those of validate(), fold_activations() and bound_ranges(); kInvalidArgument when no layer computes anything.
  // Cost: a few nanoseconds a tap and digit.
  static platform::Result<std::shared_ptr<const PixelCircuit>> create(const Network& network,
                                                                      std::int64_t base);

  const Network& network() const noexcept { return network_; }  // folded
  std::int64_t base() const noexcept { return base_; }
  const std::vector<CircuitStage>& stages() const noexcept { return stages_; }
  const std::vector<RangeBound>& bounds() const noexcept { return bounds_; }  // after each layer

  // visit(input, weight) for every weight that is not 0 of one output's sum, inputs rising.
  template <class Visit>
  void for_each_weight(const CircuitStage& stage, std::size_t output, Visit visit) const {
    if (stage.linear) {
      for_each_tap(network_.layers[stage.first_layer], output, visit);
    } else {
      visit(static_cast<std::uint32_t>(output), std::int64_t{1});
    }
  }
  // visit(term) for every monomial of one output's sum, inputs rising.
  template <class Visit>
  void for_each_term(const CircuitStage& stage, std::size_t output, Visit visit) const {
    for_each_weight(stage, output, [&](std::uint32_t input, std::int64_t weight) {
      for_each_digit(weight, base_, [&](std::uint16_t exponent, bool negate) {
        visit(MonomialTerm{input, exponent, negate});
      });
    });
  }
  std::int64_t bias(const CircuitStage& stage, std::size_t output) const noexcept;

 private:
  PixelCircuit() = default;
  void find_live_outputs();
  Network network_;
  std::int64_t base_ = 2;
  std::vector<CircuitStage> stages_;
  std::vector<RangeBound> bounds_;
};

// The signed digits of a weight in base b, non-adjacent for b = 2: weight = sum of digit * b^exponent, as
// monomials (a digit d is d terms of the same exponent). Appends to terms.
void append_weight(std::vector<MonomialTerm>& terms, std::uint32_t input, std::int64_t weight,
                   std::int64_t base);

// Which power products a polynomial takes: x^i = x^(i/2) x^(i - i/2) for every i >= 2 up to the degree.
// True at i when x^i is a factor of a later power, and so is relinearized.
std::vector<bool> reused_powers(std::size_t degree);

}  // namespace fcn::nn::internal
