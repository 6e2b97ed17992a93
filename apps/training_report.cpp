#include "training_report.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "terminal.h"

namespace fcn::apps {
namespace {

using platform::concat;

constexpr double kWidth = 900, kLeft = 70, kPlotWidth = 780, kPlotTop = 80, kPlotHeight = 220;
constexpr double kBarsTop = 390, kBarsHeight = 120;
constexpr double kFiltersTop = 590, kFilterSide = 80;
constexpr std::size_t kFiltersInARow = 8, kMostFilters = 64;

std::string number(double value, const char* format = "%.2f") {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string text_at(double x, double y, const std::string& style, const std::string& text) {
  return concat("<text x=\"", number(x), "\" y=\"", number(y), "\" ", style, ">", text, "</text>\n");
}

std::string rectangle(double x, double y, double width, double height, const std::string& style) {
  return concat("<rect x=\"", number(x), "\" y=\"", number(y), "\" width=\"", number(width), "\" height=\"",
                number(height), "\" ", style, "/>\n");
}

// The lowest accuracy that the plot shows: below it all epochs look alike.
double lowest_shown(const std::vector<nn::EpochReport>& epochs) {
  double lowest = 1;
  for (const nn::EpochReport& epoch : epochs) lowest = std::min(lowest, epoch.held_out_accuracy);
  return std::clamp(std::floor(lowest * 200) / 200, 0.0, 0.99);
}

std::string accuracy_panel(const std::vector<nn::EpochReport>& epochs) {
  if (epochs.empty()) return {};
  const double low = lowest_shown(epochs);
  std::size_t most_weights = 1;
  for (const nn::EpochReport& epoch : epochs) most_weights = std::max(most_weights, epoch.nonzero_weights);
  const auto x_of = [&](std::size_t i) {
    return kLeft + kPlotWidth * (static_cast<double>(i) + 0.5) / static_cast<double>(epochs.size());
  };
  const auto y_of = [&](double share) { return kPlotTop + kPlotHeight * (1 - share); };
  std::string svg = text_at(kLeft, kPlotTop - 32, "font-weight=\"bold\"",
                            "Held-out accuracy (line) and weights that are not 0 (grey)");
  std::string line, bars, stages;
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    const double weights = static_cast<double>(epochs[i].nonzero_weights) / static_cast<double>(most_weights);
    const double width = kPlotWidth / static_cast<double>(epochs.size());
    bars += rectangle(x_of(i) - width / 2, y_of(weights), width, kPlotHeight * weights, "fill=\"#ddd\"");
    line += concat(line.empty() ? "M" : "L", number(x_of(i)), " ",
                   number(y_of((epochs[i].held_out_accuracy - low) / (1 - low))), " ");
    if (i == 0 || epochs[i].stage != epochs[i - 1].stage) {
      const double x = x_of(i) - width / 2;
      stages +=
          concat("<line x1=\"", number(x), "\" x2=\"", number(x), "\" y1=\"", number(kPlotTop), "\" y2=\"",
                 number(kPlotTop + kPlotHeight), "\" stroke=\"#888\" stroke-dasharray=\"3 3\"/>\n",
                 "<text transform=\"translate(", number(x + 4), " ", number(kPlotTop + kPlotHeight + 14),
                 ") rotate(25)\" font-size=\"11\">", epochs[i].stage, "</text>\n");
    }
  }
  svg += bars + stages;
  for (int tick = 0; tick <= 4; ++tick) {
    const double share = tick / 4.0;
    svg += text_at(kLeft - 8, y_of(share) + 4, "text-anchor=\"end\" font-size=\"11\"",
                   number(100 * (low + share * (1 - low))) + " %");
  }
  svg += concat("<path d=\"", line, "\" fill=\"none\" stroke=\"#0072b2\" stroke-width=\"2\"/>\n");
  const nn::EpochReport& last = epochs.back();
  return svg + text_at(kLeft, kPlotTop - 12, "font-size=\"12\"",
                       concat("at the end ", number(100 * last.held_out_accuracy), " %, ",
                              format_count(last.nonzero_weights), " weights, ",
                              format_count(last.counts.total()), " operations an image"));
}

// How many weights have each exponent, zeros apart.
std::string bars_panel(double left, double width, const nn::Layer& layer, const std::string& title) {
  std::map<int, std::size_t> counts;
  std::size_t zeros = 0, most = 1;
  for (const std::int64_t weight : layer.weights) {
    if (weight == 0) {
      ++zeros;
      continue;
    }
    const int exponent = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(std::llabs(weight)))) - 1;
    most = std::max(most, ++counts[exponent]);
  }
  std::string svg = text_at(left, kBarsTop - 30, "font-weight=\"bold\"", title);
  svg += text_at(left, kBarsTop - 14, "font-size=\"11\"",
                 concat(format_count(layer.weights.size() - zeros), " of ",
                        format_count(layer.weights.size()), " are not 0"));
  const double step = width / static_cast<double>(std::max<std::size_t>(counts.size(), 4));
  double x = left;
  for (const auto& [exponent, count] : counts) {
    const double height = kBarsHeight * static_cast<double>(count) / static_cast<double>(most);
    svg += rectangle(x, kBarsTop + kBarsHeight - height, step * 0.8, height, "fill=\"#0072b2\"");
    svg += text_at(x + step * 0.4, kBarsTop + kBarsHeight + 14, "text-anchor=\"middle\" font-size=\"11\"",
                   concat("2<tspan dy=\"-4\" font-size=\"8\">", exponent, "</tspan>"));
    x += step;
  }
  return svg;
}

