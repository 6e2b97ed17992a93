// Affine distortion: maps whose result is known pixel by pixel, and the limits of the random ones.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "nn/augment.h"

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
  warp(map, out.data(), ramp().data(), kHeight, kWidth);
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
  warp({0, -1, 2, 1, 0, 0}, out.data(), in.data(), 3, 3);  // reads (2 - y, x)
  EXPECT_EQ(out, (std::vector<std::uint8_t>{3, 6, 9, 2, 5, 8, 1, 4, 7}));
}

TEST(TrainingAugment, RandomMapsStayWithinTheLimits) {
  const AffineLimits limits{2.0f, 0.3f, 0.2f, 0.1f};
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

}  // namespace
}  // namespace fcn::nn
