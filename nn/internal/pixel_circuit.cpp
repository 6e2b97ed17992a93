#include "pixel_circuit.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "../fold.h"
#include "../range_analysis.h"
#include "layer_check.h"

namespace fcn::nn::internal {
namespace {

using platform::concat;
using platform::Result;

// Values that are +-X^e times one another have fully correlated noise. Each value is known as such a multiple
// of the first of its class.
struct Classes {
  std::vector<MonomialTerm> first;  // value v = (negate ? -1 : 1) X^exponent * value[input]
  std::size_t largest = 1;          // values in the largest class

  static Classes distinct(std::size_t count) {
    Classes classes;
    for (std::size_t v = 0; v < count; ++v)
      classes.first.push_back({static_cast<std::uint32_t>(v), 0, false});
    return classes;
  }
};

// A row of terms as 128 bits: equal for equal rows. Two rows that clash by chance count as correlated: no harm.
struct RowHash {
  std::uint64_t low = 0, high = 0;

  void add(std::uint64_t term) noexcept {
    low = mix(low ^ term);
    high = mix(high + term * 0x9e3779b97f4a7c15u);
  }
  friend bool operator==(const RowHash&, const RowHash&) = default;

 private:
  static std::uint64_t mix(std::uint64_t x) noexcept {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
  }
};
struct HashOfRow {
  std::size_t operator()(const RowHash& hash) const noexcept { return static_cast<std::size_t>(hash.low); }
};

// Goes through the rows of a stage once: counts, the largest sum of squares of a row's coefficients (the terms of one
// input add up first), and the classes of the sums: equal rows after division by their first monomial.
class RowScan {
 public:
  RowScan(const PixelCircuit& circuit, CircuitStage& stage, const Classes& inputs)
      : circuit_(circuit), stage_(stage), inputs_(inputs), classes_(Classes::distinct(stage.out.size())) {}

  Classes run() {
    for (std::size_t o = 0; o < stage_.out.size(); ++o) {
      if (!stage_.live[o]) continue;
      ++stage_.live_count;
      std::size_t weights = 0;
      norm2_ = 0;
      row_ = {};
      terms_.clear();
      row_terms_ = 0;
      circuit_.for_each_weight(stage_, o, [&](std::uint32_t input, std::int64_t weight) {
        ++weights;
        add(input, weight);
      });
      stage_.sum_counts.pt_ct_adds += circuit_.bias(stage_, o) != 0;
      if (weights == 0) continue;  // a constant, without noise
      if (stage_.weighted) stage_.sum_counts.pt_ct_mults += weights;
      stage_.sum_counts.ct_ct_adds += weights - 1;
      ++stage_.sums;
      stage_.monomials += row_terms_;
      largest_norm2_ = std::max(largest_norm2_, norm2_);
      classify(o);
    }
    stage_.noise_factor = std::max(largest_norm2_ * static_cast<double>(inputs_.largest), 1.0);
    return std::move(classes_);
  }

 private:
  struct Class {
    std::uint32_t first;
    MonomialTerm lead;
    std::size_t count;
  };

  void add(std::uint32_t index, std::int64_t weight) {
    const MonomialTerm& input = inputs_.first[index];
    std::size_t uses = 0;
    for_each_digit(weight, circuit_.base(), [&](std::uint16_t digit, bool negate_digit) {
      const auto exponent = static_cast<std::uint16_t>(digit + input.exponent);
      const bool negate = negate_digit != input.negate;
      if (row_terms_ == 0) lead_ = {input.input, exponent, negate};
      const auto relative = static_cast<std::uint16_t>(exponent - lead_.exponent);
      const std::uint64_t key = std::uint64_t{input.input} << 17 | std::uint64_t{relative} << 1 |
                                std::uint64_t{negate != lead_.negate};
      if (terms_.empty() || terms_.back().first != key) terms_.emplace_back(key, 0);
      ++terms_.back().second;  // a digit above 1, of a base above 2
      ++row_terms_;
      ++uses;
    });
    norm2_ += static_cast<double>(uses) * static_cast<double>(uses);
  }

  // Rows that are the same multiple in every term, such as x + y and 3 x + 3 y in base 5, count as multiples: the fractions
  // v of their values are related (a uniform u and 3 u modulo 1 have a correlation of 1/3).
  void classify(std::size_t o) {
    std::uint64_t divisor = 0;
    for (const auto& [key, count] : terms_) divisor = std::gcd(divisor, count);
    for (const auto& [key, count] : terms_) {
      row_.add(key);
      row_.add(count / divisor);
    }
    const auto [at, is_new] = found_.try_emplace(row_, Class{static_cast<std::uint32_t>(o), lead_, 0});
    Class& same = at->second;
    classes_.first[o] = {same.first, static_cast<std::uint16_t>(lead_.exponent - same.lead.exponent),
                         lead_.negate != same.lead.negate};
    classes_.largest = std::max(classes_.largest, ++same.count);
  }

