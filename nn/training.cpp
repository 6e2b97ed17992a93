#include "training.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "../platform/thread_pool.h"
#include "accuracy.h"
#include "float_network.h"
#include "pruning.h"
#include "quantization.h"
#include "quantize_pixels.h"

namespace fcn::nn {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;

namespace {

// A batch is always four groups of kLanes images, whoever computes them.
constexpr std::size_t kGroups = 4;
constexpr std::size_t kBatch = kGroups * kLanes;
constexpr std::size_t kParameterChunk = 4096;
constexpr float kMomentum = 0.9f, kSquareMomentum = 0.999f, kAdamEpsilon = 1e-8f;

enum class WeightState : std::uint8_t {
  kFree,    // any real number
  kFixed,   // on the grid
  kPruned,  // 0 for ever
};

// Everything that changes while training; all of it, so that saving it saves the training.
struct TrainState {
  std::vector<float> parameters;  // as they learn
  std::vector<float> first_moment, second_moment;
  std::vector<float> rates;                // 1 where a parameter learns, 0 where it does not
  std::vector<WeightState> weight_states;  // kFree at biases
  std::vector<PowerOfTwoGrid> grids;       // one a layer
  bool grids_fitted = false;
  std::vector<float> teacher;  // the unpruned network
  std::uint64_t step = 0;
  int epoch = 0;
};

class Trainer {
 public:
  Trainer(const FloatNetwork& network, const Dataset& images, const TrainOptions& options)
      : network_(network), images_(images), options_(options), pool_(options.threads) {
    pixel_count_ = network.layers.front().geometry.in.size();
    classes_ = network.layers.back().geometry.out.size();
    train_count_ = images.labels.size() - options.held_out;
    std::vector<std::uint8_t> pixels(256);
    std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
    for (const std::int64_t level : quantize_pixels(pixels, options.input_max)) {
      pixel_values_.push_back(static_cast<float>(level) / static_cast<float>(options.input_max));
    }
    for (std::size_t g = 0; g < kGroups; ++g) groups_.push_back(make_group());
    state_.parameters = initial_parameters(network, options.seed);
    state_.first_moment.assign(network.parameter_count, 0.0f);
    state_.second_moment.assign(network.parameter_count, 0.0f);
    state_.rates.assign(network.parameter_count, 1.0f);
    state_.weight_states.assign(network.parameter_count, WeightState::kFree);
    state_.grids.resize(network.layers.size());
    effective_ = state_.parameters;
  }

  Status run(const EpochCallback& callback) {
    int epochs = 0;
    for (const TrainStage& stage : options_.stages) epochs += stage.epochs;
    for (const TrainStage& stage : options_.stages) {
      FCN_RETURN_IF_ERROR(begin_stage(stage));
      for (int e = 0; e < stage.epochs; ++e) {
        const double loss = train_epoch(stage, e);
        if (!std::isfinite(loss)) {
          return platform::out_of_range(concat("the loss is no longer a number in epoch ", e + 1,
                                               " of stage ", stage.name, "; a smaller step size may help"));
        }
        ++state_.epoch;
        if (callback) {
          callback({stage.name, state_.epoch, epochs, loss, held_out_accuracy(), nonzero_weights()});
        }
      }
      if (state_.teacher.empty()) state_.teacher = effective_;
    }
    return {};
  }

  const std::vector<float>& parameters() const noexcept { return effective_; }
  const std::vector<PowerOfTwoGrid>& grids() const noexcept { return state_.grids; }

 private:
  struct Group {
    GroupWorkspace work, teacher;
    std::vector<float> targets;
    std::vector<std::uint8_t> warped;
    double loss = 0;
    std::size_t correct = 0;
  };

  Group make_group() const {
    Group group{make_workspace(network_), make_workspace(network_), {}, {}};
    group.targets.resize(classes_ * kLanes);
    group.warped.resize(pixel_count_);
    return group;
  }

  // Puts image `index` into lane `lane`, distorted by the random numbers of this epoch if asked.
  void fill_lane(Group& group, std::size_t lane, std::size_t index, bool augment) const {
    const std::uint8_t* pixels = images_.pixels.data() + index * pixel_count_;
    if (augment) {
      TrainingRandom random(options_.seed, Purpose::kAugment, static_cast<std::uint64_t>(state_.epoch),
                            index);
      const Shape in = network_.layers.front().geometry.in;
      const AffineMap map = random_affine(options_.distortion, in.height, in.width, random);
      warp(map, group.warped.data(), pixels, in.height, in.width);
      pixels = group.warped.data();
    }
    float* values = group.work.values.front().data();
    for (std::size_t i = 0; i < pixel_count_; ++i) values[i * kLanes + lane] = pixel_values_[pixels[i]];
  }

