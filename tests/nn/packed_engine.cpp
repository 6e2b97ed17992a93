// Encrypted runs in the packed layout equal the integer network exactly: random networks, and the trained model.
#include "nn/packed_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <set>
#include <type_traits>

#include "fv/evaluation.h"
#include "fv/modulus_switch.h"
#include "fv/serialization.h"
#include "nn/model_file.h"
#include "nn/packed_client.h"
#include "nn/plain_run.h"
#include "support/kernels_under_test.h"
#include "support/packed_party.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;
using test::log2_rms;
using test::noise_of;
using test::Party;

static_assert(!std::is_constructible_v<PackedEngine, const fv::SecretKey&>);
static_assert(!std::is_constructible_v<fv::GaloisKeys, const fv::SecretKey&>);

void expect_exact(const Network& network, test::Random& random, const PackedOptions& options = {}) {
  auto plan = PackedPlan::create(network, test::default_test_kernels(), options);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  Party party(std::move(plan).value());
  for (int image = 0; image < 2; ++image) {
    const auto pixels = test::random_image(random, network);
    const auto expected = plain_run(network, pixels);
    ASSERT_TRUE(expected.ok());
    const auto answer = party.infer(party.encrypt(pixels), 1);
    EXPECT_EQ(party.decrypt(answer), expected.value());
  }
}

Layer dense(test::Random& random, const Shape& in, int outputs) {
  Layer layer = make_dense(in, outputs);
  test::randomize_weights(random, layer);
  return layer;
}
Layer convolution(test::Random& random, const Shape& in, int channels, int kernel, int stride, int padding) {
  Layer layer = make_conv2d(in, channels, kernel, stride, padding);
  test::randomize_weights(random, layer);
  return layer;
}

Network network_of(const Shape& input, std::int64_t input_max, std::vector<Layer> layers) {
  Network network;
  network.name = "test";
  network.input = input;
  network.input_max = input_max;
  network.layers = std::move(layers);
  return network;
}

// The demo's shape, smaller: convolution, square, dense, square, dense.
Network small_mnist(test::Random& random, int side = 14) {
  const Layer first = convolution(random, {1, side, side}, 3, 5, 2, 1), second = dense(random, first.out, 12);
  return network_of({1, side, side}, 3,
                    {first, make_polynomial(first.out, {0, 0, 1}), second,
                     make_polynomial(second.out, {0, 0, 1}), dense(random, second.out, 5)});
}

TEST(PackedEngine, TheDemosShape) {
  test::Random random(1);
  const Network network = small_mnist(random);
  expect_exact(network, random);
  for (const std::size_t ciphertexts : {1u, 4u})
    expect_exact(network, random, {.input_ciphertexts = ciphertexts});
}

TEST(PackedEngine, EveryLayerKindAndActivation) {
  test::Random random(2);
  const Shape image{1, 12, 12};
  const Layer first = convolution(random, image, 4, 3, 1, 1), pool = make_sum_pool(first.out, 2, 2, 0),
              second = convolution(random, pool.out, 2, 3, 1, 0);
  expect_exact(
      network_of(image, 7, {first, make_polynomial(first.out, {3, -2, 5}), pool, make_flatten(pool.out)}),
      random);
  expect_exact(network_of(image, 3, {first, pool, make_polynomial(pool.out, {0, 4}), second}), random);
  expect_exact(network_of(image, 3, {make_polynomial(image, {1, 1, 1}), dense(random, image, 7)}), random);
  expect_exact(network_of(image, 3, {dense(random, image, 30), make_polynomial({30, 1, 1}, {-7, 0, -1})}),
               random);
  expect_exact(network_of({3, 9, 9}, 3, {convolution(random, {3, 9, 9}, 4, 3, 2, 1)}), random);
}

// More values than slots: layers in several ciphertexts.
TEST(PackedEngine, SplitsLargeLayers) {
  test::Random random(3);
  const Shape image{2, 20, 20};
  const Layer first = convolution(random, image, 3, 3, 1, 1);
  expect_exact(
      network_of(image, 3, {first, make_polynomial(first.out, {0, 0, 1}), dense(random, first.out, 4)}),
      random);
}

TEST(PackedEngine, RandomNetworks) {
  test::Random random(4);
  int compared = 0;
  for (int trial = 0; compared < 6; ++trial) {
    ASSERT_LT(trial, 100) << "too many networks are refused";
    const Network network = test::random_network(random, {1, 6, 6}, 7, 4);
    if (!PackedPlan::create(network, test::default_test_kernels()).ok())
      continue;  // an activation of degree 3
    ++compared;
    expect_exact(network, random);
  }
}

TEST(PackedEngine, SameBitsForAnyNumberOfThreadsAndNoiseBelowItsBound) {
  test::Random random(5);
  const Network network = small_mnist(random);
  auto plan = PackedPlan::create(network, test::default_test_kernels());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  Party party(std::move(plan).value());
  const auto encrypted = party.encrypt(test::random_image(random, network));
  const auto one = party.infer(encrypted, 1), three = party.infer(encrypted, 3),
             again = party.infer(encrypted, 1);
  for (const auto* other : {&three, &again}) {
    ASSERT_EQ(other->size(), one.size());
    for (std::size_t c = 0; c < one.size(); ++c)
      EXPECT_EQ(0, std::memcmp(one[c].component(0), (*other)[c].component(0),
                               one[c].words() * sizeof(std::uint64_t)));
  }
  EXPECT_LE(one[0].noise().log2_sigma, party.params.log2_q(1) - 1 - 3.8);
}

