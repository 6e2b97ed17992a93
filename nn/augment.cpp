#include "augment.h"

#include <algorithm>
#include <cmath>

#include "internal/tensor_kernels.h"

namespace fcn::nn {
namespace {
// Sources are kept in [-1, length]: outside the image, where they read zeros alone. One more is read beside them.
constexpr int kBefore = 1, kAfter = 2;
}  // namespace

AffineMap random_affine(const Distortion& limits, int height, int width, TrainingRandom& random) noexcept {
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

ElasticField random_elastic(const Distortion& limits, TrainingRandom& random) noexcept {
  ElasticField field;
  for (auto* nodes : {field.x, field.y}) {
    for (int i = 0; i < kElasticNodes; ++i) {
      for (int k = 0; k < kElasticNodes; ++k) nodes[i][k] = random.uniform(-limits.elastic, limits.elastic);
    }
  }
  return field;
}

Warper::Warper(const TensorKernels& kernels, int height, int width)
    : kernels_(kernels),
      height_(height),
      width_(width),
      bordered_(static_cast<std::size_t>(height + kBefore + kAfter) *
                static_cast<std::size_t>(width + kBefore + kAfter)),
      from_x_(static_cast<std::size_t>(width)),
      from_y_(from_x_.size()),
      row_(from_x_.size()) {}

void Warper::warp(const AffineMap& map, const ElasticField* field, std::uint8_t* out,
                  const std::uint8_t* in) {
  const int stride = width_ + kBefore + kAfter;
  const float last_x = static_cast<float>(width_), last_y = static_cast<float>(height_);
  for (int y = 0; y < height_; ++y) {
    float* row = bordered_.data() + (y + kBefore) * stride + kBefore;
    for (int x = 0; x < width_; ++x) row[x] = static_cast<float>(in[y * width_ + x]);
  }
  const float node_y = static_cast<float>(kElasticNodes - 1) / static_cast<float>(std::max(1, height_ - 1));
  const float node_x = static_cast<float>(kElasticNodes - 1) / static_cast<float>(std::max(1, width_ - 1));
  for (int y = 0; y < height_; ++y) {
    const float fy = static_cast<float>(y);
    for (int x = 0; x < width_; ++x) {
      const float fx = static_cast<float>(x);
      from_x_[x] = map.a * fx + map.b * fy + map.c;
      from_y_[x] = map.d * fx + map.e * fy + map.f;
    }
    if (field != nullptr) {
      const float at = fy * node_y;
      const int i = std::min(static_cast<int>(at), kElasticNodes - 2);
      const float v = at - static_cast<float>(i);
      float column_x[kElasticNodes], column_y[kElasticNodes];
      for (int k = 0; k < kElasticNodes; ++k) {
        column_x[k] = field->x[i][k] + v * (field->x[i + 1][k] - field->x[i][k]);
        column_y[k] = field->y[i][k] + v * (field->y[i + 1][k] - field->y[i][k]);
      }
      for (int x = 0; x < width_; ++x) {
        const float across = static_cast<float>(x) * node_x;
        const int k = std::min(static_cast<int>(across), kElasticNodes - 2);
        const float u = across - static_cast<float>(k);
        from_x_[x] += column_x[k] + u * (column_x[k + 1] - column_x[k]);
        from_y_[x] += column_y[k] + u * (column_y[k + 1] - column_y[k]);
      }
    }
    for (int x = 0; x < width_; ++x) {
      from_x_[x] = std::min(std::max(from_x_[x], -1.0f), last_x) + kBefore;
      from_y_[x] = std::min(std::max(from_y_[x], -1.0f), last_y) + kBefore;
    }
    kernels_.sample(row_.data(), bordered_.data(), static_cast<std::size_t>(stride), from_x_.data(),
                    from_y_.data(), row_.size());
    for (int x = 0; x < width_; ++x) out[y * width_ + x] = static_cast<std::uint8_t>(row_[x] + 0.5f);
  }
}

}  // namespace fcn::nn
