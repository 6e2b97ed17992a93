// Command-line flags: --name value, --name=value, --switch, --help.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "../platform/status.h"

namespace fcn::apps {

// The exit codes of every program here.
inline constexpr int kExitOk = 0;
inline constexpr int kExitWrongResult = 1;  // an encrypted result differed from the integer network
inline constexpr int kExitBadInput = 2;     // usage, files, models, parameters

// The flags of one subcommand. Each variable handed in keeps its value, the default, unless its flag is
// given.
class FlagSet {
 public:
  // usage: what follows the program's name ("eval [flags]"); summary: one or more sentences.
  FlagSet(std::string usage, std::string summary) : usage_(std::move(usage)), summary_(std::move(summary)) {}

  void add_switch(const std::string& name, bool* target, const std::string& help);
  // An integer in [low, high].
  void add_integer(const std::string& name, std::uint64_t* target, std::uint64_t low, std::uint64_t high,
                   const std::string& help);
  void add_text(const std::string& name, const std::string& value_name, std::string* target,
                const std::string& help);
  // One of choices.
  void add_choice(const std::string& name, const std::string& value_name, std::string* target,
                  std::vector<std::string> choices, const std::string& help);
  // A flag that may be given several times.
  void add_list(const std::string& name, const std::string& value_name, std::vector<std::string>* target,
                const std::string& help);

  // Words that are no flags go to target, which must not stay empty. Without this there must be none.
  void take_words(std::vector<std::string>* target) { words_ = target; }

  // Errors: kInvalidArgument naming the flag or word and what was expected. --help ends the parsing.
  platform::Status parse(std::span<const std::string> arguments);
  bool help_wanted() const noexcept { return help_wanted_; }
  bool given(const std::string& name) const;
  // Errors: kInvalidArgument unless each of these flags was given.
  platform::Status require(std::initializer_list<const char*> names) const;
  std::string help(const std::string& program) const;

 private:
  struct Flag {
    std::string name;
    std::string value_name;  // empty: a switch
    std::string help;
    bool repeats;
    std::function<platform::Status(const std::string&)> set;
    bool given = false;
  };
  void add(std::string name, std::string value_name, std::string help, bool repeats,
           std::function<platform::Status(const std::string&)> set);

  std::string usage_, summary_;
  std::vector<Flag> flags_;
  std::vector<std::string>* words_ = nullptr;
  bool help_wanted_ = false;
};

// "a, b or c".
std::string list_choices(const std::vector<std::string>& choices);

}  // namespace fcn::apps
