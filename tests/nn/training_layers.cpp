// Layers and their gradients against the definition in double precision and central differences of it.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "nn/float_network.h"
#include "nn/tensor_ops.h"

namespace fcn::nn {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

Floats random_floats(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  Floats values(count);
  for (float& v : values) v = static_cast<float>(static_cast<int>(generator() % 2001) - 1000) / 1000.0f;
  return values;
}
Doubles widen(const Floats& values) {
  return {values.begin(), values.end()};
}

// One image of (values, kLanes).
Doubles lane(const Floats& values, std::size_t l) {
  Doubles out;
  for (std::size_t v = 0; v * kLanes < values.size(); ++v) out.push_back(values[v * kLanes + l]);
  return out;
}

Doubles conv_ref(const Layer& g, const Doubles& x, const Doubles& weights, const Doubles& bias) {
  Doubles y;
  for (int o = 0; o < g.out.channels; ++o) {
    for (int oy = 0; oy < g.out.height; ++oy) {
      for (int ox = 0; ox < g.out.width; ++ox) {
        double total = bias[o];
        for (int c = 0; c < g.in.channels; ++c) {
          for (int ky = 0; ky < g.kernel; ++ky) {
            for (int kx = 0; kx < g.kernel; ++kx) {
              const int iy = oy * g.stride + ky - g.padding, ix = ox * g.stride + kx - g.padding;
              if (iy < 0 || ix < 0 || iy >= g.in.height || ix >= g.in.width) continue;
              total += weights[((o * g.in.channels + c) * g.kernel + ky) * g.kernel + kx] *
                       x[(c * g.in.height + iy) * g.in.width + ix];
            }
          }
        }
        y.push_back(total);
      }
    }
  }
  return y;
}

Doubles dense_ref(const Layer& g, const Doubles& x, const Doubles& weights, const Doubles& bias) {
  Doubles y = bias;
  for (std::size_t o = 0; o < y.size(); ++o) {
    for (std::size_t i = 0; i < g.in.size(); ++i) y[o] += weights[o * g.in.size() + i] * x[i];
  }
  return y;
}

Doubles swish_aq_ref(Doubles x) {
  for (double& v : x) v = v * v / 8 + v / 2 + 0.25;
  return x;
}

double cross_entropy_ref(const Doubles& scores, const Doubles& targets) {
  double total = 0, loss = 0;
  for (const double s : scores) total += std::exp(s);
  for (std::size_t c = 0; c < scores.size(); ++c) loss -= targets[c] * (scores[c] - std::log(total));
  return loss;
}

// d f / d values[i] by a central difference.
double slope(const std::function<double(const Doubles&)>& f, Doubles values, std::size_t i) {
  const double step = 1e-5, middle = values[i];
  values[i] = middle + step;
  const double above = f(values);
  values[i] = middle - step;
  return (above - f(values)) / (2 * step);
}

void expect_close(double actual, double expected, const char* what, std::size_t i) {
  EXPECT_NEAR(actual, expected, 2e-5 * (1 + std::fabs(expected))) << what << " " << i;
}

using LinearRef = Doubles (*)(const Layer&, const Doubles&, const Doubles&, const Doubles&);

// Forward, and all three gradients of sum(factors * y), of one linear layer on random numbers.
void check_linear(const Layer& g, std::size_t weight_count, std::size_t bias_count, LinearRef reference) {
  const bool conv = g.kind == LayerKind::kConv2d;
  const Floats x = random_floats(g.in.size() * kLanes, 1), weights = random_floats(weight_count, 2);
  const Floats bias = random_floats(bias_count, 3), factors = random_floats(g.out.size() * kLanes, 4);
  Floats y(g.out.size() * kLanes), dx(x.size()), scratch(x.size());
  Floats dweights(weight_count, 1.0f), dbias(bias_count, 2.0f);  // gradients are added to what is there
  if (conv) {
    conv2d_forward(g, y.data(), x.data(), weights.data(), bias.data());
    conv2d_backward(g, dx.data(), dweights.data(), dbias.data(), factors.data(), x.data(), weights.data());
  } else {
    dense_forward(g, y.data(), x.data(), weights.data(), bias.data());
    dense_backward(g, dx.data(), dweights.data(), dbias.data(), factors.data(), x.data(), weights.data(),
                   scratch.data());
  }
  for (const std::size_t l : {std::size_t{0}, std::size_t{13}, kLanes - 1}) {
    const Doubles expected = reference(g, lane(x, l), widen(weights), widen(bias));
    for (std::size_t v = 0; v < expected.size(); ++v) expect_close(y[v * kLanes + l], expected[v], "y", v);
    const auto objective = [&](const Doubles& input) {
      const Doubles out = reference(g, input, widen(weights), widen(bias)), f = lane(factors, l);
      double total = 0;
      for (std::size_t v = 0; v < out.size(); ++v) total += f[v] * out[v];
      return total;
    };
    for (std::size_t i = 0; i < g.in.size(); i += 3)
      expect_close(dx[i * kLanes + l], slope(objective, lane(x, l), i), "dx", i);
  }
  const auto objective = [&](const Doubles& w, const Doubles& b) {
    double total = 0;
    for (std::size_t l = 0; l < kLanes; ++l) {
      const Doubles out = reference(g, lane(x, l), w, b), f = lane(factors, l);
      for (std::size_t v = 0; v < out.size(); ++v) total += f[v] * out[v];
    }
    return total;
  };
  for (std::size_t i = 0; i < weight_count; i += 1 + weight_count / 40) {
    const double expected =
        slope([&](const Doubles& w) { return objective(w, widen(bias)); }, widen(weights), i);
    expect_close(dweights[i] - 1.0, expected, "dweights", i);
  }
  for (std::size_t i = 0; i < bias_count; ++i) {
    const double expected =
        slope([&](const Doubles& b) { return objective(widen(weights), b); }, widen(bias), i);
    expect_close(dbias[i] - 2.0, expected, "dbias", i);
  }
}

TEST(TrainingLayers, ConvolutionAndGradients) {
  struct Case {
    Shape in;
    int maps, kernel, stride, padding;
  };
  for (const Case& c : {Case{{1, 7, 7}, 3, 5, 2, 1}, Case{{2, 5, 6}, 2, 3, 1, 1}, Case{{3, 4, 4}, 1, 3, 2, 0},
                        Case{{1, 3, 3}, 2, 3, 3, 2}, Case{{2, 3, 2}, 2, 1, 1, 0}}) {
    const Layer g = make_conv2d(c.in, c.maps, c.kernel, c.stride, c.padding);
    check_linear(g, static_cast<std::size_t>(c.maps * c.in.channels * c.kernel * c.kernel),
                 static_cast<std::size_t>(c.maps), conv_ref);
  }
}

TEST(TrainingLayers, DenseAndGradients) {
  for (const int inputs : {1, 7, 8, 21}) {
    for (const int outputs : {1, 4, 10}) {
      const Layer g = make_dense({inputs, 1, 1}, outputs);
      check_linear(g, static_cast<std::size_t>(inputs * outputs), static_cast<std::size_t>(outputs),
                   dense_ref);
    }
  }
}

TEST(TrainingLayers, PolynomialAndGradient) {
  const Floats coefficients = {0.5f, -1.0f, 0.25f, 2.0f};
  const Floats x = random_floats(37, 5), dy = random_floats(37, 6);
  Floats y(37), dx(37);
  polynomial_forward(coefficients, y.data(), x.data(), 37);
  polynomial_backward(coefficients, dx.data(), dy.data(), x.data(), 37);
  for (std::size_t i = 0; i < 37; ++i) {
    const double v = x[i];
    expect_close(y[i], 0.5 - v + 0.25 * v * v + 2 * v * v * v, "y", i);
    expect_close(dx[i], dy[i] * (-1 + 0.5 * v + 6 * v * v), "dx", i);
  }
}

TEST(TrainingLayers, SoftmaxOfLargeScoresStaysFinite) {
  Floats scores(3 * kLanes), probabilities(3 * kLanes);
  for (std::size_t l = 0; l < kLanes; ++l)
    scores[l] = 1000.0f, scores[kLanes + l] = 999.0f, scores[2 * kLanes + l] = -1e6f;
  softmax(probabilities.data(), scores.data(), 3);
  EXPECT_NEAR(probabilities[0], 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(probabilities[kLanes], 1 / (1 + std::exp(1.0)), 1e-6);
  EXPECT_EQ(probabilities[2 * kLanes], 0.0f);
}

// The whole chain, loss included: every parameter's gradient against a central difference of the loss of 32
// images.
TEST(TrainingLayers, GradientOfANetwork) {
  const Layer conv = make_conv2d({1, 6, 6}, 2, 3, 2, 1), hidden = make_dense(conv.out, 5),
              last = make_dense(hidden.out, 3);
  const auto network = make_float_network(
      {conv, make_polynomial(conv.out, {}), hidden, make_polynomial(hidden.out, {}), last});
  ASSERT_TRUE(network.ok()) << network.status().message();
  const FloatNetwork& net = network.value();
  const Floats parameters = random_floats(net.parameter_count, 7);
  GroupWorkspace group = make_workspace(net);
  group.values.front() = random_floats(conv.in.size() * kLanes, 8);
  Floats targets(3 * kLanes);
  for (std::size_t l = 0; l < kLanes; ++l)
    targets[(l % 3) * kLanes + l] = 0.75f, targets[((l + 1) % 3) * kLanes + l] = 0.25f;
  forward(net, parameters, group);
  const float loss = softmax_cross_entropy(group.error.data(), group.values.back().data(), targets.data(), 3);
  backward(net, parameters, group);

  const auto part = [](const Doubles& p, std::size_t at, std::size_t count) {
    return Doubles(p.begin() + static_cast<std::ptrdiff_t>(at),
                   p.begin() + static_cast<std::ptrdiff_t>(at + count));
  };
  const auto objective = [&](const Doubles& p) {
    double total = 0;
    for (std::size_t l = 0; l < kLanes; ++l) {
      Doubles values = lane(group.values.front(), l);
      for (const FloatLayer& layer : net.layers) {
        const Doubles w = part(p, layer.weights_at, layer.weight_count),
                      b = part(p, layer.bias_at, layer.bias_count);
        if (layer.geometry.kind == LayerKind::kConv2d)
          values = conv_ref(layer.geometry, values, w, b);
        else if (layer.geometry.kind == LayerKind::kDense)
          values = dense_ref(layer.geometry, values, w, b);
        else
          values = swish_aq_ref(values);
      }
      total += cross_entropy_ref(values, lane(targets, l));
    }
    return total;
  };
  EXPECT_NEAR(loss, objective(widen(parameters)), 1e-4 * loss);
  for (std::size_t i = 0; i < net.parameter_count; ++i) {
    const double expected = slope(objective, widen(parameters), i);
    EXPECT_NEAR(group.gradient[i], expected, 1e-4 * (1 + std::fabs(expected))) << "parameter " << i;
  }
}

TEST(TrainingLayers, RefusesWhatCannotBeTrained) {
  const auto pool = make_float_network({make_sum_pool({1, 4, 4}, 2, 2, 0)});
  EXPECT_EQ(pool.status().code(), platform::StatusCode::kInvalidArgument);
  EXPECT_NE(pool.status().message().find("cannot be trained"), std::string::npos);
  const auto gap = make_float_network({make_dense({4, 1, 1}, 3), make_dense({5, 1, 1}, 2)});
  EXPECT_NE(gap.status().message().find("layer 1 reads 5 values but the layer before it makes 3"),
            std::string::npos);
  EXPECT_FALSE(make_float_network({}).ok());
  const auto empty = make_float_network({make_conv2d({1, 3, 3}, 2, 5, 1, 0)});  // the window does not fit
  EXPECT_NE(empty.status().message().find("has 9 inputs and 0 outputs"), std::string::npos);
}

}  // namespace
}  // namespace fcn::nn
