#include "program.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

namespace fcn::apps {
namespace {

using platform::concat;

std::string help_of(const Program& program) {
  std::size_t width = 0;
  for (const Command& command : program.commands) width = std::max(width, std::strlen(command.name));
  std::string text = concat("usage: ", program.name,
                            program.has_default ? " [command] [flags]\n\n" : " command [flags]\n\n");
  for (const Command& command : program.commands) {
    std::string name = command.name;
    name.resize(width + 2, ' ');
    text += concat("  ", name, command.summary, "\n");
  }
  return concat(text, "\n", program.name, " command --help lists the flags of a command", program.notes,
                "\n");
}

int run(const Program& program, const std::vector<std::string>& words) {
  const std::string first = words.empty() ? "" : words[0];
  if (first == "--help" || first == "-h" || first == "help") {
    std::fputs(help_of(program).c_str(), stdout);
    return kExitOk;
  }
  if (program.has_default && (first.empty() || first[0] == '-')) return program.commands[0].run(words);
  if (words.empty()) {
    std::fputs(help_of(program).c_str(), stderr);
    return kExitBadInput;
  }
  for (const Command& command : program.commands) {
    if (first == command.name) return command.run(std::span(words).subspan(1));
  }
  std::fprintf(stderr, "%s: unknown command \"%s\"; %s --help lists the commands\n", program.name,
               first.c_str(), program.name);
  return kExitBadInput;
}

}  // namespace

int run_program(const Program& program, int count, char** words) {
  int exit_code = kExitBadInput;
  try {
    exit_code = run(program, std::vector<std::string>(words + (count > 0), words + count));
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: there is not enough memory\n", program.name);
  }
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  std::fprintf(stderr, "%s: the results could not be written to stdout\n", program.name);
  return kExitBadInput;
}

int run_command(FlagSet& flags, const std::string& who, std::span<const std::string> arguments,
                const std::function<platform::Status()>& body) {
  platform::Status status = flags.parse(arguments);
  if (status.ok() && flags.help_wanted()) {
    std::fputs(flags.help(who.substr(0, who.find(' '))).c_str(), stdout);
    return kExitOk;
  }
  try {
    if (status.ok()) status = body();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: there is not enough memory\n", who.c_str());
    return kExitBadInput;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", who.c_str(), error.what());
    return kExitBadInput;
  }
  if (status.ok()) return kExitOk;
  std::fprintf(stderr, "%s: %s\n", who.c_str(), status.message().c_str());
  return kExitBadInput;
}

int run_checked_command(FlagSet& flags, const std::string& who, std::span<const std::string> arguments,
                        const std::function<platform::Status(bool& wrong)>& body) {
  bool wrong = false;
  const int exit_code = run_command(flags, who, arguments, [&] { return body(wrong); });
  return exit_code == kExitOk && wrong ? kExitWrongResult : exit_code;
}

}  // namespace fcn::apps
