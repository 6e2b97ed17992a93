#include "tensor_ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace fcn::nn {
namespace {

// Four floats in a register, on every processor that gcc or clang knows; plain C++ arithmetic works on them.
using Vec = float __attribute__((vector_size(16)));
constexpr std::size_t kVec = 4;
constexpr std::size_t kLaneVecs = kLanes / kVec;

inline Vec load(const float* p) noexcept {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, Vec v) noexcept {
  std::memcpy(p, &v, sizeof v);
}
inline Vec broadcast(float x) noexcept {
  return Vec{x, x, x, x};
}
inline float sum(Vec v) noexcept {
  return (v[0] + v[1]) + (v[2] + v[3]);
}

// One image value for all lanes, in registers.
struct Lanes {
  Vec v[kLaneVecs];
};
inline void store_lanes(float* p, const Lanes& lanes) noexcept {
  for (std::size_t i = 0; i < kLaneVecs; ++i) store(p + i * kVec, lanes.v[i]);
}

// C += A * B on a block of kRows x (kCols * kVec) outputs held in registers.
// A (kRows, depth) at any strides, B (depth, .) and C (kRows, .) with rows of ldb and ldc floats.
template <std::size_t kRows, std::size_t kCols>
inline void multiply_block(float* c, std::size_t ldc, const float* a, std::size_t a_row, std::size_t a_column,
                           const float* b, std::size_t ldb, std::size_t depth) noexcept {
  Vec sums[kRows][kCols];
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < kCols; ++j) sums[i][j] = load(c + i * ldc + j * kVec);
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vec row[kCols];
    for (std::size_t j = 0; j < kCols; ++j) row[j] = load(b + k * ldb + j * kVec);
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vec factor = broadcast(a[i * a_row + k * a_column]);
      for (std::size_t j = 0; j < kCols; ++j) sums[i][j] += factor * row[j];
    }
  }
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < kCols; ++j) store(c + i * ldc + j * kVec, sums[i][j]);
  }
}

// C (rows, columns) += A (rows, depth) * B (depth, columns); strides as above.
void multiply_add(float* c, std::size_t ldc, const float* a, std::size_t a_row, std::size_t a_column,
                  const float* b, std::size_t ldb, std::size_t rows, std::size_t depth,
                  std::size_t columns) noexcept {
  constexpr std::size_t kRows = 4, kCols = 2;
  const std::size_t whole = columns - columns % (kCols * kVec);
  for (std::size_t j = 0; j < whole; j += kCols * kVec) {
    std::size_t i = 0;
    for (; i + kRows <= rows; i += kRows) {
      multiply_block<kRows, kCols>(c + i * ldc + j, ldc, a + i * a_row, a_row, a_column, b + j, ldb, depth);
    }
    for (; i < rows; ++i) {
      multiply_block<1, kCols>(c + i * ldc + j, ldc, a + i * a_row, a_row, a_column, b + j, ldb, depth);
    }
  }
  for (std::size_t j = whole; j < columns; ++j) {
    for (std::size_t i = 0; i < rows; ++i) {
      float total = c[i * ldc + j];
      for (std::size_t k = 0; k < depth; ++k) total += a[i * a_row + k * a_column] * b[k * ldb + j];
      c[i * ldc + j] = total;
    }
  }
}

// dbias[o] += the sum over positions and lanes of dy (outputs, positions, kLanes).
void add_bias_gradient(float* dbias, const float* dy, std::size_t outputs, std::size_t positions) noexcept {
  for (std::size_t o = 0; o < outputs; ++o) {
    Vec total{};
    for (std::size_t k = 0; k < positions * kLaneVecs; ++k)
      total += load(dy + o * positions * kLanes + k * kVec);
    dbias[o] += sum(total);
  }
}

struct Span {
  int begin, end;
};
// The output positions whose tap at kernel offset k reads inside [0, length).
Span inside(int k, int length, int count, const Layer& g) noexcept {
  const int first = std::max(0, (g.padding - k + g.stride - 1) / g.stride);
  const int last = length - 1 + g.padding - k;  // the largest allowed position * stride
  return {first, last < 0 ? 0 : std::min(count, last / g.stride + 1)};
}

}  // namespace

void conv2d_forward(const Layer& g, float* y, const float* x, const float* weights,
                    const float* bias) noexcept {
  const int kernel_size = g.in.channels * g.kernel * g.kernel;
  for (int o = 0; o < g.out.channels; ++o) {
    const float* filter = weights + static_cast<std::ptrdiff_t>(o) * kernel_size;
    for (int oy = 0; oy < g.out.height; ++oy) {
      for (int ox = 0; ox < g.out.width; ++ox) {
        const int top = oy * g.stride - g.padding, left = ox * g.stride - g.padding;
        Lanes total;
        for (Vec& v : total.v) v = broadcast(bias[o]);
        for (int c = 0; c < g.in.channels; ++c) {
          for (int ky = std::max(0, -top); ky < std::min(g.kernel, g.in.height - top); ++ky) {
            const float* row =
                x + static_cast<std::ptrdiff_t>((c * g.in.height + top + ky) * g.in.width) * kLanes;
            const float* taps = filter + (c * g.kernel + ky) * g.kernel;
            for (int kx = std::max(0, -left); kx < std::min(g.kernel, g.in.width - left); ++kx) {
              const Vec w = broadcast(taps[kx]);
              const float* pixel = row + static_cast<std::ptrdiff_t>(left + kx) * kLanes;
              for (std::size_t i = 0; i < kLaneVecs; ++i) total.v[i] += w * load(pixel + i * kVec);
            }
          }
        }
        store_lanes(y + static_cast<std::ptrdiff_t>((o * g.out.height + oy) * g.out.width + ox) * kLanes,
                    total);
      }
    }
  }
}

