#include "trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "../quantize_pixels.h"

namespace fcn::nn::internal {
namespace {

// How often gradual pruning takes weights, in batches; it is done after this share of its stage, and the rest
// heals.
constexpr std::size_t kPruneEvery = 64;
constexpr float kPruneUntil = 0.75f;
// The share of a running mean that the next batch replaces.
constexpr float kStatisticsRate = 0.02f;

// What a network reads for each grey value.
std::array<float, 256> grey_table(int input_max) {
  std::vector<std::uint8_t> greys(256);
  std::iota(greys.begin(), greys.end(), std::uint8_t{0});
  std::array<float, 256> table{};
  const std::vector<std::int64_t> levels = quantize_pixels(greys, input_max);
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<float>(levels[i]) / static_cast<float>(input_max);
  }
  return table;
}

// Where windows lie when a network that reads less than an image is measured: four places about the centre.
std::vector<std::array<int, 2>> measured_places(int height, int width) {
  std::vector<std::array<int, 2>> places;
  for (const int top : {height / 2, (height + 1) / 2}) {
    for (const int left : {width / 2, (width + 1) / 2}) places.push_back({top, left});
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

}  // namespace

Trainer::Trainer(FloatNetwork network, const Dataset& images, const TrainOptions& options,
                 Curriculum curriculum)
    : network_(std::move(network)),
      images_(images),
      options_(options),
      curriculum_(std::move(curriculum)),
      pool_(options.threads),
      classes_(network_.layers.back().geometry.out.size()),
      train_count_(images.count() - options.held_out),
      teachers_(curriculum_.teachers),
      parameters_(initial_parameters(network_, curriculum_.seed)) {
  build();
}

void Trainer::build() {
  effective_ = parameters_;
  adam_.emplace(*network_.kernels, network_.parameter_count);
  compression_.emplace(network_, curriculum_.layers, curriculum_.input_max);
  greys_ = grey_table(curriculum_.input_max);
  groups_.clear();
  const std::size_t window = network_.layers.front().geometry.in.size();
  for (std::size_t g = 0; g < kGroups; ++g) {
    Group group{make_workspace(network_),
                {},
                std::vector<float>(classes_ * kLanes),
                std::vector<float>(classes_ * kLanes),
                std::vector<std::uint8_t>(images_.image(0).size()),
                std::vector<std::uint8_t>(window * kLanes),
                Warper(*network_.kernels, images_.height, images_.width)};
    groups_.push_back(std::move(group));
  }
  seat_teachers();
}

void Trainer::seat_teachers() {
  teacher_greys_.clear();
  for (const Teacher& teacher : teachers_) teacher_greys_.push_back(grey_table(teacher.input_max));
  for (Group& group : groups_) {
    group.teachers.clear();
    for (const Teacher& teacher : teachers_) group.teachers.push_back(make_workspace(teacher.network));
  }
}

int Trainer::epochs() const noexcept {
  int epochs = 0;
  for (const TrainStage& stage : curriculum_.stages) epochs += stage.epochs;
  return epochs;
}

platform::Status Trainer::begin_stage() {
  const TrainStage& stage = curriculum_.stages[stage_];
  if (stage.fix > 0) {
    FCN_RETURN_IF_ERROR(compression_->fix(parameters_, stage.fix, stage.straight_through));
    compression_->apply(effective_, parameters_);
  }
  all_fixed_ = all_fixed_ || stage.fix == 1;
  return {};
}

void Trainer::end_stage() {
  if (curriculum_.stages[stage_].prune) {
    compression_->prune(parameters_, 1);
    compression_->apply(effective_, parameters_);
  }
  if (stage_ == 0) {
    FoldedNetwork folded = fold_batch_norm(network_, effective_);
    if (teachers_.empty()) teachers_.push_back({folded.network, folded.parameters, curriculum_.input_max});
    if (folded.network.parameter_count != network_.parameter_count) {
      network_ = std::move(folded.network);
      parameters_ = std::move(folded.parameters);
      build();
    }
    seat_teachers();
  }
  ++stage_;
  epoch_in_stage_ = 0;
}

platform::Status Trainer::run_epoch(EpochReport& report, const BatchDone& batch_done) {
  if (epoch_in_stage_ == 0) FCN_RETURN_IF_ERROR(begin_stage());
  const TrainStage& stage = curriculum_.stages[stage_];
  report.stage = stage.name;
  report.loss = train_epoch(stage, batch_done);
  ++epoch_;
  ++epoch_in_stage_;
  if (!std::isfinite(report.loss)) {
    return platform::out_of_range(platform::concat("the loss is no longer a number in epoch ",
                                                   epoch_in_stage_, " of stage ", stage.name,
                                                   "; a smaller step size may help"));
  }
  report.held_out_accuracy = held_out_accuracy();
  if (all_fixed_ && report.held_out_accuracy >= best_accuracy_) {
    best_accuracy_ = report.held_out_accuracy;
    best_ = effective_;
  }
  report.nonzero_weights = nonzero_weights(network_, effective_);
  report.counts = count_operations(network_, effective_);
  if (epoch_in_stage_ == stage.epochs) end_stage();
  return {};
}

void Trainer::cut_window(Group& group, std::size_t lane, std::span<const std::uint8_t> greys, int top,
                         int left) const {
  const Shape in = network_.layers.front().geometry.in;
  std::uint8_t* window = group.windows.data() + lane * in.size();
  for (int y = 0; y < in.height; ++y) {
    const std::uint8_t* row = greys.data() + (top + y) * images_.width + left;
    std::copy_n(row, in.width, window + y * in.width);
  }
}

void Trainer::cut_random_window(Group& group, std::size_t lane, std::span<const std::uint8_t> greys,
                                TrainingRandom& random) const {
  const Shape in = network_.layers.front().geometry.in;
  const auto place = [&](int room) {
    return static_cast<int>(random.uniform(0, static_cast<float>(room + 1)));
  };
  const int top = place(images_.height - in.height), left = place(images_.width - in.width);
  cut_window(group, lane, greys, top, left);
}

void Trainer::distort_lane(Group& group, std::size_t lane, std::size_t image) const {
  TrainingRandom random(curriculum_.seed, Purpose::kAugment, static_cast<std::uint64_t>(epoch_), image);
  const AffineMap map = random_affine(options_.distortion, images_.height, images_.width, random);
  const bool elastic = options_.distortion.elastic > 0;
  ElasticField field;
  if (elastic) field = random_elastic(options_.distortion, random);
  group.warper.warp(map, elastic ? &field : nullptr, group.distorted.data(), images_.image(image).data());
  cut_random_window(group, lane, group.distorted, random);
}

void Trainer::fill_values(GroupWorkspace& workspace, const Group& group,
                          const GreyTable& value_of_grey) const {
  const std::size_t size = group.windows.size() / kLanes;
  const std::uint8_t* greys = group.windows.data();
  float* values = workspace.values.front().data();
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t l = 0; l < kLanes; ++l) values[i * kLanes + l] = value_of_grey[greys[l * size + i]];
  }
}