  void set_targets(Group& group, const std::uint32_t* indices, float distill) const {
    std::fill(group.targets.begin(), group.targets.end(), 0.0f);
    if (distill > 0) {
      group.teacher.values.front() = group.work.values.front();
      forward(network_, state_.teacher, group.teacher);
      softmax(group.targets.data(), group.teacher.values.back().data(), classes_);
      for (float& t : group.targets) t *= distill;
    }
    for (std::size_t l = 0; l < kLanes; ++l)
      group.targets[images_.labels[indices[l]] * kLanes + l] += 1 - distill;
  }

  double train_epoch(const TrainStage& stage, int epoch_in_stage) {
    TrainingRandom random(options_.seed, Purpose::kShuffle, static_cast<std::uint64_t>(state_.epoch), 0);
    const std::vector<std::uint32_t> order = random.permutation(train_count_);
    const std::size_t batches = train_count_ / kBatch;
    double loss = 0;
    for (std::size_t b = 0; b < batches; ++b) {
      const float progress =
          (static_cast<float>(epoch_in_stage) + static_cast<float>(b) / static_cast<float>(batches)) /
          static_cast<float>(stage.epochs);
      if (stage.prune && b % 64 == 0) prune(progress / 0.75f);
      pool_.parallel_for(kGroups, [&](std::size_t g, std::size_t) {
        Group& group = groups_[g];
        const std::uint32_t* indices = order.data() + b * kBatch + g * kLanes;
        for (std::size_t l = 0; l < kLanes; ++l) fill_lane(group, l, indices[l], stage.augment);
        set_targets(group, indices, stage.distill);
        forward(network_, effective_, group.work);
        group.loss = softmax_cross_entropy(group.work.error.data(), group.work.values.back().data(),
                                           group.targets.data(), classes_);
        backward(network_, effective_, group.work);
      });
      for (const Group& group : groups_) loss += group.loss;
      const float half_cosine = 0.5f + 0.5f * std::cos(progress * std::numbers::pi_v<float>);
      adam_step(stage.rate_end + (stage.rate_begin - stage.rate_end) * half_cosine);
    }
    return loss / static_cast<double>(batches * kBatch);
  }

  void adam_step(float rate) {
    ++state_.step;
    const double steps = static_cast<double>(state_.step);
    const float correction = static_cast<float>(std::sqrt(1 - std::pow(double{kSquareMomentum}, steps)) /
                                                (1 - std::pow(double{kMomentum}, steps)));
    const float step_size = rate * correction;
    const std::size_t count = network_.parameter_count;
    pool_.parallel_for((count + kParameterChunk - 1) / kParameterChunk, [&](std::size_t chunk, std::size_t) {
      const std::size_t begin = chunk * kParameterChunk, end = std::min(count, begin + kParameterChunk);
      for (std::size_t i = begin; i < end; ++i) {
        float gradient = 0;
        for (const Group& group : groups_) gradient += group.work.gradient[i];
        gradient /= static_cast<float>(kBatch);
        float& m = state_.first_moment[i];
        float& v = state_.second_moment[i];
        m = kMomentum * m + (1 - kMomentum) * gradient;
        v = kSquareMomentum * v + (1 - kSquareMomentum) * gradient * gradient;
        state_.parameters[i] -= step_size * state_.rates[i] * m / (std::sqrt(v) + kAdamEpsilon);
      }
    });
    refresh_effective();
  }

  // The parameters the network computes with: projected where they are fixed, rounded biases once the grids
  // are known.
  void refresh_effective() {
    effective_ = state_.parameters;
    if (!state_.grids_fitted) return;
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
      const FloatLayer& layer = network_.layers[i];
      for (std::size_t k = layer.weights_at; k < layer.bias_at; ++k) {
        if (state_.weight_states[k] == WeightState::kFixed)
          effective_[k] = project(state_.grids[i], state_.parameters[k]);
      }
      for (std::size_t k = layer.bias_at; k < layer.bias_at + layer.bias_count; ++k) {
        effective_[k] = round_bias(state_.parameters[k], scales_[i]);
      }
    }
  }

