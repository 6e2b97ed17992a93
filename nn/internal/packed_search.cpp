#include "packed_search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "../../fv/noise_model.h"

namespace fcn::nn::internal {
namespace {

using fv::Correlation;
using fv::Noise;
using fv::NoiseModel;

// Costs in transforms of one polynomial modulo one prime. Only their ratios matter; nn/README.md says how they were
// measured.
constexpr double kProduct = 0.2;  // one term of an inner product
constexpr double kLoad = 0.5;     // a polynomial of a key or a weight, from memory
constexpr double kPermute = 0.2;  // a rotation in transform order
constexpr double kConvert = 0.5;  // a polynomial from one prime to another

class CostModel {
 public:
  CostModel(const fv::Params& params, std::size_t limbs)
      : limbs_(static_cast<double>(limbs)),
        total_(limbs_ + 1),
        digits_(limbs_ * static_cast<double>(params.digits_per_limb())) {}

  double decomposition() const { return digits_ * total_; }
  double key_product() const { return 2 * total_ * digits_ * (kProduct + kLoad + kPermute); }
  double division() const { return 2 * (total_ + limbs_ * kConvert); }
  double giant() const { return total_ + limbs_ * kConvert + decomposition() + key_product(); }
  double product(bool extended) const { return (extended ? total_ : limbs_) * (2 * kProduct + kLoad); }
  double fold(std::size_t rotations) const {
    return limbs_ + decomposition() + division() + static_cast<double>(rotations) * key_product();
  }
  double square() const {
    const double base = 2 * limbs_ + 1;
    return 5 * base + 5 * base * kConvert + decomposition() + key_product() + division();
  }
  double transform(const StepCount& steps, std::size_t products, std::size_t inputs,
                   std::size_t outputs) const {
    const auto count = [](std::size_t x) { return static_cast<double>(x); };
    return count(inputs) * 2 * limbs_ + count(steps.hoisted_inputs) * (decomposition() - limbs_) +
           count(steps.babies) * key_product() + count(steps.giants) * giant() +
           count(products) * product(steps.babies > 0) + count(outputs) * division();
  }

 private:
  double limbs_, total_, digits_;
};

// Two powers of two at a time: three rotations share a decomposition and a division.
std::vector<std::vector<std::int64_t>> group_folds(const std::vector<std::size_t>& steps) {
  std::vector<std::vector<std::int64_t>> groups;
  for (std::size_t i = 0; i < steps.size(); i += 2) {
    const auto step = static_cast<std::int64_t>(steps[i]);
    groups.push_back({step});
    if (i + 1 < steps.size()) groups.back() = {step, 2 * step, 3 * step};
  }
  return groups;
}

// One way to do a layer whose input lies in one way.
struct Option {
  std::shared_ptr<const OutputLayout> output;
  std::size_t split = 1, products = 0, inputs = 0;
  StepCount steps;
  std::vector<fv::OutputSum> sums;  // by output ciphertext
  std::vector<std::vector<std::int64_t>> folds;
};

class Search {
 public:
  Search(const fv::Params& params, const std::vector<PackedLayer>& layers, double margin_bits)
      : params_(params),
        model_(params),
        layers_(layers),
        slots_(params.t().length()),
        margin_bits_(margin_bits) {
    for (const PackedLayer& layer : layers) taps_.push_back(all_taps(layer.linear));
    const double base = static_cast<double>(params.t().base());
    // Balanced digits that look uniform; a little more, so that the real plaintexts stay below.
    plaintext_norm2_ = 1.1 * static_cast<double>(params.n()) * (base * base + 2) / 12;
  }

  PackedSearchResult run(std::size_t input_ciphertexts) {
    result_.missing_bits = 1e9;
    for (SlotLayout& input : input_layouts(layers_.front().linear, slots_)) {
      if (input_ciphertexts != 0 && input.ciphertexts() != input_ciphertexts) continue;
      input_ = std::make_shared<const SlotLayout>(std::move(input));
      visit(0, *input_, identity(*input_), params_.q_count(), model_.fresh_secret_key(), 0);
    }
    return std::move(result_);
  }

 private:
  // Tells apart the layouts that one tensor can have.
  static std::string identity(const SlotLayout& layout) {
    return platform::concat(layout.name, '/', layout.ciphertexts(), '/', layout.block, '/', layout.pitch_y,
                            '/', layout.pitch_x);
  }

  // Splits worth counting: small ones, rounder and rounder ones, and those that follow a grid.
  std::vector<std::size_t> splits(const SlotLayout& input) const {
    std::vector<std::size_t> splits = {input.block, input.pitch_y, 2 * input.pitch_y, slots_};
    for (std::size_t split = 2, grain = 1; split < slots_; split += grain) {
      splits.push_back(split);
      if (split >= 32 * grain) grain *= 2;
    }
    std::erase_if(splits, [&](std::size_t split) { return split < 2 || split > slots_; });
    return splits;
  }

