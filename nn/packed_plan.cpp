#include "packed_plan.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "../fv/encoding.h"
#include "../fv/frame.h"
#include "../fv/security.h"
#include "fold.h"
#include "internal/packed_search.h"
#include "range_analysis.h"

namespace fcn::nn {
namespace {

using internal::PackedLayer;
using internal::PackedSearchResult;
using platform::concat;
using platform::Result;
using platform::Status;

constexpr std::uint64_t kBase =
    132;  // of t = X^(n/8) - 132: the least whose p = 132^8 + 1 has at least 50 bits
constexpr std::size_t kDigits = 8;  // n/k
constexpr unsigned kPrimeBits = ntt::kMaxPrimeBits;

bool is_linear(LayerKind kind) {
  return kind == LayerKind::kConv2d || kind == LayerKind::kDense || kind == LayerKind::kSumPool;
}

// Pairs of linear layer and activation. An activation without a linear layer before it gets the identity.
Result<std::vector<PackedLayer>> group_layers(const Network& network) {
  std::vector<PackedLayer> grouped;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const std::string label = concat("layer ", i + 1, ": ", layer_kind_name(layer.kind));
    if (layer.kind == LayerKind::kFlatten) continue;
    if (is_linear(layer.kind)) {
      grouped.push_back({label, layer, {}, i});
      continue;
    }
    std::vector<std::int64_t> a = layer.coefficients;
    while (a.size() > 2 && a.back() == 0) a.pop_back();
    if (a.size() > 3) {
      return platform::invalid_argument(
          concat(label, " of degree ", a.size() - 1, ": the packed layout takes degree 2 at most"));
    }
    if (grouped.empty() || !grouped.back().polynomial.empty()) {
      Layer identity = make_sum_pool(layer.in, 1, 1, 0);
      grouped.push_back({label, std::move(identity), {}, i});
    } else {
      grouped.back().name += concat(", degree-", a.size() - 1, " activation");
    }
    grouped.back().polynomial = std::move(a);
    grouped.back().last = i;
  }
  if (grouped.empty()) return platform::invalid_argument("the network has no layer that computes anything");
  return grouped;
}

Result<fv::Params> make_params(std::size_t n, std::size_t limbs, const ntt::KernelTable& kernels) {
  FCN_ASSIGN_OR_RETURN(const auto t, fv::PlaintextModulus::binomial(n, n / kDigits, kBase));
  FCN_ASSIGN_OR_RETURN(const auto spec,
                       fv::make_spec(n, t, std::vector<unsigned>(limbs, kPrimeBits), kPrimeBits, 0));
  return fv::Params::create(spec, kernels);
}

struct Found {
  fv::Params params;
  PackedSearchResult search;
};

// The secure set of the smallest n that the noise allows, with as many primes as make the cheapest plan. Cost: a search
// for each set tried.
Result<Found> find_params(const std::vector<PackedLayer>& layers, const PackedOptions& options,
                          double margin_bits, const ntt::KernelTable& kernels) {
  std::optional<Found> best;
  PackedSearchResult failed;
  const auto attempt = [&](std::size_t n, std::size_t limbs) -> Result<bool> {
    FCN_ASSIGN_OR_RETURN(fv::Params params, make_params(n, limbs, kernels));
    PackedSearchResult search =
        internal::search_packed_layouts(params, layers, options.input_ciphertexts, margin_bits);
    if (!search.found) {
      failed = std::move(search);
      return false;
    }
    if (!best || search.cost < best->search.cost) best = Found{params, std::move(search)};
    return true;
  };
  for (std::size_t n = 4096; n <= 32768 && !best; n *= 2) {
    std::size_t limbs =
        std::min(static_cast<std::size_t>(fv::max_log2_modulus(n)) / kPrimeBits - 1, fv::kMaxLimbs);
    if (options.limbs != 0) {
      if (options.limbs > limbs) continue;
      limbs = options.limbs;
    }
    // More primes leave room for cheaper layouts, and make each operation dearer.
    for (; limbs >= 1; --limbs) {
      const double known = best ? best->search.cost : 0;
      FCN_ASSIGN_OR_RETURN(const bool possible, attempt(n, limbs));
      if (!possible || options.limbs != 0 || (known != 0 && best->search.cost == known)) break;
    }
  }
  if (best) return std::move(*best);
  if (failed.failed_at.empty()) {
    return platform::invalid_argument(
        concat("no layout of the input takes ", options.input_ciphertexts, " ciphertexts"));
  }
  return platform::out_of_range(concat(
      "no secure parameters hold the network in the packed layout: ", failed.failed_at, " leaves q about ",
      static_cast<int>(std::ceil(failed.missing_bits)), " bits too small; fewer layers, smaller sums or ",
      options.limbs == 0 ? "the pixel layout" : "more primes", " would help"));
}

// Slots of each output ciphertext: the bias in the own slot of each output.
std::vector<std::vector<std::int64_t>> bias_slots(const Layer& layer, const OutputLayout& output,
                                                  std::size_t slots) {
  if (layer.bias.empty()) return {};
  std::vector<std::vector<std::int64_t>> bias(output.layout.ciphertexts(),
                                              std::vector<std::int64_t>(slots, 0));
  const std::size_t each = layer.out.size() / layer.bias.size();
  for (std::size_t o = 0; o < layer.out.size(); ++o)
    bias[output.base[o].ciphertext][output.base[o].slot] = layer.bias[o / each];
  return bias;
}

Status check_ranges(const fv::Params& params, const std::vector<LayerRange>& ranges) {
  const std::int64_t largest = fv::max_integer(params);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].hull.low < -largest || ranges[i].hull.high > largest) {
      return platform::out_of_range(
          concat("layer ", i + 1, ": values of ", ranges[i].bits,
                 " bits leave the plaintext space, which ends at +-", largest,
                 "; fewer levels of pixels or weights, or the pixel layout, would help"));
    }
  }
  return {};
}

