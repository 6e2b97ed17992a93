// fcn-mnist activation: the best polynomial for a function, with real coefficients and with powers of two.
#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>
#include <tuple>

#include "../nn/activation_search.h"
#include "../platform/file.h"
#include "activation_plot.h"
#include "commands.h"
#include "json.h"
#include "output_guard.h"

namespace fcn::apps {
namespace {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;
using Polynomial = std::vector<double>;

struct ActivationFlags {
  std::string function, interval = "-4,4", exponents = "-6,2", weight = "none", samples, svg;
  std::uint64_t degree = 2;
  bool json = false;
};

// Two numbers with a comma (or, in a file, white space) between them.
template <class Number>
bool parse_pair(std::string_view text, const char* separators, Number& first, Number& second) {
  const auto split = text.find_first_of(separators);
  if (split == std::string_view::npos) return false;
  const auto next = text.find_first_not_of(separators, split);
  if (next == std::string_view::npos) return false;
  const char *start = text.data(), *end = start + text.size();
  const auto one = std::from_chars(start, start + split, first);
  const auto two = std::from_chars(start + next, end, second);
  return one.ec == std::errc() && one.ptr == start + split && two.ec == std::errc() && two.ptr == end;
}

// Lines "x y" or "x,y"; empty ones and those that begin with # are skipped.
Result<std::vector<nn::Sample>> read_samples(const std::string& path) {
  FCN_ASSIGN_OR_RETURN(const auto bytes, platform::read_file(path, std::size_t{1} << 23));
  const std::string text(bytes.begin(), bytes.end());
  std::vector<nn::Sample> samples;
  std::size_t line_number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++line_number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    nn::Sample sample;
    if (!parse_pair(line, ", \t", sample.x, sample.y)) {
      return platform::corrupt(
          concat(path, ", line ", line_number, ": \"", line.substr(0, 40), "\" is not two numbers x and y"));
    }
    samples.push_back(sample);
  }
  return samples;
}

// 1/8 for a power of two where that is asked for, else six digits.
std::string coefficient_text(double size, bool fraction) {
  char text[40];
  if (fraction && size < 1) {
    std::snprintf(text, sizeof text, "1/%.0f", 1 / size);
  } else {
    std::snprintf(text, sizeof text, "%.6g", size);
  }
  return text;
}

// "1/8 x^2 + 1/2 x + 1/4"; coefficients below 1e-12 come from rounding and are left out.
std::string polynomial_text(const Polynomial& p, bool fractions) {
  std::string text;
  for (std::size_t i = p.size(); i-- > 0;) {
    if (std::fabs(p[i]) < 1e-12) continue;
    text += text.empty() ? (p[i] < 0 ? "-" : "") : (p[i] < 0 ? " - " : " + ");
    text += coefficient_text(std::fabs(p[i]), fractions) + (i == 0 ? "" : i == 1 ? " x" : concat(" x^", i));
  }
  return text.empty() ? "0" : text;
}

// What one criterion gives.
struct Finding {
  const char* key;
  const char* title;
  nn::ErrorCriterion criterion;
  nn::ActivationSearch search;

