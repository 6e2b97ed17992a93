// Training as a whole on a few hundred generated patterns: it learns, keeps its promises and repeats itself.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "nn/accuracy.h"
#include "nn/training.h"
#include "support/training_patterns.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;

TEST(TrainingRun, LearnsPatternsWithSparsePowersOfTwo) {
  const Dataset set = patterns(768, 1);
  std::vector<EpochReport> reports;
  const auto model = train_network("patterns", small_geometry(), set, small_options(),
                                   [&](const EpochReport& report) { reports.push_back(report); });
  ASSERT_TRUE(model.ok()) << model.status().message();
  const TrainedModel& m = model.value();
  EXPECT_GE(m.held_out_accuracy, 0.9);
  ASSERT_EQ(reports.size(), 95u);
  EXPECT_EQ(reports.back().stage, "fix all");
  EXPECT_EQ(reports.back().epoch, 95);
  EXPECT_LT(reports[59].loss, 0.5 * reports[0].loss);
  // The best of the epochs with all weights fixed becomes the network; float sums may tip a tie.
  double best = 0;
  for (std::size_t e = 90; e < 95; ++e) best = std::max(best, reports[e].held_out_accuracy);
  EXPECT_NEAR(best, m.held_out_accuracy, 1.5 / 128);

  const std::vector<LayerRecipe> recipes = small_options().layers;
  std::size_t linear = 0, nonzero = 0;
  for (const Layer& layer : m.network.layers) {
    if (layer.weights.empty()) continue;
    std::size_t kept = 0;
    for (const std::int64_t w : layer.weights) {
      const std::int64_t size = std::abs(w);
      EXPECT_TRUE((size & (size - 1)) == 0 && size < (std::int64_t{1} << recipes[linear].levels)) << w;
      kept += w != 0;
    }
    EXPECT_EQ(kept, m.nonzero_weights[linear]);
    EXPECT_LE(static_cast<double>(kept),
              recipes[linear].keep * static_cast<double>(layer.weights.size()) + 0.5);
    EXPECT_GT(kept, 0u);
    nonzero += kept;
    ++linear;
  }
  EXPECT_EQ(reports.back().nonzero_weights, nonzero);  // the weights rest in the last stage

  // Images it has never met, counted by the integer network.
  const Dataset fresh = patterns(200, 2);
  platform::ThreadPool pool(1);
  const auto correct = count_correct(m.network, fresh, 0, 200, pool);
  ASSERT_TRUE(correct.ok());
  EXPECT_GE(correct.value(), 175u);
}

TEST(TrainingRun, PrunedWeightsStayPruned) {
  std::vector<std::size_t> nonzero;
  ASSERT_TRUE(train_network("patterns", small_geometry(), patterns(400, 1), small_options(),
                            [&](const EpochReport& report) { nonzero.push_back(report.nonzero_weights); })
                  .ok());
  for (std::size_t e = 1; e < nonzero.size(); ++e) EXPECT_LE(nonzero[e], nonzero[e - 1]) << "epoch " << e + 1;
}

TEST(TrainingRun, SeedDecidesAndThreadsDoNot) {
  const Dataset set = patterns(400, 1);
  TrainOptions options = small_options();
  for (TrainStage& stage : options.stages) stage.epochs = 2;
  const auto one = train_network("patterns", small_geometry(), set, options);
  options.threads = 2;
  const auto two = train_network("patterns", small_geometry(), set, options);
  options.threads = 3;
  const auto three = train_network("patterns", small_geometry(), set, options);
  options.seed = 6;
  const auto other = train_network("patterns", small_geometry(), set, options);
  ASSERT_TRUE(one.ok() && two.ok() && three.ok() && other.ok());
  EXPECT_EQ(one.value().network, two.value().network);
  EXPECT_EQ(one.value().network, three.value().network);
  EXPECT_NE(one.value().network, other.value().network);
  // However short the training, it ends with the recipe's share of the 108 * 12 and 12 * 4 weights.
  EXPECT_LE(one.value().nonzero_weights[1], 324u);
  EXPECT_LE(one.value().nonzero_weights[2], 24u);
}

