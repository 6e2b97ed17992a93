// The training loop: batches, gradients, steps and measurements of one run.
#pragma once

#include <cstdint>
#include <vector>

#include "../../platform/thread_pool.h"
#include "../float_network.h"
#include "../training.h"
#include "adam.h"
#include "compression.h"

namespace fcn::nn::internal {

// A batch is always four groups of kLanes images, whoever computes them.
inline constexpr std::size_t kGroups = 4;
inline constexpr std::size_t kBatch = kGroups * kLanes;

// All arguments have been checked and outlive this.
class Trainer {
 public:
  Trainer(const FloatNetwork& network, const Dataset& images, const TrainOptions& options);

  // All stages, one after the other. Errors: kOutOfRange (the loss is no longer a number; a scale too large).
  platform::Status run(const EpochCallback& callback);

  // Weights on their grids and rounded biases: those of the epoch, among all that ended with every weight fixed, that
  // did best on the held-out images; of equal ones the last.
  const std::vector<float>& best() const noexcept { return best_; }
  const std::vector<PowerOfTwoGrid>& grids() const noexcept { return compression_.grids(); }

 private:
  struct Group {
    GroupWorkspace student, teacher;
    std::vector<float> targets;           // (classes, kLanes)
    std::vector<std::uint8_t> distorted;  // one image
    double loss = 0;
    std::size_t correct = 0;
  };

  // Puts an image into a lane; distorted by the random numbers of this epoch if asked.
  void fill_lane(Group& group, std::size_t lane, std::size_t image, bool augment) const;
  // One-hot labels, mixed with the teacher's answers.
  void set_targets(Group& group, const std::uint32_t* images, float distill) const;
  // Loss and gradient of the group for kLanes images.
  void learn_group(Group& group, const std::uint32_t* images, const TrainStage& stage) const;
  // The mean loss.
  double train_epoch(const TrainStage& stage, int epoch_in_stage);
  double held_out_accuracy();
  std::size_t nonzero_weights() const noexcept;

  const FloatNetwork& network_;
  const Dataset& images_;
  const TrainOptions& options_;
  platform::ThreadPool pool_;
  const std::size_t classes_, train_count_;
  std::vector<float> pixel_values_;  // what the network reads for each grey value
  std::vector<Group> groups_;

  // What changes from step to step.
  int epoch_ = 0;
  std::vector<float> parameters_;  // as they learn
  std::vector<float> effective_;   // as the network computes with them
  std::vector<float> teacher_;     // the network after the first stage
  std::vector<float> best_;
  double best_accuracy_ = -1;
  Adam adam_;
  Compression compression_;
};

}  // namespace fcn::nn::internal