  const PixelCircuit& circuit_;
  CircuitStage& stage_;
  const Classes& inputs_;
  Classes classes_;
  std::unordered_map<RowHash, Class, HashOfRow> found_;
  RowHash row_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>>
      terms_;  // of the row: input, exponent and sign; how often
  MonomialTerm lead_{};
  std::size_t row_terms_ = 0;
  double norm2_ = 0, largest_norm2_ = 0;
};

bool is_linear(const Layer& layer) {
  return has_weights(layer) || layer.kind == LayerKind::kSumPool;
}

}  // namespace

std::int64_t PixelCircuit::bias(const CircuitStage& stage, std::size_t output) const noexcept {
  const Layer& layer = network_.layers[stage.first_layer];
  if (!stage.linear || !has_weights(layer)) return 0;
  return layer.bias[output / (layer.out.size() / layer.bias.size())];
}

// All answers are read; an earlier value is when an output that is read has a weight for it.
void PixelCircuit::find_live_outputs() {
  stages_.back().live.assign(stages_.back().out.size(), true);
  for (std::size_t s = stages_.size(); s-- > 1;) {
    std::vector<bool>& live = stages_[s - 1].live;
    live.assign(stages_[s - 1].out.size(), false);
    for (std::size_t o = 0; o < stages_[s].out.size(); ++o) {
      if (stages_[s].live[o])
        for_each_weight(stages_[s], o, [&](std::uint32_t input, std::int64_t) { live[input] = true; });
    }
  }
}

Result<std::shared_ptr<const PixelCircuit>> PixelCircuit::create(const Network& network, std::int64_t base) {
  const std::shared_ptr<PixelCircuit> circuit(new PixelCircuit());
  circuit->base_ = base;
  FCN_ASSIGN_OR_RETURN(circuit->network_, fold_activations(network));
  FCN_ASSIGN_OR_RETURN(circuit->bounds_, bound_ranges(circuit->network_));
  const auto& layers = circuit->network_.layers;
  for (std::size_t i = 0; i < layers.size();) {
    if (layers[i].kind == LayerKind::kFlatten) {
      ++i;
      continue;
    }
    CircuitStage stage;
    stage.first_layer = i;
    stage.linear = is_linear(layers[i]);
    stage.in = layers[i].in;
    stage.out = layers[i].out;
    stage.weighted = has_weights(layers[i]);
    if (stage.linear) {
      stage.name = layer_kind_name(layers[i].kind);
      ++i;
      while (i < layers.size() && layers[i].kind == LayerKind::kFlatten) ++i;
    }
    if (i < layers.size() && layers[i].kind == LayerKind::kPolynomial) {
      stage.name +=
          concat(stage.name.empty() ? "" : ", ", "degree-", layers[i].coefficients.size() - 1, " activation");
      stage.polynomial = layers[i].coefficients;
      while (stage.polynomial.size() > 2 && stage.polynomial.back() == 0) stage.polynomial.pop_back();
      ++i;
    }
    stage.end_layer = i;
    stage.name = concat("layer ", stage.first_layer + 1, ": ", stage.name);
    stage.range_bits = circuit->bounds_[i - 1].bits;
    circuit->stages_.push_back(std::move(stage));
  }
  if (circuit->stages_.empty())
    return platform::invalid_argument("the network has no layer that computes anything");
  circuit->find_live_outputs();
  Classes classes = Classes::distinct(network.input.size());
  for (CircuitStage& stage : circuit->stages_) {
    classes = RowScan(*circuit, stage, classes).run();
    if (!stage.polynomial.empty()) {  // a product of multiples: X^(e degree), the sign to that power
      const auto degree = static_cast<std::uint16_t>(stage.polynomial.size() - 1);
      for (MonomialTerm& first_of : classes.first) {
        first_of.exponent = static_cast<std::uint16_t>(first_of.exponent * degree);
        first_of.negate = first_of.negate && degree % 2 != 0;
      }
    }
  }
  return std::shared_ptr<const PixelCircuit>(circuit);
}

void append_weight(std::vector<MonomialTerm>& terms, std::uint32_t input, std::int64_t weight,
                   std::int64_t base) {
  for_each_digit(weight, base, [&](std::uint16_t exponent, bool negate) {
    terms.push_back({input, exponent, negate});
  });
}

std::vector<bool> reused_powers(std::size_t degree) {
  std::vector<bool> reused(degree + 1, false);
  for (std::size_t i = 2; i <= degree; ++i) reused[i / 2] = reused[i - i / 2] = true;
  return reused;
}

}  // namespace fcn::nn::internal