TEST(TrainingRun, DivergenceIsAnError) {
  TrainOptions options = small_options();
  options.stages[0].rate_begin = options.stages[0].rate_end = 1e12f;
  const auto model = train_network("patterns", small_geometry(), patterns(400, 1), options);
  EXPECT_EQ(model.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(model.status().message().find("of stage dense"), std::string::npos) << model.status().message();
}

void expect_refused(const TrainOptions& options, const Dataset& set, const std::string& reason) {
  const auto model = train_network("patterns", small_geometry(), set, options);
  EXPECT_EQ(model.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(model.status().message().find(reason), std::string::npos) << model.status().message();
}

TEST(TrainingRun, RefusesWhatDoesNotFit) {
  const Dataset set = patterns(400, 1);
  TrainOptions options = small_options();
  options.input_max = 0;
  expect_refused(options, set, "input_max = 0");
  options = small_options();
  options.held_out = 300;
  expect_refused(options, set, "400 images of which 300 are held out");
  options = small_options();
  options.layers.pop_back();
  expect_refused(options, set, "2 layer recipes for 3 linear layers");
  options = small_options();
  options.stages.pop_back();
  expect_refused(options, set, "the last stage must fix all weights");
  options = small_options();
  options.stages[0].distill = 0.5f;
  expect_refused(options, set, "the first stage has no teacher");
  options = small_options();
  options.layers[1].groups = {1, 2, 3};
  expect_refused(options, set, "3 groups for 1296 weights");
  options = small_options();
  options.layers[0].integer_bits = 1;
  expect_refused(options, set, "integer_bits = 1");
  options = small_options();
  options.teachers = {{small_geometry(), true, 0, small_options().stages}};
  expect_refused(options, set, "a teacher's input_max = 0");
  options = small_options();
  options.stages[1].epochs = 0;
  expect_refused(options, set, "stage prune has 0 epochs");
  options = small_options();
  options.stages[2].fix = std::numeric_limits<float>::quiet_NaN();
  expect_refused(options, set, "stage fix half: a share is not in [0, 1]");
  options = small_options();
  options.layers[1].keep = 0;
  expect_refused(options, set, "keep = 0.0");
  options = small_options();
  options.layers[1].levels = 17;
  expect_refused(options, set, "levels = 17");
  Dataset missing_pixel = set;
  missing_pixel.pixels.pop_back();
  expect_refused(small_options(), missing_pixel, "57599 pixels are not 400 images of 144");
  Dataset wrong_label = set;
  wrong_label.labels[17] = 4;
  expect_refused(small_options(), wrong_label, "label 4");
  Dataset wrong_size = set;
  wrong_size.height = 6;
  wrong_size.width = 24;
  expect_refused(small_options(), wrong_size, "6 x 24");
}

// Integer weights, batch normalisation that is folded away, a square as activation, no last bias.
TEST(TrainingRun, IntegerWeightsWithBatchNorm) {
  TrainOptions options = small_options();
  options.activation = {0.5f, 0.5f, 0.125f};
  options.batch_norm = true;
  for (LayerRecipe& recipe : options.layers) recipe = LayerRecipe{.keep = 1, .levels = 4, .integer_bits = 5};
  options.layers.back().bias = false;
  options.stages.erase(options.stages.begin() + 1);
  const auto model = train_network("patterns", small_geometry(), patterns(768, 1), options);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_GE(model.value().held_out_accuracy, 0.9);
  std::int64_t largest = 0;
  for (const Layer& layer : model.value().network.layers) {
    for (const std::int64_t w : layer.weights) largest = std::max<std::int64_t>(largest, std::abs(w));
    if (layer.kind == LayerKind::kPolynomial) {
      EXPECT_EQ(layer.coefficients, (std::vector<std::int64_t>{0, 0, 1}));
    }
  }
  EXPECT_LE(largest, 15);
  EXPECT_GT(largest, 7);
  for (const std::int64_t bias : model.value().network.layers.back().bias) EXPECT_EQ(bias, 0);
}

// Whole groups go, and what stays is full.
TEST(TrainingRun, GroupsArePrunedAsAWhole) {
  TrainOptions options = small_options();
  for (TrainStage& stage : options.stages) stage.epochs = 2;
  options.layers[1].groups.resize(108 * 12);
  for (std::size_t k = 0; k < options.layers[1].groups.size(); ++k)
    options.layers[1].groups[k] = static_cast<std::uint32_t>((k % 108 + k / 108) % 16);
  options.layers[1].keep = 0.25f;
  const auto model = train_network("patterns", small_geometry(), patterns(400, 1), options);
  ASSERT_TRUE(model.ok()) << model.status().message();
  std::vector<std::size_t> used(16, 0);
  const std::vector<std::int64_t>& weights = model.value().network.layers[2].weights;
  for (std::size_t k = 0; k < weights.size(); ++k) used[options.layers[1].groups[k]] += weights[k] != 0;
  EXPECT_EQ(std::count(used.begin(), used.end(), 0u), 12);
}

// A network that reads less than an image learns from windows, and is measured slid over the whole.
TEST(TrainingRun, WindowsOfLargerImages) {
  const Layer conv = make_conv2d({1, 9, 9}, 4, 3, 2, 0), hidden = make_dense(conv.out, 12);
  const std::vector<Layer> geometry = {conv, make_polynomial(conv.out, {}), hidden,
                                       make_polynomial(hidden.out, {}), make_dense(hidden.out, 4)};
  TrainOptions options = small_options();
  options.activation = {0.5f, 0.5f, 0.125f};
  const auto model = train_network("windows", geometry, patterns(768, 1), options);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_GE(model.value().held_out_accuracy, 0.8);
  EXPECT_EQ(model.value().network.input, (Shape{1, 9, 9}));
}

// A teacher is trained first and changes what the network becomes.
TEST(TrainingRun, TeachersAreTrainedFirst) {
  TrainOptions options = small_options();
  for (TrainStage& stage : options.stages) stage.epochs = 2;
  const Dataset set = patterns(400, 1);
  const auto alone = train_network("patterns", small_geometry(), set, options);
  TrainStage dense = options.stages[0];
  options.teachers = {{small_geometry(), true, 255, {dense}}};
  options.stages[0].distill = 0.5f;
  const auto taught = train_network("patterns", small_geometry(), set, options);
  ASSERT_TRUE(alone.ok() && taught.ok()) << taught.status().message();
  EXPECT_EQ(taught.value().epochs.size(), 10u);
  EXPECT_EQ(taught.value().epochs[0].stage, "teacher: dense");
  EXPECT_EQ(taught.value().epochs[2].stage, "dense");
  EXPECT_NE(alone.value().network, taught.value().network);
}

// The epochs' reports count what the final network needs.
TEST(TrainingRun, ReportsCountOperations) {
  TrainOptions options = small_options();
  for (TrainStage& stage : options.stages) stage.epochs = 1;
  const auto model = train_network("patterns", small_geometry(), patterns(400, 1), options);
  ASSERT_TRUE(model.ok());
  std::uint64_t taps_used = 0, outputs = 0;
  for (const Layer& layer : model.value().network.layers) {
    if (layer.weights.empty()) continue;
    for (std::size_t o = 0; o < layer.out.size(); ++o) taps_used += taps(layer, o).size();
    outputs += layer.out.size();
  }
  const OpCounts& counts = model.value().epochs.back().counts;
  EXPECT_EQ(counts.pt_ct_mults, taps_used);
  EXPECT_EQ(counts.ct_ct_adds, taps_used - outputs);
  EXPECT_EQ(counts.pt_ct_adds, outputs);
  EXPECT_EQ(counts.ct_ct_mults, 3u * 36 + 12);
}

TEST(TrainingRun, CountCorrectRefusesMissingImages) {
  const auto model = make_dense({1, kSide, kSide}, 4);
  platform::ThreadPool pool(1);
  const auto count = count_correct({"x", model.in, 3, 1, {model}}, patterns(10, 1), 5, 6, pool);
  EXPECT_NE(count.status().message().find("images 5 to 11 of only 10"), std::string::npos)
      << count.status().message();
}

}  // namespace
}  // namespace fcn::nn
