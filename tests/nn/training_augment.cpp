// Affine distortion: maps whose result is known pixel by pixel, and the limits of the random ones.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "nn/augment.h"
#include "nn/internal/tensor_dispatch.h"

namespace fcn::nn {
namespace {

constexpr int kHeight = 5, kWidth = 4;
std::vector<std::uint8_t> ramp() {
  std::vector<std::uint8_t> image(kHeight * kWidth);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<std::uint8_t>(10 * i + 40);
  return image;
}
std::vector<std::uint8_t> warped(const AffineMap& map) {
  std::vector<std::uint8_t> out(kHeight * kWidth, 77);
  Warper(best_tensor_kernels(), kHeight, kWidth).warp(map, nullptr, out.data(), ramp().data());
  return out;
}

TEST(TrainingAugment, IdentityKeepsEveryPixel) {
  EXPECT_EQ(warped({}), ramp());
}

TEST(TrainingAugment, WholeShiftsMovePixelsAndFillWithZero) {
  for (const int dx : {-5, -1, 0, 2, 4}) {
    for (const int dy : {-2, 0, 1, 5}) {
      AffineMap map;
      map.c = static_cast<float>(dx), map.f = static_cast<float>(dy);
      const auto out = warped(map), in = ramp();
      for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) {
          const bool inside = x + dx >= 0 && x + dx < kWidth && y + dy >= 0 && y + dy < kHeight;
          EXPECT_EQ(out[y * kWidth + x], inside ? in[(y + dy) * kWidth + x + dx] : 0) << dx << " " << dy;
        }
      }
    }
  }
}

TEST(TrainingAugment, HalfShiftsAverageNeighbours) {
  AffineMap map;
  map.c = 0.5f, map.f = -0.5f;
  const auto out = warped(map), in = ramp();
  // Between four pixels; outside the image is zero.
  EXPECT_EQ(out[1 * kWidth + 1], (in[1] + in[2] + in[kWidth + 1] + in[kWidth + 2]) / 4);
  EXPECT_EQ(out[0], std::lround((in[0] + in[1]) / 4.0));
  EXPECT_EQ(out[2 * kWidth + 3], std::lround((in[1 * kWidth + 3] + in[2 * kWidth + 3]) / 4.0));
}

TEST(TrainingAugment, QuarterTurn) {
  std::vector<std::uint8_t> in(9), out(9);
  for (std::size_t i = 0; i < 9; ++i) in[i] = static_cast<std::uint8_t>(i + 1);
  Warper(best_tensor_kernels(), 3, 3)
      .warp({0, -1, 2, 1, 0, 0}, nullptr, out.data(), in.data());  // reads (2 - y, x)
  EXPECT_EQ(out, (std::vector<std::uint8_t>{3, 6, 9, 2, 5, 8, 1, 4, 7}));
}

TEST(TrainingAugment, RandomMapsStayWithinTheLimits) {
  const Distortion limits{2.0f, 0.3f, 0.2f, 0.1f, 0.0f};
  double largest_shift = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    TrainingRandom random(3, Purpose::kAugment, 1, i);
    const AffineMap map = random_affine(limits, 28, 28, random);
    // Where the centre comes from, and how areas change.
    const double x = 13.5 * map.a + 13.5 * map.b + map.c - 13.5,
                 y = 13.5 * map.d + 13.5 * map.e + map.f - 13.5;
    largest_shift = std::max(largest_shift, std::hypot(x, y));
    EXPECT_LE(std::hypot(x, y), std::sqrt(8.0) / 0.8 * 1.11);
    const double area = map.a * map.e - map.b * map.d;
    EXPECT_GE(area, 1 / 1.44 - 1e-4);
    EXPECT_LE(area, 1 / 0.64 + 1e-4);
  }
  EXPECT_GE(largest_shift, 1.5);
  TrainingRandom first(3, Purpose::kAugment, 1, 7), again(3, Purpose::kAugment, 1, 7),
      other(3, Purpose::kAugment, 2, 7);
  const float value = first.uniform(0, 1);
  EXPECT_EQ(value, again.uniform(0, 1));
  EXPECT_NE(value, other.uniform(0, 1));
  TrainingRandom none(3, Purpose::kAugment, 1, 0);
  const AffineMap still = random_affine({}, 28, 28, none);
  EXPECT_EQ(still.a, 1.0f);
  EXPECT_NEAR(still.c, 0.0f, 1e-6);
}

// A field that is linear between its nodes: the same as an affine map where the nodes are.
TEST(TrainingAugment, ElasticFieldIsLinearBetweenNodes) {
  ElasticField field;
  for (int i = 0; i < kElasticNodes; ++i) {
    for (int k = 0; k < kElasticNodes; ++k) {
      field.x[i][k] = 0.5f * static_cast<float>(k) - 0.25f * static_cast<float>(i);
      field.y[i][k] = 0.75f * static_cast<float>(i);
    }
  }
  // Nodes lie (height - 1) / 4 and (width - 1) / 4 pixels apart.
  const float row = (kElasticNodes - 1) / (kHeight - 1.0f), column = (kElasticNodes - 1) / (kWidth - 1.0f);
  AffineMap map;
  map.a = 1 + 0.5f * column, map.b = -0.25f * row, map.e = 1 + 0.75f * row;
  std::vector<std::uint8_t> elastic(kHeight * kWidth);
  Warper(best_tensor_kernels(), kHeight, kWidth).warp({}, &field, elastic.data(), ramp().data());
  const auto affine = warped(map);
  for (std::size_t i = 0; i < elastic.size(); ++i) EXPECT_NEAR(elastic[i], affine[i], 1) << i;
}

TEST(TrainingAugment, ElasticFieldStaysWithinTheLimit) {
  TrainingRandom random(3, Purpose::kAugment, 1, 7);
  Distortion limits;
  limits.elastic = 1.5f;
  const ElasticField field = random_elastic(limits, random);
  float largest = 0;
  for (const auto& row : field.x) {
    for (const float v : row) largest = std::max(largest, std::fabs(v));
  }
  EXPECT_LE(largest, 1.5f);
  EXPECT_GT(largest, 0.75f);
}

// Every instruction set samples alike, to a rounding of the last bit.
TEST(TrainingAugment, KernelsAgree) {
  std::vector<std::uint8_t> in(28 * 28), first(28 * 28), other(28 * 28);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(i * 37 % 251);
  const Distortion limits{2.0f, 0.3f, 0.2f, 0.1f, 1.0f};
  for (std::uint64_t i = 0; i < 20; ++i) {
    TrainingRandom random(3, Purpose::kAugment, 1, i);
    const AffineMap map = random_affine(limits, 28, 28, random);
    const ElasticField field = random_elastic(limits, random);
    Warper(internal::kTensorKernelsScalar, 28, 28).warp(map, &field, first.data(), in.data());
    for (const TensorKernels* kernels : internal::available_tensor_kernels()) {
      Warper(*kernels, 28, 28).warp(map, &field, other.data(), in.data());
      for (std::size_t k = 0; k < in.size(); ++k)
        EXPECT_NEAR(first[k], other[k], 1) << kernels->name << " " << k;
    }
  }
}

}  // namespace
}  // namespace fcn::nn
