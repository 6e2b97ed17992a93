// A picture of approximations: each function with its polynomials, and their errors below.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace fcn::apps {

struct Curve {
  std::string label;
  std::function<double(double)> value;
};

// One column of the picture. The first curve is the function; below it stand function - curve for all others.
struct PlotColumn {
  std::string title;
  std::vector<Curve> curves;  // at most 4
};

// An SVG document over low <= x <= high.
std::string plot_svg(const std::string& title, double low, double high,
                     const std::vector<PlotColumn>& columns);

}  // namespace fcn::apps
