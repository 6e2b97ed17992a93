// From drawn digits to an encrypted answer in seconds, without MNIST: train, prune, quantise, encrypt, infer.
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>

#include "apps/demo_images.h"
#include "apps/trial.h"
#include "nn/accuracy.h"
#include "nn/training.h"

namespace fcn::apps {
namespace {

nn::Dataset drawn_digits(std::size_t count, std::uint64_t seed) {
  nn::Dataset set;
  set.height = set.width = 28;
  for (const DemoImage& image : draw_demo_images(count, seed)) {
    set.pixels.insert(set.pixels.end(), image.pixels.begin(), image.pixels.end());
    set.labels.push_back(static_cast<std::uint8_t>(image.label));
  }
  return set;
}

TEST(DrawnTraining, FromDrawnDigitsToAnEncryptedAnswer) {
  const nn::Layer conv = nn::make_conv2d({1, 28, 28}, 2, 5, 3, 1), hidden = nn::make_dense(conv.out, 24);
  nn::TrainOptions options;
  options.held_out = 64;
  options.layers = {{.keep = 0.8f, .levels = 3}, {.keep = 0.2f, .levels = 3}, {.keep = 0.7f, .levels = 3}};
  options.stages = {
      {.name = "dense", .epochs = 30, .rate_begin = 5e-3f, .rate_end = 1e-3f},
      {.name = "prune", .epochs = 10, .rate_begin = 3e-3f, .rate_end = 1e-3f, .prune = true, .distill = 0.5f},
      {.name = "quantize",
       .epochs = 10,
       .rate_begin = 2e-3f,
       .rate_end = 1e-4f,
       .fix = 1,
       .straight_through = true}};
  const auto model = nn::train_network("drawn digits",
                                       {conv, nn::make_polynomial(conv.out, {}), hidden,
                                        nn::make_polynomial(hidden.out, {}), nn::make_dense(hidden.out, 10)},
                                       drawn_digits(576, 1), options);
  ASSERT_TRUE(model.ok()) << model.status().message();
  const nn::Network& network = model->network;
  for (const nn::Layer& layer : network.layers) {
    for (const std::int64_t weight : layer.weights)
      EXPECT_TRUE(weight == 0 || std::has_single_bit(static_cast<std::uint64_t>(std::abs(weight)))) << weight;
  }

  const nn::Dataset fresh = drawn_digits(200, 1000);
  platform::ThreadPool pool(1);
  const auto correct = nn::count_correct(network, fresh, 0, fresh.count(), pool);
  ASSERT_TRUE(correct.ok()) << correct.status().message();
  EXPECT_GE(correct.value(), 180u);

  const auto plan = nn::Plan::create(network, nn::Layout::kPixel);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  auto client = nn::Client::create(plan->spec());
  ASSERT_TRUE(client.ok()) << client.status().message();
  const auto keys = client->evaluation_keys();
  ASSERT_TRUE(keys.ok()) << keys.status().message();
  const auto server = nn::Server::create(plan.value(), keys.value());
  ASSERT_TRUE(server.ok()) << server.status().message();
  const auto trial = run_trial(network, client.value(), server.value(), fresh.image(0), pool);
  ASSERT_TRUE(trial.ok()) << trial.status().message();
  EXPECT_TRUE(trial->exact);
}

}  // namespace
}  // namespace fcn::apps