  // The splits' step counts are compared; kept are the cheapest, and the one without baby steps, which has less noise.
  const std::vector<Option>& options(std::size_t stage, const SlotLayout& input, const std::string& layout) {
    const auto [at, is_new] = options_.try_emplace({stage, layout});
    if (!is_new) return at->second;
    const CostModel cost(params_, std::min<std::size_t>(params_.q_count(), 2));
    for (OutputLayout& output : output_layouts(layers_[stage].linear, input, slots_)) {
      const SlotMatrix matrix(taps_[stage], input, output, slots_);
      const auto shared = std::make_shared<const OutputLayout>(std::move(output));
      const auto make = [&](std::size_t split) {
        Option option;
        option.output = shared;
        option.split = split;
        option.products = matrix.diagonals().size();
        option.inputs = input.ciphertexts();
        option.steps = count_steps(matrix.diagonals(), split, slots_);
        if (stage + 1 < layers_.size() || !layers_[stage].polynomial.empty())
          option.folds = group_folds(shared->fold_steps(slots_));
        return option;
      };
      Option best = make(1);
      const Option giants_only = best;
      double least = 1e300;
      for (const std::size_t split : splits(input)) {
        Option option = make(split);
        const double c =
            cost.transform(option.steps, option.products, option.inputs, shared->layout.ciphertexts());
        if (c < least) {
          least = c;
          best = std::move(option);
        }
      }
      for (Option option : {giants_only, best}) {
        if (option.split == 1 && option.steps.giants > slots_ / 8) continue;  // never worth its noise
        fill_sums(option, matrix.diagonals());
        at->second.push_back(std::move(option));
      }
    }
    return at->second;
  }

  // The sums of unrelated plaintexts whose digits look uniform.
  void fill_sums(Option& option, const std::vector<Diagonal>& diagonals) const {
    option.sums.resize(option.output->layout.ciphertexts());
    std::map<std::pair<std::uint32_t, std::uint32_t>, double> of_input;  // by output and input
    std::set<std::pair<std::uint32_t, std::int32_t>> giants;
    for (const Diagonal& diagonal : diagonals) {
      fv::OutputSum& sum = option.sums[diagonal.output];
      const SplitRotation parts = split_rotation(diagonal.rotation, option.split);
      sum.norm2 += plaintext_norm2_;
      sum.baby_norm2 += parts.baby != 0 ? plaintext_norm2_ : 0;
      sum.terms += 1;
      sum.places = fv::tail_of_factors(1);
      of_input[{diagonal.output, diagonal.input}] += plaintext_norm2_;
      if (parts.giant != 0 && giants.insert({diagonal.output, parts.giant}).second) ++sum.rotated_giants;
    }
    for (const auto& [key, norm2] : of_input) {  // the square of the sum of square roots
      fv::OutputSum& sum = option.sums[key.first];
      sum.related_norm2 += norm2 + 2 * std::sqrt(sum.related_norm2 * norm2);
    }
  }

  // Whether a bound leaves room; remembers how far the best attempt came.
  bool allowed(Noise noise, std::size_t limbs, const std::string& where, std::size_t stage) {
    const double missing = noise.log2_sigma + 4 - (params_.log2_q(limbs) - 1);
    Noise most = noise;
    most.log2_sigma += margin_bits_;
    if (model_.log2_failure(most, limbs) <= fv::kMaxLog2Failure - 1) return true;
    if (stage > farthest_ || (stage == farthest_ && missing < result_.missing_bits)) {
      farthest_ = stage;
      result_.failed_at = where;
      result_.missing_bits = std::max(missing, 1.0);
    }
    return false;
  }

  Noise drop(Noise noise, std::size_t from, std::size_t to) const {
    for (; from > to; --from) noise = model_.modulus_switch(noise, from, 2);
    return noise;
  }

  // True when an earlier visit came to the same point with no more cost and noise; tails are compared by one moment.
  bool dominated(std::size_t stage, const std::string& layout, std::size_t limbs, const Noise& noise,
                 double cost) {
    auto& seen = seen_[{stage, layout, limbs}];
    for (const auto& [known_cost, known] : seen) {
      constexpr std::size_t kOrder16 = 7;
      if (known_cost <= cost && known.log2_sigma <= noise.log2_sigma &&
          known.tail.log2_moments[kOrder16] <= noise.tail.log2_moments[kOrder16] + 0.5)
        return true;
    }
    seen.emplace_back(cost, noise);
    return false;
  }

