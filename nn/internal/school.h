// A whole training: the teachers' networks one after the other, then the one that is wanted; with its checkpoints.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trainer.h"

namespace fcn::nn::internal {

// A network to train and how.
struct Course {
  FloatNetwork network;
  Curriculum curriculum;
};

// The teachers of the options, then the network itself. Errors: those of make_float_network().
platform::Result<std::vector<Course>> plan_courses(FloatNetwork network, const TrainOptions& options);

class School {
 public:
  // All arguments have been checked; images and options outlive this.
  School(const std::string& name, const Dataset& images, const TrainOptions& options,
         std::vector<Course> courses);

  // From the start, or from the checkpoint if the options say so, to the end. Errors: as train_network().
  platform::Status run(const EpochCallback& callback, const Progress& progress);

  // Of the last network, after run().
  const Trainer& trainer() const noexcept { return *trainer_; }
  const std::vector<EpochReport>& reports() const noexcept { return reports_; }

 private:
  void start_course();
  void finish_teacher();
  std::string stage_name(std::size_t course, const std::string& stage) const;
  std::uint64_t fingerprint() const;
  platform::Status save() const;
  platform::Status resume();
  platform::Status read(platform::ByteReader& in);

  const std::string name_;
  const Dataset& images_;
  const TrainOptions& options_;
  const std::vector<Course> courses_;
  int epochs_ = 0;

  // What changes from epoch to epoch.
  std::size_t course_ = 0;
  std::vector<Teacher> teachers_;  // those that are finished
  std::unique_ptr<Trainer> trainer_;
  std::vector<EpochReport> reports_;
};

}  // namespace fcn::nn::internal
