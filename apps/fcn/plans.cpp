#include "plans.h"

#include "../model_source.h"
#include "files.h"

namespace fcn::apps {

using platform::concat;
using platform::Result;

std::vector<std::string> layout_names() {
  std::vector<std::string> names;
  for (const nn::Layout layout : kLayouts) names.push_back(nn::layout_name(layout));
  return names;
}

nn::Layout layout_of(const std::string& name) {
  for (const nn::Layout layout : kLayouts)
    if (name == nn::layout_name(layout)) return layout;
  return kLayouts[0];
}

Result<nn::Plan> find_plan(const std::string& model, const nn::Fingerprint& fingerprint,
                           const std::string& what) {
  FCN_ASSIGN_OR_RETURN(const nn::Network network, load_network(model));
  platform::Status error;
  for (const nn::Layout layout : kLayouts) {
    Result<nn::Plan> plan = nn::Plan::create(network, layout);
    if (plan.ok() && plan->fingerprint() == fingerprint) return plan;
    if (!plan.ok()) error = plan.status();  // a network that one layout cannot run may run in another
  }
  FCN_RETURN_IF_ERROR(error);
  return platform::mismatch(concat(what, " for another model than ", network.name, ": the client spec is ",
                                   nn::format_fingerprint(fingerprint)));
}

Result<nn::ClientSpec> find_spec(const std::string& model, const std::string& layout,
                                 const std::string& spec_file) {
  if (!spec_file.empty()) {
    if (!model.empty()) return platform::invalid_argument("--model and --spec exclude each other");
    FCN_ASSIGN_OR_RETURN(const fv::Bytes bytes,
                         read_message_file(spec_file, nn::MessageKind::kClientSpec, nn::kMaxSpecBytes));
    auto spec = nn::deserialize_client_spec(bytes);
    if (!spec.ok()) return spec.status().with_context(input_name(spec_file));
    return spec;
  }
  FCN_ASSIGN_OR_RETURN(const nn::Network network, load_network(model));
  FCN_ASSIGN_OR_RETURN(const nn::Plan plan, nn::Plan::create(network, layout_of(layout)));
  return plan.spec();
}

}  // namespace fcn::apps
