#include "mnist_normalize.h"

#include <algorithm>
#include <cmath>

namespace fcn::apps {
namespace {

using platform::concat;
using platform::invalid_argument;
using platform::Result;

constexpr int kBoxSide = 20;  // the digit's longer side in MNIST
constexpr int kCentre = 14;   // MNIST's mean centre of mass, in pixel indices, is (14.00, 13.99)

std::uint8_t at(const GrayImage& image, int x, int y) {
  return image.pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) +
                      static_cast<std::size_t>(x)];
}

// The median of the outermost pixels: dust and a stroke that touches the edge do not move it.
int paper_level(const GrayImage& image) {
  std::vector<std::uint8_t> border;
  for (int x = 0; x < image.width; ++x) {
    border.push_back(at(image, x, 0));
    border.push_back(at(image, x, image.height - 1));
  }
  for (int y = 1; y + 1 < image.height; ++y) {
    border.push_back(at(image, 0, y));
    border.push_back(at(image, image.width - 1, y));
  }
  const auto middle = border.begin() + static_cast<std::ptrdiff_t>(border.size() / 2);
  std::nth_element(border.begin(), middle, border.end());
  return *middle;
}

// The range [low, high) of columns and rows that hold ink of at least half strength.
struct Box {
  int left, top, right, bottom;
};
Box ink_box(const GrayImage& ink) {
  Box box{ink.width, ink.height, 0, 0};
  for (int y = 0; y < ink.height; ++y) {
    for (int x = 0; x < ink.width; ++x) {
      if (at(ink, x, y) < 128) continue;
      box.left = std::min(box.left, x);
      box.right = std::max(box.right, x + 1);
      box.top = std::min(box.top, y);
      box.bottom = std::max(box.bottom, y + 1);
    }
  }
  return box;
}

// The mean of the source over [x0, x1) x [y0, y1), pixels at the rim weighted by the part inside.
double area_mean(const GrayImage& image, double x0, double y0, double x1, double y1) {
  double sum = 0;
  for (int y = static_cast<int>(y0); y < image.height && y < y1; ++y) {
    const double tall = std::min(y1, y + 1.0) - std::max(y0, static_cast<double>(y));
    for (int x = static_cast<int>(x0); x < image.width && x < x1; ++x) {
      const double wide = std::min(x1, x + 1.0) - std::max(x0, static_cast<double>(x));
      sum += tall * wide * at(image, x, y);
    }
  }
  return sum / ((x1 - x0) * (y1 - y0));
}

GrayImage scale_to_box(const GrayImage& ink, const Box& box) {
  const double wide = box.right - box.left, tall = box.bottom - box.top;
  const double shrink = std::max(wide, tall) / kBoxSide;
  GrayImage out;
  out.width = std::clamp(static_cast<int>(std::lround(wide / shrink)), 1, kBoxSide);
  out.height = std::clamp(static_cast<int>(std::lround(tall / shrink)), 1, kBoxSide);
  const double step_x = wide / out.width, step_y = tall / out.height;
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const double mean = area_mean(ink, box.left + x * step_x, box.top + y * step_y,
                                    box.left + (x + 1) * step_x, box.top + (y + 1) * step_y);
      out.pixels.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(mean), 0l, 255l)));
    }
  }
  return out;
}

Digit centre_by_mass(const GrayImage& box) {
  double mass = 0, sum_x = 0, sum_y = 0;
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      mass += at(box, x, y);
      sum_x += static_cast<double>(x) * at(box, x, y);
      sum_y += static_cast<double>(y) * at(box, x, y);
    }
  }
  const auto offset = [](double mean, int side) {
    return std::clamp(static_cast<int>(std::lround(kCentre - mean)), 0, kDigitSide - side);
  };
  const int left = offset(sum_x / mass, box.width), top = offset(sum_y / mass, box.height);
  Digit digit{};
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      digit[static_cast<std::size_t>((top + y) * kDigitSide + left + x)] = at(box, x, y);
    }
  }
  return digit;
}

}  // namespace

Result<Digit> mnist_normalize(const GrayImage& image, const std::string& source) {
  if (std::min(image.width, image.height) < kMinImageSide ||
      std::max(image.width, image.height) > kMaxImageSide) {
    return invalid_argument(concat(source, ": the image is ", image.width, " x ", image.height,
                                   " pixels; each side must be from ", kMinImageSide, " to ", kMaxImageSide));
  }
  const int paper = paper_level(image);
  const auto [darkest, lightest] = std::minmax_element(image.pixels.begin(), image.pixels.end());
  const bool dark_ink = paper - *darkest > *lightest - paper;
  const int contrast = dark_ink ? paper - *darkest : *lightest - paper;
  if (contrast < kMinInkContrast) {
    return invalid_argument(concat(source, ": the image is blank: its ink differs from the paper by ",
                                   contrast, " of 255 gray levels, ", kMinInkContrast, " are needed"));
  }
  if (image.width == kDigitSide && image.height == kDigitSide) {
    Digit digit{};
    for (std::size_t i = 0; i < digit.size(); ++i) {
      digit[i] = static_cast<std::uint8_t>(dark_ink ? 255 - image.pixels[i] : image.pixels[i]);
    }
    return digit;
  }
  // Ink below a quarter of the contrast is paper, above three quarters is full: MNIST's own sources were
  // black and white, its grays came from the scaling that follows here.
  GrayImage ink = image;
  for (std::uint8_t& pixel : ink.pixels) {
    const int above_paper = dark_ink ? paper - pixel : pixel - paper;
    pixel =
        static_cast<std::uint8_t>(std::clamp((4 * above_paper - contrast) * 255 / (2 * contrast), 0, 255));
  }
  return centre_by_mass(scale_to_box(ink, ink_box(ink)));
}

}  // namespace fcn::apps
