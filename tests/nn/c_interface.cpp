// The C interface: what it adds to the roles it stands on. tests/package runs it from C.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "nn/fcn.h"
#include "nn/model_file.h"
#include "support/toy_network.h"

namespace fcn::nn {
namespace {

void ok(const fcn_status& status) {
  ASSERT_EQ(status.code, FCN_OK) << status.message;
  EXPECT_STREQ(status.message, "");
}
void refused(const fcn_status& status, fcn_code code, const std::string& part) {
  EXPECT_EQ(status.code, code);
  EXPECT_NE(std::string(status.message).find(part), std::string::npos) << status.message;
}

// Counts what goes through it; gives at most `left` bytes.
struct Counter {
  std::size_t live = 0, calls = 0, left = ~std::size_t{0};
  fcn_allocator allocator() {
    return {[](void* user, size_t size) -> void* {
              auto& counter = *static_cast<Counter*>(user);
              ++counter.calls;
              if (size > counter.left) return nullptr;
              counter.live += size;
              return std::malloc(size);
            },
            [](void* user, void* memory, size_t size) {
              for (size_t i = 0; i < size; ++i) EXPECT_EQ(static_cast<const std::uint8_t*>(memory)[i], 0);
              static_cast<Counter*>(user)->live -= size;
              std::free(memory);
            },
            this};
  }
};

// Bytes 0, 1, 2, ...; fails when broken.
struct CountingRandom {
  std::uint8_t next = 0;
  std::size_t drawn = 0;
  bool broken = false;
  fcn_random random() {
    return {[](void* user, std::uint8_t* out, size_t size) {
              auto& self = *static_cast<CountingRandom*>(user);
              if (self.broken) return 1;
              for (size_t i = 0; i < size; ++i) out[i] = self.next++;
              self.drawn += size;
              return 0;
            },
            this};
  }
};

std::vector<std::uint8_t> copy(const fcn_bytes& bytes) {
  return {bytes.data, bytes.data + bytes.size};
}

class CInterface : public testing::Test {
 protected:
  void SetUp() override {
    ok(fcn_model_load(text_.data(), text_.size(), &model_));
    ok(fcn_plan_create(model_, FCN_LAYOUT_PIXEL, &plan_));
    ok(fcn_plan_spec(plan_, nullptr, &spec_));
  }
  void TearDown() override {
    fcn_bytes_free(&spec_);
    fcn_plan_free(plan_);
    fcn_model_free(model_);
  }
  fcn_client* new_client(std::uint8_t first = 0) {
    CountingRandom& source = sources_.emplace_back(CountingRandom{first});
    const fcn_random random = source.random();
    fcn_client* client = nullptr;
    ok(fcn_client_create(spec_.data, spec_.size, &random, &client));
    EXPECT_EQ(source.drawn, 32u);
    return client;
  }

