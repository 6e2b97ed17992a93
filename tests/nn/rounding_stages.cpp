// Encrypted runs inside programs that round in another direction, flush subnormals or trap exceptions, at every stage:
// all scores are right, the model is read as it was written, and the mode is afterwards what it was.
#include <gtest/gtest.h>

#include <algorithm>

#include "nn/client.h"
#include "nn/fcn.h"
#include "nn/model_file.h"
#include "nn/plain_run.h"
#include "nn/server.h"
#include "support/kernels_under_test.h"
#include "support/random_network.h"
#include "support/rounding_modes.h"

namespace fcn::nn {
namespace {

using test::Rounding;

// 9 inputs, two squares' worth of layers; its scale has no short binary form.
Network small_network() {
  test::Random random(5);
  Network network;
  do {
    network = test::random_network(random, {1, 3, 3}, 15, 3);
  } while (!Plan::create(network, Layout::kPixel).ok() || !Plan::create(network, Layout::kPacked).ok());
  network.output_scale = 0.1;
  return network;
}

enum Stage { kModel, kPlan, kClient, kServer, kDecrypt, kAll };
const char* const kStages[] = {"model", "plan", "client", "server", "decrypt", "all"};

struct Outcome {
  std::vector<std::uint8_t> model;
  double output_scale = 0;
  std::size_t request_size = 0;
  std::vector<std::int64_t> scores;
  bool operator==(const Outcome&) const = default;
};

// One run through the C interface, of which one stage happens in the mode.
Outcome run_c(const std::string& text, fcn_layout layout, const std::vector<std::int64_t>& image,
              unsigned threads, Rounding mode, Stage stage) {
  Outcome outcome;
  std::vector<std::uint8_t> spec, key, keys, request, answer;
  const auto at = [&](Stage here, auto body) {
    fcn_status status{};
    if (stage == here || stage == kAll) {
      test::run_in(mode, [&] { status = body(); });
    } else {
      status = body();
    }
    EXPECT_EQ(status.code, FCN_OK) << status.message << ": " << kStages[here];
  };
  const auto keep = [](fcn_bytes& bytes, std::vector<std::uint8_t>& copy) {
    copy.assign(bytes.data, bytes.data + bytes.size);
    fcn_bytes_free(&bytes);
  };
  fcn_model* model = nullptr;
  fcn_plan* plan = nullptr;
  fcn_client* client = nullptr;
  fcn_server* server = nullptr;
  fcn_bytes bytes{};
  at(kModel, [&] { return fcn_model_load(text.data(), text.size(), &model); });
  at(kModel, [&] { return fcn_model_save(model, nullptr, &bytes); });
  keep(bytes, outcome.model);
  at(kPlan, [&] { return fcn_plan_create(model, layout, &plan); });
  at(kPlan, [&] { return fcn_plan_spec(plan, nullptr, &bytes); });
  keep(bytes, spec);
  at(kClient, [&] { return fcn_client_create(spec.data(), spec.size(), nullptr, &client); });
  at(kClient, [&] { return fcn_client_save(client, nullptr, &bytes); });
  keep(bytes, key);
  fcn_client_free(client);
  at(kClient, [&] { return fcn_client_load(key.data(), key.size(), nullptr, &client); });
  at(kClient, [&] { return fcn_client_evaluation_keys(client, nullptr, &bytes); });
  keep(bytes, keys);
  at(kServer, [&] { return fcn_server_create(plan, keys.data(), keys.size(), &server); });
  at(kClient,
     [&] { return fcn_client_encrypt(client, image.data(), image.size(), threads, nullptr, &bytes); });
  keep(bytes, request);
  at(kServer,
     [&] { return fcn_server_infer(server, request.data(), request.size(), threads, nullptr, &bytes); });
  keep(bytes, answer);
  const fcn_info info = fcn_plan_info(plan);
  outcome.output_scale = info.output_scale;
  outcome.request_size = info.request_size;
  outcome.scores.resize(info.outputs);
  at(kDecrypt, [&] {
    return fcn_client_decrypt(client, answer.data(), answer.size(), outcome.scores.data(),
                              outcome.scores.size());
  });
  fcn_server_free(server);
  fcn_client_free(client);
  fcn_plan_free(plan);
  fcn_model_free(model);
  return outcome;
}

void expect_right_in_c(fcn_layout layout) {
  const Network network = small_network();
  const std::string text = format_model(network);
  test::Random random(6);
  const std::vector<std::int64_t> image = test::random_image(random, network);
  const std::vector<std::int64_t> scores = plain_run(network, image).value();
  const Outcome nearest = run_c(text, layout, image, 1, Rounding::kNearest, kAll);
  ASSERT_EQ(nearest.scores, scores);
  for (const Rounding mode : test::roundings()) {
    for (const Stage stage : {kModel, kPlan, kClient, kServer, kDecrypt, kAll}) {
      for (const unsigned threads : {1u, 2u}) {
        SCOPED_TRACE(std::string(test::name_of(mode)) + " at stage " + kStages[stage] + ", threads " +
                     std::to_string(threads));
        EXPECT_TRUE(run_c(text, layout, image, threads, mode, stage) == nearest);
      }
    }
  }
}

TEST(RoundingStages, PixelLayoutInC) {
  expect_right_in_c(FCN_LAYOUT_PIXEL);
}
TEST(RoundingStages, PackedLayoutInC) {
  expect_right_in_c(FCN_LAYOUT_PACKED);
}

// The roles in C++, with every table of kernels.
class RoundingRoles : public test::KernelTest {};

TEST_P(RoundingRoles, GiveTheRightScores) {
  const Network network = small_network();
  test::Random random(6);
  const std::vector<std::int64_t> image = test::random_image(random, network);
  const std::vector<std::int64_t> scores = plain_run(network, image).value();
  for (const Layout layout : {Layout::kPixel, Layout::kPacked}) {
    for (const Rounding mode : test::roundings()) {
      for (const std::size_t threads : {1, 2}) {
        std::vector<std::int64_t> found;
        std::vector<WideInteger> wide;
        test::run_in(mode, [&] {
          platform::ThreadPool pool(threads);
          const Plan plan = Plan::create(network, layout, kernels()).value();
          Client client =
              Client::create(deserialize_client_spec(serialize(plan.spec()), kernels()).value()).value();
          const Server server = Server::create(plan, client.evaluation_keys().value()).value();
          const fv::Bytes answer = server.infer(client.encrypt(image, pool).value(), pool).value();
          const auto key = serialize_client_key(client).value();
          const Client again = deserialize_client_key({key.data(), key.size()}, {}, kernels()).value();
          found = again.decrypt_for(request_id(answer).value(), answer, pool).value();
          wide = client.decrypt_wide(answer, pool).value();
        });
        EXPECT_EQ(found, scores) << test::name_of(mode) << ", threads " << threads;
        EXPECT_TRUE(std::equal(wide.begin(), wide.end(), scores.begin(), scores.end()))
            << test::name_of(mode) << ", threads " << threads;
      }
    }
  }
}

FCN_ON_ALL_KERNELS(RoundingRoles);

}  // namespace
}  // namespace fcn::nn
