#include "plan.h"

#include "../platform/bytes.h"
#include "model_file.h"

namespace fcn::nn {

using platform::Result;

std::uint64_t network_fingerprint(const Network& network) {
  const std::string text = format_model(network);
  return platform::checksum64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Result<Plan> Plan::create(const Network& network, Layout layout, const ntt::KernelTable& kernels) {
  FCN_RETURN_IF_ERROR(nn::validate(network));
  if (layout != Layout::kPixel) {
    return platform::Status(
        platform::StatusCode::kUnsupported,
        platform::concat("this version does not run the ", layout_name(layout), " layout"));
  }
  FCN_ASSIGN_OR_RETURN(PixelPlan plan, smallest_pixel_plan(network, kernels));
  ClientSpec spec(plan.params());
  spec.layout = layout;
  spec.input = network.input;
  spec.input_max = network.input_max;
  spec.outputs = static_cast<std::uint32_t>(network.layers.back().out.size());
  spec.output_scale = network.output_scale;
  spec.network_fingerprint = network_fingerprint(network);
  FCN_RETURN_IF_ERROR(nn::validate(spec));
  const OpCounts counts = plan.counts();
  const double log2_failure = plan.log2_failure();
  const std::uint64_t spec_fingerprint = nn::fingerprint(spec);
  return Plan(std::make_shared<const Data>(
      Data{PixelEngine(std::move(plan)), std::move(spec), spec_fingerprint, counts, log2_failure}));
}

}  // namespace fcn::nn
