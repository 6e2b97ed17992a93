#include "digit_renderer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "../platform/random.h"
#include "digit_strokes.h"
#include "mnist_normalize.h"

namespace fcn::apps {
namespace {

constexpr int kCanvasSide = 280;      // ten canvas pixels for one of MNIST
constexpr double kGlyphHeight = 160;  // on the canvas
constexpr int kCurveSteps = 12;       // line pieces between two points of a curve

std::pair<std::size_t, std::size_t> variants_of(int digit) {
  const auto all = glyphs();
  const auto first = std::find_if(all.begin(), all.end(), [=](const Glyph& g) { return g.digit == digit; });
  const auto last = std::find_if(first, all.end(), [=](const Glyph& g) { return g.digit != digit; });
  return {static_cast<std::size_t>(first - all.begin()), static_cast<std::size_t>(last - first)};
}

const Glyph& glyph(int digit, std::size_t variant) {
  const auto [first, count] = variants_of(digit);
  return glyphs()[first + variant % count];
}

// Numbers that stay the same on every machine: 53 random bits, then arithmetic without library functions.
class Hand {
 public:
  Hand(std::uint64_t seed, std::uint64_t stream) : random_(seed_bytes(seed), stream) {}
  double between(double low, double high) {
    return low + (high - low) * static_cast<double>(random_.next_u64() >> 11) * 0x1p-53;
  }

 private:
  static platform::Seed seed_bytes(std::uint64_t seed) {
    platform::Seed bytes{};
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(seed >> (8 * i));
    return bytes;
  }
  platform::ChaCha20 random_;
};

// The curve through p[1] .. p[2] whose direction at each is that from its neighbours (Catmull-Rom), at u in
// [0, 1].
Point curve_point(const Point& before, const Point& from, const Point& to, const Point& after, double u) {
  const auto axis = [u](double a, double b, double c, double d) {
    return b + 0.5 * u * ((c - a) + u * ((2 * a - 5 * b + 4 * c - d) + u * (3 * (b - c) + d - a)));
  };
  return {axis(before.x, from.x, to.x, after.x), axis(before.y, from.y, to.y, after.y)};
}

std::vector<Point> pen_path(const Stroke& stroke) {
  const std::size_t count = static_cast<std::size_t>(stroke.count);
  if (!stroke.smooth) return {stroke.points, stroke.points + count};
  std::vector<Point> path{stroke.points[0]};
  for (std::size_t i = 0; i + 1 < count; ++i) {
    const Point& before = stroke.points[i == 0 ? 0 : i - 1];
    const Point& after = stroke.points[std::min(i + 2, count - 1)];
    for (int step = 1; step <= kCurveSteps; ++step) {
      path.push_back(curve_point(before, stroke.points[i], stroke.points[i + 1], after,
                                 static_cast<double>(step) / kCurveSteps));
    }
  }
  return path;
}

double distance_to_segment(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
  const double along =
      length2 == 0 ? 0 : std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0.0, 1.0);
  const double ex = p.x - (a.x + along * dx), ey = p.y - (a.y + along * dy);
  return std::sqrt(ex * ex + ey * ey);
}

// Ink within radius of the segment, its edge spread over one pixel.
void draw_segment(GrayImage& canvas, Point a, Point b, double radius) {
  const auto low = [=](double u, double v) {
    return std::max(0, static_cast<int>(std::min(u, v) - radius - 1));
  };
  const auto high = [=](double u, double v) {
    return std::min(kCanvasSide, static_cast<int>(std::max(u, v) + radius + 2));
  };
  for (int y = low(a.y, b.y); y < high(a.y, b.y); ++y) {
    for (int x = low(a.x, b.x); x < high(a.x, b.x); ++x) {
      const double cover = std::clamp(radius + 0.5 - distance_to_segment({x + 0.5, y + 0.5}, a, b), 0.0, 1.0);
      std::uint8_t& pixel = canvas.pixels[static_cast<std::size_t>(y * kCanvasSide + x)];
      pixel = std::max(pixel, static_cast<std::uint8_t>(std::lround(255 * cover)));
    }
  }
}

}  // namespace

std::size_t digit_variants(int digit) noexcept {
  return variants_of(digit).second;
}

const char* digit_variant_name(int digit, std::size_t variant) noexcept {
  return glyph(digit, variant).name;
}

Digit draw_digit(int digit, std::size_t variant, std::uint64_t seed) {
  const Glyph& shape = glyph(digit, variant);
  Hand hand(seed, static_cast<std::uint64_t>(digit) << 32 | variant);
  const double slant = hand.between(-0.05, 0.25), widen = hand.between(0.88, 1.12);
  const double tilt = hand.between(-0.06, 0.06), thickness = hand.between(2.2, 2.9), shake = 0.018;

  std::vector<std::vector<Point>> paths;
  Point low{1e9, 1e9}, high{-1e9, -1e9};
  for (int i = 0; i < shape.count; ++i) {
    std::vector<Point> path = pen_path(shape.strokes[i]);
    const Point from{hand.between(-shake, shake), hand.between(-shake, shake)};
    const Point to{hand.between(-shake, shake), hand.between(-shake, shake)};
    for (std::size_t j = 0; j < path.size(); ++j) {
      const double u = static_cast<double>(j) / static_cast<double>(path.size() - 1);
      const double x = (path[j].x - 0.5) * shape.aspect * widen + from.x + u * (to.x - from.x);
      const double y = path[j].y - 0.5 + from.y + u * (to.y - from.y);
      path[j] = {kCanvasSide / 2 + kGlyphHeight * (x - slant * y - tilt * y),
                 kCanvasSide / 2 + kGlyphHeight * (y + tilt * x)};
      low = {std::min(low.x, path[j].x), std::min(low.y, path[j].y)};
      high = {std::max(high.x, path[j].x), std::max(high.y, path[j].y)};
    }
    paths.push_back(std::move(path));
  }
  // 2 r / (extent + 2 r) of the 20 pixels that the digit is scaled to is the thickness.
  const double extent = std::max(high.x - low.x, high.y - low.y);
  const double radius = thickness * extent / (2 * (20 - thickness));

  GrayImage canvas{kCanvasSide, kCanvasSide, std::vector<std::uint8_t>(kCanvasSide * kCanvasSide)};
  for (const std::vector<Point>& path : paths) {
    for (std::size_t j = 0; j + 1 < path.size(); ++j) draw_segment(canvas, path[j], path[j + 1], radius);
  }
  return mnist_normalize(canvas, "drawn digit").value();
}

std::vector<DrawnDigit> draw_digits(std::size_t count, std::uint64_t seed) {
  std::vector<DrawnDigit> digits;
  for (std::size_t i = 0; i < count; ++i) {
    const int label = static_cast<int>(i % 10);
    const std::size_t variant = (i / 10) % digit_variants(label);
    digits.push_back({label, variant, draw_digit(label, variant, seed + i / 10)});
  }
  return digits;
}

}  // namespace fcn::apps
