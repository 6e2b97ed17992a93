#include <algorithm>

#include "training.h"

namespace fcn::nn {

using platform::concat;
using platform::invalid_argument;
using platform::Result;

namespace {

TrainStage stage(const char* name, int epochs, float rate_begin, float rate_end) {
  TrainStage stage;
  stage.name = name;
  stage.epochs = epochs;
  stage.rate_begin = rate_begin;
  stage.rate_end = rate_end;
  return stage;
}

void scale_epochs(TrainOptions& options, int epochs) {
  if (epochs <= 0) return;
  int total = 0;
  std::vector<TrainStage*> stages;
  for (TeacherRecipe& teacher : options.teachers) {
    for (TrainStage& s : teacher.stages) stages.push_back(&s);
  }
  for (TrainStage& s : options.stages) stages.push_back(&s);
  for (const TrainStage* s : stages) total += s->epochs;
  for (TrainStage* s : stages) s->epochs = std::max(1, (s->epochs * epochs + total / 2) / total);
}

// How the networks with integer weights differ.
struct IntegerRecipe {
  const char* system;
  int dense_epochs, quantize_epochs;
  float rate;     // of the dense stage, at its begin
  float distill;  // afterwards
  bool deep;      // batch normalisation and elastic distortions, to the end
};
constexpr IntegerRecipe kIntegerRecipes[] = {
    {"cryptonets", 24, 8, 1e-3f, 0.5f, false},
    {"cryptodl-1", 8, 4, 1e-3f, 0.5f, false},
    {"cryptodl-2", 20, 6, 2e-3f, 0, true},
};

// Free weights, then integers.
Result<TrainOptions> integer_options(const System& system) {
  const IntegerRecipe* recipe =
      std::find_if(std::begin(kIntegerRecipes), std::end(kIntegerRecipes),
                   [&](const IntegerRecipe& known) { return system.name == known.system; });
  if (recipe == std::end(kIntegerRecipes)) return invalid_argument(concat("no recipe for ", system.name));
  TrainOptions options;
  const auto linear = std::count_if(system.layers.begin(), system.layers.end(), [](const Layer& layer) {
    return layer.kind == LayerKind::kConv2d || layer.kind == LayerKind::kDense;
  });
  options.layers.assign(static_cast<std::size_t>(linear), {.integer_bits = system.weight_bits});
  options.layers.back().bias = system.last_bias;
  options.batch_norm = recipe->deep;
  if (recipe->deep) {
    options.distortion.elastic = 1;
    options.input_max = 7;
  }
  TrainStage fixed = stage("quantize", recipe->quantize_epochs, 3e-4f, 3e-5f);
  fixed.fix = 1;
  fixed.straight_through = true;
  fixed.distill = recipe->distill;
  options.stages = {stage("dense", recipe->dense_epochs, recipe->rate, 2e-5f), fixed};
  for (const float share : {0.5f, 0.75f, 0.9f, 1.0f}) {
    TrainStage settle = stage("settle", 1, 1e-4f, 1e-5f);
    settle.distill = recipe->distill;
    settle.augment = recipe->deep;
    settle.fix = share;
    options.stages.push_back(settle);
  }
  return options;
}

// Two convolutions and a hidden layer, on all 256 levels of grey.
TeacherRecipe teacher() {
  TeacherRecipe recipe;
  const Layer first = make_conv2d({1, 28, 28}, 16, 5, 2, 1), second = make_conv2d(first.out, 40, 5, 2, 1),
              hidden = make_dense(second.out, 128);
  recipe.geometry = {first,
                     make_polynomial(first.out, {}),
                     second,
                     make_polynomial(second.out, {}),
                     hidden,
                     make_polynomial(hidden.out, {}),
                     make_dense(hidden.out, 10)};
  TrainStage plain = stage("plain", 2, 1e-4f, 1e-5f);
  plain.augment = false;
  recipe.stages = {stage("dense", 12, 2e-3f, 2e-5f), plain};
  return recipe;
}

TrainOptions power_of_two_options() {
  constexpr float kDistill = 0.8f;
  TrainOptions options;
  options.input_max = 7;
  options.distortion.elastic = 0.4f;
  options.teachers = {teacher()};
  options.layers = {{.keep = 0.8f, .levels = 3}, {.keep = 0.17f, .levels = 4}, {.keep = 0.7f, .levels = 3}};
  TrainStage dense = stage("dense", 20, 2e-3f, 2e-5f);
  dense.distill = 0.7f;
  TrainStage prune = stage("prune", 8, 1e-3f, 5e-4f);
  prune.prune = true;
  prune.distill = kDistill;
  TrainStage fixed = stage("quantize", 22, 5e-4f, 5e-5f);
  fixed.distill = kDistill;
  fixed.fix = 1;
  fixed.straight_through = true;
  options.stages = {dense, prune, fixed};
  // Weights that still move between two powers of two come to rest, the largest first.
  for (const float share : {0.5f, 0.75f, 0.9f, 1.0f}) {
    TrainStage settle = stage("settle", 2, 1e-4f, 1e-5f);
    settle.distill = kDistill;
    settle.augment = false;
    settle.fix = share;
    options.stages.push_back(settle);
  }
  return options;
}

}  // namespace

Result<TrainOptions> system_options(const System& system, std::uint64_t seed, int epochs) {
  if (system.layers.empty()) return invalid_argument(concat("the system ", system.name, " has no layers"));
  TrainOptions options;
  if (system.weights == WeightKind::kPowersOfTwo) {
    options = power_of_two_options();
  } else {
    FCN_ASSIGN_OR_RETURN(options, integer_options(system));
  }
  options.seed = seed;
  options.activation.assign(system.activation.begin(), system.activation.end());
  scale_epochs(options, epochs);
  return options;
}

void prune_diagonals(System& system, TrainOptions& options, std::uint64_t keep) {
  constexpr int kBits = 4;
  system.name += "-diagonals";
  const Shape maps = system.layers[1].out;
  system.layers[2] = make_dense(maps, kDiagonals);
  system.layers[3] = make_polynomial(system.layers[2].out, {});
  system.layers[4] = make_dense(system.layers[3].out, 10);
  options.input_max = 3;
  for (LayerRecipe& recipe : options.layers) recipe = {.integer_bits = kBits};
  options.layers[1].groups = diagonal_groups(maps, kDiagonals);
  options.layers[1].keep = static_cast<float>(keep) / kDiagonals;
  for (TrainStage& stage : options.stages) {
    if (stage.name == "prune") stage.epochs = stage.epochs * 7 / 4;
    if (stage.name == "quantize") stage.epochs = stage.epochs * 3 / 2;
  }
}

std::vector<std::uint32_t> diagonal_groups(const Shape& in, int outputs) {
  constexpr int kSide = 14;
  std::vector<std::uint32_t> groups;
  for (int o = 0; o < outputs; ++o) {
    for (int c = 0; c < in.channels; ++c) {
      for (int y = 0; y < in.height; ++y) {
        for (int x = 0; x < in.width; ++x) {
          const int slot = (c * kSide + y) * kSide + x;
          const int diagonal = ((slot - o) % kDiagonals + kDiagonals) % kDiagonals;
          groups.push_back(static_cast<std::uint32_t>(diagonal / kDiagonalsTogether));
        }
      }
    }
  }
  return groups;
}

}  // namespace fcn::nn
