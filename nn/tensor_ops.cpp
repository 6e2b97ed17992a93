#include "tensor_ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "internal/tensor_dispatch.h"

namespace fcn::nn {

static_assert(kLanes == internal::kKernelLanes);

namespace {

std::size_t extent(int value) noexcept {
  return static_cast<std::size_t>(value);
}

// With the padding as part of the input.
internal::ConvShape padded_shape(const Layer& g) noexcept {
  return {extent(g.in.channels),
          extent(g.in.height + 2 * g.padding),
          extent(g.in.width + 2 * g.padding),
          extent(g.out.channels),
          extent(g.out.height),
          extent(g.out.width),
          extent(g.kernel),
          extent(g.stride)};
}

// Visits the rows of the input in the padded tensor: visit(padded row, row, floats).
template <class Visit>
void for_each_row(const Layer& g, const internal::ConvShape& s, Visit visit) noexcept {
  const std::size_t height = extent(g.in.height), floats = extent(g.in.width) * kLanes, p = extent(g.padding);
  for (std::size_t c = 0; c < s.in_channels; ++c) {
    for (std::size_t y = 0; y < height; ++y) {
      visit(((c * s.in_height + y + p) * s.in_width + p) * kLanes, (c * height + y) * floats, floats);
    }
  }
}

const float* padded(const Layer& g, const internal::ConvShape& s, const float* x, float* scratch) noexcept {
  if (g.padding == 0) return x;
  std::fill_n(scratch, s.in_channels * s.in_height * s.in_width * kLanes, 0.0f);
  for_each_row(g, s, [&](std::size_t to, std::size_t from, std::size_t floats) {
    std::memcpy(scratch + to, x + from, floats * sizeof(float));
  });
  return scratch;
}

// One partial sum for each lane: fast, and in a fixed order.
struct LaneSum {
  float lanes[kLanes] = {};
  float total() const noexcept {
    float result = 0;
    for (const float value : lanes) result += value;
    return result;
  }
};

// dbias[o] += the sum over positions and lanes of dy (outputs, positions, kLanes).
void add_bias_gradient(float* dbias, const float* dy, std::size_t outputs, std::size_t positions) noexcept {
  for (std::size_t o = 0; o < outputs; ++o) {
    LaneSum sum;
    for (std::size_t p = 0; p < positions; ++p, dy += kLanes) {
      for (std::size_t l = 0; l < kLanes; ++l) sum.lanes[l] += dy[l];
    }
    dbias[o] += sum.total();
  }
}

// Visits every input that a window of a sum pool reads: visit(output, input).
template <class Visit>
void for_each_pooled(const Layer& g, Visit visit) noexcept {
  std::size_t output = 0;
  for (int c = 0; c < g.out.channels; ++c) {
    for (int oy = 0; oy < g.out.height; ++oy) {
      for (int ox = 0; ox < g.out.width; ++ox, ++output) {
        for (int ky = 0; ky < g.kernel; ++ky) {
          for (int kx = 0; kx < g.kernel; ++kx) {
            const int iy = oy * g.stride - g.padding + ky, ix = ox * g.stride - g.padding + kx;
            if (iy < 0 || ix < 0 || iy >= g.in.height || ix >= g.in.width) continue;
            visit(output, extent((c * g.in.height + iy) * g.in.width + ix));
          }
        }
      }
    }
  }
}

}  // namespace

const TensorKernels& best_tensor_kernels() noexcept {
  return *internal::available_tensor_kernels().front();
}

std::size_t scratch_floats(const Layer& g) noexcept {
  if (g.kind == LayerKind::kDense) return g.in.size() * kLanes;
  if (g.kind != LayerKind::kConv2d) return 0;
  const internal::ConvShape s = padded_shape(g);
  return 2 * s.in_channels * s.in_height * s.in_width * kLanes;
}

void conv2d_forward(const TensorKernels& kernels, const Layer& g, float* y, const float* x,
                    const float* weights, const float* bias, float* scratch) noexcept {
  const internal::ConvShape s = padded_shape(g);
  kernels.conv_forward(s, y, padded(g, s, x, scratch), weights, bias);
}

void conv2d_backward(const TensorKernels& kernels, const Layer& g, float* dx, float* dweights, float* dbias,
                     const float* dy, const float* x, const float* weights, float* scratch) noexcept {
  const internal::ConvShape s = padded_shape(g);
  add_bias_gradient(dbias, dy, s.out_channels, s.out_height * s.out_width);
  kernels.conv_weight_gradient(s, dweights, dy, padded(g, s, x, scratch));
  if (dx == nullptr) return;
  if (g.padding == 0) return kernels.conv_input_gradient(s, dx, dy, weights);
  kernels.conv_input_gradient(s, scratch, dy, weights);
  for_each_row(g, s, [&](std::size_t from, std::size_t to, std::size_t floats) {
    std::memcpy(dx + to, scratch + from, floats * sizeof(float));
  });
}

void dense_forward(const TensorKernels& kernels, const Layer& g, float* y, const float* x,
                   const float* weights, const float* bias) noexcept {
  const std::size_t inputs = g.in.size(), outputs = g.out.size();
  for (std::size_t o = 0; o < outputs; ++o) std::fill_n(y + o * kLanes, kLanes, bias[o]);
  kernels.multiply_add(y, kLanes, weights, inputs, 1, x, kLanes, outputs, inputs, kLanes);
}

void dense_backward(const TensorKernels& kernels, const Layer& g, float* dx, float* dweights, float* dbias,
                    const float* dy, const float* x, const float* weights, float* scratch) noexcept {
  const std::size_t inputs = g.in.size(), outputs = g.out.size();
  add_bias_gradient(dbias, dy, outputs, 1);
  for (std::size_t i = 0; i < inputs; ++i) {
    for (std::size_t l = 0; l < kLanes; ++l) scratch[l * inputs + i] = x[i * kLanes + l];
  }
  kernels.multiply_add(dweights, inputs, dy, kLanes, 1, scratch, inputs, outputs, kLanes, inputs);
  if (dx == nullptr) return;
  std::fill_n(dx, inputs * kLanes, 0.0f);
  kernels.multiply_add(dx, kLanes, weights, 1, inputs, dy, kLanes, inputs, outputs, kLanes);
}

void mean_pool_forward(const Layer& g, float* y, const float* x) noexcept {
  std::fill_n(y, g.out.size() * kLanes, 0.0f);
  const float share = 1.0f / static_cast<float>(g.kernel * g.kernel);
  for_each_pooled(g, [&](std::size_t output, std::size_t input) {
    for (std::size_t l = 0; l < kLanes; ++l) y[output * kLanes + l] += share * x[input * kLanes + l];
  });
}

void mean_pool_backward(const Layer& g, float* dx, const float* dy) noexcept {
  std::fill_n(dx, g.in.size() * kLanes, 0.0f);
  const float share = 1.0f / static_cast<float>(g.kernel * g.kernel);
  for_each_pooled(g, [&](std::size_t output, std::size_t input) {
    for (std::size_t l = 0; l < kLanes; ++l) dx[input * kLanes + l] += share * dy[output * kLanes + l];
  });
}

void polynomial_forward(const TensorKernels& kernels, std::span<const float> coefficients, float* y,
                        const float* x, std::size_t count) noexcept {
  kernels.polynomial(coefficients.data(), coefficients.size() - 1, y, x, count);
}

void polynomial_backward(const TensorKernels& kernels, std::span<const float> coefficients, float* dx,
                         const float* dy, const float* x, std::size_t count) noexcept {
  kernels.polynomial_gradient(coefficients.data(), coefficients.size() - 1, dx, dy, x, count);
}

void batch_norm_forward(std::size_t channels, std::size_t positions, float* y, float* normal, float* mean,
                        float* variance, const float* gamma, const float* beta) noexcept {
  const float share = 1.0f / static_cast<float>(positions * kLanes);
  for (std::size_t c = 0; c < channels; ++c, y += positions * kLanes, normal += positions * kLanes) {
    LaneSum sum, squares;
    for (std::size_t k = 0; k < positions * kLanes; k += kLanes) {
      for (std::size_t l = 0; l < kLanes; ++l) sum.lanes[l] += y[k + l];
    }
    mean[c] = sum.total() * share;
    for (std::size_t k = 0; k < positions * kLanes; k += kLanes) {
      for (std::size_t l = 0; l < kLanes; ++l) {
        normal[k + l] = y[k + l] - mean[c];
        squares.lanes[l] += normal[k + l] * normal[k + l];
      }
    }
    variance[c] = squares.total() * share;
    const float factor = 1 / std::sqrt(variance[c] + kNormEpsilon);
    for (std::size_t k = 0; k < positions * kLanes; ++k) {
      normal[k] *= factor;
      y[k] = gamma[c] * normal[k] + beta[c];
    }
  }
}

void batch_norm_apply(std::size_t channels, std::size_t positions, float* y, const float* mean,
                      const float* variance, const float* gamma, const float* beta) noexcept {
  for (std::size_t c = 0; c < channels; ++c, y += positions * kLanes) {
    const float factor = gamma[c] / std::sqrt(variance[c] + kNormEpsilon);
    for (std::size_t k = 0; k < positions * kLanes; ++k) y[k] = factor * (y[k] - mean[c]) + beta[c];
  }
}

void batch_norm_backward(std::size_t channels, std::size_t positions, float* dy, float* dgamma, float* dbeta,
                         const float* normal, const float* variance, const float* gamma) noexcept {
  const float share = 1.0f / static_cast<float>(positions * kLanes);
  for (std::size_t c = 0; c < channels; ++c, dy += positions * kLanes, normal += positions * kLanes) {
    LaneSum sum, products;
    for (std::size_t k = 0; k < positions * kLanes; k += kLanes) {
      for (std::size_t l = 0; l < kLanes; ++l) {
        sum.lanes[l] += dy[k + l];
        products.lanes[l] += dy[k + l] * normal[k + l];
      }
    }
    const float total = sum.total(), product = products.total();
    dbeta[c] += total;
    dgamma[c] += product;
    const float factor = gamma[c] / std::sqrt(variance[c] + kNormEpsilon);
    for (std::size_t k = 0; k < positions * kLanes; ++k) {
      dy[k] = factor * (dy[k] - share * total - share * product * normal[k]);
    }
  }
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
