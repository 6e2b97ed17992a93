#include "pixel_plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "../fv/encoding.h"
#include "fold.h"
#include "range_analysis.h"

namespace fcn::nn {
namespace {

using fv::Correlation;
using fv::Noise;
using fv::NoiseModel;
using platform::concat;
using platform::Result;
using platform::Status;

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

// The classes of sums, from those of the values summed: equal rows after division by their first monomial.
Classes classes_of_rows(const std::vector<std::vector<MonomialTerm>>& rows, const Classes& inputs) {
  struct Class {
    std::uint32_t first;
    MonomialTerm lead;
    std::size_t count;
  };
  std::map<std::vector<std::uint64_t>, Class> found;
  Classes classes = Classes::distinct(rows.size());
  for (std::size_t o = 0; o < rows.size(); ++o) {
    if (rows[o].empty()) continue;  // a constant, without noise
    std::vector<std::uint64_t> shape;
    MonomialTerm lead{};
    for (const MonomialTerm& term : rows[o]) {
      const MonomialTerm& input = inputs.first[term.input];
      const auto exponent = static_cast<std::uint16_t>(term.exponent + input.exponent);
      const bool negate = term.negate != input.negate;
      if (shape.empty()) lead = {input.input, exponent, negate};
      const auto relative = static_cast<std::uint16_t>(exponent - lead.exponent);
      shape.push_back(std::uint64_t{input.input} << 17 | std::uint64_t{relative} << 1 |
                      (negate != lead.negate));
    }
    const auto [at, is_new] =
        found.try_emplace(std::move(shape), Class{static_cast<std::uint32_t>(o), lead, 0});
    const Class& same = at->second;
    classes.first[o] = {same.first, static_cast<std::uint16_t>(lead.exponent - same.lead.exponent),
                        lead.negate != same.lead.negate};
    classes.largest = std::max(classes.largest, ++at->second.count);
  }
  return classes;
}

// The largest sum of squares of a row's coefficients; the terms of one input add up first.
double largest_norm2(const std::vector<std::vector<MonomialTerm>>& rows) {
  double largest = 0;
  for (const auto& row : rows) {
    std::map<std::uint32_t, double> uses;
    for (const MonomialTerm& term : row) uses[term.input] += 1;
    double norm2 = 0;
    for (const auto& [input, count] : uses) norm2 += count * count;
    largest = std::max(largest, norm2);
  }
  return largest;
}

constexpr unsigned kMinPixelBits = 20;  // of q: even one squaring needs more

bool is_linear(const Layer& layer) {
  return layer.kind == LayerKind::kConv2d || layer.kind == LayerKind::kDense ||
         layer.kind == LayerKind::kSumPool;
}

// The rows and biases of a linear layer, or the identity for layers that begin with an activation.
void fill_rows(PixelStage& stage, const Layer& layer, std::int64_t base) {
  const std::size_t outputs = layer.out.size();
  stage.rows.resize(outputs);
  stage.bias.assign(outputs, 0);
  for (std::size_t o = 0; o < outputs; ++o) {
    if (!is_linear(layer)) {
      stage.rows[o] = {{static_cast<std::uint32_t>(o), 0, false}};
      continue;
    }
    for (const Tap& tap : taps(layer, o)) append_weight(stage.rows[o], tap.input, tap.weight, base);
    if (layer.kind == LayerKind::kDense) stage.bias[o] = layer.bias[o];
    if (layer.kind == LayerKind::kConv2d) stage.bias[o] = layer.bias[o / (outputs / layer.bias.size())];
  }
}

// The noise of an activation's output, and its operations for one value. The same powers as the engine
// computes.
Noise polynomial_noise(const NoiseModel& model, const std::vector<std::int64_t>& a, std::int64_t base,
                       std::size_t limbs, Noise in, OpCounts& counts) {
  const std::size_t degree = a.size() - 1;
  const std::vector<bool> reused = reused_powers(degree);
  std::vector<Noise> power(degree + 1, in);
  Noise sum;
  bool first = true;
  for (std::size_t i = 1; i <= degree; ++i) {
    if (i >= 2) {
      power[i] = model.multiply(power[i - i / 2], 2, power[i / 2], 2, limbs, i % 2 == 0);
      ++counts.ct_ct_mults;
      if (reused[i]) {
        power[i] = model.key_switch(power[i], 1, limbs);
        ++counts.relinearizations;
      }
    }
    std::vector<MonomialTerm> terms;
    append_weight(terms, 0, a[i], base);
    if (terms.empty()) continue;
    sum = model.sum(sum, model.sum_of(power[i], static_cast<double>(terms.size()), Correlation::kAny),
                    Correlation::kAny);
    const bool plain = degree == i && first && a[i] == 1;  // x^d itself: nothing is multiplied or added
    if (!plain) counts.pt_ct_mults += terms.size();
    counts.ct_ct_adds += terms.size() - (first ? 1 : 0);
    first = false;
  }
  if (a[0] != 0) {
    sum = model.add_plain(sum);
    ++counts.pt_ct_adds;
  }
  return sum;
}

}  // namespace

void append_weight(std::vector<MonomialTerm>& terms, std::uint32_t input, std::int64_t weight,
                   std::int64_t base) {
  for (std::uint16_t exponent = 0; weight != 0; ++exponent) {
    std::int64_t digit = weight % base;
    if (base == 2 && digit != 0) {
      digit = 2 - ((weight % 4) + 4) % 4;  // the odd digit that leaves a multiple of 4
    } else if (2 * digit > base) {
      digit -= base;
    } else if (2 * digit < -base) {
      digit += base;
    }
    weight = (weight - digit) / base;
    for (std::int64_t i = 0; i < std::abs(digit); ++i) terms.push_back({input, exponent, digit < 0});
  }
}

std::vector<bool> reused_powers(std::size_t degree) {
  std::vector<bool> reused(degree + 1, false);
  for (std::size_t i = 2; i <= degree; ++i) reused[i / 2] = reused[i - i / 2] = true;
  return reused;
}

Result<PixelPlan> PixelPlan::create(const Network& network, const fv::Params& params) {
  if (params.t().is_integer() || params.t().length() != 1) {
    return platform::invalid_argument("the pixel layout needs parameters with t = X - b");
  }
  PixelPlan plan(params);
  FCN_ASSIGN_OR_RETURN(plan.network_, fold_activations(network));
  FCN_ASSIGN_OR_RETURN(const auto ranges, analyze_ranges(plan.network_));
  const auto base = static_cast<std::int64_t>(params.t().base());
  const NoiseModel model(params);
  const auto& layers = plan.network_.layers;
  const std::size_t limbs = params.q_count();
  const std::int64_t largest = fv::max_integer(params);

  plan.noise_in_ = model.fresh_secret_key();
  Noise noise = plan.noise_in_;
  std::size_t components = 2;  // of the values that enter a stage
  Classes classes = Classes::distinct(plan.network_.input.size());
  for (std::size_t i = 0; i < layers.size();) {
    if (layers[i].kind == LayerKind::kFlatten) {
      ++i;
      continue;
    }
    const std::size_t first = i;
    PixelStage stage;
    fill_rows(stage, layers[i], base);
    stage.weighted = is_linear(layers[i]);
    if (is_linear(layers[i])) {
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
    stage.name = concat("layer ", first + 1, ": ", stage.name);

    // Noises of different classes are uncorrelated (nn/README.md says why); classes of c values raise a
    // variance by at most c.
    const double variance_factor = largest_norm2(stage.rows) * static_cast<double>(classes.largest);
    noise = model.sum_of(noise, std::max(variance_factor, 1.0), Correlation::kIndependent);
    classes = classes_of_rows(stage.rows, classes);
    for (const auto& row : stage.rows) {
      if (stage.weighted) stage.counts.pt_ct_mults += row.size();
      stage.counts.ct_ct_adds += row.empty() ? 0 : row.size() - 1;
    }
    if (components > 2) {
      noise = model.key_switch(noise, components - 2, limbs);
      for (const auto& row : stage.rows) stage.counts.relinearizations += !row.empty();
    }
    for (std::int64_t bias : stage.bias) stage.counts.pt_ct_adds += bias != 0;
    noise = model.add_plain(noise);
    stage.noise_sum = noise;
    components = 2;
    if (!stage.polynomial.empty()) {
      OpCounts each;
      noise = polynomial_noise(model, stage.polynomial, base, limbs, noise, each);
      for (std::size_t o = 0; o < stage.rows.size(); ++o) stage.counts += each;
      const std::vector<bool> reused = reused_powers(stage.polynomial.size() - 1);
      for (std::size_t p = 2; p < reused.size(); ++p) {
        if (stage.polynomial[p] != 0 && !reused[p]) components = 3;
      }
    }
    stage.noise_out = noise;
    FCN_RETURN_IF_ERROR(model.check(noise, limbs, stage.name.c_str()));
    stage.range_bits = ranges[i - 1].bits;
    for (std::size_t l = first; l < i; ++l) {
      if (ranges[l].hull.low < -largest || ranges[l].hull.high > largest) {
        return platform::out_of_range(concat("layer ", l + 1, ": values of ", ranges[l].bits,
                                             " bits leave the plaintext space, which ends at +-", largest));
      }
    }
    if (!stage.polynomial.empty()) {  // a product of multiples: X^(e degree), the sign to that power
      const auto degree = static_cast<std::uint16_t>(stage.polynomial.size() - 1);
      for (MonomialTerm& first_of : classes.first) {
        first_of.exponent = static_cast<std::uint16_t>(first_of.exponent * degree);
        first_of.negate = first_of.negate && degree % 2 != 0;
      }
    }
    plan.counts_ += stage.counts;
    plan.stages_.push_back(std::move(stage));
  }
  if (plan.stages_.empty())
    return platform::invalid_argument("the network has no layer that computes anything");
  if (components > 2) {  // the answer leaves in two components
    PixelStage& last = plan.stages_.back();
    noise = model.key_switch(noise, components - 2, limbs);
    last.noise_out = noise;
    last.counts.relinearizations += last.rows.size();
    plan.counts_.relinearizations += last.rows.size();
  }
  plan.log2_failure_ =
      model.log2_failure(noise, limbs) + std::log2(static_cast<double>(plan.stages_.back().rows.size()));
  if (plan.log2_failure_ > fv::kMaxLog2Failure) {
    return platform::out_of_range(
        concat("the noise after ", plan.stages_.back().name, " lets one of the outputs fail with 2^",
               static_cast<int>(plan.log2_failure_), " > 2^-128: the network is too deep or too ",
               "wide for log2 q = ", static_cast<int>(std::lround(params.log2_q()))));
  }
  return plan;
}

Result<PixelPlan> smallest_pixel_plan(const Network& network, const ntt::KernelTable& kernels) {
  const auto plan_for = [&](unsigned q_bits) -> Result<PixelPlan> {
    FCN_ASSIGN_OR_RETURN(const fv::ParamsSpec spec, fv::pixel_spec(q_bits));
    FCN_ASSIGN_OR_RETURN(const fv::Params params, fv::Params::create(spec, kernels));
    return PixelPlan::create(network, params);
  };
  FCN_ASSIGN_OR_RETURN(PixelPlan best, plan_for(ntt::kMaxPrimeBits));
  unsigned refused = kMinPixelBits - 1, accepted = ntt::kMaxPrimeBits;
  while (accepted - refused > 1) {
    const unsigned q_bits = (refused + accepted) / 2;
    Result<PixelPlan> plan = plan_for(q_bits);
    if (plan.ok()) {
      best = std::move(plan).value();
      accepted = q_bits;
    } else {
      refused = q_bits;
    }
  }
  return best;
}

}  // namespace fcn::nn
