// fcn-mnist inspect: what a model holds and what running it encrypted will take.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "../nn/accuracy.h"
#include "../nn/idx_file.h"
#include "../nn/pixel_plan.h"
#include "../nn/range_analysis.h"
#include "commands.h"
#include "inspect_packed.h"
#include "mnist_folder.h"
#include "model_source.h"
#include "terminal.h"

namespace fcn::apps {
namespace {

using platform::concat;
using platform::Status;

std::string shape_text(const nn::Shape& shape) {
  return concat(shape.channels, "x", shape.height, "x", shape.width);
}

// "3 + 2 x - x^2": terms that are 0 left out.
std::string polynomial_text(const std::vector<std::int64_t>& coefficients) {
  std::string text;
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    const std::int64_t coefficient = coefficients[i];
    if (coefficient == 0) continue;
    text += text.empty() ? (coefficient < 0 ? "-" : "") : (coefficient < 0 ? " - " : " + ");
    const bool unit = i > 0 && (coefficient == 1 || coefficient == -1);
    if (!unit) text += concat(std::llabs(coefficient), i > 0 ? " " : "");
    if (i > 0) text += i == 1 ? "x" : concat("x^", i);
  }
  return text.empty() ? "0" : text;
}

struct WeightSummary {
  std::size_t nonzero = 0;
  std::size_t other = 0;                                           // neither 0 nor +-2^e
  std::map<int, std::pair<std::size_t, std::size_t>> by_exponent;  // how many +2^e, how many -2^e
};

WeightSummary summarize(const std::vector<std::int64_t>& weights) {
  WeightSummary summary;
  for (const std::int64_t weight : weights) {
    if (weight == 0) continue;
    ++summary.nonzero;
    const std::uint64_t size = static_cast<std::uint64_t>(std::llabs(weight));
    if ((size & (size - 1)) != 0) {
      ++summary.other;
      continue;
    }
    auto& [plus, minus] = summary.by_exponent[__builtin_ctzll(size)];
    ++(weight > 0 ? plus : minus);
  }
  return summary;
}

void print_weights(const std::vector<std::int64_t>& weights) {
  const WeightSummary summary = summarize(weights);
  std::printf("      weights: %s of %s are not zero (%.1f %%)\n", format_count(summary.nonzero).c_str(),
              format_count(weights.size()).c_str(),
              100 * static_cast<double>(summary.nonzero) / static_cast<double>(weights.size()));
  for (const auto& [exponent, counts] : summary.by_exponent) {
    const std::size_t both = counts.first + counts.second;
    const std::size_t bar = (both * 40 + summary.nonzero - 1) / summary.nonzero;
    std::printf("        2^%-2d  +%-6zu -%-6zu %s\n", exponent, counts.first, counts.second,
                std::string(bar, '#').c_str());
  }
  if (summary.other != 0) std::printf("        not a power of two: %zu\n", summary.other);
}

void print_layer(std::size_t index, const nn::Layer& layer, const nn::RangeBound& range) {
  std::printf("  %2zu  %-10s %9s -> %-9s", index + 1, nn::layer_kind_name(layer.kind),
              shape_text(layer.in).c_str(), shape_text(layer.out).c_str());
  if (layer.kernel != 0)
    std::printf("  kernel %d, stride %d, padding %d", layer.kernel, layer.stride, layer.padding);
  if (!layer.coefficients.empty()) std::printf("  %s", polynomial_text(layer.coefficients).c_str());
  std::printf("\n      %s\n", format_range(range.low, range.high, range.bits).c_str());
  if (!layer.weights.empty()) print_weights(layer.weights);
}

void print_counts(const nn::OpCounts& counts) {
  std::printf("%8s %8s %8s %6s %8s %6s\n", format_count(counts.pt_ct_adds).c_str(),
              format_count(counts.ct_ct_adds).c_str(), format_count(counts.pt_ct_mults).c_str(),
              format_count(counts.ct_ct_mults).c_str(), format_count(counts.total()).c_str(),
              format_count(counts.relinearizations).c_str());
}

// Each stage's bound on the noise, as log2 of its deviation, and its operations. The activation is the stage's last step.
void print_plan(const nn::PixelPlan& plan) {
  std::printf(
      "\nencrypted, pixel layout: n = %zu, q of %.0f bits; decryption is right while noise stays below "
      "2^%.0f\n",
      plan.params().n(), plan.params().log2_q(), plan.params().log2_q() - 1);
  std::printf("  %-38s %5s %5s %8s %8s %8s %6s %8s %6s\n", "", "noise", "", "PT-CT", "CT-CT", "PT-CT",
              "CT-CT", "", "");
  std::printf("  %-38s %5s %5s %8s %8s %8s %6s %8s %6s\n", "stage", "sum", "out", "adds", "adds", "mults",
              "mults", "HOPs", "relin");
  std::printf("  %-38s %5s %5.1f\n", "fresh", "", plan.noise_in().log2_sigma);
  for (const nn::PixelStage& stage : plan.stages()) {
    std::printf("  %-38s %5.1f %5.1f ", stage.name.c_str(), stage.noise_sum.log2_sigma,
                stage.noise_out.log2_sigma);
    print_counts(stage.counts);
  }
  std::printf("  %-38s %5s %5s ", "all", "", "");
  print_counts(plan.counts());
  std::printf("  a decryption fails with probability below 2^%.0f (fv/README.md says in which model)\n",
              plan.log2_failure());
}

// How many of MNIST's test images the integer network reads, which every encrypted run equals.
Status print_accuracy(const nn::Network& network, const std::string& mnist) {
  FCN_ASSIGN_OR_RETURN(const std::string folder, find_mnist_folder(mnist));
  FCN_ASSIGN_OR_RETURN(const nn::Dataset images, nn::load_mnist(folder, false));
  platform::ThreadPool pool(0);
  FCN_ASSIGN_OR_RETURN(const std::size_t correct,
                       nn::count_correct(network, images, 0, images.count(), pool));
  std::printf("\nthe integer network reads %zu of %zu test images (%.2f %%)\n", correct, images.count(),
              100 * static_cast<double>(correct) / static_cast<double>(images.count()));
  return {};
}

struct InspectFlags {
  std::string model, mnist, layout = "pixel";
  std::uint64_t input_ciphertexts = 0, threads = 1;
};

Status inspect(const InspectFlags& flags) {
  FCN_ASSIGN_OR_RETURN(const nn::Network network, load_network(flags.model));
  FCN_ASSIGN_OR_RETURN(const std::vector<nn::RangeBound> ranges, nn::bound_ranges(network));
  const auto print_network = [&] {
    std::printf("%s\n  input %s, pixels in [0, %" PRId64 "], scores = integers / %.17g\n",
                network.name.c_str(), shape_text(network.input).c_str(), network.input_max,
                network.output_scale);
    for (std::size_t i = 0; i < network.layers.size(); ++i) print_layer(i, network.layers[i], ranges[i]);
  };
  if (flags.layout == "packed") {
    FCN_ASSIGN_OR_RETURN(
        nn::PackedPlan plan,
        nn::PackedPlan::create(network, ntt::best_kernels(), {.input_ciphertexts = flags.input_ciphertexts}));
    print_network();
    FCN_RETURN_IF_ERROR(print_packed(nn::PackedEngine(std::move(plan)), flags.threads));
  } else {
    FCN_ASSIGN_OR_RETURN(const nn::PixelPlan plan, nn::smallest_pixel_plan(network));
    print_network();
    print_plan(plan);
  }
  return flags.mnist.empty() ? Status() : print_accuracy(network, flags.mnist);
}

}  // namespace

int run_inspect(std::span<const std::string> arguments) {
  InspectFlags values;
  FlagSet flags(
      "inspect [flags]",
      "Shows a model's layers, shapes, weights and ranges, and what running it encrypted will take.");
  flags.add_text("model", "FILE", &values.model,
                 "a model file, or the name of a built-in one (default: faster-cryptonets)");
  flags.add_choice("layout", "NAME", &values.layout, {"pixel", "packed"}, "how values lie in ciphertexts");
  flags.add_integer("threads", &values.threads, 1, 1024,
                    "threads, for the times that --layout packed prints");
  flags.add_integer("input-ciphertexts", &values.input_ciphertexts, 0, 1024,
                    "packed: how many ciphertexts an image becomes; 0: the cheapest");
  flags.add_text("mnist", "DIR", &values.mnist,
                 "also measures the accuracy of the integer network on these test images");
  return run_command(flags, "fcn-mnist inspect", arguments, [&] { return inspect(values); });
}

}  // namespace fcn::apps
