// Layers and their gradients against the definition in double precision and central differences of it.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "nn/float_network.h"
#include "nn/internal/tensor_dispatch.h"
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
void check_linear(const TensorKernels& kernels, const Layer& g, std::size_t weight_count,
                  std::size_t bias_count, LinearRef reference) {
  SCOPED_TRACE(kernels.name);
  const bool conv = g.kind == LayerKind::kConv2d;
  const Floats x = random_floats(g.in.size() * kLanes, 1), weights = random_floats(weight_count, 2);
  const Floats bias = random_floats(bias_count, 3), factors = random_floats(g.out.size() * kLanes, 4);
  Floats y(g.out.size() * kLanes), dx(x.size()), scratch(scratch_floats(g));
  Floats dweights(weight_count, 1.0f), dbias(bias_count, 2.0f);  // gradients are added to what is there
  if (conv) {
    conv2d_forward(kernels, g, y.data(), x.data(), weights.data(), bias.data(), scratch.data());
    conv2d_backward(kernels, g, dx.data(), dweights.data(), dbias.data(), factors.data(), x.data(),
                    weights.data(), scratch.data());
  } else {
    dense_forward(kernels, g, y.data(), x.data(), weights.data(), bias.data());
    dense_backward(kernels, g, dx.data(), dweights.data(), dbias.data(), factors.data(), x.data(),
                   weights.data(), scratch.data());
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
                        Case{{1, 3, 3}, 2, 3, 3, 2}, Case{{2, 3, 2}, 2, 1, 1, 0}, Case{{7, 6, 5}, 8, 4, 3, 1},
                        Case{{6, 5, 5}, 13, 2, 2, 0}}) {
    const Layer g = make_conv2d(c.in, c.maps, c.kernel, c.stride, c.padding);
    for (const TensorKernels* kernels : internal::available_tensor_kernels())
      check_linear(*kernels, g, static_cast<std::size_t>(c.maps * c.in.channels * c.kernel * c.kernel),
                   static_cast<std::size_t>(c.maps), conv_ref);
  }
}

TEST(TrainingLayers, DenseAndGradients) {
  for (const int inputs : {1, 7, 8, 21}) {
    for (const int outputs : {1, 4, 10}) {
      const Layer g = make_dense({inputs, 1, 1}, outputs);
      for (const TensorKernels* kernels : internal::available_tensor_kernels())
        check_linear(*kernels, g, static_cast<std::size_t>(inputs * outputs),
                     static_cast<std::size_t>(outputs), dense_ref);
    }
  }
}

TEST(TrainingLayers, PolynomialAndGradient) {
  const Floats x = random_floats(37, 5), dy = random_floats(37, 6);
  for (const Floats& a :
       {Floats{0.5f, -1.0f}, Floats{0.25f, 0.5f, 0.125f}, Floats{0.5f, -1.0f, 0.25f, 2.0f}}) {
    for (const TensorKernels* kernels : internal::available_tensor_kernels()) {
      Floats y(37), dx(37);
      polynomial_forward(*kernels, a, y.data(), x.data(), 37);
      polynomial_backward(*kernels, a, dx.data(), dy.data(), x.data(), 37);
      for (std::size_t i = 0; i < 37; ++i) {
        double value = 0, slope = 0;
        for (std::size_t d = 0; d < a.size(); ++d) {
          value += a[d] * std::pow(x[i], d);
          if (d > 0) slope += static_cast<double>(d) * a[d] * std::pow(x[i], d - 1);
        }
        expect_close(y[i], value, "y", i);
        expect_close(dx[i], dy[i] * slope, "dx", i);
      }
    }
  }
}

Doubles mean_pool_ref(const Layer& g, const Doubles& x) {
  Doubles y;
  for (int c = 0; c < g.out.channels; ++c) {
    for (int oy = 0; oy < g.out.height; ++oy) {
      for (int ox = 0; ox < g.out.width; ++ox) {
        double total = 0;
        for (int iy = oy * g.stride - g.padding; iy < oy * g.stride - g.padding + g.kernel; ++iy) {
          for (int ix = ox * g.stride - g.padding; ix < ox * g.stride - g.padding + g.kernel; ++ix) {
            if (iy >= 0 && ix >= 0 && iy < g.in.height && ix < g.in.width)
              total += x[(c * g.in.height + iy) * g.in.width + ix];
          }
        }
        y.push_back(total / (g.kernel * g.kernel));
      }
    }
  }
  return y;
}