void Trainer::set_targets(Group& group, const std::uint32_t* images, float distill) const {
  std::fill(group.targets.begin(), group.targets.end(), 0.0f);
  if (distill > 0) {
    const float share = distill / static_cast<float>(teachers_.size());
    for (std::size_t t = 0; t < teachers_.size(); ++t) {
      GroupWorkspace& workspace = group.teachers[t];
      fill_values(workspace, group, teacher_greys_[t]);
      forward(teachers_[t].network, teachers_[t].parameters, workspace, Pass::kMeasuring);
      softmax(group.answer.data(), workspace.values.back().data(), classes_);
      for (std::size_t k = 0; k < group.targets.size(); ++k) group.targets[k] += share * group.answer[k];
    }
  }
  for (std::size_t l = 0; l < kLanes; ++l)
    group.targets[images_.labels[images[l]] * kLanes + l] += 1 - distill;
}

void Trainer::learn_group(Group& group, const std::uint32_t* images, const TrainStage& stage) const {
  for (std::size_t l = 0; l < kLanes; ++l) {
    if (stage.augment) {
      distort_lane(group, l, images[l]);
    } else {
      TrainingRandom random(curriculum_.seed, Purpose::kAugment, static_cast<std::uint64_t>(epoch_),
                            images[l]);
      cut_random_window(group, l, images_.image(images[l]), random);
    }
  }
  fill_values(group.student, group, greys_);
  set_targets(group, images, stage.distill);
  forward(network_, effective_, group.student);
  group.loss = softmax_cross_entropy(group.student.error.data(), group.student.values.back().data(),
                                     group.targets.data(), classes_);
  backward(network_, effective_, group.student);
}

