// How a pen writes the ten digits: hand-designed strokes, several variants of each.
#pragma once

#include <span>

namespace fcn::apps {

struct Point {
  double x = 0;  // to the right
  double y = 0;  // down
};

// The points a pen passes through, in a box of about 1 x 1.
struct Stroke {
  bool smooth = false;  // a curve through the points instead of straight lines
  int count = 0;
  Point points[14] = {};
};

struct Glyph {
  int digit = 0;
  const char* name = "";  // what tells this variant from the others
  double aspect = 1;      // width over height
  int count = 0;
  Stroke strokes[3] = {};
};

// Sorted by digit; at least two for each.
std::span<const Glyph> glyphs() noexcept;

}  // namespace fcn::apps
