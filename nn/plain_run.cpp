#include "plain_run.h"

#include <utility>

#include "internal/checked_math.h"
#include "internal/for_each_tap.h"
#include "internal/layer_check.h"

namespace fcn::nn {
namespace {

using internal::checked_add;
using internal::checked_multiply;
using platform::concat;
using platform::invalid_argument;
using platform::out_of_range;
using platform::Result;
using platform::Status;

// sum = bias + the taps' products, in tap order; false when a term or a partial sum does not fit.
template <class Value>
bool weighted_sum(Value& sum, const Layer& layer, std::size_t output, const std::vector<Value>& in) {
  const std::size_t plane = static_cast<std::size_t>(layer.out.height) * layer.out.width;
  sum = internal::has_weights(layer) ? layer.bias[output / plane] : 0;
  bool fits = true;
  internal::for_each_tap(layer, output, [&](std::uint32_t input, std::int64_t weight) {
    Value term = 0;
    fits = fits && checked_multiply(term, Value(weight), in[input]) && checked_add(sum, sum, term);
  });
  return fits;
}

// value = a_0 + x (a_1 + x (a_2 + ...)); false when a step does not fit.
template <class Value>
bool evaluate(Value& value, const std::vector<std::int64_t>& coefficients, const Value& x) {
  value = 0;
  for (std::size_t i = coefficients.size(); i-- > 0;) {
    if (!checked_multiply(value, value, x)) return false;
    if (!checked_add(value, value, Value(coefficients[i]))) return false;
  }
  return true;
}

template <class Value>
Result<std::vector<Value>> run(const Network& network, std::span<const std::int64_t> pixels, int bits) {
  FCN_RETURN_IF_ERROR(validate(network));
  if (pixels.size() != network.input.size()) {
    return invalid_argument(concat(pixels.size(), " pixels where the network reads ", network.input.size()));
  }
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    if (pixels[i] < 0 || pixels[i] > network.input_max) {
      return invalid_argument(
          concat("pixel ", i, " = ", pixels[i], " is not in [0, ", network.input_max, "]"));
    }
  }
  std::vector<Value> values(pixels.begin(), pixels.end());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer.kind == LayerKind::kFlatten) continue;  // the same values in the same order
    std::vector<Value> out(layer.out.size());
    for (std::size_t o = 0; o < out.size(); ++o) {
      const bool fits = layer.kind == LayerKind::kPolynomial ? evaluate(out[o], layer.coefficients, values[o])
                                                             : weighted_sum(out[o], layer, o, values);
      if (!fits)
        return out_of_range(
            concat(internal::layer_label(network, i), ": output ", o, " leaves ", bits, " bits"));
    }
    values = std::move(out);
  }
  return values;
}

template <class Value>
std::size_t index_of_largest(std::span<const Value> scores) noexcept {
  std::size_t best = 0;
  for (std::size_t i = 1; i < scores.size(); ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

}  // namespace

Result<std::vector<std::int64_t>> plain_run(const Network& network, std::span<const std::int64_t> pixels) {
  return run<std::int64_t>(network, pixels, 63);
}

Result<std::vector<WideInteger>> plain_run_wide(const Network& network,
                                                std::span<const std::int64_t> pixels) {
  return run<WideInteger>(network, pixels, 64 * static_cast<int>(WideInteger::kWords) - 1);
}

std::size_t argmax(std::span<const std::int64_t> scores) noexcept {
  return index_of_largest(scores);
}
std::size_t argmax(std::span<const WideInteger> scores) noexcept {
  return index_of_largest(scores);
}

}  // namespace fcn::nn
