// The training loop: batches, gradients, steps and measurements of one network.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "../../platform/thread_pool.h"
#include "../augment.h"
#include "../float_network.h"
#include "../training.h"
#include "adam.h"
#include "compression.h"

namespace fcn::nn::internal {

// A batch is always four groups of kLanes images, whoever computes them.
inline constexpr std::size_t kGroups = 4;
inline constexpr std::size_t kBatch = kGroups * kLanes;

// A network that has been trained, without batch normalisation.
struct Teacher {
  FloatNetwork network;
  std::vector<float> parameters;
  int input_max = 1;
};

// What one network needs of the options; the rest is the same for all.
struct Curriculum {
  std::uint64_t seed = 1;  // differs from network to network
  int input_max = 1;
  std::vector<LayerRecipe> layers;
  std::vector<TrainStage> stages;
  std::vector<Teacher> teachers;
};

class Trainer {
 public:
  // All arguments have been checked; images and options outlive this.
  Trainer(FloatNetwork network, const Dataset& images, const TrainOptions& options, Curriculum curriculum);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // Called after every batch with the stage and the share of the epoch that is done.
  using BatchDone = std::function<void(const std::string&, float)>;
  // One more epoch. Errors: kOutOfRange (the loss is no longer a number; a scale
  // too large).
  platform::Status run_epoch(EpochReport& report, const BatchDone& batch_done);
  bool finished() const noexcept { return stage_ == curriculum_.stages.size(); }
  int epochs() const noexcept;

  const FloatNetwork& network() const noexcept { return network_; }
  // The parameters as the network computes with them.
  const std::vector<float>& effective() const noexcept { return effective_; }
  // Weights on their grids and rounded biases: those of the epoch, among all that ended with every weight fixed, that
  // did best on the held-out images; of equal ones the last.
  const std::vector<float>& best() const noexcept { return best_; }
  const std::vector<WeightGrid>& grids() const noexcept { return compression_->grids(); }

  // Everything that changes from epoch to epoch.
  void save(platform::ByteWriter& out) const;
  platform::Status load(platform::ByteReader& in);

 private:
  struct Group {
    GroupWorkspace student;
    std::vector<GroupWorkspace> teachers;
    std::vector<float> targets, answer;   // (classes, kLanes)
    std::vector<std::uint8_t> distorted;  // one image
    std::vector<std::uint8_t> windows;    // (kLanes, height, width of the input)
    Warper warper;
    double loss = 0;
    std::size_t correct = 0;
  };

  using GreyTable = std::array<float, 256>;  // what a network reads for each grey value

  void build();  // what follows from network_
  void seat_teachers();
  // Puts a window of an image into a lane; distorted and placed by the random numbers of this epoch if asked.
  void cut_window(Group& group, std::size_t lane, std::span<const std::uint8_t> greys, int top,
                  int left) const;
  void distort_lane(Group& group, std::size_t lane, std::size_t image) const;
  void cut_random_window(Group& group, std::size_t lane, std::span<const std::uint8_t> greys,
                         TrainingRandom& random) const;
  void fill_values(GroupWorkspace& workspace, const Group& group, const GreyTable& value_of_grey) const;
  // One-hot labels, mixed with the teachers' answers.
  void set_targets(Group& group, const std::uint32_t* images, float distill) const;
  // Loss and gradient of the group for kLanes images.
  void learn_group(Group& group, const std::uint32_t* images, const TrainStage& stage) const;
  void follow_statistics();
  // The mean loss.
  double train_epoch(const TrainStage& stage, const BatchDone& batch_done);
  double held_out_accuracy();
  platform::Status begin_stage();
  void end_stage();

  FloatNetwork network_;
  const Dataset& images_;
  const TrainOptions& options_;
  const Curriculum curriculum_;
  platform::ThreadPool pool_;
  const std::size_t classes_, train_count_;
  std::vector<Group> groups_;
  GreyTable greys_{};
  std::vector<GreyTable> teacher_greys_;
  std::vector<Teacher> teachers_;  // the curriculum's, or the network after its first stage

  // What changes from step to step.
  std::size_t stage_ = 0;
  int epoch_in_stage_ = 0, epoch_ = 0;
  std::vector<float> parameters_;  // as they learn
  std::vector<float> effective_;   // as the network computes with them
  std::vector<float> best_;
  double best_accuracy_ = -1;
  bool all_fixed_ = false;
  std::optional<Adam> adam_;
  std::optional<Compression> compression_;
};

// Non-zero weights and operations of a network with these parameters.
std::size_t nonzero_weights(const FloatNetwork& network, std::span<const float> parameters) noexcept;
OpCounts count_operations(const FloatNetwork& network, std::span<const float> parameters) noexcept;

}  // namespace fcn::nn::internal