// The whole chain: layers, rotations, squares and dropped primes.
TEST(PackedEngine, MeasuredNoiseIsBelowItsBound) {
  test::Random random(8);
  auto trained = load_model(FCN_SOURCE_DIR "/apps/models/faster_cryptonets.fcn");
  ASSERT_TRUE(trained.ok()) << trained.status().message();
  for (const Network& network : {small_mnist(random), trained.value()}) {
    auto plan = PackedPlan::create(network, test::default_test_kernels());
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    Party party(std::move(plan).value());
    for (int image = 0; image < 2; ++image) {
      const auto answer = party.infer(party.encrypt(test::random_image(random, network)), 2);
      const double measured = log2_rms(noise_of(party.secret, answer[0])),
                   predicted = answer[0].noise().log2_sigma;
      std::printf("  noise of the answer: measured %.2f, predicted %.2f, q/2 %.1f\n", measured, predicted,
                  party.params.log2_q(1) - 1);
      EXPECT_LE(measured,
                predicted + std::log2(1 + 4 / std::sqrt(2.0 * static_cast<double>(party.params.n()))));
      EXPECT_GE(measured, predicted - 8);
    }
  }
}

// From the second run on the memory is what it was: the same places, for results of other images.
TEST(PackedEngine, KeepsItsMemory) {
  test::Random random(9);
  const Network network = small_mnist(random);
  auto plan = PackedPlan::create(network, test::default_test_kernels());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  Party party(std::move(plan).value());
  const auto places = [&] {
    PackedMemory& memory = party.memory;
    std::set<const void*> found = {memory.workspace.words(1).value(), memory.mask_workspace.words(1).value(),
                                   memory.squared->component(0)};
    for (auto* ciphertexts : {&memory.inputs, &memory.values, &memory.sums, &memory.masks})
      for (fv::Ciphertext& c : *ciphertexts) found.insert(c.component(0));
    return found;
  };
  std::set<const void*> known;
  for (int run = 0; run < 4; ++run) {
    const std::vector<std::int64_t> image = test::random_image(random, network);
    const auto answer = party.infer(party.encrypt(image), 1 + run % 2);
    EXPECT_EQ(party.decrypt(answer), plain_run(network, image).value());
    if (run == 2) known = places();
  }
  EXPECT_EQ(places(), known);
}

// All slots but the sums of the outputs' slots are uniform: another seed changes each of them, and no output.
TEST(PackedEngine, BlindsPartialSums) {
  test::Random random(6);
  const Network network = small_mnist(random);
  auto plan = PackedPlan::create(network, test::default_test_kernels());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  Party party(std::move(plan).value());
  ASSERT_GT(party.engine.plan().output_slots().size(), 5u) << "this network was chosen to leave partial sums";
  const auto encrypted = party.encrypt(test::random_image(random, network));
  const auto first = party.infer(encrypted, 1, {1}), second = party.infer(encrypted, 1, {2});
  EXPECT_EQ(party.decrypt(first), party.decrypt(second));
  const auto slots = [&](const fv::Ciphertext& c) {
    fv::Workspace workspace;
    return party.encoder.decode(fv::decrypt(party.secret, c, workspace).value()).value();
  };
  const auto x = slots(first[0]), y = slots(second[0]);
  std::size_t equal = 0, large = 0;
  for (std::size_t s = 0; s < x.size(); ++s) {
    equal += x[s] == y[s];
    large += std::abs(x[s]) > (std::int64_t{1} << 50);
  }
  EXPECT_EQ(equal, 0u);
  EXPECT_GT(large, x.size() * 9 / 10);
}

TEST(PackedEngine, RefusesWhatDoesNotFit) {
  test::Random random(7);
  const Network network = small_mnist(random);
  auto plan = PackedPlan::create(network, test::default_test_kernels());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  Party party(std::move(plan).value());
  auto encrypted = party.encrypt(test::random_image(random, network));
  platform::ThreadPool pool(1);
  std::vector<std::size_t> elements = party.engine.plan().galois_elements();
  const std::size_t missing = elements.back();
  elements.pop_back();
  const auto few = fv::GaloisKeys::generate(party.secret, party.rng, elements).value();
  const auto without = party.engine.infer(encrypted, party.relin, few, {}, party.memory, pool);
  EXPECT_EQ(without.status().code(), StatusCode::kMismatch);
  EXPECT_NE(without.status().message().find(platform::concat("element ", missing, ", the rotation by ")),
            std::string::npos)
      << without.status().message();
  encrypted.pop_back();
  EXPECT_EQ(party.engine.infer(encrypted, party.relin, party.galois, {}, party.memory, pool).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fcn::nn