  template <class Body>  // body(layer index, layer, recipe) for every linear layer
  void for_each_linear(const Body& body) const {
    std::size_t linear = 0;
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
      if (network_.layers[i].weight_count > 0) body(i, network_.layers[i], options_.layers[linear++]);
    }
  }

  // Keeps the largest weights of every layer, as many as a gradual pruning has left at this progress.
  void prune(float progress) {
    for_each_linear([&](std::size_t, const FloatLayer& layer, const LayerRecipe& recipe) {
      const std::size_t keep = static_cast<std::size_t>(
          std::lround(cubic_keep(recipe.keep, progress) * static_cast<float>(layer.weight_count)));
      std::vector<std::uint8_t> alive(layer.weight_count);
      for (std::size_t k = 0; k < alive.size(); ++k) {
        alive[k] = state_.weight_states[layer.weights_at + k] != WeightState::kPruned;
      }
      const auto kept =
          largest_weights({state_.parameters.data() + layer.weights_at, layer.weight_count}, alive, keep);
      std::vector<std::uint8_t> stays(layer.weight_count, 0);
      for (const std::uint32_t k : kept) stays[k] = 1;
      for (std::size_t k = 0; k < stays.size(); ++k) {
        if (stays[k] == 0) set_pruned(layer.weights_at + k);
      }
    });
    refresh_effective();
  }

  void set_pruned(std::size_t k) {
    state_.weight_states[k] = WeightState::kPruned;
    state_.rates[k] = 0;
    state_.parameters[k] = 0;
  }

  Status begin_stage(const TrainStage& stage) {
    if (stage.fix <= 0) return {};
    if (!state_.grids_fitted) {
      for_each_linear([&](std::size_t i, const FloatLayer& layer, const LayerRecipe& recipe) {
        state_.grids[i] =
            fit_grid({state_.parameters.data() + layer.weights_at, layer.weight_count}, recipe.levels);
      });
      FCN_ASSIGN_OR_RETURN(scales_, layer_scales(network_, state_.grids, options_.input_max));
      state_.grids_fitted = true;
    }
    for_each_linear([&](std::size_t i, const FloatLayer& layer, const LayerRecipe&) {
      std::vector<std::uint8_t> alive(layer.weight_count);
      std::size_t count = 0;
      for (std::size_t k = 0; k < alive.size(); ++k) {
        alive[k] = state_.weight_states[layer.weights_at + k] != WeightState::kPruned;
        count += alive[k];
      }
      const std::size_t fixed = static_cast<std::size_t>(std::lround(stage.fix * static_cast<float>(count)));
      for (const std::uint32_t k :
           largest_weights({state_.parameters.data() + layer.weights_at, layer.weight_count}, alive, fixed)) {
        fix(layer.weights_at + k, state_.grids[i], stage.straight_through);
      }
    });
    refresh_effective();
    return {};
  }

  void fix(std::size_t k, const PowerOfTwoGrid& grid, bool straight_through) {
    state_.weight_states[k] = WeightState::kFixed;
    if (straight_through) return;
    state_.parameters[k] = project(grid, state_.parameters[k]);
    state_.rates[k] = 0;
  }

  double held_out_accuracy() {
    const std::size_t count = options_.held_out;
    if (count == 0) return 0;
    std::size_t correct = 0;
    for (std::size_t first = 0; first < count; first += kBatch) {
      pool_.parallel_for(kGroups, [&](std::size_t g, std::size_t) {
        Group& group = groups_[g];
        group.correct = 0;
        for (std::size_t l = 0; l < kLanes; ++l) {
          fill_lane(group, l, train_count_ + std::min(count - 1, first + g * kLanes + l), false);
        }
        forward(network_, effective_, group.work);
        for (std::size_t l = 0; l < kLanes && first + g * kLanes + l < count; ++l) {
          const float* scores = group.work.values.back().data() + l;
          std::size_t best = 0;
          for (std::size_t c = 1; c < classes_; ++c) {
            if (scores[c * kLanes] > scores[best * kLanes]) best = c;
          }
          group.correct += best == images_.labels[train_count_ + first + g * kLanes + l];
        }
      });
      for (const Group& group : groups_) correct += group.correct;
    }
    return static_cast<double>(correct) / static_cast<double>(count);
  }

