// The subcommands of fcn. Each takes the words after its name and returns the program's exit code.
#pragma once

#include <span>
#include <string>

#include "../flags.h"

namespace fcn::apps {

int run_spec(std::span<const std::string> arguments);
int run_keygen(std::span<const std::string> arguments);
int run_encrypt(std::span<const std::string> arguments);
int run_infer(std::span<const std::string> arguments);
int run_decrypt(std::span<const std::string> arguments);
int run_inspect_file(std::span<const std::string> arguments);
int run_serve(std::span<const std::string> arguments);
int run_query(std::span<const std::string> arguments);

// Parses the arguments, then runs body() -> Status. Help on stdout, errors on stderr as "fcn command: message".
int run_command(FlagSet& flags, const char* command, std::span<const std::string> arguments,
                const std::function<platform::Status()>& body);

// Errors: kInvalidArgument unless each of these text flags was given.
platform::Status require(const FlagSet& flags, std::initializer_list<const char*> names);

}  // namespace fcn::apps
