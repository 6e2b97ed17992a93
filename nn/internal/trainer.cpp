#include "trainer.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "../augment.h"
#include "../quantize_pixels.h"

namespace fcn::nn::internal {
namespace {
// How often gradual pruning takes weights, in batches; it is done after this share of its stage, and the rest
// heals.
constexpr std::size_t kPruneEvery = 64;
constexpr float kPruneUntil = 0.75f;
}  // namespace

Trainer::Trainer(const FloatNetwork& network, const Dataset& images, const TrainOptions& options)
    : network_(network),
      images_(images),
      options_(options),
      pool_(options.threads),
      classes_(network.layers.back().geometry.out.size()),
      train_count_(images.count() - options.held_out),
      parameters_(initial_parameters(network, options.seed)),
      effective_(parameters_),
      adam_(network.parameter_count),
      compression_(network, options.layers, options.input_max) {
  std::vector<std::uint8_t> greys(256);
  std::iota(greys.begin(), greys.end(), std::uint8_t{0});
  for (const std::int64_t level : quantize_pixels(greys, options.input_max)) {
    pixel_values_.push_back(static_cast<float>(level) / static_cast<float>(options.input_max));
  }
  for (std::size_t g = 0; g < kGroups; ++g) {
    groups_.push_back({make_workspace(network), make_workspace(network),
                       std::vector<float>(classes_ * kLanes),
                       std::vector<std::uint8_t>(images.image(0).size())});
  }
}

platform::Status Trainer::run(const EpochCallback& callback) {
  int epochs = 0;
  for (const TrainStage& stage : options_.stages) epochs += stage.epochs;
  bool all_fixed = false;
  for (const TrainStage& stage : options_.stages) {
    if (stage.fix > 0) {
      FCN_RETURN_IF_ERROR(compression_.fix(parameters_, stage.fix, stage.straight_through));
      compression_.apply(effective_, parameters_);
    }
    all_fixed = all_fixed || stage.fix == 1;
    for (int e = 0; e < stage.epochs; ++e) {
      const double loss = train_epoch(stage, e);
      if (!std::isfinite(loss)) {
        return platform::out_of_range(platform::concat("the loss is no longer a number in epoch ", e + 1,
                                                       " of stage ", stage.name,
                                                       "; a smaller step size may help"));
      }
      ++epoch_;
      const double accuracy = held_out_accuracy();
      if (all_fixed && accuracy >= best_accuracy_) {
        best_accuracy_ = accuracy;
        best_ = effective_;
      }
      if (callback) callback({stage.name, epoch_, epochs, loss, accuracy, nonzero_weights()});
    }
    if (stage.prune) {
      compression_.prune(parameters_, 1);
      compression_.apply(effective_, parameters_);
    }
    if (teacher_.empty()) teacher_ = effective_;
  }
  return {};
}

void Trainer::fill_lane(Group& group, std::size_t lane, std::size_t image, bool augment) const {
  std::span<const std::uint8_t> greys = images_.image(image);
  if (augment) {
    TrainingRandom random(options_.seed, Purpose::kAugment, static_cast<std::uint64_t>(epoch_), image);
    const AffineMap map = random_affine(options_.distortion, images_.height, images_.width, random);
    warp(map, group.distorted.data(), greys.data(), images_.height, images_.width);
    greys = group.distorted;
  }
  float* values = group.student.values.front().data() + lane;
  for (std::size_t i = 0; i < greys.size(); ++i) values[i * kLanes] = pixel_values_[greys[i]];
}

void Trainer::set_targets(Group& group, const std::uint32_t* images, float distill) const {
  std::fill(group.targets.begin(), group.targets.end(), 0.0f);
  if (distill > 0) {
    group.teacher.values.front() = group.student.values.front();
    forward(network_, teacher_, group.teacher);
    softmax(group.targets.data(), group.teacher.values.back().data(), classes_);
    for (float& target : group.targets) target *= distill;
  }
  for (std::size_t l = 0; l < kLanes; ++l)
    group.targets[images_.labels[images[l]] * kLanes + l] += 1 - distill;
}

void Trainer::learn_group(Group& group, const std::uint32_t* images, const TrainStage& stage) const {
  for (std::size_t l = 0; l < kLanes; ++l) fill_lane(group, l, images[l], stage.augment);
  set_targets(group, images, stage.distill);
  forward(network_, effective_, group.student);
  group.loss = softmax_cross_entropy(group.student.error.data(), group.student.values.back().data(),
                                     group.targets.data(), classes_);
  backward(network_, effective_, group.student);
}

double Trainer::train_epoch(const TrainStage& stage, int epoch_in_stage) {
  TrainingRandom random(options_.seed, Purpose::kShuffle, static_cast<std::uint64_t>(epoch_), 0);
  const std::vector<std::uint32_t> order = random.permutation(train_count_);
  const std::size_t batches = train_count_ / kBatch;
  std::vector<const std::vector<float>*> gradients;
  for (const Group& group : groups_) gradients.push_back(&group.student.gradient);
  double loss = 0;
  for (std::size_t b = 0; b < batches; ++b) {
    const float progress =
        (static_cast<float>(epoch_in_stage) + static_cast<float>(b) / static_cast<float>(batches)) /
        static_cast<float>(stage.epochs);
    if (stage.prune && b % kPruneEvery == 0) {
      compression_.prune(parameters_, progress / kPruneUntil);
      compression_.apply(effective_, parameters_);
    }
    pool_.parallel_for(kGroups, [&](std::size_t g, std::size_t) {
      learn_group(groups_[g], order.data() + b * kBatch + g * kLanes, stage);
    });
    for (const Group& group : groups_) loss += group.loss;
    const float half_cosine = 0.5f + 0.5f * std::cos(progress * std::numbers::pi_v<float>);
    adam_.step(parameters_, compression_.learns(), gradients, static_cast<float>(kBatch),
               stage.rate_end + (stage.rate_begin - stage.rate_end) * half_cosine, pool_);
    compression_.apply(effective_, parameters_);
  }
  return loss / static_cast<double>(batches * kBatch);
}

double Trainer::held_out_accuracy() {
  const std::size_t count = options_.held_out;
  if (count == 0) return 0;
  std::size_t correct = 0;
  for (std::size_t first = 0; first < count; first += kBatch) {
    pool_.parallel_for(kGroups, [&](std::size_t g, std::size_t) {
      Group& group = groups_[g];
      const std::size_t begin = first + g * kLanes;
      const std::size_t lanes = begin < count ? std::min(kLanes, count - begin) : 0;
      for (std::size_t l = 0; l < lanes; ++l) fill_lane(group, l, train_count_ + begin + l, false);
      forward(network_, effective_, group.student);
      group.correct = 0;
      for (std::size_t l = 0; l < lanes; ++l) {
        const float* scores = group.student.values.back().data() + l;
        std::size_t best = 0;
        for (std::size_t c = 1; c < classes_; ++c) {
          if (scores[c * kLanes] > scores[best * kLanes]) best = c;
        }
        group.correct += best == images_.labels[train_count_ + begin + l];
      }
    });
    for (const Group& group : groups_) correct += group.correct;
  }
  return static_cast<double>(correct) / static_cast<double>(count);
}

std::size_t Trainer::nonzero_weights() const noexcept {
  std::size_t count = 0;
  for (const FloatLayer& layer : network_.layers) {
    for (std::size_t k = layer.weights_at; k < layer.bias_at; ++k) count += effective_[k] != 0;
  }
  return count;
}

}  // namespace fcn::nn::internal
