#include "plan.h"

#include "../platform/blake2s.h"
#include "../platform/floating_point.h"
#include "model_file.h"

namespace fcn::nn {

using platform::Result;

Fingerprint network_fingerprint(const Network& network) {
  const std::string text = format_model(network);
  return platform::blake2s({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

namespace {

// What both layouts' specs have in common.
ClientSpec common_spec(const Network& network, Layout layout, const fv::Params& params) {
  ClientSpec spec(params);
  spec.layout = layout;
  spec.input = network.input;
  spec.input_max = network.input_max;
  spec.outputs = static_cast<std::uint32_t>(network.layers.back().out.size());
  spec.output_scale = network.output_scale;
  spec.network_fingerprint = network_fingerprint(network);
  return spec;
}

}  // namespace

Result<Plan> Plan::create(const Network& network, Layout layout, const ntt::KernelTable& kernels) {
  const platform::FloatingPointEnvironment nearest;
  FCN_RETURN_IF_ERROR(nn::validate(network));
  const auto finish = [](auto engine, ClientSpec spec) -> Result<Plan> {
    spec.answer_limbs = static_cast<std::uint32_t>(engine.plan().answer_limbs());
    spec.answer_noise = engine.plan().answer_noise();
    FCN_RETURN_IF_ERROR(nn::validate(spec));
    const OpCounts counts = engine.plan().counts();
    const double log2_failure = engine.plan().log2_failure();
    const Fingerprint spec_fingerprint = nn::fingerprint(spec);
    return Plan(std::make_shared<const Data>(
        Data{Engine(std::move(engine)), std::move(spec), spec_fingerprint, counts, log2_failure}));
  };
  if (layout == Layout::kPixel) {
    FCN_ASSIGN_OR_RETURN(PixelPlan plan, smallest_pixel_plan(network, kernels));
    ClientSpec spec = common_spec(network, layout, plan.params());
    return finish(PixelEngine(std::move(plan)), std::move(spec));
  }
  FCN_ASSIGN_OR_RETURN(PackedPlan plan, PackedPlan::create(network, kernels));
  ClientSpec spec = common_spec(network, layout, plan.params());
  spec.slot_inputs = plan.input().values;
  spec.output_slots = plan.output_slots();
  spec.galois_elements = plan.galois_elements();
  return finish(PackedEngine(std::move(plan)), std::move(spec));
}

}  // namespace fcn::nn
