#include "augment.h"

#include <cmath>

namespace fcn::nn {

AffineMap random_affine(const AffineLimits& limits, int height, int width, TrainingRandom& random) noexcept {
  const float angle = random.uniform(-limits.rotation, limits.rotation);
  const float scale_x = 1 + random.uniform(-limits.scale, limits.scale);
  const float scale_y = 1 + random.uniform(-limits.scale, limits.scale);
  const float shear = random.uniform(-limits.shear, limits.shear);
  const float shift_x = random.uniform(-limits.shift, limits.shift);
  const float shift_y = random.uniform(-limits.shift, limits.shift);
  const float centre_x = 0.5f * static_cast<float>(width - 1),
              centre_y = 0.5f * static_cast<float>(height - 1);
  const float cosine = std::cos(angle), sine = std::sin(angle);
  AffineMap map;
  map.a = cosine / scale_x;
  map.b = (shear * cosine - sine) / scale_x;
  map.d = sine / scale_y;
  map.e = (shear * sine + cosine) / scale_y;
  // The centre of the output, moved by the shift, comes from the centre of the input.
  map.c = centre_x - map.a * (centre_x + shift_x) - map.b * (centre_y + shift_y);
  map.f = centre_y - map.d * (centre_x + shift_x) - map.e * (centre_y + shift_y);
  return map;
}

void warp(const AffineMap& map, std::uint8_t* out, const std::uint8_t* in, int height, int width) noexcept {
  const auto pixel = [&](int x, int y) noexcept -> float {
    return x < 0 || y < 0 || x >= width || y >= height ? 0.0f : static_cast<float>(in[y * width + x]);
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float from_x = map.a * static_cast<float>(x) + map.b * static_cast<float>(y) + map.c;
      const float from_y = map.d * static_cast<float>(x) + map.e * static_cast<float>(y) + map.f;
      float value = 0;
      if (from_x > -1 && from_y > -1 && from_x < static_cast<float>(width) &&
          from_y < static_cast<float>(height)) {
        const int left = static_cast<int>(from_x + 1) - 1, top = static_cast<int>(from_y + 1) - 1;  // floor
        const float u = from_x - static_cast<float>(left), v = from_y - static_cast<float>(top);
        value = (1 - v) * ((1 - u) * pixel(left, top) + u * pixel(left + 1, top)) +
                v * ((1 - u) * pixel(left, top + 1) + u * pixel(left + 1, top + 1));
      }
      out[y * width + x] = static_cast<std::uint8_t>(value + 0.5f);
    }
  }
}

}  // namespace fcn::nn
