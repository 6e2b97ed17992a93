#include "apps/trial.h"

#include <gtest/gtest.h>

#include <cmath>

#include <type_traits>

#include "nn/plain_run.h"
#include "nn/quantize_pixels.h"
#include "support/toy_network.h"

namespace fcn::apps {
namespace {

using platform::StatusCode;
using test::toy_network;

// The server's role can be given bytes and a network, and nothing that decrypts.
static_assert(!std::is_constructible_v<nn::Server, const fv::SecretKey&>);
static_assert(!std::is_copy_constructible_v<nn::Client>);

class RunTrial : public testing::Test {
 protected:
  RunTrial()
      : client_(nn::Client::create(plan().spec()).value()),
        server_(nn::Server::create(plan(), client_.evaluation_keys().value()).value()) {}

  nn::Plan plan() const { return nn::Plan::create(network_, nn::Layout::kPixel).value(); }

  nn::Network network_ = toy_network(5);
  nn::Client client_;
  nn::Server server_;
  platform::ThreadPool pool_{2};
  const std::vector<std::uint8_t> image_{0, 255, 100, 17};
};

TEST_F(RunTrial, EncryptedScoresAreTheIntegerNetworks) {
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

TEST_F(RunTrial, MessagesAreMeasuredAsTheBytesThatTravel) {
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

TEST_F(RunTrial, AnotherNetworkIsNotExact) {
  const auto trial = run_trial(toy_network(6), client_, server_, image_, pool_);
  ASSERT_TRUE(trial.ok()) << trial.status().message();
  EXPECT_FALSE(trial.value().exact);
}

TEST_F(RunTrial, ImagesOfAnotherSizeAreRefused) {
  const auto trial = run_trial(network_, client_, server_, std::vector<std::uint8_t>(5), pool_);
  EXPECT_EQ(trial.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(trial.status().message().find("the image has 5 pixels, the model reads 4"), std::string::npos);
}

TEST_F(RunTrial, DamagedMessagesAreRefusedByTheirReader) {
  const std::vector<std::int64_t> pixels = nn::quantize_pixels(image_, network_.input_max);
  fv::Bytes upload = client_.encrypt(pixels, pool_).value();
  fv::Bytes download = server_.infer(upload, pool_).value();
  fv::Bytes keys = client_.evaluation_keys().value();
  for (fv::Bytes* message : {&upload, &download, &keys}) message->at(message->size() / 2) ^= 1;
  EXPECT_EQ(server_.infer(upload, pool_).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(client_.decrypt(download, pool_).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(nn::Server::create(plan(), keys).status().code(), StatusCode::kCorrupt);
}

TEST(Measure, MedianIsTheMiddle) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({4}), 4);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({9, 1, 5, 3}), 4);
}

TEST(Measure, PercentileIsTheNearestRank) {
  EXPECT_EQ(percentile({}, 99), 0);
  EXPECT_EQ(percentile({7}, 99), 7);
  EXPECT_EQ(percentile({3, 1, 2, 4}, 50), 2);
  EXPECT_EQ(percentile({3, 1, 2, 4}, 51), 3);
  EXPECT_EQ(percentile({3, 1, 2, 4}, 0), 1);
  std::vector<double> hundred;
  for (int i = 100; i > 0; --i) hundred.push_back(i);
  EXPECT_EQ(percentile(hundred, 99), 99);
  EXPECT_EQ(percentile(hundred, 100), 100);
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