// Blue is positive, red negative, white 0.
std::string filter_picture(double x, double y, std::span<const std::int64_t> weights, int side,
                           std::int64_t largest) {
  std::string svg;
  const double cell = kFilterSide / side;
  for (int i = 0; i < side * side; ++i) {
    const double share =
        static_cast<double>(weights[static_cast<std::size_t>(i)]) / static_cast<double>(largest);
    const int pale = 255 - static_cast<int>(std::lround(215 * std::sqrt(std::fabs(share))));
    const std::string colour =
        share < 0 ? concat("rgb(214,", pale, ",", pale, ")") : concat("rgb(", pale, ",", pale, ",214)");
    svg +=
        rectangle(x + cell * (i % side), y + cell * (i / side), cell, cell,
                  concat("fill=\"", share == 0 ? "#fff" : colour, "\" stroke=\"#ccc\" stroke-width=\"0.5\""));
  }
  return svg;
}

}  // namespace

std::string training_report(const nn::TrainedModel& model) {
  std::vector<const nn::Layer*> linear;
  for (const nn::Layer& layer : model.network.layers) {
    if (!layer.weights.empty()) linear.push_back(&layer);
  }
  std::string body = accuracy_panel(model.epochs);
  const double width = kPlotWidth / static_cast<double>(std::max<std::size_t>(linear.size(), 1));
  for (std::size_t i = 0; i < linear.size(); ++i) {
    body += bars_panel(kLeft + width * static_cast<double>(i), width - 30, *linear[i],
                       concat("Layer ", i + 1, ": ", nn::layer_kind_name(linear[i]->kind)));
  }
  double bottom = kFiltersTop;
  const nn::Layer& first = *linear.front();
  if (first.kind == nn::LayerKind::kConv2d && first.in.channels == 1) {
    const auto area = static_cast<std::size_t>(first.kernel) * static_cast<std::size_t>(first.kernel);
    const std::size_t filters = std::min(first.weights.size() / area, kMostFilters);
    std::int64_t largest = 1;
    for (const std::int64_t weight : first.weights)
      largest = std::max<std::int64_t>(largest, std::llabs(weight));
    body += text_at(kLeft, kFiltersTop - 14, "font-weight=\"bold\"",
                    "Filters of the first layer: blue positive, red negative");
    for (std::size_t f = 0; f < filters; ++f) {
      const double x = kLeft + (kFilterSide + 14) * static_cast<double>(f % kFiltersInARow);
      const double y = kFiltersTop + (kFilterSide + 14) * static_cast<double>(f / kFiltersInARow);
      body += filter_picture(x, y, std::span(first.weights).subspan(f * area, area), first.kernel, largest);
      bottom = y + kFilterSide + 20;
    }
  }
  const std::string size =
      concat("width=\"", number(kWidth, "%.0f"), "\" height=\"", number(bottom, "%.0f"), "\"");
  return concat("<svg xmlns=\"http://www.w3.org/2000/svg\" ", size, " viewBox=\"0 0 ", number(kWidth, "%.0f"),
                " ", number(bottom, "%.0f"), "\" font-family=\"sans-serif\" font-size=\"13\">\n",
                rectangle(0, 0, kWidth, bottom, "fill=\"#fff\""),
                text_at(kLeft, 26, "font-size=\"17\"", "Training of " + model.network.name), body,
                "</svg>\n");
}

}  // namespace fcn::apps
