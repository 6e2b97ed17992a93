// What the packed plan chooses and refuses.
#include "nn/packed_plan.h"

#include <gtest/gtest.h>

#include "fv/encoding.h"
#include "nn/model_file.h"
#include "nn/training.h"
#include "support/kernels_under_test.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;

void expect_refused(const Network& network, StatusCode code, const std::string& words,
                    const PackedOptions& options = {}) {
  const auto plan = PackedPlan::create(network, test::default_test_kernels(), options);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), code) << plan.status().message();
  EXPECT_NE(plan.status().message().find(words), std::string::npos) << plan.status().message();
}

Network trained() {
  auto network = load_model(FCN_SOURCE_DIR "/apps/models/faster_cryptonets.fcn");
  EXPECT_TRUE(network.ok()) << network.status().message();
  return std::move(network).value();
}

TEST(PackedPlan, TheTrainedNetworkTakesTheSmallSet) {
  const auto plan = PackedPlan::create(trained(), test::default_test_kernels());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->params().n(), 8192u);
  EXPECT_EQ(plan->params().q_count(), 2u);
  EXPECT_EQ(plan->input().ciphertexts(), 4u);
  EXPECT_LE(plan->log2_failure(), -128);
  EXPECT_EQ(plan->stages().size(), 3u);
  EXPECT_EQ(plan->counts().ct_ct_mults, 2u);
  EXPECT_LE(plan->counts().rotations, 45u);
  EXPECT_EQ(plan->stages().back().activation_limbs, 1u);
  EXPECT_LT(plan->galois_elements().size(), 40u);
  for (const PackedStage& stage : plan->stages())
    EXPECT_LT(stage.noise_out.log2_sigma, plan->params().log2_q(stage.activation_limbs) - 1);
}

TEST(PackedPlan, LayoutsCanBeForced) {
  const Network network = trained();
  for (const std::size_t ciphertexts : {1u, 4u}) {
    const auto plan =
        PackedPlan::create(network, test::default_test_kernels(), {.input_ciphertexts = ciphertexts});
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    EXPECT_EQ(plan->input().ciphertexts(), ciphertexts);
  }
  const auto plan = PackedPlan::create(network, test::default_test_kernels(), {.limbs = 3});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->params().q_count(), 3u);
  expect_refused(network, StatusCode::kInvalidArgument, "no layout of the input takes 77",
                 {.input_ciphertexts = 77});
}

// What training prunes as a group is what the plan skips: fewer products, baby and giant steps.
TEST(PackedPlan, PrunedDiagonalsCostNothing) {
  Network network = trained();
  Layer& hidden = network.layers[2];
  const auto whole = PackedPlan::create(network, test::default_test_kernels());
  ASSERT_TRUE(whole.ok()) << whole.status().message();
  const std::vector<std::uint32_t> groups = diagonal_groups(network.layers[1].out, hidden.out.channels);
  ASSERT_EQ(groups.size(), hidden.weights.size());
  for (std::size_t k = 0; k < groups.size(); ++k) {
    hidden.weights[k] = groups[k] == 3 || groups[k] == 11 ? 1 + static_cast<std::int64_t>(k % 2) : 0;
  }
  const auto pruned = PackedPlan::create(network, test::default_test_kernels());
  ASSERT_TRUE(pruned.ok()) << pruned.status().message();
  const OpCounts& before = whole->stages()[1].counts;
  const OpCounts& after = pruned->stages()[1].counts;
  EXPECT_EQ(before.pt_ct_mults, static_cast<std::uint64_t>(kDiagonals));
  EXPECT_EQ(after.pt_ct_mults, 2u * kDiagonalsTogether);
  EXPECT_LE(after.rotations + kDiagonalsTogether, before.rotations);
}

TEST(PackedPlan, RefusesWithTheLayerAndTheReason) {
  Network network;
  network.name = "test";
  network.input = {4, 1, 1};
  network.input_max = 3;
  network.layers = {make_polynomial({4, 1, 1}, {0, 0, 0, 1})};
  expect_refused(network, StatusCode::kInvalidArgument, "layer 1: polynomial of degree 3");
  network.layers = {make_flatten({4, 1, 1})};
  expect_refused(network, StatusCode::kInvalidArgument, "no layer that computes anything");
  // 3^32 leaves the plaintext space of 56 bits only with weights beside it.
  Layer wide = make_dense({4, 1, 1}, 1);
  wide.weights.assign(4, kMaxWeight);
  wide.bias.assign(1, 0);
  network.layers = {wide, make_dense(wide.out, 1)};
  network.layers.back().weights = {kMaxWeight >> 6};
  network.layers.back().bias = {0};
  expect_refused(network, StatusCode::kOutOfRange, "layer 2: values of 60 bits leave the plaintext space");
  // Too deep for every secure set: squares of zeros and ones, so that no range stops it first.
  network.input_max = 1;
  network.layers.clear();
  for (int i = 0; i < 34; ++i) network.layers.push_back(make_polynomial({4, 1, 1}, {0, 0, 1}));
  expect_refused(network, StatusCode::kOutOfRange, "bits too small");
}

}  // namespace
}  // namespace fcn::nn
