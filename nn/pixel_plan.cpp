#include "pixel_plan.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "../fv/encoding.h"
#include "../fv/frame.h"
#include "../fv/security.h"
#include "internal/pixel_circuit.h"
#include "wide_integer.h"

namespace fcn::nn {
namespace {

using fv::Correlation;
using fv::Noise;
using fv::NoiseModel;
using internal::CircuitStage;
using internal::PixelCircuit;
using platform::concat;
using platform::Result;
using platform::Status;

constexpr unsigned kMinPixelBits = 20;  // of q: even one squaring needs more
constexpr std::size_t kSmallestRing = 2048, kLargestRing = 32768;

// What operations on ciphertexts of two components cost, in additions of two residues. Rough weights of the kernels: a
// butterfly of a transform as 6 additions, a product as 3.
struct UnitCosts {
  explicit UnitCosts(const fv::Params& params) {
    const auto n = static_cast<double>(params.n());
    const auto limbs = static_cast<double>(params.q_count()),
               key_limbs = static_cast<double>(params.key_limbs());
    const double transform = 3 * n * std::log2(n),
                 both = 2 * limbs + 1;  // with an auxiliary base of one prime more
    component = n * limbs;
    // Factors are extended and transformed, three components come back.
    square = 5 * both * transform + 7 * 3 * limbs * (limbs + 1) * n + 6 * 3 * both * n;
    product = 7 * both * transform + 9 * 3 * limbs * (limbs + 1) * n + 8 * 3 * both * n;
    const double digits = limbs * static_cast<double>(params.digits_per_limb());
    relinearization = (digits + 2) * key_limbs * transform + 2 * digits * 3 * key_limbs * n;
  }
  double component = 0;  // an addition of one component
  double square = 0, product = 0, relinearization = 0;
};

// The noise of an activation's output, and its operations for one value. The same powers as the engine computes.
struct Activation {
  Noise noise;
  OpCounts counts;
  double cost = 0;
};
Activation activation_of(const NoiseModel& model, const UnitCosts& costs, const std::vector<std::int64_t>& a,
                         std::int64_t base, std::size_t limbs, Noise in) {
  Activation result;
  const std::size_t degree = a.size() - 1;
  const std::vector<bool> reused = internal::reused_powers(degree);
  std::vector<Noise> power(degree + 1, in);
  bool first = true;
  for (std::size_t i = 1; i <= degree; ++i) {
    if (i >= 2) {
      const bool square = i % 2 == 0;
      power[i] = model.multiply(power[i - i / 2], 2, power[i / 2], 2, limbs, square);
      ++result.counts.ct_ct_mults;
      result.cost += square ? costs.square : costs.product;
      if (reused[i]) {
        power[i] = model.key_switch(power[i], 1, limbs);
        ++result.counts.relinearizations;
        result.cost += costs.relinearization;
      }
    }
    std::vector<internal::MonomialTerm> terms;
    internal::append_weight(terms, 0, a[i], base);
    if (terms.empty()) continue;
    result.noise =
        model.sum(result.noise, model.sum_of(power[i], static_cast<double>(terms.size()), Correlation::kAny),
                  Correlation::kAny);
    const bool plain = degree == i && first && a[i] == 1;  // x^d itself: nothing is multiplied or added
    if (!plain) ++result.counts.pt_ct_mults;
    if (!plain) result.cost += static_cast<double>(terms.size()) * 3 * costs.component;
    result.counts.ct_ct_adds += first ? 0 : 1;
    first = false;
  }
  if (a[0] != 0) {
    result.noise = model.add_plain(result.noise);
    ++result.counts.pt_ct_adds;
  }
  return result;
}

// Whether an activation leaves three components: a power that is no factor of another one is not relinearized.
bool leaves_three_components(const std::vector<std::int64_t>& polynomial) {
  if (polynomial.empty()) return false;
  const std::vector<bool> reused = internal::reused_powers(polynomial.size() - 1);
  for (std::size_t p = 2; p < reused.size(); ++p) {
    if (polynomial[p] != 0 && !reused[p]) return true;
  }
  return false;
}

OpCounts times(const OpCounts& each, std::uint64_t count) {
  OpCounts all = each;
  for (std::uint64_t* c :
       {&all.pt_ct_adds, &all.ct_ct_adds, &all.pt_ct_mults, &all.ct_ct_mults, &all.relinearizations})
    *c *= count;
  return all;
}

// Values within the plaintext space at every layer, and within what can be decrypted at the last.
Status check_ranges(const PixelCircuit& circuit, const fv::Params& params) {
  const bool small = params.t().residue_modulus() != 0;
  const std::vector<RangeBound>& bounds = circuit.bounds();
  for (std::size_t l = 0; l < bounds.size(); ++l) {
    if (small) {
      const auto limit = static_cast<double>(fv::max_integer(params));
      if (bounds[l].low >= -limit && bounds[l].high <= limit) continue;
      return platform::out_of_range(concat("layer ", l + 1, ": values of ", bounds[l].bits,
                                           " bits leave the plaintext space, which ends at +-",
                                           fv::max_integer(params)));
    }
    constexpr int kDecoded = 64 * static_cast<int>(WideInteger::kWords) - 2;
    const int space = static_cast<int>(params.t().log2_residue_modulus()) - 2;
    const int limit = l + 1 == bounds.size() ? std::min(space, kDecoded) : space;
    if (bounds[l].bits <= limit) continue;
    return platform::out_of_range(concat("layer ", l + 1, ": values of ", bounds[l].bits,
                                         " bits leave the plaintext space, or what can be decrypted, of ",
                                         limit, " bits"));
  }
  return {};
}

}  // namespace

const Network& PixelPlan::network() const noexcept {
  return circuit_->network();
}

double PixelPlan::cost() const noexcept {
  double sum = 0;
  for (const PixelStage& stage : stages_) sum += stage.cost;
  return sum;
}

Result<PixelPlan> PixelPlan::create(const Network& network, const fv::Params& params) {
  FCN_ASSIGN_OR_RETURN(auto circuit,
                       PixelCircuit::create(network, static_cast<std::int64_t>(params.t().base())));
  return create(std::move(circuit), params);
}

Result<PixelPlan> PixelPlan::create(std::shared_ptr<const PixelCircuit> shared, const fv::Params& params) {
  if (params.t().is_integer() || params.t().length() != 1) {
    return platform::invalid_argument("the pixel layout needs parameters with t = X - b");
  }
  PixelPlan plan(std::move(shared), params);
  const PixelCircuit& circuit = *plan.circuit_;
  FCN_RETURN_IF_ERROR(check_ranges(circuit, params));
  const NoiseModel model(params);
  const UnitCosts costs(params);
  const std::size_t limbs = params.q_count();

  plan.noise_in_ = model.fresh_secret_key();
  Noise noise = plan.noise_in_;
  std::size_t components = 2;  // of the values that enter a stage
  for (std::size_t s = 0; s < circuit.stages().size(); ++s) {
    const CircuitStage& from = circuit.stages()[s];
    const bool last = s + 1 == circuit.stages().size();
    const auto outputs = static_cast<std::uint64_t>(from.live_count);
    PixelStage stage;
    stage.name = from.name;
    stage.monomials = from.monomials;
    stage.range_bits = from.range_bits;
    stage.counts = from.sum_counts;
    stage.cost = static_cast<double>(from.monomials * components) * costs.component;

    // Noises of sums that are no multiples of one another are uncorrelated (nn/README.md says why).
    noise = model.sum_of(noise, from.noise_factor, Correlation::kIndependent);
    if (components > 2) {
      noise = model.key_switch(noise, components - 2, limbs);
      stage.counts.relinearizations += from.sums;
      stage.cost += static_cast<double>(from.sums) * costs.relinearization;
    }
    noise = model.add_plain(noise);
    stage.noise_sum = noise;
    components = 2;
    if (!from.polynomial.empty()) {
      const Activation each = activation_of(model, costs, from.polynomial, circuit.base(), limbs, noise);
      noise = each.noise;
      stage.counts += times(each.counts, outputs);
      stage.cost += each.cost * static_cast<double>(outputs);
    }
    FCN_RETURN_IF_ERROR(model.check(noise, limbs, stage.name.c_str()));
    if (leaves_three_components(from.polynomial)) {
      const double at_once = static_cast<double>(outputs) * costs.relinearization;
      const double later =
          last ? at_once
               : static_cast<double>(circuit.stages()[s + 1].monomials) * costs.component +
                     static_cast<double>(circuit.stages()[s + 1].sums) * costs.relinearization;
      stage.relinearize_output = last || at_once < later;  // the answer leaves in two components
      if (stage.relinearize_output) {
        noise = model.key_switch(noise, 1, limbs);
        stage.counts.relinearizations += outputs;
        stage.cost += at_once;
      } else {
        components = 3;
      }
    }
    stage.noise_out = noise;
    plan.counts_ += stage.counts;
    plan.stages_.push_back(std::move(stage));
  }
  const auto answers = static_cast<double>(circuit.stages().back().out.size());
  noise = plan.stages_.back().noise_out = fv::storable_bound(noise);  // as the client spec has it
  plan.log2_failure_ = model.log2_failure(noise, limbs) + std::log2(answers);
  if (plan.log2_failure_ > fv::kMaxLog2Failure) {
    return platform::out_of_range(
        concat("the noise after ", plan.stages_.back().name, " lets one of the outputs fail with 2^",
               static_cast<int>(plan.log2_failure_), " > 2^-128: the network is too deep or too ",
               "wide for log2 q = ", static_cast<int>(std::lround(params.log2_q()))));
  }
  return plan;
}

Result<fv::ParamsSpec> pixel_candidate(std::size_t n, unsigned q_bits, PixelKeySwitching switching) {
  const unsigned count = (q_bits + ntt::kMaxPrimeBits - 1) / ntt::kMaxPrimeBits;
  std::vector<unsigned> primes;
  for (unsigned i = 0; i < count; ++i)
    primes.push_back((q_bits + i) / count);  // rising; they add up to q_bits
  const unsigned widest = primes.back();
  const bool special = switching == PixelKeySwitching::kSpecialPrime;
  if (q_bits + (special ? widest : 0) > fv::max_log2_modulus(n)) {
    return platform::invalid_argument(concat(q_bits, " bits are too many for n = ", n));
  }
  FCN_ASSIGN_OR_RETURN(const auto t, fv::PlaintextModulus::binomial(n, 1, 2));
  return fv::make_spec(n, t, primes, special ? widest : 0, special ? 0 : (widest + 3) / 4);
}

Result<PixelPlan> smallest_pixel_plan(const Network& network, const ntt::KernelTable& kernels) {
  FCN_ASSIGN_OR_RETURN(const std::shared_ptr<const PixelCircuit> circuit, PixelCircuit::create(network, 2));
  const auto plan_for = [&](std::size_t n, unsigned q_bits,
                            PixelKeySwitching switching) -> Result<PixelPlan> {
    FCN_ASSIGN_OR_RETURN(const fv::ParamsSpec spec, pixel_candidate(n, q_bits, switching));
    FCN_ASSIGN_OR_RETURN(const fv::Params params, fv::Params::create(spec, kernels));
    return PixelPlan::create(circuit, params);
  };
  Status refusal;
  for (std::size_t n = kSmallestRing; n <= kLargestRing; n *= 2) {
    std::optional<PixelPlan> best;
    for (const PixelKeySwitching switching : {PixelKeySwitching::kDigits, PixelKeySwitching::kSpecialPrime}) {
      auto accepted = static_cast<unsigned>(fv::max_log2_modulus(n));
      if (switching == PixelKeySwitching::kSpecialPrime) {  // q and its widest prime again
        while (accepted > kMinPixelBits && !pixel_candidate(n, accepted, switching).ok()) --accepted;
      }
      Result<PixelPlan> smallest = plan_for(n, accepted, switching);
      if (!smallest.ok()) {
        if (smallest.status().code() != platform::StatusCode::kOutOfRange) return smallest.status();
        if (switching == PixelKeySwitching::kDigits) refusal = smallest.status();
        continue;
      }
      unsigned refused = kMinPixelBits - 1;
      while (accepted - refused > 1) {
        const unsigned q_bits = (refused + accepted) / 2;
        Result<PixelPlan> plan = plan_for(n, q_bits, switching);
        if (plan.ok()) {
          smallest = std::move(plan);
          accepted = q_bits;
        } else {
          refused = q_bits;
        }
      }
      if (!best || smallest.value().cost() < best->cost()) best = std::move(smallest).value();
    }
    if (best) return *std::move(best);
  }
  return refusal;
}

}  // namespace fcn::nn
