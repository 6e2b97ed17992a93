// The models that are built in: shapes, weights, operations, and what they read of MNIST.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "apps/model_source.h"
#include "nn/accuracy.h"
#include "nn/packed_plan.h"
#include "nn/pixel_plan.h"
#include "support/mnist_folder.h"

namespace fcn::apps {
namespace {

// Networks with more products are measured on their first 200 images only; fcn-mnist table takes all 10,000.
constexpr std::uint64_t kLargeNetwork = 1'000'000;

class CommittedModel : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    system_ = nn::table_systems()[GetParam()];
    auto network = load_system(system_, "");
    ASSERT_TRUE(network.ok()) << network.status().message();
    network_ = std::move(network).value();
  }
  nn::System system_;
  nn::Network network_;
};

TEST_P(CommittedModel, HasTheWeightsOfItsSystem) {
  EXPECT_EQ(network_.name, system_.name);
  for (const nn::Layer& layer : network_.layers) {
    if (layer.kind != nn::LayerKind::kConv2d && layer.kind != nn::LayerKind::kDense) continue;
    for (const std::int64_t weight : layer.weights) {
      const auto size = static_cast<std::uint64_t>(std::abs(weight));
      if (system_.weights == nn::WeightKind::kPowersOfTwo) {
        ASSERT_TRUE(weight == 0 || std::has_single_bit(size)) << weight;
      } else {
        ASSERT_LT(2 * size, std::uint64_t{1} << system_.weight_bits) << weight;
      }
    }
  }
}

TEST_P(CommittedModel, TakesNoMoreOperationsThanThePapers) {
  const auto plan = nn::smallest_pixel_plan(network_);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_LE(plan.value().counts().total(), system_.paper.total);
  const std::uint64_t squares = system_.paper.counts.ct_ct_mults;
  EXPECT_LE(plan.value().counts().ct_ct_mults, squares == 0 ? 945 : squares);  // a row leaves its 945 out
}

// The share of the first test images that a network reads, in percent; of all of them, unless it is a large one.
void expect_reads_mnist(const nn::Network& network, double least_percent, bool large) {
  const std::string folder = test::mnist_folder(FCN_SOURCE_DIR);
  if (folder.empty()) GTEST_SKIP() << "no MNIST here: set FCN_MNIST_DIR";
  const auto images = nn::load_mnist(folder, false);
  ASSERT_TRUE(images.ok()) << images.status().message();
  const std::size_t count = large ? 200 : images.value().count();
  platform::ThreadPool pool(0);
  const auto correct = nn::count_correct(network, images.value(), 0, count, pool);
  ASSERT_TRUE(correct.ok()) << correct.status().message();
  const double percent = 100.0 * static_cast<double>(correct.value()) / static_cast<double>(count);
  EXPECT_GE(percent, least_percent - (large ? 1 : 0));
}

TEST_P(CommittedModel, ReadsMnist) {
  const auto plan = nn::smallest_pixel_plan(network_);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  expect_reads_mnist(network_, system_.least_accuracy_percent,
                     plan.value().counts().pt_ct_mults > kLargeNetwork);
}

INSTANTIATE_TEST_SUITE_P(Systems, CommittedModel, testing::Range<std::size_t>(0, 4),
                         [](const testing::TestParamInfo<std::size_t>& system) {
                           std::string name = nn::table_systems()[system.param].name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// Pruned by whole diagonals: a third of the hidden layer's products in the packed layout, at no loss.
TEST(CommittedDiagonals, SavesProductsAndRotations) {
  const auto network = load_network("faster-cryptonets-diagonals"), dense = load_network("");
  ASSERT_TRUE(network.ok()) << network.status().message();
  const auto plan = nn::PackedPlan::create(network.value()), whole = nn::PackedPlan::create(dense.value());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  ASSERT_TRUE(whole.ok()) << whole.status().message();
  EXPECT_EQ(plan.value().stages()[1].counts.pt_ct_mults, 40u);
  EXPECT_EQ(plan.value().params().q_count(), 2u);
  EXPECT_LT(plan.value().counts().rotations, whole.value().counts().rotations);
}

TEST(CommittedDiagonals, ReadsMnist) {
  const auto network = load_network("faster-cryptonets-diagonals");
  ASSERT_TRUE(network.ok()) << network.status().message();
  expect_reads_mnist(network.value(), 99.1, false);
}

}  // namespace
}  // namespace fcn::apps
