// The packed layout's plan as a table, with the time that each part of it takes here.
#pragma once

#include "../nn/packed_engine.h"

namespace fcn::apps {

// Runs the plan on encrypted zeros a few times: shares of time depend on the weights alone.
// Errors: kUnavailable (no randomness), kOutOfMemory.
platform::Status print_packed(const nn::PackedEngine& engine, std::size_t threads);

}  // namespace fcn::apps