// The running means move towards the mean over the groups.
void Trainer::follow_statistics() {
  for (const FloatLayer& layer : network_.layers) {
    if (!layer.normalized) continue;
    for (std::size_t k = layer.mean_at(); k < layer.mean_at() + 2 * layer.bias_count; ++k) {
      float mean = 0;
      for (const Group& group : groups_) mean += group.student.statistics[k] / static_cast<float>(kGroups);
      parameters_[k] += kStatisticsRate * (mean - parameters_[k]);
    }
  }
}

double Trainer::train_epoch(const TrainStage& stage, const BatchDone& batch_done) {
  TrainingRandom random(curriculum_.seed, Purpose::kShuffle, static_cast<std::uint64_t>(epoch_), 0);
  const std::vector<std::uint32_t> order = random.permutation(train_count_);
  const std::size_t batches = train_count_ / kBatch;
  std::vector<const std::vector<float>*> gradients;
  for (const Group& group : groups_) gradients.push_back(&group.student.gradient);
  double loss = 0;
  for (std::size_t b = 0; b < batches; ++b) {
    const float done = static_cast<float>(b) / static_cast<float>(batches);
    const float progress = (static_cast<float>(epoch_in_stage_) + done) / static_cast<float>(stage.epochs);
    if (stage.prune && b % kPruneEvery == 0) {
      compression_->prune(parameters_, progress / kPruneUntil);
      compression_->apply(effective_, parameters_);
    }
    pool_.parallel_for(kGroups, [&](std::size_t g, std::size_t) {
      learn_group(groups_[g], order.data() + b * kBatch + g * kLanes, stage);
    });
    for (const Group& group : groups_) loss += group.loss;
    const float half_cosine = 0.5f + 0.5f * std::cos(progress * std::numbers::pi_v<float>);
    adam_->step(parameters_, compression_->learns(), gradients, static_cast<float>(kBatch),
                stage.rate_end + (stage.rate_begin - stage.rate_end) * half_cosine, pool_);
    follow_statistics();
    compression_->apply(effective_, parameters_);
    if (batch_done) batch_done(stage.name, done);
  }
  return loss / static_cast<double>(batches * kBatch);
}

