// A training that stops and goes on ends with the same network; checkpoints of anything else are refused.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "nn/training.h"
#include "platform/bytes.h"
#include "platform/file.h"
#include "support/temporary_folder.h"
#include "support/training_patterns.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;

// Every kind of stage, batch normalisation and a teacher, two epochs each.
TrainOptions short_options() {
  TrainOptions options = small_options();
  for (TrainStage& stage : options.stages) stage.epochs = 2;
  options.batch_norm = true;
  options.teachers = {{small_geometry(), true, 255, {options.stages[0]}}};
  return options;
}

class TrainingResume : public ::testing::Test {
 protected:
  platform::Result<TrainedModel> train(const TrainOptions& options, const EpochCallback& callback = {}) {
    return train_network("patterns", small_geometry(), set_, options, callback);
  }
  // Trains and keeps a copy of the checkpoint after every epoch: "0", "1", ...
  void train_with_copies(TrainOptions options) {
    options.checkpoint = path("state");
    const auto model = train(options, [&](const EpochReport& report) {
      std::filesystem::copy_file(options.checkpoint, path(std::to_string(report.epoch)));
    });
    ASSERT_TRUE(model.ok()) << model.status().message();
    whole_ = model.value().network;
    reports_ = model.value().epochs;
  }
  std::string path(const std::string& name) { return folder_.path(name); }
  void expect_refused(const TrainOptions& options, StatusCode code, const std::string& reason) {
    const auto model = train(options);
    EXPECT_EQ(model.status().code(), code) << model.status().message();
    EXPECT_NE(model.status().message().find(reason), std::string::npos) << model.status().message();
  }

  Dataset set_ = patterns(400, 1);
  test::TemporaryFolder folder_;
  Network whole_;
  std::vector<EpochReport> reports_;
};

TEST_F(TrainingResume, EveryCheckpointLeadsToTheSameNetwork) {
  train_with_copies(short_options());
  ASSERT_EQ(reports_.size(), 10u);
  for (int epoch = 1; epoch <= 10; ++epoch) {
    TrainOptions options = short_options();
    options.checkpoint = path(std::to_string(epoch));
    options.resume = true;
    options.threads = 2;
    int first = 0;
    const auto model =
        train(options, [&](const EpochReport& report) { first = first == 0 ? report.epoch : first; });
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_EQ(model.value().network, whole_) << "after epoch " << epoch;
    EXPECT_EQ(first, epoch == 10 ? 0 : epoch + 1);
    ASSERT_EQ(model.value().epochs.size(), 10u);
    for (std::size_t e = 0; e < 10; ++e) {
      EXPECT_EQ(model.value().epochs[e].loss, reports_[e].loss);
      EXPECT_EQ(model.value().epochs[e].stage, reports_[e].stage);
      EXPECT_EQ(model.value().epochs[e].counts, reports_[e].counts);
    }
  }
}

TEST_F(TrainingResume, RefusesCheckpointsOfAnythingElse) {
  train_with_copies(short_options());
  TrainOptions options = short_options();
  options.checkpoint = path("7");
  options.resume = true;
  TrainOptions other = options;
  other.seed = 6;
  expect_refused(other, StatusCode::kMismatch, "other options, seed or images");
  other = options;
  other.stages[1].rate_end = 2e-3f;
  expect_refused(other, StatusCode::kMismatch, "other options, seed or images");
  other = options;
  other.teachers.clear();
  expect_refused(other, StatusCode::kMismatch, "another architecture");
  other = options;
  other.checkpoint = path("none");
  expect_refused(other, StatusCode::kUnavailable, "none");
  set_.pixels[5] ^= 1;
  expect_refused(options, StatusCode::kMismatch, "other options, seed or images");
}

TEST_F(TrainingResume, RefusesDamagedCheckpoints) {
  train_with_copies(short_options());
  TrainOptions options = short_options();
  options.checkpoint = path("damaged");
  options.resume = true;
  const auto bytes = platform::read_file(path("7"), 1 << 28).value();
  const auto with = [&](std::vector<std::uint8_t> changed) {
    ASSERT_TRUE(platform::write_file(options.checkpoint, changed).ok());
  };
  for (const std::size_t at : {std::size_t{9}, bytes.size() / 2, bytes.size() - 1}) {
    auto changed = bytes;
    changed[at] ^= 0x10;
    with(changed);
    expect_refused(options, StatusCode::kCorrupt, "damaged");
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{12}, bytes.size() / 2, bytes.size() - 1}) {
    with({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(train(options).status().code(), StatusCode::kCorrupt) << size;
  }
  // Another version, with a checksum that fits.
  auto version = bytes;
  version[8] = 9;
  version.resize(version.size() - 8);
  const std::uint64_t sum = platform::checksum64(version);
  for (int i = 0; i < 8; ++i) version.push_back(static_cast<std::uint8_t>(sum >> (8 * i)));
  with(version);
  expect_refused(options, StatusCode::kMismatch, "version 9");
}

// A disk that fails in the middle: the training stops, the last checkpoint is whole, and it leads to the same end.
TEST_F(TrainingResume, LastGoodCheckpointSurvives) {
  train_with_copies(short_options());
  TrainOptions options = short_options();
  std::filesystem::create_directory(path("disk"));
  options.checkpoint = path("disk/state");
  const auto stopped = train(options, [&](const EpochReport& report) {
    if (report.epoch == 6) std::filesystem::rename(path("disk"), path("gone"));
  });
  EXPECT_EQ(stopped.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(stopped.status().message().find("disk/state"), std::string::npos) << stopped.status().message();
  options.checkpoint = path("gone/state");
  options.resume = true;
  const auto model = train(options);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model.value().network, whole_);
}

// Divergence leaves the state before it.
TEST_F(TrainingResume, DivergenceKeepsTheLastGoodState) {
  TrainOptions options = short_options();
  options.stages[1].rate_begin = options.stages[1].rate_end = 1e20f;
  options.checkpoint = path("state");
  const auto model = train(options);
  EXPECT_EQ(model.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(model.status().message().find("of stage prune"), std::string::npos) << model.status().message();
  EXPECT_TRUE(std::filesystem::exists(path("state")));
  options.resume = true;
  expect_refused(options, StatusCode::kOutOfRange, "of stage prune");
}

}  // namespace
}  // namespace fcn::nn
