// The packed layout's plan as a table, with the time that each part of it takes here.
#pragma once

#include "../nn/network.h"
#include "../nn/packed_plan.h"

namespace fcn::apps {

// Compiles the network and runs it on encrypted zeros a few times on one thread: shares of time depend on the weights
// alone. Errors: those of nn::PackedPlan::create.
platform::Status print_packed(const nn::Network& network, const nn::PackedOptions& options);

}  // namespace fcn::apps
