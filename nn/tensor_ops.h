// Layers in single precision, forward and backward, for kLanes images side by side.
//
// A tensor of a group is (values, kLanes): value v of image l lies at v * kLanes + l, so that every inner
// loop runs over images and every layer vectorises alike. Gradients of parameters are added to what is there;
// gradients of inputs replace it. Sums run in one fixed order: same inputs and kernels, same bits. Geometry (in,
// out, kernel, stride, padding) comes from a Layer whose integer arrays are not used. Aliasing: none, unless
// stated. 16-byte alignment is not required.
#pragma once

#include <cstddef>
#include <span>

#include "network.h"

namespace fcn::nn {

namespace internal {
struct TensorKernels;
}
using internal::TensorKernels;

inline constexpr std::size_t kLanes = 32;

// The fastest kernels that this processor runs.
const TensorKernels& best_tensor_kernels() noexcept;

// Floats of scratch that a layer's functions need.
std::size_t scratch_floats(const Layer& geometry) noexcept;

// y = W * x + bias. Shape: x (C*H*W, kLanes), y (O*OH*OW, kLanes), weights (O, C, K, K), bias (O).
void conv2d_forward(const TensorKernels& kernels, const Layer& geometry, float* y, const float* x,
                    const float* weights, const float* bias, float* scratch) noexcept;
// dx may be null where nobody asks for it.
void conv2d_backward(const TensorKernels& kernels, const Layer& geometry, float* dx, float* dweights,
                     float* dbias, const float* dy, const float* x, const float* weights,
                     float* scratch) noexcept;

// y = W * x + bias. Shape: x (I, kLanes), y (O, kLanes), weights (O, I), bias (O).
void dense_forward(const TensorKernels& kernels, const Layer& geometry, float* y, const float* x,
                   const float* weights, const float* bias) noexcept;
// dx may be null.
void dense_backward(const TensorKernels& kernels, const Layer& geometry, float* dx, float* dweights,
                    float* dbias, const float* dy, const float* x, const float* weights,
                    float* scratch) noexcept;

// y = the mean of each K x K window; pixels of the padding count as 0.
void mean_pool_forward(const Layer& geometry, float* y, const float* x) noexcept;
void mean_pool_backward(const Layer& geometry, float* dx, const float* dy) noexcept;

// y = a_0 + a_1 x + ... on each of count values; at least two coefficients.
void polynomial_forward(const TensorKernels& kernels, std::span<const float> coefficients, float* y,
                        const float* x, std::size_t count) noexcept;
void polynomial_backward(const TensorKernels& kernels, std::span<const float> coefficients, float* dx,
                         const float* dy, const float* x, std::size_t count) noexcept;

// Batch normalisation over the positions and lanes of each channel: values y (channels, positions, kLanes) become
// gamma * normal + beta with normal = (y - mean) / sqrt(variance + epsilon), for this group's mean and variance.
// Shape: normal as y; gamma, beta, mean, variance (channels). Source: Ioffe, Szegedy (2015), algorithm 1.
inline constexpr float kNormEpsilon = 1e-3f;
void batch_norm_forward(std::size_t channels, std::size_t positions, float* y, float* normal, float* mean,
                        float* variance, const float* gamma, const float* beta) noexcept;
// With given mean and variance. Shape: as above.
void batch_norm_apply(std::size_t channels, std::size_t positions, float* y, const float* mean,
                      const float* variance, const float* gamma, const float* beta) noexcept;
// dy, the gradient by the result, becomes that by the values before.
void batch_norm_backward(std::size_t channels, std::size_t positions, float* dy, float* dgamma, float* dbeta,
                         const float* normal, const float* variance, const float* gamma) noexcept;

// Shape: scores, probabilities (classes, kLanes). Each lane sums to 1.
void softmax(float* probabilities, const float* scores, std::size_t classes) noexcept;
// The cross entropy of each lane's softmax(scores) against its targets, summed over lanes; dscores = its
// gradient. Shape: dscores, scores, targets (classes, kLanes); each lane of targets sums to 1.
float softmax_cross_entropy(float* dscores, const float* scores, const float* targets,
                            std::size_t classes) noexcept;

}  // namespace fcn::nn
