// The subcommands of fcn-mnist. Each takes the words after its name and returns the program's exit code.
#pragma once

#include <span>
#include <string>

#include "../platform/status.h"
#include "flags.h"

namespace fcn::apps {

int run_activation(std::span<const std::string> arguments);
int run_demo(std::span<const std::string> arguments);
int run_eval(std::span<const std::string> arguments);
int run_inspect(std::span<const std::string> arguments);
int run_table(std::span<const std::string> arguments);
int run_train(std::span<const std::string> arguments);

// Parses the arguments. False when the subcommand is over: help was printed, or an error (exit_code says
// which).
bool parse_or_help(FlagSet& flags, const char* command, std::span<const std::string> arguments,
                   int& exit_code);

// kExitOk, or the error on stderr as "fcn-mnist command: message" and kExitBadInput.
int exit_code_of(const char* command, const platform::Status& status);

}  // namespace fcn::apps
