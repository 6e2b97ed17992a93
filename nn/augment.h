// Small random distortions of an image, affine and elastic: more training images from the same digits.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor_ops.h"
#include "training_random.h"

namespace fcn::nn {

// The largest distortion of each kind; the real one is uniform between its negative and itself.
struct Distortion {
  float shift = 0;     // pixels, each axis
  float rotation = 0;  // radians
  float scale = 0;     // relative, each axis on its own
  float shear = 0;     // horizontal offset for each row away from the centre
  float elastic = 0;   // pixels, each node of a grid on its own; between nodes linear
};

// The matrix and offset by which an output pixel (x, y) finds its source: (a x + b y + c, d x + e y + f).
struct AffineMap {
  float a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
};
AffineMap random_affine(const Distortion& limits, int height, int width, TrainingRandom& random) noexcept;

// What is added to the source of an output pixel: a grid of kElasticNodes x kElasticNodes over the image.
inline constexpr int kElasticNodes = 5;
struct ElasticField {
  float x[kElasticNodes][kElasticNodes] = {}, y[kElasticNodes][kElasticNodes] = {};
};
ElasticField random_elastic(const Distortion& limits, TrainingRandom& random) noexcept;

// Distorts images of one size.
class Warper {
 public:
  Warper(const TensorKernels& kernels, int height, int width);

  // out(x, y) = the bilinear interpolation of in at map(x, y) + field(x, y), rounded; 0 outside the image. field may
  // be null. Shape: in, out (height, width). Aliasing: none.
  void warp(const AffineMap& map, const ElasticField* field, std::uint8_t* out, const std::uint8_t* in);

 private:
  const TensorKernels& kernels_;
  int height_, width_;
  std::vector<float> bordered_;               // the image inside a border of zeros
  std::vector<float> from_x_, from_y_, row_;  // of one row
};

}  // namespace fcn::nn