TEST(TrainingLayers, MeanPoolAndGradient) {
  for (const Layer& g : {make_sum_pool({2, 6, 4}, 2, 2, 0), make_sum_pool({1, 5, 5}, 3, 2, 1)}) {
    const Floats x = random_floats(g.in.size() * kLanes, 1),
                 factors = random_floats(g.out.size() * kLanes, 2);
    Floats y(g.out.size() * kLanes), dx(x.size(), 7.0f);
    mean_pool_forward(g, y.data(), x.data());
    mean_pool_backward(g, dx.data(), factors.data());
    for (const std::size_t l : {std::size_t{0}, kLanes - 1}) {
      const Doubles expected = mean_pool_ref(g, lane(x, l)), f = lane(factors, l);
      for (std::size_t v = 0; v < expected.size(); ++v) expect_close(y[v * kLanes + l], expected[v], "y", v);
      const auto objective = [&](const Doubles& input) {
        const Doubles out = mean_pool_ref(g, input);
        double total = 0;
        for (std::size_t v = 0; v < out.size(); ++v) total += f[v] * out[v];
        return total;
      };
      for (std::size_t i = 0; i < g.in.size(); ++i)
        expect_close(dx[i * kLanes + l], slope(objective, lane(x, l), i), "dx", i);
    }
  }
}

// gamma * (y - mean) / sqrt(variance + epsilon) + beta over a channel's positions and lanes.
Doubles batch_norm_ref(std::size_t channels, const Doubles& y, const Doubles& gamma, const Doubles& beta) {
  const std::size_t size = y.size() / channels;
  Doubles out;
  for (std::size_t c = 0; c < channels; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t k = 0; k < size; ++k) mean += y[c * size + k] / static_cast<double>(size);
    for (std::size_t k = 0; k < size; ++k)
      variance += (y[c * size + k] - mean) * (y[c * size + k] - mean) / static_cast<double>(size);
    for (std::size_t k = 0; k < size; ++k)
      out.push_back(gamma[c] * (y[c * size + k] - mean) / std::sqrt(variance + kNormEpsilon) + beta[c]);
  }
  return out;
}

TEST(TrainingLayers, BatchNormAndGradient) {
  constexpr std::size_t kChannels = 3, kPositions = 4, kCount = kChannels * kPositions * kLanes;
  const Floats values = random_floats(kCount, 1), factors = random_floats(kCount, 2);
  const Floats gamma = {0.5f, -1.0f, 2.0f}, beta = {0.0f, 1.0f, -0.25f};
  Floats y = values, normal(kCount), mean(kChannels), variance(kChannels), dy = factors;
  Floats dgamma(kChannels, 1.0f), dbeta(kChannels, 2.0f);
  batch_norm_forward(kChannels, kPositions, y.data(), normal.data(), mean.data(), variance.data(),
                     gamma.data(), beta.data());
  batch_norm_backward(kChannels, kPositions, dy.data(), dgamma.data(), dbeta.data(), normal.data(),
                      variance.data(), gamma.data());
  const Doubles expected = batch_norm_ref(kChannels, widen(values), widen(gamma), widen(beta));
  for (std::size_t k = 0; k < kCount; ++k) expect_close(y[k], expected[k], "y", k);
  const auto objective = [&](const Doubles& v, const Doubles& g, const Doubles& b) {
    const Doubles out = batch_norm_ref(kChannels, v, g, b);
    double total = 0;
    for (std::size_t k = 0; k < kCount; ++k) total += factors[k] * out[k];
    return total;
  };
  for (std::size_t k = 0; k < kCount; k += 5) {
    const double s =
        slope([&](const Doubles& v) { return objective(v, widen(gamma), widen(beta)); }, widen(values), k);
    expect_close(dy[k], s, "dy", k);
  }
  for (std::size_t c = 0; c < kChannels; ++c) {
    expect_close(
        dgamma[c] - 1.0,
        slope([&](const Doubles& g) { return objective(widen(values), g, widen(beta)); }, widen(gamma), c),
        "dgamma", c);
    expect_close(
        dbeta[c] - 2.0,
        slope([&](const Doubles& b) { return objective(widen(values), widen(gamma), b); }, widen(beta), c),
        "dbeta", c);
  }
  Floats applied = values;
  batch_norm_apply(kChannels, kPositions, applied.data(), mean.data(), variance.data(), gamma.data(),
                   beta.data());
  for (std::size_t k = 0; k < kCount; ++k) expect_close(applied[k], expected[k], "applied", k);
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

double loss_of(const FloatNetwork& network, const Floats& parameters, GroupWorkspace& group,
               const Floats& targets) {
  forward(network, parameters, group);
  return softmax_cross_entropy(group.error.data(), group.values.back().data(), targets.data(), 3);
}

// A chain with everything in it, by differences of its own loss in single precision: coarse, but it sees how layers
// are put together.
TEST(TrainingLayers, GradientOfANormalizedNetworkWithAPool) {
  const Layer conv = make_conv2d({1, 8, 8}, 3, 3, 1, 1), pool = make_sum_pool(conv.out, 2, 2, 0),
              last = make_dense(pool.out, 3);
  FloatNetworkOptions options;
  options.batch_norm = true;
  const auto made = make_float_network({conv, pool, make_polynomial(pool.out, {}), last}, options);
  ASSERT_TRUE(made.ok()) << made.status().message();
  const FloatNetwork& net = made.value();
  EXPECT_EQ(net.parameter_count, 3u * 9 + 4 * 3 + 3 * 48 + 3);
  Floats parameters = initial_parameters(net, 3);
  GroupWorkspace group = make_workspace(net);
  group.values.front() = random_floats(64 * kLanes, 8);
  Floats targets(3 * kLanes);
  for (std::size_t l = 0; l < kLanes; ++l) targets[(l % 3) * kLanes + l] = 1;
  loss_of(net, parameters, group, targets);
  backward(net, parameters, group);
  const Floats gradient = group.gradient;
  for (std::size_t i = 0; i < net.parameter_count; i += 2) {
    const float kept = parameters[i], step = 1e-2f;
    parameters[i] = kept + step;
    const double above = loss_of(net, parameters, group, targets);
    parameters[i] = kept - step;
    const double below = loss_of(net, parameters, group, targets);
    parameters[i] = kept;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * step), 0.02 * (1 + std::fabs(gradient[i])))
        << "parameter " << i;
  }
}

