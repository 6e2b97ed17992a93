// What a person sees: digits as text, progress, times and sizes. Talk goes to stderr, results to stdout.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "gray_image.h"

namespace fcn::apps {

// What a stream can show.
struct Style {
  bool utf8 = false;    // block characters; otherwise ASCII
  bool colour = false;  // 256-colour escapes
  bool live = false;    // a terminal: lines can be rewritten
};

// Asks the stream and the environment (LC_ALL, LC_CTYPE, LANG, TERM, NO_COLOR).
Style detect_style(std::FILE* stream);

// The digit in 14 rows of 28 columns, two pixels above each other in a cell.
std::vector<std::string> digit_rows(const Digit& digit, const Style& style);

// Prints rows with text lines beside them, from the row `first` on.
void print_beside(std::FILE* stream, const std::vector<std::string>& rows, std::size_t first,
                  const std::vector<std::string>& text);

// "1.23 s", "45.6 ms"; "1.23 MB", "456 kB" (powers of ten), "12 bytes".
std::string format_seconds(double seconds);
std::string format_bytes(std::uint64_t bytes);
// "67,194".
std::string format_count(std::uint64_t count);
// "values in [-3, 7], 3 bits"; "values of 70 bits" where 62 are not enough.
std::string format_range(double low, double high, int bits);

// One line on stderr that says how far the work is and how long it will take: a bar on a terminal, otherwise a plain line
// every tenth.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // The arguments of nn::Progress.
  void update(const std::string& stage, std::size_t done, std::size_t total);
  // Wipes the bar, so that other output may follow.
  void clear();

 private:
  Style style_;
  bool shown_ = false;
  std::string stage_;
  std::size_t tenths_ = 0;
  std::chrono::steady_clock::time_point drawn_, started_;  // of the stage
};

}  // namespace fcn::apps
