#include "training.h"

#include <algorithm>
#include <cmath>

#include "accuracy.h"
#include "float_network.h"
#include "internal/trainer.h"
#include "quantization.h"

namespace fcn::nn {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;

namespace {

Status check_images(const FloatNetwork& network, const Dataset& images, const TrainOptions& options) {
  const Shape in = network.layers.front().geometry.in;
  const std::size_t count = images.count(), classes = network.layers.back().geometry.out.size();
  if (in.channels != 1 || images.height != in.height || images.width != in.width) {
    return invalid_argument(concat("images of ", images.height, " x ", images.width,
                                   " do not fit a network that reads ", in.channels, " x ", in.height, " x ",
                                   in.width));
  }
  if (images.pixels.size() != count * in.size()) {
    return invalid_argument(
        concat(images.pixels.size(), " pixels are not ", count, " images of ", in.size()));
  }
  if (options.held_out >= count || count - options.held_out < internal::kBatch) {
    return invalid_argument(concat(count, " images of which ", options.held_out,
                                   " are held out leave less than a batch of ", internal::kBatch));
  }
  for (const std::uint8_t label : images.labels) {
    if (label >= classes) return invalid_argument(concat("label ", +label, " is not below ", classes));
  }
  return {};
}

Status check_options(const FloatNetwork& network, const TrainOptions& options) {
  if (options.input_max < 1 || options.input_max > 255) {
    return invalid_argument(concat("input_max = ", options.input_max, " is not in 1 .. 255"));
  }
  std::size_t linear = 0;
  for (const FloatLayer& layer : network.layers) linear += layer.weight_count > 0;
  if (options.layers.size() != linear) {
    return invalid_argument(concat(options.layers.size(), " layer recipes for ", linear, " linear layers"));
  }
  for (const LayerRecipe& recipe : options.layers) {
    if (!(recipe.keep > 0 && recipe.keep <= 1))
      return invalid_argument(concat("keep = ", recipe.keep, " is not in (0, 1]"));
    if (recipe.levels < 1 || recipe.levels > 16) {
      return invalid_argument(concat("levels = ", recipe.levels, " is not in 1 .. 16"));
    }
  }
  if (options.stages.empty() || options.stages.back().fix != 1) {
    return invalid_argument("the last stage must fix all weights");
  }
  if (options.stages.front().distill != 0)
    return invalid_argument("the first stage has no teacher to learn from");
  for (const TrainStage& stage : options.stages) {
    if (stage.epochs < 1)
      return invalid_argument(concat("stage ", stage.name, " has ", stage.epochs, " epochs"));
    if (!(stage.fix >= 0 && stage.fix <= 1 && stage.distill >= 0 && stage.distill <= 1)) {
      return invalid_argument(concat("stage ", stage.name, ": a share is not in [0, 1]"));
    }
  }
  return {};
}

}  // namespace

Result<TrainedModel> train_network(const std::string& name, const std::vector<Layer>& geometry,
                                   const Dataset& images, const TrainOptions& options,
                                   const EpochCallback& callback) {
  FCN_ASSIGN_OR_RETURN(const FloatNetwork network, make_float_network(geometry));
  FCN_RETURN_IF_ERROR(check_images(network, images, options));
  FCN_RETURN_IF_ERROR(check_options(network, options));
  internal::Trainer trainer(network, images, options);
  FCN_RETURN_IF_ERROR(trainer.run(callback));
  TrainedModel model;
  FCN_ASSIGN_OR_RETURN(model.network,
                       export_network(network, trainer.best(), trainer.grids(), options.input_max, name));
  if (options.held_out > 0) {
    platform::ThreadPool pool(options.threads);
    FCN_ASSIGN_OR_RETURN(
        const std::size_t correct,
        count_correct(model.network, images, images.count() - options.held_out, options.held_out, pool));
    model.held_out_accuracy = static_cast<double>(correct) / static_cast<double>(options.held_out);
  }
  for (const Layer& layer : model.network.layers) {
    if (layer.weights.empty()) continue;
    const auto zeros = std::count(layer.weights.begin(), layer.weights.end(), 0);
    model.nonzero_weights.push_back(layer.weights.size() - static_cast<std::size_t>(zeros));
  }
  return model;
}

std::vector<Layer> faster_cryptonets_layers() {
  const Layer convolution = make_conv2d({1, 28, 28}, 5, 5, 2, 1);
  const Layer hidden = make_dense(convolution.out, 100);
  return {convolution, make_polynomial(convolution.out, {}), hidden, make_polynomial(hidden.out, {}),
          make_dense(hidden.out, 10)};
}

TrainOptions faster_cryptonets_options(std::uint64_t seed, int epochs) {
  TrainOptions options;
  options.seed = seed;
  options.layers = {{.keep = 0.7f, .levels = 3}, {.keep = 0.12f, .levels = 4}, {.keep = 0.5f, .levels = 3}};
  options.stages = {
      {.name = "dense", .epochs = 24, .rate_begin = 2e-3f, .rate_end = 2e-5f},
      {.name = "prune", .epochs = 8, .rate_begin = 1e-3f, .rate_end = 5e-4f, .prune = true, .distill = 0.5f}};
  TrainStage fixed{
      .name = "quantize", .epochs = 12, .rate_begin = 5e-4f, .rate_end = 5e-5f, .fix = 1, .distill = 0.5f};
  fixed.straight_through = true;
  options.stages.push_back(fixed);
  // Weights that still move between two powers of two come to rest, the largest first.
  fixed.name = "settle";
  fixed.epochs = 2;
  fixed.rate_begin = 1e-4f;
  fixed.rate_end = 1e-5f;
  fixed.augment = false;
  fixed.straight_through = false;
  for (const float share : {0.5f, 0.75f, 0.9f, 1.0f}) {
    fixed.fix = share;
    options.stages.push_back(fixed);
  }
  if (epochs <= 0) return options;
  int total = 0;
  for (const TrainStage& stage : options.stages) total += stage.epochs;
  for (TrainStage& stage : options.stages)
    stage.epochs = std::max(1, (stage.epochs * epochs + total / 2) / total);
  return options;
}

Result<TrainedModel> train_faster_cryptonets(const Dataset& images, const TrainOptions& options,
                                             const EpochCallback& callback) {
  return train_network("faster-cryptonets", faster_cryptonets_layers(), images, options, callback);
}

}  // namespace fcn::nn
