// The subcommands of fcn.
#pragma once

#include "../program.h"

namespace fcn::apps {

int run_spec(std::span<const std::string> arguments);
int run_keygen(std::span<const std::string> arguments);
int run_encrypt(std::span<const std::string> arguments);
int run_infer(std::span<const std::string> arguments);
int run_decrypt(std::span<const std::string> arguments);
int run_inspect_file(std::span<const std::string> arguments);
int run_serve(std::span<const std::string> arguments);
int run_query(std::span<const std::string> arguments);

}  // namespace fcn::apps
