#include "apps/pixel_trial.h"

#include <gtest/gtest.h>

#include <cmath>

#include <type_traits>

#include "nn/plain_run.h"
#include "nn/quantize_pixels.h"

namespace fcn::apps {
namespace {

using platform::StatusCode;

// The server's role can be given bytes and a network, and nothing that decrypts.
static_assert(!std::is_constructible_v<PixelServer, const fv::SecretKey&>);
static_assert(!std::is_copy_constructible_v<PixelClient>);

// 2 x 2 pixels in [0, 15] -> dense 3 -> square -> dense 2.
nn::Network toy_network(std::int64_t last_bias) {
  nn::Network network;
  network.name = "toy";
  network.input = {1, 2, 2};
  network.input_max = 15;
  nn::Layer first = nn::make_dense(network.input, 3);
  first.weights = {1, 0, -4, 2, 0, 0, 0, 8, -1, -1, -1, -1};
  first.bias = {-7, 0, 1};
  const nn::Layer square = nn::make_polynomial(first.out, {0, 0, 1});
  nn::Layer last = nn::make_dense(square.out, 2);
  last.weights = {1, -2, 0, 0, 1, 4};
  last.bias = {0, last_bias};
  network.layers = {first, square, last};
  return network;
}

class PixelTrial : public testing::Test {
 protected:
  PixelTrial()
      : client_(PixelClient::create(plan().params()).value()),
        server_(PixelServer::create(plan(), client_.evaluation_keys()).value()) {}

  nn::PixelPlan plan() const { return nn::smallest_pixel_plan(network_).value(); }

  nn::Network network_ = toy_network(5);
  PixelClient client_;
  PixelServer server_;
  platform::ThreadPool pool_{2};
  const std::vector<std::uint8_t> image_{0, 255, 100, 17};
};

TEST_F(PixelTrial, EncryptedScoresAreTheIntegerNetworks) {
  const auto trial = run_trial(network_, client_, server_, image_, pool_);
  ASSERT_TRUE(trial.ok()) << trial.status().message();
  EXPECT_TRUE(trial.value().exact);
  // By hand: pixels 0 15 6 1 -> -7 - 24 + 2, 8, 1 - 22 -> 841, 64, 441 -> 841 - 128, 64 + 1764 + 5.
  EXPECT_EQ(nn::plain_run(network_, nn::quantize_pixels(image_, 15)).value(),
            (std::vector<std::int64_t>{713, 1833}));
  EXPECT_EQ(trial.value().answer, 1u);
  EXPECT_EQ(trial.value().counts, server_.plan().counts());
  EXPECT_GT(trial.value().encrypt_seconds, 0);
  EXPECT_GT(trial.value().infer_seconds, 0);
  EXPECT_GT(trial.value().decrypt_seconds, 0);
}

TEST_F(PixelTrial, MessagesAreMeasuredAsTheBytesThatTravel) {
  const std::vector<std::int64_t> pixels = nn::quantize_pixels(image_, network_.input_max);
  const auto upload = client_.encrypt(pixels, pool_);
  ASSERT_TRUE(upload.ok());
  const auto download = server_.infer(upload.value(), pool_);
  ASSERT_TRUE(download.ok());
  const auto trial = run_trial(network_, client_, server_, image_, pool_);
  ASSERT_TRUE(trial.ok());
  EXPECT_EQ(trial.value().upload_bytes, upload.value().size());
  EXPECT_EQ(trial.value().download_bytes, download.value().size());
  // 4 polynomials and seeds up, 2 x 2 polynomials down, each with less than a kilobyte around them.
  const auto bits = static_cast<std::size_t>(std::ceil(plan().params().log2_q()));
  const std::size_t polynomial = 2048 * bits / 8;
  EXPECT_GE(upload.value().size(), 4 * polynomial);
  EXPECT_LT(upload.value().size(), 4 * polynomial + 1000);
  EXPECT_GE(download.value().size(), 4 * polynomial);
  EXPECT_LT(download.value().size(), 4 * polynomial + 1000);
}

TEST_F(PixelTrial, AnotherNetworkIsNotExact) {
  const auto trial = run_trial(toy_network(6), client_, server_, image_, pool_);
  ASSERT_TRUE(trial.ok()) << trial.status().message();
  EXPECT_FALSE(trial.value().exact);
}

TEST_F(PixelTrial, ImagesOfAnotherSizeAreRefused) {
  const auto trial = run_trial(network_, client_, server_, std::vector<std::uint8_t>(5), pool_);
  EXPECT_EQ(trial.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(trial.status().message().find("the image has 5 pixels, the model reads 4"), std::string::npos);
}

TEST_F(PixelTrial, DamagedMessagesAreRefusedByTheirReader) {
  const std::vector<std::int64_t> pixels = nn::quantize_pixels(image_, network_.input_max);
  fv::Bytes upload = client_.encrypt(pixels, pool_).value();
  fv::Bytes download = server_.infer(upload, pool_).value();
  fv::Bytes keys = client_.evaluation_keys();
  for (fv::Bytes* message : {&upload, &download, &keys}) message->at(message->size() / 2) ^= 1;
  EXPECT_EQ(server_.infer(upload, pool_).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(client_.decrypt(download, pool_).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(PixelServer::create(plan(), keys).status().code(), StatusCode::kCorrupt);
}

TEST(Measure, MedianIsTheMiddle) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({4}), 4);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({9, 1, 5, 3}), 4);
}

TEST(Measure, SummaryKeepsEveryTime) {
  TrialSummary summary;
  Trial trial;
  trial.exact = true;
  for (const double seconds : {3.0, 1.0, 2.0}) {
    trial.infer_seconds = seconds;
    summary.add(trial);
    trial.exact = false;
  }
  EXPECT_EQ(summary.images, 3u);
  EXPECT_EQ(summary.exact, 1u);
  EXPECT_EQ(median(summary.infer_seconds), 2);
  EXPECT_EQ(summary.last.infer_seconds, 2);
}

TEST(Measure, PeakMemoryIsInBytes) {
  const std::uint64_t before = peak_rss_bytes();
  std::vector<std::uint8_t> block(std::size_t{64} << 20, 1);
  volatile std::uint8_t sink = block[block.size() / 2];
  EXPECT_EQ(sink, 1);
  EXPECT_GT(before, std::uint64_t{1} << 20);
  EXPECT_GE(peak_rss_bytes(), std::uint64_t{64} << 20);
  EXPECT_LT(peak_rss_bytes(), std::uint64_t{1} << 34);
}

}  // namespace
}  // namespace fcn::apps
