// The subcommands of fcn-mnist.
#pragma once

#include "program.h"

namespace fcn::apps {

int run_activation(std::span<const std::string> arguments);
int run_demo(std::span<const std::string> arguments);
int run_eval(std::span<const std::string> arguments);
int run_inspect(std::span<const std::string> arguments);
int run_table(std::span<const std::string> arguments);
int run_train(std::span<const std::string> arguments);

}  // namespace fcn::apps
