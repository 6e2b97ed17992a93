// The inner loops of training, one table for each instruction set, chosen at run time.
//
// Tensors are (values, kLanes) as tensor_ops.h says. Every sum runs in one fixed order: same table, same bits; another
// table rounds differently (fused multiply-adds, other partial sums). Aliasing: none unless stated. Convolutions here
// have no padding: tensor_ops pads their input.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fcn::nn::internal {

inline constexpr std::size_t kKernelLanes = 32;  // = kLanes

// in_height and in_width count the padding.
struct ConvShape {
  std::size_t in_channels, in_height, in_width;
  std::size_t out_channels, out_height, out_width;
  std::size_t kernel, stride;
};

struct AdamRates {
  float mean_decay, square_decay, epsilon, step;
};

struct TensorKernels {
  const char* name;

  // C (rows, columns) += A (rows, depth) * B (depth, columns): A at strides a_row and a_column, B and C with rows of
  // ldb and ldc floats.
  void (*multiply_add)(float* c, std::size_t ldc, const float* a, std::size_t a_row, std::size_t a_column,
                       const float* b, std::size_t ldb, std::size_t rows, std::size_t depth,
                       std::size_t columns) noexcept;

  // y = W * x + bias. Shape: as conv2d_forward of tensor_ops.h.
  void (*conv_forward)(const ConvShape& shape, float* y, const float* x, const float* weights,
                       const float* bias) noexcept;
  // dx = the gradient by the padded input.
  void (*conv_input_gradient)(const ConvShape& shape, float* dx, const float* dy,
                              const float* weights) noexcept;
  // dweights += the gradient by the weights.
  void (*conv_weight_gradient)(const ConvShape& shape, float* dweights, const float* dy,
                               const float* x) noexcept;

  // y = a_0 + a_1 x + ... + a_degree x^degree, degree >= 1; dx = dy * (a_1 + 2 a_2 x + ...).
  void (*polynomial)(const float* coefficients, std::size_t degree, float* y, const float* x,
                     std::size_t count) noexcept;
  void (*polynomial_gradient)(const float* coefficients, std::size_t degree, float* dx, const float* dy,
                              const float* x, std::size_t count) noexcept;

  // One step of Adam on count parameters; gradient[i] counts, where learns[i] is 0 the parameter stays.
  void (*adam_step)(const AdamRates& rates, float* parameters, float* mean, float* square,
                    const float* gradient, const float* learns, std::size_t count) noexcept;

  // out = the nearest of 0 and +-smallest * 2^e, e < levels; of two equally near ones the smaller. out may be in.
  void (*project)(float smallest, int levels, float* out, const float* in, std::size_t count) noexcept;

  // out = smallest * the nearest integer in [-largest, largest]; of two equally near ones the even one. out may be in.
  // Bounds: |in / smallest| < 2^22, largest <= 2^22.
  void (*round_to)(float smallest, float largest, float* out, const float* in, std::size_t count) noexcept;

  // The bilinear interpolation of `image` (rows of `stride` floats) at (x[i], y[i]), 0 <= x, y and one more row and
  // column behind them inside the image.
  void (*sample)(float* out, const float* image, std::size_t stride, const float* x, const float* y,
                 std::size_t count) noexcept;
};

extern const TensorKernels kTensorKernelsScalar;
extern const TensorKernels kTensorKernelsAvx2;
extern const TensorKernels kTensorKernelsAvx512;

}  // namespace fcn::nn::internal
