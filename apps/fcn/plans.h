// The plan that a client's keys were made for, among the layouts of a network.
#pragma once

#include <string>

#include "../../nn/plan.h"

namespace fcn::apps {

// Best first. The names that --layout takes are nn::layout_name's.
inline constexpr nn::Layout kLayouts[] = {nn::Layout::kPacked, nn::Layout::kPixel};
std::vector<std::string> layout_names();
// kLayouts' first when there is none of this name.
nn::Layout layout_of(const std::string& name);

// The plan of model (a file, or the built-in one when empty) whose client spec has this fingerprint. Errors: those of
// load_network and nn::Plan::create; kMismatch when there is none, whose message begins with what.
platform::Result<nn::Plan> find_plan(const std::string& model, const nn::Fingerprint& fingerprint,
                                     const std::string& what);

// The client spec of a model in a layout, or from a spec file when one is named.
platform::Result<nn::ClientSpec> find_spec(const std::string& model, const std::string& layout,
                                           const std::string& spec_file);

}  // namespace fcn::apps