  std::size_t nonzero_weights() const {
    std::size_t count = 0;
    for (const FloatLayer& layer : network_.layers) {
      for (std::size_t k = layer.weights_at; k < layer.bias_at; ++k) count += effective_[k] != 0;
    }
    return count;
  }

  const FloatNetwork& network_;
  const Dataset& images_;
  const TrainOptions& options_;
  platform::ThreadPool pool_;
  std::size_t pixel_count_ = 0, classes_ = 0, train_count_ = 0;
  std::vector<float> pixel_values_;  // what the network reads for each grey value
  std::vector<Group> groups_;
  TrainState state_;
  std::vector<std::int64_t> scales_;
  std::vector<float> effective_;
};

}  // namespace
namespace {

Status check(const FloatNetwork& network, const Dataset& images, const TrainOptions& options) {
  const Shape in = network.layers.front().geometry.in;
  const std::size_t count = images.labels.size(), classes = network.layers.back().geometry.out.size();
  if (in.channels != 1 || images.height != in.height || images.width != in.width) {
    return invalid_argument(concat("images of ", images.height, " x ", images.width,
                                   " do not fit a network that reads ", in.channels, " x ", in.height, " x ",
                                   in.width));
  }
  if (options.input_max < 1 || options.input_max > 255) {
    return invalid_argument(concat("input_max = ", options.input_max, " is not in 1 .. 255"));
  }
  if (options.held_out >= count || count - options.held_out < kBatch) {
    return invalid_argument(concat(count, " images of which ", options.held_out,
                                   " are held out leave less than a batch of ", kBatch));
  }
  for (const std::uint8_t label : images.labels) {
    if (label >= classes) return invalid_argument(concat("label ", +label, " is not below ", classes));
  }
  std::size_t linear = 0;
  for (const FloatLayer& layer : network.layers) linear += layer.weight_count > 0;
  if (options.layers.size() != linear) {
    return invalid_argument(concat(options.layers.size(), " layer recipes for ", linear, " linear layers"));
  }
  if (options.stages.empty() || options.stages.back().fix != 1) {
    return invalid_argument("the last stage must fix all weights");
  }
  return {};
}

}  // namespace

Result<TrainedModel> train_network(const std::string& name, const std::vector<Layer>& geometry,
                                   const Dataset& images, const TrainOptions& options,
                                   const EpochCallback& callback) {
  FCN_ASSIGN_OR_RETURN(const FloatNetwork network, make_float_network(geometry));
  FCN_RETURN_IF_ERROR(check(network, images, options));
  Trainer trainer(network, images, options);
  FCN_RETURN_IF_ERROR(trainer.run(callback));
  TrainedModel model;
  FCN_ASSIGN_OR_RETURN(
      model.network, export_network(network, trainer.parameters(), trainer.grids(), options.input_max, name));
  if (options.held_out > 0) {
    platform::ThreadPool pool(options.threads);
    FCN_ASSIGN_OR_RETURN(
        const std::size_t correct,
        count_correct(model.network, images, images.count() - options.held_out, options.held_out, pool));
    model.held_out_accuracy = static_cast<double>(correct) / static_cast<double>(options.held_out);
  }
  for (const Layer& layer : model.network.layers) {
    if (layer.weights.empty()) continue;
    model.nonzero_weights.push_back(
        layer.weights.size() -
        static_cast<std::size_t>(std::count(layer.weights.begin(), layer.weights.end(), 0)));
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
  options.layers = {{0.7f, 4}, {0.12f, 4}, {0.5f, 4}};
  options.stages = {
      {.name = "dense", .epochs = 16, .rate_begin = 2e-3f, .rate_end = 2e-5f},
      {.name = "prune", .epochs = 8, .rate_begin = 1e-3f, .rate_end = 5e-4f, .prune = true, .distill = 0.5f},
      {.name = "quantize",
       .epochs = 12,
       .rate_begin = 5e-4f,
       .rate_end = 2.5e-5f,
       .fix = 1,
       .distill = 0.5f,
       .straight_through = true},
      {.name = "polish",
       .epochs = 5,
       .rate_begin = 5e-5f,
       .rate_end = 5e-6f,
       .augment = false,
       .fix = 1,
       .distill = 0.5f,
       .straight_through = true}};
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
