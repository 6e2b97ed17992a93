// A trained network as an exact integer program: what every engine runs and every oracle computes.
//
// Legend: C channels, H height, W width, K kernel side, S stride, P padding, I inputs, O outputs.
// A tensor is a flat array in C, H, W order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../platform/status.h"

namespace fcn::nn {

struct Shape {
  int channels = 0;
  int height = 0;
  int width = 0;
  std::size_t size() const noexcept {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(width);
  }
  friend bool operator==(const Shape&, const Shape&) = default;
};

enum class LayerKind {
  kConv2d,      // weights (O, C, K, K), bias (O); zero padding
  kDense,       // weights (O, I), bias (O); the input is read flat
  kSumPool,     // sums over K x K windows; averaging is this with the factor 1/K^2 moved into the scale
  kPolynomial,  // y = a_0 + a_1 x + ... + a_d x^d on every value, d >= 1
  kFlatten,     // (C, H, W) -> (C*H*W, 1, 1)
};

// One layer. Fields that its kind does not use are 0 or empty.
struct Layer {
  LayerKind kind = LayerKind::kFlatten;
  Shape in, out;
  int kernel = 0, stride = 0, padding = 0;  // conv2d, sum pool
  std::vector<std::int64_t> weights;        // conv2d, dense: any integers; 0 and +-2^e are the cheap ones
  std::vector<std::int64_t> bias;           // conv2d, dense: at the scale of the layer's output
  std::vector<std::int64_t> coefficients;   // polynomial: a_0 first
  friend bool operator==(const Layer&, const Layer&) = default;
};

// What integers stand for: real value = integer / output_scale at the last layer.
struct Network {
  std::string name;
  Shape input;
  std::int64_t input_max = 0;  // pixels are integers in [0, input_max]
  double output_scale = 1;
  std::vector<Layer> layers;
  // Makes a network's fingerprint (plan.h) useless to who guesses its weights: nothing, or random bytes that stay
  // secret.
  std::vector<std::uint8_t> salt = {};
  friend bool operator==(const Network&, const Network&) = default;
};

inline constexpr std::size_t kMaxLayerSize = std::size_t{1} << 20;  // values in a layer
inline constexpr std::size_t kMaxWeights = std::size_t{1} << 25;    // weights in all layers together
inline constexpr std::size_t kMaxDegree = 16;
inline constexpr std::int64_t kMaxWeight = (std::int64_t{1} << 31) - 1;  // |weight|
inline constexpr std::int64_t kMaxBias = (std::int64_t{1} << 62) - 1;  // |bias| and |polynomial coefficient|
inline constexpr std::size_t kMinSaltBytes = 16, kMaxSaltBytes = 64;
inline constexpr std::int64_t kMaxInput = (std::int64_t{1} << 31) - 1;  // input_max

// Makers that fill in `out` from `in`. The caller then sets weights and bias of the sizes stated above.
Layer make_conv2d(Shape in, int out_channels, int kernel, int stride, int padding);
Layer make_dense(Shape in, int outputs);
Layer make_sum_pool(Shape in, int kernel, int stride, int padding);
Layer make_polynomial(Shape in, std::vector<std::int64_t> coefficients);
Layer make_flatten(Shape in);

// (H + 2P - K) / S + 1, or 0 when the window does not fit.
int window_count(int length, int kernel, int stride, int padding) noexcept;

// Errors: kInvalidArgument naming the layer and the cause, unless shapes chain, array sizes fit the shapes, every
// extent and value is positive where it must be and within the limits above, padding < kernel (no window without an
// input), output_scale is positive, the name is printable ASCII, a salt has a
// length within the limits, and there is at least one layer.
platform::Status validate(const Network& network);

const char* layer_kind_name(LayerKind kind) noexcept;

// The polynomial of Swish-AQ, x^2/8 + x/2 + 1/4, at input scale s: [2 s^2, 4 s, 1], whose output scale is 8 s^2.
std::vector<std::int64_t> swish_aq_coefficients(std::int64_t scale);

// One term of a neuron's sum: a weight and the real input that it reads (padding gives none).
struct Tap {
  std::uint32_t input;  // index into the flat input tensor
  std::int64_t weight;  // not 0
};
// The nonzero taps of flat output `output` of a conv2d, dense or sum-pool layer, in rising input order.
std::vector<Tap> taps(const Layer& layer, std::size_t output);

}  // namespace fcn::nn
