// fcn: encrypted inference between two parties, a process for each step.
#include <csignal>
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
    {"spec", run_spec, "server: what clients must know of a model, and nothing of its weights"},
    {"keygen", run_keygen, "client: a secret key, and evaluation keys for the server"},
    {"encrypt", run_encrypt, "client: pictures or numbers to encrypted requests"},
    {"infer", run_infer, "server: encrypted requests to encrypted answers"},
    {"decrypt", run_decrypt, "client: encrypted answers to scores"},
    {"inspect", run_inspect_file, "what is in a file, but no secret"},
    {"serve", run_serve, "server: infer for clients over TCP or a Unix socket"},
    {"query", run_query, "client: encrypt, ask such a server, decrypt"},
};

std::string general_help() {
  std::string text = "usage: fcn command [flags]\n\n";
  for (const Command& command : kCommands) {
    std::string name = command.name;
    name.resize(9, ' ');
    text += "  " + name + command.summary + "\n";
  }
  return text +
         "\nfcn command --help lists the flags of a command; as a file name, - is stdin or stdout. Exit "
         "codes:\n"
         "0 success, 2 bad input or usage.\n";
}

int run(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::fputs(general_help().c_str(), stderr);
    return kExitBadInput;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    std::fputs(general_help().c_str(), stdout);
    return kExitOk;
  }
  for (const Command& command : kCommands) {
    if (words[0] == command.name) return command.run(std::span(words).subspan(1));
  }
  std::fprintf(stderr, "fcn: unknown command \"%s\"; fcn --help lists the commands\n", words[0].c_str());
  return kExitBadInput;
}

}  // namespace

int run_command(FlagSet& flags, const char* command, std::span<const std::string> arguments,
                const std::function<platform::Status()>& body) {
  platform::Status status = flags.parse(arguments);
  if (status.ok() && flags.help_wanted()) {
    std::fputs(flags.help("fcn").c_str(), stdout);
    return kExitOk;
  }
  if (status.ok()) status = body();
  if (status.ok()) return kExitOk;
  std::fprintf(stderr, "fcn %s: %s\n", command, status.message().c_str());
  return kExitBadInput;
}

platform::Status require(const FlagSet& flags, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (!flags.given(name))
      return platform::invalid_argument(platform::concat("--", name, " is missing; see --help"));
  }
  return {};
}

}  // namespace fcn::apps

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe or socket is an error like any other
  const int exit_code = fcn::apps::run(std::vector<std::string>(words + (count > 0), words + count));
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("fcn: the results could not be written to stdout\n", stderr);
    return fcn::apps::kExitBadInput;
  }
  return exit_code;
}