  // The error that the criterion makes least.
  double error(const nn::Approximation& a) const {
    return criterion == nn::ErrorCriterion::kMinimax ? a.max_error : a.rms_error;
  }
  bool is_optimum(const nn::Approximation& a) const { return a.polynomial == search.power_of_two.polynomial; }
  double ratio(const nn::Approximation& a) const {
    return is_optimum(a) ? 1 : error(a) / error(search.power_of_two);
  }
};

struct Findings {
  std::string question, weight;
  std::vector<Finding> by_criterion;
  std::optional<nn::Approximation> swish_aq;  // none: not admissible
};

void print_row(const char* name, const nn::Approximation& a, bool fractions) {
  std::printf("  %-14s %10.6f %10.6f   %s\n", name, a.max_error, a.rms_error,
              polynomial_text(a.polynomial, fractions).c_str());
}

void print(const Findings& findings) {
  std::printf("%s\nroot mean squares are %s\n", findings.question.c_str(), findings.weight.c_str());
  for (const Finding& finding : findings.by_criterion) {
    const nn::ActivationSearch& search = finding.search;
    std::printf("\n%-16s %10s %10s   polynomial\n", finding.title, "max error", "rms error");
    print_row("real optimum", search.unconstrained, false);
    print_row("powers of two", search.power_of_two, true);
    std::printf("  searched: %" PRIu64 " of %" PRIu64 " polynomials measured, %" PRIu64 " pruned by %" PRIu64
                " bounds; none is better\n",
                search.measured, search.admissible, search.admissible - search.measured, search.bounds);
    if (!findings.swish_aq) continue;
    print_row("Swish-AQ", *findings.swish_aq, true);
    if (finding.is_optimum(*findings.swish_aq)) {
      std::printf("  Swish-AQ is the optimum\n");
    } else {
      std::printf("  Swish-AQ is not the optimum: its error is %.4g times the least\n",
                  finding.ratio(*findings.swish_aq));
    }
  }
  if (!findings.swish_aq) std::printf("\nSwish-AQ, 1/8 x^2 + 1/2 x + 1/4, is not admissible here\n");
}

void add_approximation(JsonWriter& json, const char* key, const nn::Approximation& a) {
  json.begin_object(key);
  json.begin_object("coefficients");
  for (std::size_t i = 0; i < a.polynomial.size(); ++i) json.add(concat("x^", i), a.polynomial[i]);
  json.end_object();
  json.add("max_error", a.max_error);
  json.add("rms_error", a.rms_error);
  json.end_object();
}

void print_json(const ActivationFlags& flags, const nn::ActivationTarget& target, const Findings& findings) {
  JsonWriter json;
  json.add("function", flags.function);
  json.add("low", target.low());
  json.add("high", target.high());
  json.add("degree", flags.degree);
  json.add("weight", flags.weight);
  for (const Finding& finding : findings.by_criterion) {
    json.begin_object(finding.key);
    add_approximation(json, "unconstrained", finding.search.unconstrained);
    add_approximation(json, "power_of_two", finding.search.power_of_two);
    json.add("admissible", finding.search.admissible);
    json.add("measured", finding.search.measured);
    json.add("pruned", finding.search.admissible - finding.search.measured);
    json.add("bounds", finding.search.bounds);
    if (findings.swish_aq) {
      json.add("swish_aq_is_optimal", finding.is_optimum(*findings.swish_aq));
      json.add("swish_aq_error_ratio", finding.ratio(*findings.swish_aq));
    }
    json.end_object();
  }
  if (findings.swish_aq) add_approximation(json, "swish_aq", *findings.swish_aq);
  std::fputs(std::move(json).finish().c_str(), stdout);
}

std::string draw(const ActivationFlags& flags, const nn::ActivationTarget& target, const Findings& findings) {
  std::vector<PlotColumn> columns;
  for (const Finding& finding : findings.by_criterion) {
    PlotColumn column{finding.title, {{flags.function, [&target](double x) { return target(x); }}}};
    const auto add = [&](const char* name, const nn::Approximation& a) {
      char text[60];
      std::snprintf(text, sizeof text, "%s, %s error %.3g", name,
                    finding.criterion == nn::ErrorCriterion::kMinimax ? "max" : "rms", finding.error(a));
      column.curves.push_back({text, [&a](double x) { return nn::evaluate(a.polynomial, x); }});
    };
    add("real", finding.search.unconstrained);
    add("powers of two", finding.search.power_of_two);
    if (findings.swish_aq && !finding.is_optimum(*findings.swish_aq)) add("Swish-AQ", *findings.swish_aq);
    columns.push_back(std::move(column));
  }
  return plot_svg(findings.question, target.low(), target.high(), columns);
}

Status activation(ActivationFlags flags) {
  double low = 0, high = 0;
  nn::PowerOfTwoPolynomials allowed{.degree = static_cast<int>(flags.degree)};
  if (!parse_pair(flags.interval, ",", low, high)) {
    return invalid_argument(concat("--interval takes two numbers LOW,HIGH, not \"", flags.interval, "\""));
  }
  if (!parse_pair(flags.exponents, ",", allowed.exponent_min, allowed.exponent_max)) {
    return invalid_argument(concat("--exponents takes two integers MIN,MAX, not \"", flags.exponents, "\""));
  }
  std::vector<nn::Sample> samples;
  if (!flags.samples.empty()) {
    if (!flags.function.empty()) {
      return invalid_argument(concat("--samples ", flags.samples,
                                     " is a function of its own: leave out --function ", flags.function));
    }
    FCN_ASSIGN_OR_RETURN(samples, read_samples(flags.samples));
    flags.function = "table";
  }
  if (flags.function.empty()) return invalid_argument("--function NAME or --samples FILE is needed");
  const bool normal = flags.weight == "normal";
  FCN_ASSIGN_OR_RETURN(
      const nn::ActivationTarget target,
      nn::ActivationTarget::create(flags.function, low, high,
                                   normal ? nn::ErrorWeight::kNormal : nn::ErrorWeight::kUniform, samples));
  Findings findings;
  findings.question =
      concat(flags.function, " on [", coefficient_text(low, false), ", ", coefficient_text(high, false),
             "], degree ", flags.degree, ", coefficients 0 or +-2^e with e from ", allowed.exponent_min,
             " to ", allowed.exponent_max);
  findings.weight = normal ? "under a standard normal distribution" : "over the whole interval alike";
  for (const auto& [key, title, criterion] :
       {std::tuple{"minimax", "least maximum", nn::ErrorCriterion::kMinimax},
        std::tuple{"least_squares", "least squares", nn::ErrorCriterion::kLeastSquares}}) {
    FCN_ASSIGN_OR_RETURN(nn::ActivationSearch search, nn::search_activation(target, criterion, allowed));
    findings.by_criterion.push_back({key, title, criterion, std::move(search)});
  }
  Polynomial swish_aq = {0.25, 0.5, 0.125};
  if (nn::is_admissible(allowed, swish_aq)) {
    swish_aq.resize(flags.degree + 1);
    findings.swish_aq = nn::measure(target, swish_aq);
  }
  if (flags.svg.empty()) flags.svg = flags.function + ".svg";
  const bool drawn = flags.svg != "none";
  if (drawn) FCN_RETURN_IF_ERROR(refuse_secret_key(flags.svg));
  if (drawn) FCN_RETURN_IF_ERROR(platform::write_file(flags.svg, draw(flags, target, findings)));
  if (flags.json) {
    print_json(flags, target, findings);
  } else {
    print(findings);
    if (drawn) std::printf("\ndrawn: %s\n", flags.svg.c_str());
  }
  return {};
}

}  // namespace