TEST(TrainingLayers, FoldedNetworkComputesTheSame) {
  const Layer conv = make_conv2d({1, 8, 8}, 3, 3, 2, 1), hidden = make_dense(conv.out, 6),
              last = make_dense(hidden.out, 3);
  FloatNetworkOptions options;
  options.batch_norm = true;
  const FloatNetwork net =
      make_float_network({conv, make_polynomial(conv.out, {}), hidden, make_polynomial(hidden.out, {}), last},
                         options)
          .value();
  Floats parameters = random_floats(net.parameter_count, 4);
  for (const FloatLayer& layer : net.layers) {
    if (!layer.normalized) continue;
    for (std::size_t k = layer.variance_at(); k < layer.variance_at() + layer.bias_count; ++k)
      parameters[k] = std::fabs(parameters[k]) + 0.1f;
  }
  const FoldedNetwork folded = fold_batch_norm(net, parameters);
  for (const FloatLayer& layer : folded.network.layers) EXPECT_FALSE(layer.normalized);
  GroupWorkspace before = make_workspace(net), after = make_workspace(folded.network);
  before.values.front() = after.values.front() = random_floats(64 * kLanes, 9);
  forward(net, parameters, before, Pass::kMeasuring);
  forward(folded.network, folded.parameters, after, Pass::kMeasuring);
  for (std::size_t k = 0; k < 3 * kLanes; ++k)
    EXPECT_NEAR(before.values.back()[k], after.values.back()[k],
                1e-3 * (1 + std::fabs(after.values.back()[k])));
}

TEST(TrainingLayers, RefusesWhatCannotBeTrained) {
  const auto flat = make_float_network({make_flatten({1, 4, 4})});
  EXPECT_EQ(flat.status().code(), platform::StatusCode::kInvalidArgument);
  EXPECT_NE(flat.status().message().find("cannot be trained"), std::string::npos);
  FloatNetworkOptions constant;
  constant.activation = {1.0f};
  EXPECT_FALSE(make_float_network({make_dense({4, 1, 1}, 3)}, constant).ok());
  const auto gap = make_float_network({make_dense({4, 1, 1}, 3), make_dense({5, 1, 1}, 2)});
  EXPECT_NE(gap.status().message().find("layer 1 reads 5 values but the layer before it makes 3"),
            std::string::npos);
  EXPECT_FALSE(make_float_network({}).ok());
  const auto empty = make_float_network({make_conv2d({1, 3, 3}, 2, 5, 1, 0)});  // the window does not fit
  EXPECT_NE(empty.status().message().find("has 9 inputs and 0 outputs"), std::string::npos);
}

}  // namespace
}  // namespace fcn::nn
