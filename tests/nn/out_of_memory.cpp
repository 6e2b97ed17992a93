// Every allocation of an encrypted run through the C interface fails once, in whichever thread it happens: the run ends
// with FCN_OUT_OF_MEMORY, or right scores where the library can do without, and everything can be used again.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nn/fcn.h"
#include "nn/model_file.h"
#include "nn/plain_run.h"
#include "support/failing_allocations.h"
#include "support/toy_network.h"

namespace fcn::nn {
namespace {

// The handles and bytes of one run; what is there is freed.
struct WholeRun {
  fcn_model* model = nullptr;
  fcn_plan* plan = nullptr;
  fcn_client* client = nullptr;
  fcn_server* server = nullptr;
  fcn_bytes spec{}, key{}, keys{}, request{}, answer{};
  std::int64_t scores[2] = {};

  WholeRun() = default;
  WholeRun(const WholeRun&) = delete;
  WholeRun& operator=(const WholeRun&) = delete;
  ~WholeRun() {
    for (fcn_bytes* bytes : {&spec, &key, &keys, &request, &answer}) fcn_bytes_free(bytes);
    fcn_server_free(server);
    fcn_client_free(client);
    fcn_plan_free(plan);
    fcn_model_free(model);
  }

  // The first status that is not FCN_OK, or the last.
  fcn_status make_plan(const std::string& text, fcn_layout layout) {
    fcn_status status = fcn_model_load(text.data(), text.size(), &model);
    if (status.code == FCN_OK) status = fcn_plan_create(model, layout, &plan);
    if (status.code == FCN_OK) status = fcn_plan_spec(plan, nullptr, &spec);
    return status;
  }
  fcn_status make_roles(const WholeRun& planned) {
    fcn_status status = fcn_client_create(planned.spec.data, planned.spec.size, nullptr, &client);
    if (status.code == FCN_OK) status = fcn_client_evaluation_keys(client, nullptr, &keys);
    if (status.code == FCN_OK) status = fcn_client_save(client, nullptr, &key);
    if (status.code == FCN_OK) status = fcn_server_create(planned.plan, keys.data, keys.size, &server);
    return status;
  }
  fcn_status infer(const std::vector<std::int64_t>& image, unsigned threads) {
    fcn_bytes_free(&request);
    fcn_bytes_free(&answer);
    scores[0] = scores[1] = 0;
    fcn_status status = fcn_client_encrypt(client, image.data(), image.size(), threads, nullptr, &request);
    if (status.code == FCN_OK)
      status = fcn_server_infer(server, request.data, request.size, threads, nullptr, &answer);
    if (status.code == FCN_OK) status = fcn_client_decrypt(client, answer.data, answer.size, scores, 2);
    return status;
  }
};

class OutOfMemory : public testing::TestWithParam<std::tuple<fcn_layout, unsigned>> {
 protected:
  fcn_layout layout() const { return std::get<0>(GetParam()); }
  unsigned threads() const { return std::get<1>(GetParam()); }

  void expect_right(const WholeRun& run) const {
    EXPECT_EQ(run.scores[0], right_[0]);
    EXPECT_EQ(run.scores[1], right_[1]);
  }

  // body() for every number of an allocation that fails, or with every step-th, until it needs fewer; returns how many.
  // after(succeeded).
  template <class Body, class After>
  std::size_t fail_each(const Body& body, const After& after, std::size_t step = 1) const {
    for (std::size_t number = 0;; number += step) {
      test::FailingAllocation failing(number);
      const fcn_status status = body();
      failing.disarm();
      EXPECT_TRUE(status.code == FCN_OUT_OF_MEMORY || status.code == FCN_OK)
          << "allocation " << number << ": code " << status.code << ", " << status.message;
      after(status.code == FCN_OK);
      if (!failing.failed()) {
        EXPECT_EQ(status.code, FCN_OK) << status.message;
        return number;
      }
      if (testing::Test::HasFailure()) return number;
    }
  }

  const Network network_ = test::toy_network();
  const std::string text_ = format_model(network_);
  const std::vector<std::int64_t> image_{0, 1, 4, 9};
  const std::vector<std::int64_t> right_ = plain_run(network_, image_).value();
};

TEST_P(OutOfMemory, InEveryAllocationOfARun) {
  WholeRun planned;
  ASSERT_EQ(planned.make_plan(text_, layout()).code, FCN_OK);
  const std::size_t count = fail_each(
      [&] {
        WholeRun run;
        fcn_status status = run.make_roles(planned);
        if (status.code == FCN_OK) status = run.infer(image_, threads());
        if (status.code == FCN_OK) expect_right(run);
        return status;
      },
      [](bool) {});
  EXPECT_GT(count, 100u);
  RecordProperty("allocations", static_cast<int>(count));
}

// The same handles serve before and after.
TEST_P(OutOfMemory, InEveryAllocationOfAnInference) {
  WholeRun run, planned;
  ASSERT_EQ(planned.make_plan(text_, layout()).code, FCN_OK);
  ASSERT_EQ(run.make_roles(planned).code, FCN_OK);
  const std::size_t count = fail_each([&] { return run.infer(image_, threads()); },
                                      [&](bool succeeded) {
                                        if (succeeded) expect_right(run);
                                        EXPECT_EQ(run.infer(image_, threads()).code, FCN_OK);
                                        expect_right(run);
                                      });
  EXPECT_GT(count, 20u);
  RecordProperty("allocations", static_cast<int>(count));
}

// By one thread.
class OutOfMemoryPlan : public OutOfMemory {};
TEST_P(OutOfMemoryPlan, InEveryAllocation) {
  const std::size_t count = fail_each(
      [&] {
        WholeRun run;
        return run.make_plan(text_, layout());
      },
      [](bool) {}, layout() == FCN_LAYOUT_PIXEL ? 3 : 41);  // of some 1,200 and 17,500: for time
  EXPECT_GT(count, 100u);
  RecordProperty("allocations", static_cast<int>(count));
}

std::string name_of(const testing::TestParamInfo<std::tuple<fcn_layout, unsigned>>& test) {
  return std::string(std::get<0>(test.param) == FCN_LAYOUT_PIXEL ? "pixel_" : "packed_") +
         std::to_string(std::get<1>(test.param));
}
const auto kLayouts = testing::Values(FCN_LAYOUT_PIXEL, FCN_LAYOUT_PACKED);
INSTANTIATE_TEST_SUITE_P(Layouts, OutOfMemory, testing::Combine(kLayouts, testing::Values(1u, 2u)), name_of);
INSTANTIATE_TEST_SUITE_P(Layouts, OutOfMemoryPlan, testing::Combine(kLayouts, testing::Values(1u)), name_of);

}  // namespace
}  // namespace fcn::nn
