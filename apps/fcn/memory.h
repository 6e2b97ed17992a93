// How much memory there is, and how much of it a client takes.
#pragma once

#include <cstdint>
#include <string>

#include "../../nn/plan.h"

namespace fcn::apps {

// The most that serving one client of this plan takes at a time, apart from the plan itself: its keys as they
// arrive and as they are used, a request, a run and an answer. An upper bound from the spec and the network's
// shapes: 1 to 40 % above what is measured for the built-in models (tests/apps/fcn_memory.cpp), but three times
// as much where windows move over windows (cryptodl-1).
std::uint64_t client_memory(const nn::Plan& plan);

// What this process may use: the least of the machine's memory, its control group's and its own limits
// (ulimit -v, -d).
std::uint64_t usable_memory();

// "500M", "2G", "65536K" or bytes: a whole number and perhaps a power of 1024. Errors: kInvalidArgument.
platform::Result<std::uint64_t> parse_size(const std::string& text);
// "51 MB", of 10^6 bytes, rounded up.
std::string format_megabytes(std::uint64_t bytes);

}  // namespace fcn::apps