void conv2d_backward(const Layer& g, float* dx, float* dweights, float* dbias, const float* dy,
                     const float* x, const float* weights) noexcept {
  const std::size_t positions =
      static_cast<std::size_t>(g.out.height) * static_cast<std::size_t>(g.out.width);
  add_bias_gradient(dbias, dy, static_cast<std::size_t>(g.out.channels), positions);
  if (dx != nullptr) std::memset(dx, 0, g.in.size() * kLanes * sizeof(float));
  std::size_t tap = 0;
  for (int o = 0; o < g.out.channels; ++o) {
    for (int c = 0; c < g.in.channels; ++c) {
      for (int ky = 0; ky < g.kernel; ++ky) {
        const Span rows = inside(ky, g.in.height, g.out.height, g);
        for (int kx = 0; kx < g.kernel; ++kx, ++tap) {
          const Span columns = inside(kx, g.in.width, g.out.width, g);
          const float w = weights[tap];
          Lanes total{};
          for (int oy = rows.begin; oy < rows.end; ++oy) {
            const int iy = oy * g.stride - g.padding + ky;
            for (int ox = columns.begin; ox < columns.end; ++ox) {
              const int ix = ox * g.stride - g.padding + kx;
              const std::ptrdiff_t from =
                  static_cast<std::ptrdiff_t>((c * g.in.height + iy) * g.in.width + ix) * kLanes;
              const float* error =
                  dy + static_cast<std::ptrdiff_t>((o * g.out.height + oy) * g.out.width + ox) * kLanes;
              for (std::size_t i = 0; i < kLaneVecs; ++i)
                total.v[i] += load(error + i * kVec) * load(x + from + i * kVec);
              if (dx != nullptr) {
                for (std::size_t i = 0; i < kLanes; ++i)
                  dx[from + static_cast<std::ptrdiff_t>(i)] += w * error[i];
              }
            }
          }
          Vec folded{};
          for (const Vec& v : total.v) folded += v;
          dweights[tap] += sum(folded);
        }
      }
    }
  }
}

void dense_forward(const Layer& g, float* y, const float* x, const float* weights,
                   const float* bias) noexcept {
  const std::size_t inputs = g.in.size(), outputs = g.out.size();
  for (std::size_t o = 0; o < outputs; ++o) std::fill_n(y + o * kLanes, kLanes, bias[o]);
  multiply_add(y, kLanes, weights, inputs, 1, x, kLanes, outputs, inputs, kLanes);
}

void dense_backward(const Layer& g, float* dx, float* dweights, float* dbias, const float* dy, const float* x,
                    const float* weights, float* scratch) noexcept {
  const std::size_t inputs = g.in.size(), outputs = g.out.size();
  add_bias_gradient(dbias, dy, outputs, 1);
  for (std::size_t l = 0; l < kLanes; ++l) {
    for (std::size_t i = 0; i < inputs; ++i) scratch[l * inputs + i] = x[i * kLanes + l];
  }
  multiply_add(dweights, inputs, dy, kLanes, 1, scratch, inputs, outputs, kLanes, inputs);
  if (dx == nullptr) return;
  std::memset(dx, 0, inputs * kLanes * sizeof(float));
  multiply_add(dx, kLanes, weights, 1, inputs, dy, kLanes, inputs, outputs, kLanes);
}

void polynomial_forward(std::span<const float> coefficients, float* y, const float* x,
                        std::size_t count) noexcept {
  std::fill_n(y, count, coefficients.back());
  for (std::size_t d = coefficients.size() - 1; d-- > 0;) {
    const float a = coefficients[d];
    for (std::size_t i = 0; i < count; ++i) y[i] = y[i] * x[i] + a;
  }
}

void polynomial_backward(std::span<const float> coefficients, float* dx, const float* dy, const float* x,
                         std::size_t count) noexcept {
  std::fill_n(dx, count, 0.0f);
  for (std::size_t d = coefficients.size() - 1; d > 0; --d) {
    const float a = static_cast<float>(d) * coefficients[d];
    for (std::size_t i = 0; i < count; ++i) dx[i] = dx[i] * x[i] + a;
  }
  for (std::size_t i = 0; i < count; ++i) dx[i] *= dy[i];
}

void softmax(float* probabilities, const float* scores, std::size_t classes) noexcept {
  for (std::size_t l = 0; l < kLanes; ++l) {
    float largest = scores[l];
    for (std::size_t c = 1; c < classes; ++c) largest = std::max(largest, scores[c * kLanes + l]);
    float total = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      probabilities[c * kLanes + l] = std::exp(scores[c * kLanes + l] - largest);
      total += probabilities[c * kLanes + l];
    }
    for (std::size_t c = 0; c < classes; ++c) probabilities[c * kLanes + l] /= total;
  }
}

float softmax_cross_entropy(float* dscores, const float* scores, const float* targets,
                            std::size_t classes) noexcept {
  softmax(dscores, scores, classes);
  float loss = 0;
  for (std::size_t k = 0; k < classes * kLanes; ++k) {
    if (targets[k] > 0) loss -= targets[k] * std::log(std::max(dscores[k], 1e-30f));
    dscores[k] -= targets[k];
  }
  return loss;
}

}  // namespace fcn::nn
