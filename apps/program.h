// The frame of a program with subcommands: its list, help, errors and exit codes.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "../platform/status.h"
#include "flags.h"

namespace fcn::apps {

// Takes the words after the subcommand's name and returns the program's exit code.
using CommandFunction = int (*)(std::span<const std::string> arguments);

struct Command {
  const char* name;
  CommandFunction run;
  const char* summary;
};

struct Program {
  const char* name;
  std::vector<Command> commands;
  const char* notes;         // the end of the help
  bool has_default = false;  // without a command, the first one runs; otherwise that is an error
};

// main(). An output that could not be written to stdout is an error, too.
int run_program(const Program& program, int count, char** words);

// Parses the arguments, then runs body. Help goes to stdout, errors to stderr as "program command: message".
// who: "program command".
int run_command(FlagSet& flags, const std::string& who, std::span<const std::string> arguments,
                const std::function<platform::Status()>& body);

// The same for a body that finds out whether an encrypted result was wrong: then kExitWrongResult.
int run_checked_command(FlagSet& flags, const std::string& who, std::span<const std::string> arguments,
                        const std::function<platform::Status(bool& wrong)>& body);

}  // namespace fcn::apps
