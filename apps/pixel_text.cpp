#include "pixel_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace fcn::apps {

using platform::concat;
using platform::invalid_argument;
using platform::Result;

namespace {

constexpr double kSlack = 0.01;  // for texts of few digits
constexpr double kBlack = (0 - kMnistMean) / kMnistDeviation, kWhite = (1 - kMnistMean) / kMnistDeviation;
constexpr std::string_view kBlanks = " \t\r\n";

std::uint8_t to_byte(double number, PixelScale scale) {
  double grey = number;
  if (scale == PixelScale::kNormalized) grey = 255 * (number * kMnistDeviation + kMnistMean);
  if (scale == PixelScale::kUnit) grey = 255 * number;
  return static_cast<std::uint8_t>(std::lround(std::clamp(grey, 0.0, 255.0)));
}

std::string quoted(std::string_view word) {
  std::string text = "\"";
  for (const char c : word.substr(0, 20)) text += c >= ' ' && c <= '~' ? c : '?';
  return text + (word.size() > 20 ? "...\"" : "\"");
}

}  // namespace

Result<PixelScale> detect_scale(double lowest, double highest) {
  if (lowest < 0) {
    if (lowest < kBlack - kSlack || highest > kWhite + kSlack)
      return invalid_argument(
          "there are negative numbers, and the range is not that of normalised MNIST pixels");
    return PixelScale::kNormalized;
  }
  if (highest <= 1) return PixelScale::kUnit;
  if (highest > 255) return invalid_argument("there are numbers above 255");
  if (highest <= kWhite + kSlack)
    return invalid_argument(
        "the largest number is between 1 and 2.83: neither 0..1, nor 0..255, nor normalised");
  return PixelScale::kBytes;
}

Result<std::vector<std::vector<std::uint8_t>>> parse_pixel_text(std::string_view text,
                                                                std::size_t pixels_each,
                                                                const std::string& source) {
  std::vector<double> numbers;
  for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = text.find_first_not_of(kBlanks, at)) {
    const std::string_view word = text.substr(at, text.find_first_of(kBlanks, at) - at);
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(number))
      return invalid_argument(concat(source, ": ", quoted(word), " is not a number"));
    numbers.push_back(number);
    at += word.size();
  }
  if (numbers.empty() || numbers.size() % pixels_each != 0) {
    return invalid_argument(
        concat(source, ": ", numbers.size(), " numbers are no whole images of ", pixels_each));
  }
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  const Result<PixelScale> scale = detect_scale(*low, *high);
  if (!scale.ok()) return scale.status().with_context(source);
  std::vector<std::vector<std::uint8_t>> images(numbers.size() / pixels_each);
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (std::size_t j = 0; j < pixels_each; ++j)
      images[i].push_back(to_byte(numbers[i * pixels_each + j], scale.value()));
  }
  return images;
}

}  // namespace fcn::apps