void count_operations(PackedStage& stage, std::size_t outputs) {
  OpCounts& counts = stage.counts;
  counts.pt_ct_mults = stage.transform.products();
  counts.ct_ct_adds = stage.transform.products() > outputs ? stage.transform.products() - outputs : 0;
  counts.pt_ct_adds = stage.transform.has_bias() ? outputs : 0;
  counts.rotations = stage.transform.rotations();
  for (const auto& fold : stage.folds) {
    counts.rotations += outputs * fold.size();
    counts.ct_ct_adds += outputs * fold.size();
  }
  const auto& a = stage.polynomial;
  if (a.empty()) return;
  const bool square = a.size() > 2, scaled = square && a[2] != 1;
  counts.ct_ct_mults = square ? outputs : 0;
  counts.relinearizations = counts.ct_ct_mults;
  counts.pt_ct_mults += outputs * ((scaled ? 1 : 0) + (a[1] != 0 ? 1 : 0));
  counts.ct_ct_adds += square && a[1] != 0 ? outputs : 0;
  counts.pt_ct_adds += a[0] != 0 ? outputs : 0;
}

}  // namespace

struct PackedPlan::Compiler {
  static Result<PackedPlan> compile(const Network& folded, const std::vector<LayerRange>& ranges,
                                    const std::vector<PackedLayer>& layers, Found found);
};