  const std::string text_ = format_model(test::toy_network());
  const std::vector<std::int64_t> image_{0, 1, 4, 9};
  std::deque<CountingRandom> sources_;  // outlive the clients
  fcn_model* model_ = nullptr;
  fcn_plan* plan_ = nullptr;
  fcn_bytes spec_{};
};

TEST_F(CInterface, AWholeRunThroughOneAllocator) {
  Counter counter;
  const fcn_allocator own = counter.allocator();
  fcn_client* client = new_client();
  fcn_server* server = nullptr;
  fcn_bytes keys{}, request{}, answer{}, saved{}, text{};
  ok(fcn_client_evaluation_keys(client, &own, &keys));
  ok(fcn_client_encrypt(client, image_.data(), image_.size(), 2, &own, &request));
  ok(fcn_server_create(plan_, keys.data, keys.size, &server));
  ok(fcn_server_infer(server, request.data, request.size, 2, &own, &answer));
  const fcn_info info = fcn_client_info(client);
  EXPECT_EQ(info.layout, FCN_LAYOUT_PIXEL);
  EXPECT_EQ(info.inputs, 4u);
  EXPECT_EQ(info.input_max, 15);
  EXPECT_EQ(info.outputs, 2u);
  EXPECT_EQ(keys.size, info.evaluation_keys_size);
  EXPECT_EQ(request.size, info.request_size);
  EXPECT_LE(answer.size, info.answer_size_max);
  // By hand: the dense layer gives -5 72 -13, squares 25 5184 169.
  std::int64_t scores[2] = {}, plain[2] = {};
  ok(fcn_client_decrypt(client, answer.data, answer.size, scores, 2));
  EXPECT_EQ(scores[0], -10343);
  EXPECT_EQ(scores[1], 5865);
  ok(fcn_model_run(model_, image_.data(), image_.size(), plain, 2));
  EXPECT_EQ(plain[0], scores[0]);
  EXPECT_EQ(plain[1], scores[1]);
  // Everything can be saved; a loaded client decrypts what the first one asked for.
  ok(fcn_client_save(client, &own, &saved));
  ok(fcn_model_save(model_, &own, &text));
  EXPECT_EQ(std::string(text.data, text.data + text.size), text_);
  fcn_client_free(client);
  ok(fcn_client_load(saved.data, saved.size, nullptr, &client));
  scores[0] = scores[1] = 0;
  refused(fcn_client_decrypt(client, answer.data, answer.size, scores, 2), FCN_MISMATCH,
          "an answer to another request");
  EXPECT_EQ(scores[1], 0);
  ok(fcn_client_decrypt_for(client, request.data, FCN_REQUEST_HEADER_SIZE, answer.data, answer.size, scores,
                            2));
  EXPECT_EQ(scores[1], 5865);
  EXPECT_EQ(counter.calls, 5u);
  EXPECT_EQ(counter.live, keys.size + request.size + answer.size + saved.size + text.size);
  for (fcn_bytes* bytes : {&keys, &request, &answer, &saved, &text}) fcn_bytes_free(bytes);
  EXPECT_EQ(counter.live, 0u);
  EXPECT_EQ(keys.data, nullptr);
  fcn_bytes_free(&keys);  // nothing
  fcn_bytes_free(nullptr);
  fcn_server_free(server);
  fcn_client_free(client);
}

TEST_F(CInterface, TheRandomSourceDecidesEverything) {
  fcn_client *one = new_client(), *same = new_client(), *other = new_client(1);
  fcn_bytes a{}, b{}, c{};
  ok(fcn_client_encrypt(one, image_.data(), 4, 1, nullptr, &a));
  ok(fcn_client_encrypt(same, image_.data(), 4, 1, nullptr, &b));
  ok(fcn_client_encrypt(other, image_.data(), 4, 1, nullptr, &c));
  EXPECT_EQ(copy(a), copy(b));
  EXPECT_NE(copy(a), copy(c));
  for (fcn_bytes* bytes : {&a, &b, &c}) fcn_bytes_free(bytes);
  for (fcn_client* client : {one, same, other}) fcn_client_free(client);
  CountingRandom broken;
  broken.broken = true;
  const fcn_random random = broken.random();
  fcn_client* client = nullptr;
  refused(fcn_client_create(spec_.data, spec_.size, &random, &client), FCN_UNAVAILABLE, "random source");
  EXPECT_EQ(client, nullptr);
}

TEST_F(CInterface, GreyValuesAreQuantized) {
  fcn_client *one = new_client(), *same = new_client();
  const std::uint8_t grey[4] = {0, 17, 68, 153};  // times 15 / 255: the image
  fcn_bytes a{}, b{};
  ok(fcn_client_encrypt(one, image_.data(), 4, 1, nullptr, &a));
  ok(fcn_client_encrypt_pixels(same, grey, 4, 1, nullptr, &b));
  EXPECT_EQ(copy(a), copy(b));
  for (fcn_bytes* bytes : {&a, &b}) fcn_bytes_free(bytes);
  for (fcn_client* client : {one, same}) fcn_client_free(client);
}

TEST_F(CInterface, StreamsCarryTheSameBytes) {
  fcn_client *one = new_client(), *same = new_client();
  fcn_bytes request{};
  ok(fcn_client_encrypt(one, image_.data(), 4, 1, nullptr, &request));
  std::vector<std::uint8_t> space(fcn_client_workspace_size(same)), streamed;
  const fcn_sink sink = {[](void* user, const std::uint8_t* data, size_t size) {
                           auto& out = *static_cast<std::vector<std::uint8_t>*>(user);
                           out.insert(out.end(), data, data + size);
                           return 0;
                         },
                         &streamed};
  ok(fcn_client_write_request(same, image_.data(), 4, space.data(), space.size(), sink));
  EXPECT_EQ(streamed, copy(request));
  refused(fcn_client_write_request(same, image_.data(), 4, space.data(), 10, sink), FCN_INVALID_ARGUMENT,
          "10 bytes");
  refused(fcn_client_write_request(same, image_.data(), 4, nullptr, 1 << 20, sink), FCN_INVALID_ARGUMENT,
          "0 bytes");
  fcn_bytes_free(&request);
  for (fcn_client* client : {one, same}) fcn_client_free(client);
}

TEST_F(CInterface, ErrorsNameTheirCauseAndChangeNothing) {
  fcn_client *alice = new_client(), *bob = new_client(7);
  fcn_server* server = nullptr;
  fcn_model* model = nullptr;
  fcn_plan* plan = nullptr;
  fcn_bytes keys{}, request{}, out{};
  ok(fcn_client_evaluation_keys(alice, nullptr, &keys));
  ok(fcn_client_encrypt(bob, image_.data(), 4, 1, nullptr, &request));
  ok(fcn_server_create(plan_, keys.data, keys.size, &server));
  refused(fcn_server_infer(server, request.data, request.size, 1, nullptr, &out), FCN_MISMATCH,
          "another key");
  refused(fcn_server_infer(server, keys.data, keys.size, 1, nullptr, &out), FCN_CORRUPT, "not a request");
  refused(fcn_server_infer(server, nullptr, 5, 1, nullptr, &out), FCN_INVALID_ARGUMENT, "request is null");
  refused(fcn_server_infer(nullptr, keys.data, keys.size, 1, nullptr, &out), FCN_INVALID_ARGUMENT,
          "server is null");
  refused(fcn_model_load_file("/nonexistent/model", &model), FCN_UNAVAILABLE, "/nonexistent/model");
  refused(fcn_model_load("nonsense", 8, &model), FCN_CORRUPT, "line 1");
  refused(fcn_plan_create(model_, static_cast<fcn_layout>(3), &plan), FCN_INVALID_ARGUMENT, "layout 3");
  refused(fcn_client_encrypt(alice, image_.data(), 3, 1, nullptr, &out), FCN_INVALID_ARGUMENT, "4 inputs");
  std::int64_t scores[3] = {7, 7, 7};
  refused(fcn_client_decrypt(alice, request.data, request.size, scores, 2), FCN_CORRUPT, "not an answer");
  refused(fcn_model_run(model_, image_.data(), 4, scores, 3), FCN_INVALID_ARGUMENT, "3 scores");
  EXPECT_EQ(scores[0], 7);
  Counter small;
  small.left = 100;
  const fcn_allocator allocator = small.allocator();
  refused(fcn_client_save(alice, &allocator, &out), FCN_OUT_OF_MEMORY, "bytes");
  EXPECT_EQ(out.data, nullptr);
  EXPECT_EQ(model, nullptr);
  EXPECT_EQ(plan, nullptr);
  // A message longer than an fcn_status is cut.
  const std::string long_path(1000, 'x');
  const fcn_status status = fcn_model_load_file(long_path.c_str(), &model);
  EXPECT_EQ(std::strlen(status.message), sizeof status.message - 1);
  for (fcn_bytes* bytes : {&keys, &request}) fcn_bytes_free(bytes);
  fcn_server_free(server);
  for (fcn_client* client : {alice, bob}) fcn_client_free(client);
}

TEST_F(CInterface, NullFunctionsOfCallbacksAreNamed) {
  fcn_client* client = new_client();
  fcn_server* server = nullptr;
  fcn_bytes keys{}, request{}, out{};
  ok(fcn_client_evaluation_keys(client, nullptr, &keys));
  ok(fcn_client_encrypt(client, image_.data(), 4, 1, nullptr, &request));
  ok(fcn_server_create(plan_, keys.data, keys.size, &server));
  Counter counter;
  fcn_allocator no_allocate = counter.allocator(), no_release = no_allocate;
  no_allocate.allocate = nullptr;
  no_release.release = nullptr;
  const std::uint8_t grey[4] = {};
  for (const auto& [allocator, name] : {std::pair(&no_allocate, "allocate"), {&no_release, "release"}}) {
    const fcn_status all[] = {fcn_model_save(model_, allocator, &out),
                              fcn_plan_spec(plan_, allocator, &out),
                              fcn_client_save(client, allocator, &out),
                              fcn_client_evaluation_keys(client, allocator, &out),
                              fcn_client_encrypt(client, image_.data(), 4, 1, allocator, &out),
                              fcn_client_encrypt_pixels(client, grey, 4, 1, allocator, &out),
                              fcn_server_infer(server, request.data, request.size, 1, allocator, &out)};
    for (const fcn_status& status : all)
      refused(status, FCN_INVALID_ARGUMENT, std::string("allocator->") + name + " is null");
  }
  EXPECT_EQ(out.data, nullptr);
  EXPECT_EQ(counter.calls, 0u);
  const fcn_random random{};
  fcn_client* other = nullptr;
  refused(fcn_client_create(spec_.data, spec_.size, &random, &other), FCN_INVALID_ARGUMENT,
          "random->fill is null");
  refused(fcn_client_load(spec_.data, spec_.size, &random, &other), FCN_INVALID_ARGUMENT,
          "random->fill is null");
  std::vector<std::uint8_t> space(fcn_client_workspace_size(client));
  std::int64_t scores[2] = {};
  refused(fcn_client_write_evaluation_keys(client, space.data(), space.size(), {}), FCN_INVALID_ARGUMENT,
          "sink.write is null");
  refused(fcn_client_write_request(client, image_.data(), 4, space.data(), space.size(), {}),
          FCN_INVALID_ARGUMENT, "sink.write is null");
  refused(fcn_client_read_answer(client, {}, space.data(), space.size(), scores, 2), FCN_INVALID_ARGUMENT,
          "source.read is null");
  for (fcn_bytes* bytes : {&keys, &request}) fcn_bytes_free(bytes);
  fcn_server_free(server);
  fcn_client_free(client);
}

TEST_F(CInterface, AnswersBelongToRequests) {
  fcn_client* client = new_client();
  fcn_server* server = nullptr;
  fcn_bytes keys{}, first{}, second{}, answer{};
  const std::int64_t other[4] = {9, 4, 1, 0};
  ok(fcn_client_evaluation_keys(client, nullptr, &keys));
  ok(fcn_server_create(plan_, keys.data, keys.size, &server));
  ok(fcn_client_encrypt(client, image_.data(), 4, 1, nullptr, &first));
  ok(fcn_client_encrypt(client, other, 4, 1, nullptr, &second));
  ok(fcn_server_infer(server, first.data, first.size, 1, nullptr, &answer));
  std::int64_t scores[2] = {7, 7};
  refused(fcn_client_decrypt_for(client, second.data, second.size, answer.data, answer.size, scores, 2),
          FCN_MISMATCH, "an answer to another request: its request id is ");
  refused(fcn_client_decrypt_for(client, answer.data, 10, answer.data, answer.size, scores, 2), FCN_CORRUPT,
          "");
  refused(fcn_client_decrypt_for(client, keys.data, keys.size, answer.data, answer.size, scores, 2),
          FCN_CORRUPT, "this is evaluation keys, neither a request nor");
  refused(fcn_client_decrypt_for(client, nullptr, 9, answer.data, answer.size, scores, 2),
          FCN_INVALID_ARGUMENT, "request is null");
  EXPECT_EQ(scores[0], 7);
  ok(fcn_client_decrypt(client, answer.data, answer.size, scores, 2));
  EXPECT_EQ(scores[1], 5865);
  refused(fcn_client_decrypt(client, answer.data, answer.size, scores, 2), FCN_MISMATCH,
          "one that has its answer: none of the 1 requests");
  // A stream of the same bytes.
  std::vector<std::uint8_t> space(fcn_client_workspace_size(client));
  std::span<const std::uint8_t> left(answer.data, answer.size);
  const fcn_source source = {[](void* user, std::uint8_t* out, size_t size) {
                               auto& bytes = *static_cast<std::span<const std::uint8_t>*>(user);
                               if (bytes.size() < size) return 1;
                               std::memcpy(out, bytes.data(), size);
                               bytes = bytes.subspan(size);
                               return 0;
                             },
                             &left};
  refused(fcn_client_read_answer(client, source, space.data(), space.size(), scores, 2), FCN_MISMATCH,
          "an answer");
  left = {answer.data, answer.size};
  ok(fcn_client_read_answer_for(client, first.data, first.size, source, space.data(), space.size(), scores,
                                2));
  EXPECT_EQ(scores[1], 5865);
  for (fcn_bytes* bytes : {&keys, &first, &second, &answer}) fcn_bytes_free(bytes);
  fcn_server_free(server);
  fcn_client_free(client);
}

TEST_F(CInterface, CountsAreCheckedBeforeInputsAreRead) {
  fcn_client* client = new_client();
  fcn_bytes out{};
  std::int64_t scores[2] = {};
  const std::uint8_t grey[4] = {};
  for (const std::size_t count : {std::size_t{3}, SIZE_MAX / 16, SIZE_MAX}) {
    const std::string part = "4 inputs, not " + std::to_string(count);
    refused(fcn_model_run(model_, image_.data(), count, scores, 2), FCN_INVALID_ARGUMENT, part);
    refused(fcn_client_encrypt(client, image_.data(), count, 1, nullptr, &out), FCN_INVALID_ARGUMENT, part);
    refused(fcn_client_encrypt_pixels(client, grey, count, 1, nullptr, &out), FCN_INVALID_ARGUMENT, part);
  }
  fcn_client_free(client);
}

#if defined(__cpp_exceptions)
// A callback in C++ that throws what `user` points to.
enum class Thrown { kMemory, kOther, kNoException };
[[noreturn]] void throw_it(void* user) {
  switch (*static_cast<const Thrown*>(user)) {
    case Thrown::kMemory:
      throw std::bad_alloc();
    case Thrown::kOther:
      throw std::runtime_error("the disk is on fire");
    default:
      throw 7;
  }
}

TEST_F(CInterface, ExceptionsOfCallbacksAreToldApart) {
  fcn_client* client = new_client();
  std::vector<std::uint8_t> space(fcn_client_workspace_size(client));
  for (Thrown thrown : {Thrown::kMemory, Thrown::kOther, Thrown::kNoException}) {
    const fcn_allocator allocator = {[](void* user, size_t) -> void* { throw_it(user); },
                                     [](void*, void*, size_t) {}, &thrown};
    const fcn_random random = {[](void* user, std::uint8_t*, size_t) -> int { throw_it(user); }, &thrown};
    const fcn_sink sink = {[](void* user, const std::uint8_t*, size_t) -> int { throw_it(user); }, &thrown};
    const fcn_source source = {[](void* user, std::uint8_t*, size_t) -> int { throw_it(user); }, &thrown};
    fcn_client* other = nullptr;
    fcn_bytes out{};
    std::int64_t scores[2] = {};
    const fcn_status all[] = {
        fcn_client_save(client, &allocator, &out), fcn_client_create(spec_.data, spec_.size, &random, &other),
        fcn_client_write_request(client, image_.data(), 4, space.data(), space.size(), sink),
        fcn_client_read_answer(client, source, space.data(), space.size(), scores, 2)};
    for (const fcn_status& status : all) {
      if (thrown == Thrown::kMemory) refused(status, FCN_OUT_OF_MEMORY, "no memory");
      if (thrown == Thrown::kOther) refused(status, FCN_INTERNAL, "the disk is on fire");
      if (thrown == Thrown::kNoException) refused(status, FCN_INTERNAL, "no std::exception");
    }
    EXPECT_EQ(out.data, nullptr);
    EXPECT_EQ(other, nullptr);
  }
  fcn_client_free(client);
}
#endif

// (255^2)^2^2 = 255^8 passes 62 bits.
TEST_F(CInterface, WideScoresHaveFourWords) {
  const std::string text =
      "fcn-model 1\nname deep\ninput 1 1 1 max 255\nscale 1\n"
      "polynomial in 1 1 1 out 1 1 1 coefficients 0 0 1\npolynomial in 1 1 1 out 1 1 1 coefficients 0 0 1\n"
      "polynomial in 1 1 1 out 1 1 1 coefficients 0 0 1\ndense in 1 1 1 out 2 1 1\n"
      "bias 0 weights 255\nbias 1 weights -1\nend\n";
  fcn_model* model = nullptr;
  fcn_plan* plan = nullptr;
  fcn_client* client = nullptr;
  fcn_server* server = nullptr;
  fcn_bytes spec{}, keys{}, request{}, answer{};
  const std::int64_t white = 255;
  ok(fcn_model_load(text.data(), text.size(), &model));
  ok(fcn_plan_create(model, FCN_LAYOUT_PIXEL, &plan));
  ok(fcn_plan_spec(plan, nullptr, &spec));
  ok(fcn_client_create(spec.data, spec.size, nullptr, &client));
  ok(fcn_client_evaluation_keys(client, nullptr, &keys));
  ok(fcn_client_encrypt(client, &white, 1, 1, nullptr, &request));
  ok(fcn_server_create(plan, keys.data, keys.size, &server));
  ok(fcn_server_infer(server, request.data, request.size, 1, nullptr, &answer));
  std::int64_t scores[2];
  std::uint64_t words[12] = {};
  refused(fcn_client_decrypt_for(client, request.data, request.size, answer.data, answer.size, scores, 2),
          FCN_OUT_OF_RANGE, "value 0: the decrypted number is not within +-4611686018427387904");
  refused(fcn_client_decrypt_wide_for(client, request.data, request.size, answer.data, answer.size, words, 3),
          FCN_INVALID_ARGUMENT, "room for 3 scores; there are 2");
  ok(fcn_client_decrypt_wide_for(client, request.data, request.size, answer.data, answer.size, words, 2));
  const std::uint64_t power = 17878103347812890625u;  // 255^8
  const std::uint64_t expected[12] = {power * 255, 247, 0, 0, 1 - power, ~0ull, ~0ull, ~0ull};
  EXPECT_TRUE(std::equal(words, words + 12, expected)) << words[0] << " " << words[1] << " " << words[4];
  for (fcn_bytes* bytes : {&spec, &keys, &request, &answer}) fcn_bytes_free(bytes);
  fcn_server_free(server), fcn_client_free(client), fcn_plan_free(plan), fcn_model_free(model);
}

TEST_F(CInterface, OneServerForManyThreads) {
  fcn_client* client = new_client();
  fcn_server* server = nullptr;
  fcn_bytes keys{}, request{};
  ok(fcn_client_evaluation_keys(client, nullptr, &keys));
  ok(fcn_server_create(plan_, keys.data, keys.size, &server));
  ok(fcn_client_encrypt(client, image_.data(), 4, 1, nullptr, &request));
  std::vector<std::vector<std::uint8_t>> answers(4);
  std::vector<std::thread> threads;
  for (auto& answer : answers) {
    threads.emplace_back([&] {
      fcn_bytes bytes{};
      ok(fcn_server_infer(server, request.data, request.size, 1, nullptr, &bytes));
      answer = copy(bytes);
      fcn_bytes_free(&bytes);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& answer : answers) EXPECT_EQ(answer, answers.front());
  EXPECT_FALSE(answers.front().empty());
  for (fcn_bytes* bytes : {&keys, &request}) fcn_bytes_free(bytes);
  fcn_server_free(server);
  fcn_client_free(client);
}

TEST(CInterfaceVersion, IsTheProjects) {
  EXPECT_STREQ(fcn_version(), FCN_EXPECTED_VERSION);
}

}  // namespace
}  // namespace fcn::nn
