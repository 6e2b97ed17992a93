// How long work tells its caller how far it is. The library prints nothing itself.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace fcn::nn {

// stage: a short name ("layer 2: dense"); done of total units. Called from the thread that started the work.
using Progress = std::function<void(const std::string& stage, std::size_t done, std::size_t total)>;

}  // namespace fcn::nn