Result<PackedPlan> PackedPlan::Compiler::compile(const Network& folded, const std::vector<LayerRange>& ranges,
                                                 const std::vector<PackedLayer>& layers, Found found) {
  FCN_ASSIGN_OR_RETURN(fv::SlotEncoder slot_encoder, fv::SlotEncoder::create(found.params));
  PackedPlan plan(std::move(slot_encoder));
  const fv::Params& params = plan.params_;
  plan.network_ = folded;
  plan.input_ = std::move(found.search.input);
  const fv::SlotEncoder& encoder = plan.encoder_;
  const std::size_t slots = encoder.slots();
  const fv::NoiseModel model(params);
  plan.noise_in_ = model.fresh_secret_key();
  fv::Noise noise = plan.noise_in_;
  const SlotLayout* input = &plan.input_;
  std::size_t limbs = params.q_count();
  const auto drop_to = [&](std::size_t wanted) {
    for (; limbs > wanted; --limbs) noise = model.modulus_switch(noise, limbs, 2);
  };
  plan.stages_.reserve(layers.size());  // input points into it
  for (std::size_t i = 0; i < layers.size(); ++i) {
    internal::PackedChoice& choice = found.search.stages[i];
    const SlotMatrix matrix(all_taps(layers[i].linear), *input, choice.output, slots);
    const std::size_t outputs = choice.output.layout.ciphertexts();
    FCN_ASSIGN_OR_RETURN(fv::LinearTransform transform,
                         fv::LinearTransform::create(encoder, choice.limbs, input->ciphertexts(), outputs,
                                                     matrix.products(choice.split),
                                                     bias_slots(layers[i].linear, choice.output, slots)));
    const StepCount steps = count_steps(matrix.diagonals(), choice.split, slots);
    PackedStage stage(std::move(transform));
    stage.name = layers[i].name;
    stage.limbs = choice.limbs;
    stage.activation_limbs = choice.activation_limbs;
    stage.folds = std::move(choice.folds);
    stage.polynomial = layers[i].polynomial;
    stage.layout = std::move(choice.output);
    stage.split = concat(matrix.diagonals().size(), " diagonals, ", steps.babies, " baby and ", steps.giants,
                         " giant steps");
    stage.cost = choice.cost;
    stage.range_bits = ranges[layers[i].last].bits;
    stage.noise_in = noise;
    drop_to(stage.limbs);
    stage.noise_transform = stage.transform.noise(noise, internal::related_inputs(i));
    noise = internal::fold_noise(model, stage.folds, stage.noise_transform, limbs);
    stage.noise_sum = noise;
    FCN_RETURN_IF_ERROR(model.check(noise, limbs, stage.name.c_str()));
    drop_to(stage.activation_limbs);
    if (!stage.polynomial.empty()) noise = internal::activation_noise(model, stage.polynomial, noise, limbs);
    stage.noise_out = noise;
    FCN_RETURN_IF_ERROR(model.check(noise, limbs, stage.name.c_str()));
    count_operations(stage, outputs);
    for (const std::size_t g : stage.transform.galois_elements()) plan.galois_elements_.push_back(g);
    for (const auto& fold : stage.folds) {
      for (const std::int64_t step : fold)
        plan.galois_elements_.push_back(fv::rotation_element(params, step));
    }
    plan.counts_ += stage.counts;
    plan.stages_.push_back(std::move(stage));
    input = &plan.stages_.back().layout.layout;
  }
  const PackedStage& last = plan.stages_.back();
  for (const SlotPlace& base : last.layout.base) {
    std::vector<std::size_t> own = {base.slot};
    if (last.folds.empty()) own = last.layout.partial_slots(base.slot, slots);
    for (const std::size_t slot : own)
      plan.output_slots_.push_back(static_cast<std::uint32_t>(base.ciphertext * slots + slot));
  }
  std::sort(plan.galois_elements_.begin(), plan.galois_elements_.end());
  plan.galois_elements_.erase(std::unique(plan.galois_elements_.begin(), plan.galois_elements_.end()),
                              plan.galois_elements_.end());
  drop_to(1);  // the answer
  const double outputs = std::log2(static_cast<double>(plan.stages_.back().layout.layout.ciphertexts()));
  noise = model.add_plain(noise);  // the blinding
  plan.dropped_bits_ = model.max_dropped_bits(noise, 2, outputs + 1);
  noise = fv::storable_bound(model.drop_bits(noise, plan.dropped_bits_, 2));  // as the client spec has it
  plan.answer_noise_ = noise;
  plan.log2_failure_ = model.log2_failure(noise, 1) + outputs;
  if (plan.log2_failure_ > fv::kMaxLog2Failure) {
    return platform::out_of_range(
        concat("the answer fails with 2^", static_cast<int>(plan.log2_failure_), " > 2^-128"));
  }
  return plan;
}

Result<PackedPlan> PackedPlan::create(const Network& network, const ntt::KernelTable& kernels,
                                      const PackedOptions& options) {
  FCN_ASSIGN_OR_RETURN(const Network folded, fold_activations(network));
  FCN_ASSIGN_OR_RETURN(const auto ranges, analyze_ranges(folded));
  FCN_ASSIGN_OR_RETURN(const std::vector<PackedLayer> layers, group_layers(folded));
  // The search estimates the noise of each layer, and the bound is computed from the layer's real plaintexts: where they
  // are related it may be larger. Then a search with more room follows.
  Status refusal;
  for (const double margin_bits : {0.0, 0.5, 1.0, 2.0, 4.0, 8.0}) {
    FCN_ASSIGN_OR_RETURN(Found found, find_params(layers, options, margin_bits, kernels));
    FCN_RETURN_IF_ERROR(check_ranges(found.params, ranges));
    Result<PackedPlan> plan = Compiler::compile(folded, ranges, layers, std::move(found));
    if (plan.ok() || plan.status().code() != platform::StatusCode::kOutOfRange) return plan;
    refusal = plan.status();
  }
  return refusal;
}

}  // namespace fcn::nn
