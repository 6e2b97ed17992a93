// Layers in single precision, forward and backward, for kLanes images side by side.
//
// A tensor of a group is (values, kLanes): value v of image l lies at v * kLanes + l, so that every inner
// loop runs over images and every layer vectorises alike. Gradients of parameters are added to what is there;
// gradients of inputs replace it. Sums run in one fixed order: same inputs, same bits. Geometry (in, out,
// kernel, stride, padding) comes from a Layer whose integer arrays are not used. Aliasing: none. 16-byte
// alignment is not required.
#pragma once

#include <cstddef>
#include <span>

#include "network.h"

namespace fcn::nn {

inline constexpr std::size_t kLanes = 32;

// y = W * x + bias. Shape: x (C*H*W, kLanes), y (O*OH*OW, kLanes), weights (O, C, K, K), bias (O).
void conv2d_forward(const Layer& geometry, float* y, const float* x, const float* weights,
                    const float* bias) noexcept;
// dx may be null where nobody asks for it.
void conv2d_backward(const Layer& geometry, float* dx, float* dweights, float* dbias, const float* dy,
                     const float* x, const float* weights) noexcept;

// y = W * x + bias. Shape: x (I, kLanes), y (O, kLanes), weights (O, I), bias (O).
void dense_forward(const Layer& geometry, float* y, const float* x, const float* weights,
                   const float* bias) noexcept;
// dx may be null. scratch: I * kLanes floats.
void dense_backward(const Layer& geometry, float* dx, float* dweights, float* dbias, const float* dy,
                    const float* x, const float* weights, float* scratch) noexcept;

// y = a_0 + a_1 x + ... on each of count values.
void polynomial_forward(std::span<const float> coefficients, float* y, const float* x,
                        std::size_t count) noexcept;
void polynomial_backward(std::span<const float> coefficients, float* dx, const float* dy, const float* x,
                         std::size_t count) noexcept;

// Shape: scores, probabilities (classes, kLanes). Each lane sums to 1.
void softmax(float* probabilities, const float* scores, std::size_t classes) noexcept;
// The cross entropy of each lane's softmax(scores) against its targets, summed over lanes; dscores = its
// gradient. Shape: dscores, scores, targets (classes, kLanes); each lane of targets sums to 1.
float softmax_cross_entropy(float* dscores, const float* scores, const float* targets,
                            std::size_t classes) noexcept;

}  // namespace fcn::nn
