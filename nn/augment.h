// Small random affine distortions of an image: more training images from the same digits.
#pragma once

#include <cstdint>

#include "training_random.h"

namespace fcn::nn {

// The largest distortion of each kind; the real one is uniform between its negative and itself.
struct AffineLimits {
  float shift = 0;     // pixels, each axis
  float rotation = 0;  // radians
  float scale = 0;     // relative, each axis on its own
  float shear = 0;     // horizontal offset for each row away from the centre
};

// The matrix and offset by which an output pixel (x, y) finds its source: (a x + b y + c, d x + e y + f).
struct AffineMap {
  float a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
};
AffineMap random_affine(const AffineLimits& limits, int height, int width, TrainingRandom& random) noexcept;

// out(x, y) = the bilinear interpolation of in at map(x, y), rounded; 0 outside the image.
// Shape: in, out (height, width). Aliasing: none.
void warp(const AffineMap& map, std::uint8_t* out, const std::uint8_t* in, int height, int width) noexcept;

}  // namespace fcn::nn
