#include "terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace fcn::apps {
namespace {

// A variable's value; "" when it is not set.
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = environment(name);
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

std::string with_decimals(double value, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, value < 10 ? "%.2f %s" : value < 100 ? "%.1f %s" : "%.0f %s", value, unit);
  return text;
}

// The 256-colour palette's nearest gray: 16 is black, 232 to 255 rise to nearly white.
int gray_colour(int level) {
  return level < 6 ? 16 : 232 + std::min(level * 24 / 256, 23);
}

void append_colour_cell(std::string& row, int upper, int lower) {
  row += "\x1b[38;5;" + std::to_string(gray_colour(upper)) + ";48;5;" + std::to_string(gray_colour(lower)) +
         "m\u2580";
}

void append_block_cell(std::string& row, int upper, int lower) {
  const bool up = upper >= 96, down = lower >= 96;
  row += up && down ? "\u2588" : up ? "\u2580" : down ? "\u2584" : " ";
}

void append_ascii_cell(std::string& row, int upper, int lower) {
  constexpr char kRamp[] = " .:-=+*#%@";
  row += kRamp[(upper + lower) * 9 / 510];
}

}  // namespace

Style detect_style(std::FILE* stream) {
  Style style;
  const std::string term = environment("TERM");
  style.live = isatty(fileno(stream)) == 1 && term != "dumb";
  style.utf8 = locale_is_utf8();
  style.colour = style.live && style.utf8 && environment("NO_COLOR").empty();
  return style;
}

std::vector<std::string> digit_rows(const Digit& digit, const Style& style) {
  std::vector<std::string> rows;
  for (std::size_t y = 0; y < kDigitSide; y += 2) {
    std::string row;
    for (std::size_t x = 0; x < kDigitSide; ++x) {
      const int upper = digit[y * kDigitSide + x], lower = digit[(y + 1) * kDigitSide + x];
      if (style.colour) {
        append_colour_cell(row, upper, lower);
      } else if (style.utf8) {
        append_block_cell(row, upper, lower);
      } else {
        append_ascii_cell(row, upper, lower);
      }
    }
    if (style.colour) row += "\x1b[0m";
    rows.push_back(row);
  }
  return rows;
}

void print_beside(std::FILE* stream, const std::vector<std::string>& rows, std::size_t first,
                  const std::vector<std::string>& text) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool has_text = i >= first && i - first < text.size();
    std::fprintf(stream, "  %s   %s\n", rows[i].c_str(), has_text ? text[i - first].c_str() : "");
  }
}

std::string format_seconds(double seconds) {
  if (seconds >= 1) return with_decimals(seconds, "s");
  if (seconds >= 1e-3) return with_decimals(seconds * 1e3, "ms");
  return with_decimals(seconds * 1e6, "us");
}

std::string format_bytes(std::uint64_t bytes) {
  const double value = static_cast<double>(bytes);
  if (value >= 1e9) return with_decimals(value / 1e9, "GB");
  if (value >= 1e6) return with_decimals(value / 1e6, "MB");
  if (value >= 1e3) return with_decimals(value / 1e3, "kB");
  return std::to_string(bytes) + " bytes";
}

std::string format_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string format_range(double low, double high, int bits) {
  char text[100];
  if (bits > 62) {
    std::snprintf(text, sizeof text, "values of %d bits", bits);
  } else {
    std::snprintf(text, sizeof text, "values in [%.0f, %.0f], %d bits", low, high, bits);
  }
  return text;
}

ProgressLine::ProgressLine() : style_(detect_style(stderr)) {}

ProgressLine::~ProgressLine() {
  clear();
}

namespace {

// ", 1:05 left", once there is something to tell it from.
std::string time_left(std::chrono::steady_clock::duration elapsed, std::size_t done, std::size_t total) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  if (done == 0 || done >= total || seconds < 2) return "";
  const auto left =
      static_cast<unsigned long>(seconds * static_cast<double>(total - done) / static_cast<double>(done));
  char text[40];
  std::snprintf(text, sizeof text, ", %lu:%02lu left", left / 60, left % 60);
  return text;
}

}  // namespace

void ProgressLine::update(const std::string& stage, std::size_t done, std::size_t total) {
  const auto now = std::chrono::steady_clock::now();
  const std::size_t tenths = total == 0 ? 10 : std::min(done, total) * 10 / total;
  const bool new_stage = stage != stage_;
  if (new_stage) started_ = now;
  const std::string left = time_left(now - started_, done, total);
  if (style_.live) {
    if (!new_stage && done < total && now - drawn_ < std::chrono::milliseconds(80)) return;
    constexpr std::size_t kBar = 30;
    const std::size_t filled = total == 0 ? kBar : std::min(done, total) * kBar / total;
    std::string bar;
    for (std::size_t i = 0; i < kBar; ++i) {
      bar += i < filled ? (style_.utf8 ? "\u2588" : "#") : (style_.utf8 ? "\u2591" : ".");
    }
    std::fprintf(stderr, "\r\x1b[K  %s %zu/%zu  %s%s", bar.c_str(), done, total, stage.c_str(), left.c_str());
    std::fflush(stderr);
    shown_ = true;
  } else if (new_stage || tenths > tenths_) {
    std::fprintf(stderr, "%s: %zu of %zu%s\n", stage.c_str(), done, total, left.c_str());
  }
  stage_ = stage;
  tenths_ = tenths;
  drawn_ = now;
}

void ProgressLine::clear() {
  if (shown_) {
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
  }
  shown_ = false;
}

}  // namespace fcn::apps
