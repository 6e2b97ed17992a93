// fcn-mnist: handwritten digits classified while encrypted.
#include <cstdio>
#include <string>
#include <vector>

#include "commands.h"

namespace fcn::apps {
namespace {

struct Command {
  const char* name;
  int (*run)(std::span<const std::string>);
  const char* summary;
};

constexpr Command kCommands[] = {
    {"demo", run_demo, "classify encrypted digits that the program draws, or images of yours (the default)"},
    {"eval", run_eval, "run MNIST test images encrypted and compare each with the integer network"},
    {"inspect", run_inspect, "show a model: layers, weights, ranges, operations"},
    {"table", run_table, "run every system of the paper's table and print its row beside the measured one"},
    {"train", run_train, "train the network on MNIST and write it as a model file"},
    {"activation", run_activation, "find the best polynomial with power-of-two coefficients for a function"},
};

std::string general_help() {
  std::string text = "usage: fcn-mnist [command] [flags]\n\n";
  for (const Command& command : kCommands) {
    std::string name = command.name;
    name.resize(12, ' ');
    text += "  " + name + command.summary + "\n";
  }
  return text +
         "\nfcn-mnist command --help lists the flags of a command. Exit codes: 0 success, 1 an encrypted\n"
         "result differed from the integer network, 2 bad input or usage.\n";
}

int run(const std::vector<std::string>& words) {
  if (words.empty()) return run_demo({});
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    std::fputs(general_help().c_str(), stdout);
    return kExitOk;
  }
  if (words[0].rfind("-", 0) == 0) return run_demo(words);
  for (const Command& command : kCommands) {
    if (words[0] == command.name) return command.run(std::span(words).subspan(1));
  }
  std::fprintf(stderr, "fcn-mnist: unknown command \"%s\"; known are demo, eval, inspect, table, train and activation\n",
               words[0].c_str());
  return kExitBadInput;
}

}  // namespace

bool parse_or_help(FlagSet& flags, const char* command, std::span<const std::string> arguments,
                   int& exit_code) {
  exit_code = exit_code_of(command, flags.parse(arguments));
  if (exit_code == kExitOk && flags.help_wanted()) std::fputs(flags.help().c_str(), stdout);
  return exit_code == kExitOk && !flags.help_wanted();
}

int exit_code_of(const char* command, const platform::Status& status) {
  if (status.ok()) return kExitOk;
  std::fprintf(stderr, "fcn-mnist %s: %s\n", command, status.message().c_str());
  return kExitBadInput;
}

}  // namespace fcn::apps

int main(int count, char** words) {
  const int exit_code = fcn::apps::run(std::vector<std::string>(words + (count > 0), words + count));
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("fcn-mnist: the results could not be written to stdout\n", stderr);
    return fcn::apps::kExitBadInput;
  }
  return exit_code;
}
