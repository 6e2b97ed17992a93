// A few hundred drawn patterns and a network small enough to learn them in seconds.
#pragma once

#include <cstdlib>
#include <random>
#include <vector>

#include "nn/training.h"

namespace fcn::nn {

inline constexpr int kSide = 12;

// Four kinds of pattern (bar across, bar down, diagonal, frame) at random places and sizes, with noise.
inline Dataset patterns(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  Dataset set;
  set.height = set.width = kSide;
  for (std::size_t i = 0; i < count; ++i) {
    const int kind = static_cast<int>(generator() % 4), size = 5 + static_cast<int>(generator() % 4);
    const int top = 1 + static_cast<int>(generator() % (kSide - 1 - size)),
              left = 1 + static_cast<int>(generator() % (kSide - 1 - size));
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const int v = y - top, u = x - left;
        bool ink = v >= 0 && v < size && u >= 0 && u < size;
        if (kind == 0) ink = ink && v / 2 == size / 4;
        if (kind == 1) ink = ink && u / 2 == size / 4;
        if (kind == 2) ink = ink && std::abs(u - v) <= 1;
        if (kind == 3) ink = ink && (v == 0 || u == 0 || v == size - 1 || u == size - 1);
        set.pixels.push_back(static_cast<std::uint8_t>((ink ? 180 : 0) + generator() % 60));
      }
    }
    set.labels.push_back(static_cast<std::uint8_t>(kind));
  }
  return set;
}

inline std::vector<Layer> small_geometry() {
  const Layer conv = make_conv2d({1, kSide, kSide}, 3, 3, 2, 1), hidden = make_dense(conv.out, 12);
  return {conv, make_polynomial(conv.out, {}), hidden, make_polynomial(hidden.out, {}),
          make_dense(hidden.out, 4)};
}

inline TrainOptions small_options() {
  TrainOptions options;
  options.seed = 5;
  options.threads = 1;
  options.held_out = 128;
  options.distortion = {0.5f, 0.05f, 0.05f, 0.05f, 0.0f};
  options.layers = {{1.0f, 3}, {0.25f, 3}, {0.5f, 4}};
  options.stages = {
      {.name = "dense", .epochs = 60, .rate_begin = 1e-2f, .rate_end = 1e-3f},
      {.name = "prune", .epochs = 20, .rate_begin = 5e-3f, .rate_end = 1e-3f, .prune = true, .distill = 0.5f},
      {.name = "fix half", .epochs = 10, .rate_begin = 3e-3f, .rate_end = 1e-3f, .fix = 0.5f},
      {.name = "fix all", .epochs = 5, .rate_begin = 1e-3f, .rate_end = 1e-4f, .augment = false, .fix = 1}};
  return options;
}

}  // namespace fcn::nn
