#include "activation_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "../platform/status.h"

namespace fcn::apps {
namespace {

using platform::concat;

constexpr int kPoints = 600;
constexpr double kColumnWidth = 520, kLeft = 85, kPanelWidth = 420;
constexpr double kTops[] = {120, 400}, kPanelHeight = 210;
// Told apart by brightness and dashes too.
constexpr const char* kStrokes[] = {"stroke=\"#222\" stroke-width=\"2.5\"",
                                    "stroke=\"#0072b2\" stroke-width=\"1.8\" stroke-dasharray=\"7 4\"",
                                    "stroke=\"#d55e00\" stroke-width=\"1.8\"",
                                    "stroke=\"#009e73\" stroke-width=\"1.8\" stroke-dasharray=\"2 3\""};

std::string number(double value, const char* format = "%.2f") {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

std::string label(double x, double y, const char* attributes, const std::string& text) {
  return concat("<text x=\"", number(x), "\" y=\"", number(y), "\" ", attributes, ">", escaped(text),
                "</text>\n");
}

std::string line(double x1, double y1, double x2, double y2, const char* attributes) {
  return concat("<line x1=\"", number(x1), "\" y1=\"", number(y1), "\" x2=\"", number(x2), "\" y2=\"",
                number(y2), "\" ", attributes, "/>\n");
}

// An axis from low to high that takes `length` pixels from `origin` on; a negative length points upwards.
struct Axis {
  double low, high, origin, length;
  double at(double value) const { return origin + (value - low) / (high - low) * length; }
  // Between 4 and 10 round steps: 1, 2 or 5 times a power of ten.
  double step() const {
    const double rough = (high - low) / 8, power = std::pow(10, std::floor(std::log10(rough)));
    return rough <= power       ? power
           : rough <= 2 * power ? 2 * power
           : rough <= 5 * power ? 5 * power
                                : 10 * power;
  }
};

using Values = std::vector<double>;

std::string panel(const Axis& x, double top, const std::vector<Values>& curves, std::size_t first_stroke,
                  const std::string& x_label, const std::string& y_label) {
  double low = 0, high = 0;  // 0 is always in view
  for (const Values& values : curves) {
    low = std::min(low, *std::min_element(values.begin(), values.end()));
    high = std::max(high, *std::max_element(values.begin(), values.end()));
  }
  const double margin = high > low ? 0.05 * (high - low) : 1;
  const double bottom = top + kPanelHeight;
  const Axis y{low - margin, high + margin, bottom, -kPanelHeight};
  std::string svg;
  for (double k = std::ceil(x.low / x.step()); k * x.step() <= x.high; ++k) {
    const double place = x.at(k * x.step());
    svg += line(place, top, place, bottom, k == 0 ? "stroke=\"#888\"" : "stroke=\"#e4e4e4\"");
    svg += label(place, bottom + 17, "text-anchor=\"middle\"", number(k == 0 ? 0 : k * x.step(), "%.4g"));
  }
  for (double k = std::ceil(y.low / y.step()); k * y.step() <= y.high; ++k) {
    const double place = y.at(k * y.step());
    svg +=
        line(x.origin, place, x.origin + x.length, place, k == 0 ? "stroke=\"#888\"" : "stroke=\"#e4e4e4\"");
    svg += label(x.origin - 7, place + 4, "text-anchor=\"end\"", number(k == 0 ? 0 : k * y.step(), "%.3g"));
  }
  for (std::size_t c = 0; c < curves.size(); ++c) {
    svg += "<polyline fill=\"none\" " + std::string(kStrokes[first_stroke + c]) + " points=\"";
    for (int i = 0; i <= kPoints; ++i) {
      svg += concat(i == 0 ? "" : " ", number(x.origin + x.length * i / kPoints), ",",
                    number(y.at(curves[c][static_cast<std::size_t>(i)])));
    }
    svg += "\"/>\n";
  }
  svg += concat("<rect x=\"", number(x.origin), "\" y=\"", number(top), "\" width=\"", number(x.length),
                "\" height=\"", number(kPanelHeight), "\" fill=\"none\" stroke=\"#444\"/>\n");
  svg += label(x.origin + x.length / 2, bottom + 35, "text-anchor=\"middle\"", x_label);
  const double side = x.origin - 66, middle = top + kPanelHeight / 2;
  return svg + concat("<text transform=\"translate(", number(side), " ", number(middle),
                      ") rotate(-90)\" text-anchor=\"middle\">", escaped(y_label), "</text>\n");
}

std::string column_svg(double left, double low, double high, const PlotColumn& column) {
  std::string svg = label(left, 62, "font-weight=\"bold\"", column.title);
  std::vector<Values> values(column.curves.size()), errors;
  for (std::size_t c = 0; c < values.size(); ++c) {
    const double row = 80 + 15 * static_cast<double>(c / 2), place = left + 232 * static_cast<double>(c % 2);
    svg += line(place, row - 4, place + 28, row - 4, kStrokes[c]);
    svg += label(place + 34, row, "font-size=\"11.5\"", column.curves[c].label);
    for (int i = 0; i <= kPoints; ++i) {
      const double x = i == kPoints ? high : low + (high - low) * i / kPoints;
      values[c].push_back(column.curves[c].value(x));
    }
    if (c == 0) continue;
    errors.push_back(values[0]);
    for (std::size_t i = 0; i < errors.back().size(); ++i) errors.back()[i] -= values[c][i];
  }
  const Axis x{low, high, left, kPanelWidth};
  return svg + panel(x, kTops[0], values, 0, "x", "value") +
         panel(x, kTops[1], errors, 1, "x", "error: function - polynomial");
}

}  // namespace

std::string plot_svg(const std::string& title, double low, double high,
                     const std::vector<PlotColumn>& columns) {
  const std::string width = number(kColumnWidth * static_cast<double>(columns.size()), "%.0f");
  std::string svg = concat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width,
                           "\" height=\"670\" viewBox=\"0 0 ", width,
                           " 670\" font-family=\"sans-serif\" font-size=\"13\">\n"
                           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
  svg += label(kLeft, 30, "font-size=\"17\"", title);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    svg += column_svg(kLeft + kColumnWidth * static_cast<double>(i), low, high, columns[i]);
  }
  return svg + "</svg>\n";
}

}  // namespace fcn::apps