double Trainer::held_out_accuracy() {
  const std::size_t count = options_.held_out;
  if (count == 0) return 0;
  const Shape in = network_.layers.front().geometry.in;
  const auto places = measured_places(images_.height - in.height, images_.width - in.width);
  std::size_t correct = 0;
  for (std::size_t first = 0; first < count; first += kBatch) {
    pool_.parallel_for(kGroups, [&](std::size_t g, std::size_t) {
      Group& group = groups_[g];
      const std::size_t begin = first + g * kLanes;
      const std::size_t lanes = begin < count ? std::min(kLanes, count - begin) : 0;
      std::fill(group.answer.begin(), group.answer.end(), 0.0f);
      for (const auto [top, left] : places) {
        for (std::size_t l = 0; l < lanes; ++l) {
          cut_window(group, l, images_.image(train_count_ + begin + l), top, left);
        }
        fill_values(group.student, group, greys_);
        forward(network_, effective_, group.student, Pass::kMeasuring);
        for (std::size_t k = 0; k < group.answer.size(); ++k)
          group.answer[k] += group.student.values.back()[k];
      }
      group.correct = 0;
      for (std::size_t l = 0; l < lanes; ++l) {
        const float* scores = group.answer.data() + l;
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

void Trainer::save(platform::ByteWriter& out) const {
  out.u64(stage_);
  out.u32(static_cast<std::uint32_t>(epoch_in_stage_));
  out.u32(static_cast<std::uint32_t>(epoch_));
  write_floats(out, parameters_);
  adam_->save(out);
  compression_->save(out);
  const bool own_teacher = teachers_.size() != curriculum_.teachers.size();
  if (own_teacher) write_floats(out, teachers_.front().parameters);
  out.u8(best_.empty() ? 0 : 1);
  if (best_.empty()) return;
  out.u64(std::bit_cast<std::uint64_t>(best_accuracy_));
  write_floats(out, best_);
}

platform::Status Trainer::load(platform::ByteReader& in) {
  std::uint64_t stage = 0;
  std::uint32_t epoch_in_stage = 0, epoch = 0;
  FCN_RETURN_IF_ERROR(in.u64(stage, "stage"));
  FCN_RETURN_IF_ERROR(in.u32(epoch_in_stage, "epoch of the stage"));
  FCN_RETURN_IF_ERROR(in.u32(epoch, "epoch"));
  if (stage > curriculum_.stages.size() ||
      (stage < curriculum_.stages.size() &&
       epoch_in_stage >= static_cast<std::uint32_t>(curriculum_.stages[stage].epochs)) ||
      epoch > static_cast<std::uint32_t>(epochs())) {
    return platform::corrupt(
        platform::concat("stage ", stage, ", epoch ", epoch_in_stage, " is not in the plan"));
  }
  if (stage > 0) {
    FoldedNetwork folded = fold_batch_norm(network_, parameters_);
    network_ = std::move(folded.network);
    parameters_ = std::move(folded.parameters);
    if (teachers_.empty()) teachers_.push_back({network_, parameters_, curriculum_.input_max});
    build();
  }
  stage_ = stage;
  epoch_in_stage_ = static_cast<int>(epoch_in_stage);
  epoch_ = static_cast<int>(epoch);
  all_fixed_ = false;
  for (std::size_t s = 0; s < stage_; ++s) all_fixed_ = all_fixed_ || curriculum_.stages[s].fix == 1;
  if (epoch_in_stage_ > 0) all_fixed_ = all_fixed_ || curriculum_.stages[stage_].fix == 1;
  FCN_RETURN_IF_ERROR(read_floats(in, parameters_, "parameters"));
  FCN_RETURN_IF_ERROR(adam_->load(in));
  FCN_RETURN_IF_ERROR(compression_->load(in));
  if (teachers_.size() != curriculum_.teachers.size()) {
    FCN_RETURN_IF_ERROR(read_floats(in, teachers_.front().parameters, "the teacher's parameters"));
  }
  std::uint8_t has_best = 0;
  FCN_RETURN_IF_ERROR(in.u8(has_best, "whether there is a best network"));
  if (has_best != 0) {
    std::uint64_t accuracy = 0;
    FCN_RETURN_IF_ERROR(in.u64(accuracy, "its accuracy"));
    best_accuracy_ = std::bit_cast<double>(accuracy);
    best_.resize(network_.parameter_count);
    FCN_RETURN_IF_ERROR(read_floats(in, best_, "the best parameters"));
  }
  compression_->apply(effective_, parameters_);
  return {};
}

std::size_t nonzero_weights(const FloatNetwork& network, std::span<const float> parameters) noexcept {
  std::size_t count = 0;
  for (const FloatLayer& layer : network.layers) {
    for (std::size_t k = layer.weights_at; k < layer.bias_at; ++k) count += parameters[k] != 0;
  }
  return count;
}

OpCounts count_operations(const FloatNetwork& network, std::span<const float> parameters) noexcept {
  OpCounts counts;
  for (const FloatLayer& layer : network.layers) {
    const Layer& g = layer.geometry;
    const std::uint64_t outputs = g.out.size();
    if (g.kind == LayerKind::kPolynomial) {
      counts.ct_ct_mults += outputs * (network.activation.size() - 2);
      continue;
    }
    // How many outputs read each tap of a window: fewer where it reaches into the padding.
    const auto windows = [&](int k, int length, int count) {
      std::uint64_t inside = 0;
      for (int o = 0; o < count; ++o) {
        const int i = o * g.stride - g.padding + k;
        inside += i >= 0 && i < length;
      }
      return inside;
    };
    std::uint64_t taps = 0;
    if (g.kind == LayerKind::kDense) {
      for (std::size_t k = layer.weights_at; k < layer.bias_at; ++k) taps += parameters[k] != 0;
    } else {
      const std::size_t area = static_cast<std::size_t>(g.kernel) * static_cast<std::size_t>(g.kernel);
      for (std::size_t t = 0; t < area; ++t) {
        const int ky = static_cast<int>(t) / g.kernel, kx = static_cast<int>(t) % g.kernel;
        const std::uint64_t positions =
            windows(ky, g.in.height, g.out.height) * windows(kx, g.in.width, g.out.width);
        if (g.kind == LayerKind::kSumPool) taps += positions * static_cast<std::uint64_t>(g.out.channels);
        for (std::size_t k = layer.weights_at + t; k < layer.bias_at; k += area) {
          if (parameters[k] != 0) taps += positions;
        }
      }
    }
    counts.ct_ct_adds += taps > outputs ? taps - outputs : 0;
    if (g.kind == LayerKind::kSumPool) continue;
    counts.pt_ct_mults += taps;
    counts.pt_ct_adds += outputs;
  }
  return counts;
}

}  // namespace fcn::nn::internal