int run_activation(std::span<const std::string> arguments) {
  ActivationFlags values;
  FlagSet flags(
      "activation --function NAME [flags]",
      "Finds the polynomial of least error whose coefficients are 0 or +-2^e, proven by complete search,\n"
      "beside the best one with real coefficients: by maximum and by mean square error. Draws them, too.");
  flags.add_text("function", "NAME", &values.function, "relu, swish, softplus, tanh or sigmoid");
  flags.add_text("samples", "FILE", &values.samples,
                 "a function of your own instead: lines \"x y\" in rising x, straight between them");
  flags.add_text("interval", "LOW,HIGH", &values.interval, "where it is approximated (default -4,4)");
  flags.add_integer("degree", &values.degree, 1, nn::kMaxSearchDegree, "the polynomial's degree at most");
  flags.add_text("exponents", "MIN,MAX", &values.exponents, "the powers of two allowed (default -6,2)");
  flags.add_choice("weight", "NAME", &values.weight, {"none", "normal"},
                   "the weight of mean squares (default none)");
  flags.add_text("svg", "FILE", &values.svg,
                 "the picture of function, polynomials and errors (default NAME.svg); none: no picture");
  flags.add_switch("json", &values.json, "print JSON");
  return run_command(flags, "fcn-mnist activation", arguments, [&] { return activation(std::move(values)); });
}

}  // namespace fcn::apps