  // The numbers of primes to try next: as few as cost no room (noise and q shrink alike), and one less.
  std::vector<std::size_t> limbs_to_try(Noise noise, std::size_t limbs) const {
    for (; limbs > 1; --limbs) {
      const Noise less = model_.modulus_switch(noise, limbs, 2);
      if (less.log2_sigma > noise.log2_sigma - (params_.log2_q(limbs) - params_.log2_q(limbs - 1)) + 0.1)
        break;
      noise = less;
    }
    return limbs > 1 ? std::vector<std::size_t>{limbs - 1, limbs} : std::vector<std::size_t>{limbs};
  }

  void visit(std::size_t stage, const SlotLayout& input, const std::string& layout, std::size_t limbs,
             Noise noise, double cost) {
    if (result_.found && cost >= result_.cost) return;
    if (stage == layers_.size()) {
      result_.found = true;
      result_.cost = cost;
      result_.input = *input_;
      result_.stages = stack_;
      return;
    }
    if (dominated(stage, layout, limbs, noise, cost)) return;
    const PackedLayer& layer = layers_[stage];
    for (const std::size_t l : limbs_to_try(noise, limbs)) {
      const Noise in = drop(noise, limbs, l);
      if (l < limbs && !allowed(in, l, layer.name, stage)) continue;
      const CostModel linear(params_, l);
      for (const Option& option : options(stage, input, layout)) {
        Noise sum;
        for (const auto& sums : option.sums) {
          const Noise one = fv::LinearTransform::bound(params_, l, in, related_inputs(stage), sums);
          sum = NoiseModel::larger(sum, one);
        }
        sum = fold_noise(model_, option.folds, model_.add_plain(sum), l);
        if (!allowed(sum, l, layer.name, stage)) continue;
        const std::size_t outputs = option.output->layout.ciphertexts();
        double stage_cost = linear.transform(option.steps, option.products, option.inputs, outputs);
        for (const auto& fold : option.folds)
          stage_cost += static_cast<double>(outputs) * linear.fold(fold.size());
        for (const std::size_t a :
             layer.polynomial.empty() ? std::vector<std::size_t>{l} : limbs_to_try(sum, l)) {
          Noise out = drop(sum, l, a);
          double activation_cost = 0;
          if (!layer.polynomial.empty()) {
            if (!allowed(out, a, layer.name, stage)) continue;
            out = activation_noise(model_, layer.polynomial, out, a);
            activation_cost = static_cast<double>(outputs) * CostModel(params_, a).square();
          }
          if (!allowed(out, a, layer.name, stage)) continue;
          stack_.push_back({*option.output, option.split, l, a, option.folds, stage_cost + activation_cost});
          visit(stage + 1, option.output->layout, identity(option.output->layout), a, out,
                cost + stage_cost + activation_cost);
          stack_.pop_back();
        }
      }
    }
  }

  const fv::Params& params_;
  NoiseModel model_;
  const std::vector<PackedLayer>& layers_;
  std::size_t slots_;
  double plaintext_norm2_ = 0, margin_bits_ = 0;
  std::vector<std::vector<std::vector<Tap>>> taps_;
  std::map<std::pair<std::size_t, std::string>, std::vector<Option>> options_;
  std::map<std::tuple<std::size_t, std::string, std::size_t>, std::vector<std::pair<double, Noise>>> seen_;
  std::shared_ptr<const SlotLayout> input_;
  std::vector<PackedChoice> stack_;
  std::size_t farthest_ = 0;
  PackedSearchResult result_;
};

}  // namespace

Noise activation_noise(const NoiseModel& model, const std::vector<std::int64_t>& a, Noise x,
                       std::size_t limbs) {
  Noise sum;
  if (a.size() > 2 && a[2] != 0) {
    const Noise square = model.key_switch(model.multiply(x, 2, x, 2, limbs, true), 1, limbs);
    sum = model.multiply_plain(square, std::abs(static_cast<double>(a[2])));
  }
  if (a[1] != 0)
    sum = model.sum(sum, model.multiply_plain(x, std::abs(static_cast<double>(a[1]))), Correlation::kAny);
  return a[0] == 0 ? sum : model.add_plain(sum);
}

Noise fold_noise(const NoiseModel& model, const std::vector<std::vector<std::int64_t>>& folds, Noise x,
                 std::size_t limbs) {
  for (const auto& fold : folds)
    x = model.sum_of(model.key_switch(x, 1, limbs), static_cast<double>(fold.size() + 1), Correlation::kAny);
  return x;
}

fv::Correlation related_inputs(std::size_t stage) {
  return stage == 0 ? fv::Correlation::kIndependent : fv::Correlation::kAny;
}

PackedSearchResult search_packed_layouts(const fv::Params& params, const std::vector<PackedLayer>& layers,
                                         std::size_t input_ciphertexts, double margin_bits) {
  return Search(params, layers, margin_bits).run(input_ciphertexts);
}

}  // namespace fcn::nn::internal
