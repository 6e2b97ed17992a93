#include "flags.h"

#include <algorithm>
#include <charconv>

namespace fcn::apps {

using platform::concat;
using platform::invalid_argument;
using platform::Status;

std::string list_choices(const std::vector<std::string>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  }
  return text;
}

void FlagSet::add(std::string name, std::string value_name, std::string help, bool repeats,
                  std::function<Status(const std::string&)> set) {
  flags_.push_back({std::move(name), std::move(value_name), std::move(help), repeats, std::move(set)});
}

void FlagSet::add_switch(const std::string& name, bool* target, const std::string& help) {
  add(name, "", help, false, [=](const std::string&) {
    *target = true;
    return Status();
  });
}

void FlagSet::add_integer(const std::string& name, std::uint64_t* target, std::uint64_t low,
                          std::uint64_t high, const std::string& help) {
  add(name, "N", concat(help, " (", low, " to ", high, "; default ", *target, ")"), false,
      [=](const std::string& text) {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < low ||
            value > high) {
          return invalid_argument(
              concat("--", name, " takes an integer from ", low, " to ", high, ", not \"", text, "\""));
        }
        *target = value;
        return Status();
      });
}

void FlagSet::add_text(const std::string& name, const std::string& value_name, std::string* target,
                       const std::string& help) {
  add(name, value_name, help, false, [=](const std::string& text) {
    if (text.empty()) return invalid_argument(concat("--", name, " was given an empty value"));
    *target = text;
    return Status();
  });
}

void FlagSet::add_choice(const std::string& name, const std::string& value_name, std::string* target,
                         std::vector<std::string> choices, const std::string& help) {
  const std::string known = list_choices(choices);
  add(name, value_name, concat(help, ": ", known), false,
      [=, choices = std::move(choices)](const std::string& text) {
        if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
          return invalid_argument(concat("--", name, " takes ", known, ", not \"", text, "\""));
        }
        *target = text;
        return Status();
      });
}

void FlagSet::add_list(const std::string& name, const std::string& value_name,
                       std::vector<std::string>* target, const std::string& help) {
  add(name, value_name, help, true, [=](const std::string& text) {
    if (text.empty()) return invalid_argument(concat("--", name, " was given an empty value"));
    target->push_back(text);
    return Status();
  });
}

Status FlagSet::parse(std::span<const std::string> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help" || word == "-h") {
      help_wanted_ = true;
      return {};
    }
    if (word.rfind("--", 0) != 0 && words_ != nullptr) {
      words_->push_back(word);
      continue;
    }
    if (word.rfind("--", 0) != 0)
      return invalid_argument(concat("unexpected word \"", word, "\"; see --help"));
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto flag =
        std::find_if(flags_.begin(), flags_.end(), [&](const Flag& f) { return f.name == name; });
    if (flag == flags_.end()) return invalid_argument(concat("unknown flag --", name, "; see --help"));
    if (flag->given && !flag->repeats) return invalid_argument(concat("--", name, " was given twice"));
    flag->given = true;
    std::string value;
    if (flag->value_name.empty()) {
      if (equals != std::string::npos) return invalid_argument(concat("--", name, " takes no value"));
    } else if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      return invalid_argument(concat("--", name, " needs a value (", flag->value_name, ")"));
    }
    FCN_RETURN_IF_ERROR(flag->set(value));
  }
  if (words_ != nullptr && words_->empty()) return invalid_argument("a file name is missing; see --help");
  return {};
}

bool FlagSet::given(const std::string& name) const {
  return std::any_of(flags_.begin(), flags_.end(), [&](const Flag& f) { return f.name == name && f.given; });
}

platform::Status FlagSet::require(std::initializer_list<const char*> names) const {
  for (const char* name : names) {
    if (!given(name)) return platform::invalid_argument(concat("--", name, " is missing; see --help"));
  }
  return {};
}

std::string FlagSet::help(const std::string& program) const {
  std::string text = concat("usage: ", program, " ", usage_, "\n\n", summary_, "\n\n");
  std::size_t width = 6;
  const auto left = [](const Flag& flag) {
    return concat("--", flag.name, flag.value_name.empty() ? "" : " ", flag.value_name);
  };
  for (const Flag& flag : flags_) width = std::max(width, left(flag).size());
  for (const Flag& flag : flags_) {
    const std::string name = left(flag);
    text += concat("  ", name, std::string(width - name.size() + 2, ' '), flag.help,
                   flag.repeats ? "; may be given several times" : "", "\n");
  }
  return text + concat("  --help", std::string(width - 4, ' '), "this text\n");
}

}  // namespace fcn::apps
