// Answers computed in doubles are those of exact integers, also where scores are equal or next to it.
#include "nn/exact_classifier.h"

#include <gtest/gtest.h>

#include "nn/plain_run.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;

void expect_exact(const Network& network, const std::vector<std::vector<std::int64_t>>& images,
                  std::size_t threads, std::size_t* exact_runs = nullptr) {
  std::vector<std::int64_t> pixels;
  for (const auto& image : images) pixels.insert(pixels.end(), image.begin(), image.end());
  const auto classifier = ExactClassifier::create(network);
  ASSERT_TRUE(classifier.ok()) << classifier.status().message();
  platform::ThreadPool pool(threads);
  std::vector<std::size_t> answers(images.size());
  const auto status = classifier.value().classify(pixels, answers, pool, exact_runs);
  ASSERT_TRUE(status.ok()) << status.message();
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto scores = plain_run_wide(network, images[i]);
    ASSERT_TRUE(scores.ok()) << scores.status().message();
    ASSERT_EQ(answers[i], argmax(scores.value())) << "image " << i;
  }
}

TEST(ExactClassifier, AgreesOnRandomNetworksAndCounts) {
  test::Random random(1);
  for (int trial = 0; trial < 60; ++trial) {
    const Network network = test::random_network(random, {2, 5, 4}, 7, 5);
    std::vector<std::vector<std::int64_t>> images;
    for (std::int64_t left = test::pick(random, 1, 40); left > 0; --left)
      images.push_back(test::random_image(random, network));
    expect_exact(network, images, static_cast<std::size_t>(test::pick(random, 1, 3)));
  }
}

// pixel -> (2^20 pixel + 1)^2 -> four times over; two outputs that differ in the last bit of 160.
Network deep_network(std::int64_t difference) {
  Network network;
  network.name = "deep";
  network.input = {1, 1, 1};
  network.input_max = 3;
  for (int i = 0; i < 2; ++i) {
    Layer layer = make_dense({1, 1, 1}, 1);
    layer.weights = {1 << 20};
    layer.bias = {1};
    network.layers.push_back(layer);
    network.layers.push_back(make_polynomial({1, 1, 1}, {0, 0, 1}));
  }
  Layer last = make_dense({1, 1, 1}, 3);
  last.weights = {1 << 20, 1 << 20, 1};
  last.bias = {0, difference, 0};
  network.layers.push_back(last);
  return network;
}

TEST(ExactClassifier, ScoresThatDoublesCannotTellApartAreRunExactly) {
  const std::vector<std::vector<std::int64_t>> images = {{0}, {1}, {2}, {3}, {3}};
  for (const std::int64_t difference : {-1, 0, 1}) {
    std::size_t exact_runs = 0;
    expect_exact(deep_network(difference), images, 1, &exact_runs);
    EXPECT_EQ(exact_runs, images.size());
  }
  Network network = deep_network(0);
  network.layers.back().weights = {1, 1 << 20, 5};
  std::size_t exact_runs = 9;
  expect_exact(network, {{1}, {2}, {3}}, 1, &exact_runs);  // far apart
  EXPECT_EQ(exact_runs, 0u);
}

TEST(ExactClassifier, RefusesPixelsThatTheNetworkDoesNotRead) {
  const auto classifier = ExactClassifier::create(deep_network(0));
  ASSERT_TRUE(classifier.ok());
  platform::ThreadPool pool(1);
  std::vector<std::size_t> answers(2);
  auto status = classifier.value().classify(std::vector<std::int64_t>{1, 2, 3}, answers, pool);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("3 pixels where 2 images of 1 pixels belong"), std::string::npos);
  status = classifier.value().classify(std::vector<std::int64_t>{1, 4}, answers, pool);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("image 1, pixel 0 = 4 is not in [0, 3]"), std::string::npos);
}

}  // namespace
}  // namespace fcn::nn
