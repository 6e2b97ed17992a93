// Encrypted runs equal the integer network exactly: random networks on a small ring, and the trained model on
// MNIST.
#include "nn/pixel_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <type_traits>

#include "fv/serialization.h"
#include "nn/idx_file.h"
#include "nn/internal/value_store.h"
#include "nn/model_file.h"
#include "nn/pixel_client.h"
#include "nn/plain_run.h"
#include "nn/quantize_pixels.h"
#include "support/kernels_under_test.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;

// The inference side takes relinearization keys, and no type of it is made from a secret key.
static_assert(!std::is_constructible_v<fv::RelinKeys, const fv::SecretKey&>);
static_assert(!std::is_constructible_v<PixelEngine, const fv::SecretKey&>);
static_assert(!std::is_invocable_v<decltype(&PixelEngine::infer), const PixelEngine&,
                                   std::span<const fv::SeededCiphertext>, const fv::SecretKey&,
                                   platform::ThreadPool&, OpCounts*, const Progress&>);
static_assert(!std::is_copy_constructible_v<fv::SecretKey>);

struct Party {
  fv::Params params;
  fv::SecretKey secret;
  fv::RelinKeys relin;
  platform::ChaCha20 rng;

  static Party create(const fv::ParamsSpec& spec) {
    auto params = fv::Params::create(spec, test::default_test_kernels());
    EXPECT_TRUE(params.ok()) << params.status().message();
    platform::ChaCha20 rng(platform::Seed{1, 2, 3});
    auto secret = fv::SecretKey::generate(params.value(), rng);
    auto relin = fv::RelinKeys::generate(secret.value(), rng);
    return Party{params.value(), std::move(secret).value(), std::move(relin).value(), std::move(rng)};
  }
};

// A small ring with room for deep circuits; the arithmetic is that of the secure sets.
Party small_party(std::uint64_t base = 2, std::size_t n = 256) {
  auto t = fv::PlaintextModulus::binomial(n, 1, base);
  EXPECT_TRUE(t.ok());
  auto spec = fv::make_spec(n, t.value(), {50, 50, 50}, 50, 0);
  EXPECT_TRUE(spec.ok());
  spec->security = fv::Security::kInsecureForTests;
  return Party::create(spec.value());
}

std::vector<std::int64_t> run_encrypted(Party& party, const PixelEngine& engine,
                                        const std::vector<std::int64_t>& pixels, platform::ThreadPool& pool) {
  auto encrypted = encrypt_pixels(party.secret, pixels, party.rng, pool);
  EXPECT_TRUE(encrypted.ok()) << encrypted.status().message();
  OpCounts counts;
  auto scores = engine.infer(encrypted.value(), party.relin, pool, &counts);
  EXPECT_TRUE(scores.ok()) << scores.status().message();
  EXPECT_EQ(counts, engine.plan().counts());
  auto values = decrypt_values(party.secret, scores.value(), pool);
  EXPECT_TRUE(values.ok()) << values.status().message();
  return values.ok() ? values.value() : std::vector<std::int64_t>();
}

class RandomNetworks : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomNetworks, EncryptedEqualsPlain) {
  const std::uint64_t base = GetParam();
  Party party = small_party(base);
  platform::ThreadPool pool(2);
  test::Random random(20180 + base);
  int compared = 0;
  for (int trial = 0; compared < 30; ++trial) {
    ASSERT_LT(trial, 300) << "too many networks are refused for noise";
    const Network network =
        test::random_network(random, {static_cast<int>(test::pick(random, 1, 2)), 5, 4}, 7, 5);
    auto plan = PixelPlan::create(network, party.params);
    if (plan.status().code() == StatusCode::kOutOfRange ||
        plan.status().message().find("no layer that computes") != std::string::npos) {
      continue;
    }
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    const PixelEngine engine(std::move(plan).value());
    for (int image = 0; image < 2; ++image) {
      const auto pixels = test::random_image(random, network);
      const auto expected = plain_run(network, pixels);
      ASSERT_TRUE(expected.ok());
      ASSERT_EQ(run_encrypted(party, engine, pixels, pool), expected.value()) << format_model(network);
    }
    ++compared;
  }
}

INSTANTIATE_TEST_SUITE_P(Bases, RandomNetworks, testing::Values(2, 4, 16), testing::PrintToStringParamName());

TEST(PixelEngine, SameBitsForAnyNumberOfThreads) {
  Party party = small_party();
  test::Random random(7);
  const Network network = test::random_network(random, {1, 6, 6}, 15, 4);
  auto plan = PixelPlan::create(network, party.params);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const PixelEngine engine(std::move(plan).value());
  const auto pixels = test::random_image(random, network);
  fv::Bytes uploads[3], answers[3];
  for (std::size_t threads = 1; threads <= 3; ++threads) {
    platform::ThreadPool pool(threads);
    platform::ChaCha20 rng(platform::Seed{9});
    auto encrypted = encrypt_pixels(party.secret, pixels, rng, pool);
    ASSERT_TRUE(encrypted.ok());
    auto scores = engine.infer(encrypted.value(), party.relin, pool);
    ASSERT_TRUE(scores.ok());
    uploads[threads - 1] = fv::serialize(std::span<const fv::SeededCiphertext>(encrypted.value()));
    answers[threads - 1] = fv::serialize(std::span<const fv::Ciphertext>(scores.value()));
  }
  EXPECT_EQ(uploads[0], uploads[1]);
  EXPECT_EQ(uploads[0], uploads[2]);
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_EQ(answers[0], answers[2]);
}

// Memory that other networks and numbers of threads have used: the same bits.
TEST(PixelEngine, SameBitsInUsedMemory) {
  Party party = small_party();
  test::Random random(8);
  PixelMemory memory;
  for (int round = 0; round < 6; ++round) {
    const Network network = test::random_network(random, {1, 4 + round % 3, 5}, 15, 4);
    auto plan = PixelPlan::create(network, party.params);
    if (!plan.ok()) continue;
    const PixelEngine engine(std::move(plan).value());
    platform::ThreadPool pool(1 + static_cast<std::size_t>(round) % 2);
    auto encrypted = encrypt_pixels(party.secret, test::random_image(random, network), party.rng, pool);
    ASSERT_TRUE(encrypted.ok());
    auto expected = engine.infer(encrypted.value(), party.relin, pool);
    ASSERT_TRUE(expected.ok());
    for (int again = 0; again < 2; ++again) {
      auto scores = engine.infer(encrypted.value(), party.relin, pool, nullptr, {}, &memory);
      ASSERT_TRUE(scores.ok());
      EXPECT_EQ(fv::serialize(std::span<const fv::Ciphertext>(scores.value())),
                fv::serialize(std::span<const fv::Ciphertext>(expected.value())));
    }
  }
}

// Layers of several channels and windows: values in groups, made on demand and freed; wide scores; secure parameters
// of both kinds of key switching.
Network window_network(test::Random& random, int squares) {
  Network network;
  network.name = "windows";
  network.input = {1, 9, 9};
  network.input_max = 3;
  Shape shape = network.input;
  for (int i = 0; i < squares; ++i) {
    Layer conv = make_conv2d(shape, 3, 3, i == 0 ? 1 : 2, i % 2);
    test::randomize_weights(random, conv);
    network.layers.push_back(conv);
    shape = conv.out;
    network.layers.push_back(make_polynomial(shape, {i % 2, 0, 1}));
  }
  Layer pool = make_sum_pool(shape, 2, 1, 0);
  if (shape.height > 1) network.layers.push_back(pool);
  Layer dense = make_dense(network.layers.back().out, 2);
  test::randomize_weights(random, dense);
  network.layers.push_back(dense);
  return network;
}

TEST(PixelEngine, DeepNetworksEqualTheIntegerNetworkUnderTheirOwnParameters) {
  for (int squares = 1; squares <= 4; ++squares) {
    test::Random random(static_cast<std::uint64_t>(40 + squares));
    const Network network = window_network(random, squares);
    auto plan = smallest_pixel_plan(network, test::default_test_kernels());
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    const bool digits = plan->params().spec().special_prime == 0;
    for (const bool other : {false, true}) {
      if (other) {  // the same n with the other kind of key switching, where that holds the noise too
        const auto switching = digits ? PixelKeySwitching::kSpecialPrime : PixelKeySwitching::kDigits;
        const auto bits = static_cast<unsigned>(std::lround(plan->params().log2_q()));
        const auto spec = pixel_candidate(2 * plan->params().n(), bits + 4, switching);
        ASSERT_TRUE(spec.ok()) << spec.status().message();
        const auto params = fv::Params::create(spec.value(), test::default_test_kernels());
        ASSERT_TRUE(params.ok()) << params.status().message();
        plan = PixelPlan::create(network, params.value());
        ASSERT_TRUE(plan.ok()) << plan.status().message();
      }
      Party party = Party::create(plan->params().spec());
      const PixelEngine engine(std::move(plan).value());
      plan = PixelPlan(engine.plan());
      platform::ThreadPool pool(2);
      const auto pixels = test::random_image(random, network);
      auto encrypted = encrypt_pixels(party.secret, pixels, party.rng, pool);
      ASSERT_TRUE(encrypted.ok());
      OpCounts counts;
      auto scores = engine.infer(encrypted.value(), party.relin, pool, &counts);
      ASSERT_TRUE(scores.ok()) << scores.status().message();
      EXPECT_EQ(counts, engine.plan().counts());
      const auto values = decrypt_wide_values(party.secret, scores.value(), pool);
      ASSERT_TRUE(values.ok()) << values.status().message();
      EXPECT_EQ(values.value(), plain_run_wide(network, pixels).value()) << squares << " squares";
      if (squares < 4) continue;
      EXPECT_FALSE(plain_run(network, std::vector<std::int64_t>(81, 3)).ok());  // beyond 63 bits
      EXPECT_EQ(decrypt_values(party.secret, scores.value(), pool).ok(), plain_run(network, pixels).ok());
    }
  }
}

// What is made for three groups of a stage, and freed when they are done.
TEST(PixelEngine, ValuesAreReadByTheGroupsThatCountAsTheirReaders) {
  test::Random random(50);
  const Network network = window_network(random, 2);
  const auto circuit = internal::PixelCircuit::create(network, 2);
  ASSERT_TRUE(circuit.ok()) << circuit.status().message();
  for (std::size_t threads = 1; threads <= 3; ++threads) {
    auto from = internal::ValueStore::of_inputs(network.input.size());
    for (const internal::CircuitStage& stage : circuit.value()->stages()) {
      auto to = internal::ValueStore::of_stage(*circuit.value(), stage, threads, from);
      std::vector<std::uint32_t> made(stage.out.size(), 0), readers(from.values.size(), 0);
      for (const internal::OutputGroup& group : to.groups) {
        std::vector<bool> read(from.values.size(), false);
        for (const std::uint32_t o : group.outputs) {
          ++made[o];
          circuit.value()->for_each_weight(stage, o,
                                           [&](std::uint32_t input, std::int64_t) { read[input] = true; });
        }
        for (std::size_t i = 0; i < read.size(); ++i) readers[i] += read[i];
      }
      for (std::size_t o = 0; o < made.size(); ++o) ASSERT_EQ(made[o], stage.live[o] ? 1u : 0u);
      ASSERT_EQ(from.readers, readers);
      from = std::move(to);
    }
  }
}

TEST(PixelEngine, EqualPixelsEncryptDifferently) {
  Party party = small_party();
  platform::ThreadPool pool(1);
  const std::vector<std::int64_t> pixels(3, 5);
  auto encrypted = encrypt_pixels(party.secret, pixels, party.rng, pool);
  ASSERT_TRUE(encrypted.ok());
  EXPECT_NE(encrypted.value()[0].seed, encrypted.value()[1].seed);
  auto again = encrypt_pixels(party.secret, pixels, party.rng, pool);
  ASSERT_TRUE(again.ok());
  EXPECT_NE(encrypted.value()[0].seed, again.value()[0].seed);
}

// A weightless output is a constant that needs no key to read: allowed, and right.
TEST(PixelEngine, RowsWithoutWeightsGiveTheirBias) {
  Party party = small_party();
  Network network;
  network.name = "zero";
  network.input = {2, 1, 1};
  network.input_max = 3;
  network.layers.push_back(make_dense({2, 1, 1}, 2));
  network.layers[0].weights = {0, 0, 1, 0};
  network.layers[0].bias = {-9, 0};
  network.layers.push_back(make_polynomial({2, 1, 1}, {0, 0, 1}));
  auto plan = PixelPlan::create(network, party.params);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  platform::ThreadPool pool(1);
  EXPECT_EQ(run_encrypted(party, PixelEngine(std::move(plan).value()), {3, 1}, pool),
            (std::vector<std::int64_t>{81, 9}));
}

TEST(PixelEngine, RefusesWhatDoesNotBelongTogether) {
  Party party = small_party();
  Party other = small_party(4);
  test::Random random(3);
  Network network = test::random_network(random, {1, 2, 2}, 3, 1);
  network.layers = {make_polynomial({1, 2, 2}, {0, 0, 1})};
  auto plan = PixelPlan::create(network, party.params);
  ASSERT_TRUE(plan.ok());
  const PixelEngine engine(std::move(plan).value());
  platform::ThreadPool pool(1);
  const std::vector<std::int64_t> four(4, 1), three(3, 1);
  auto right = encrypt_pixels(party.secret, four, party.rng, pool);
  auto few = encrypt_pixels(party.secret, three, party.rng, pool);
  auto foreign = encrypt_pixels(other.secret, four, other.rng, pool);
  ASSERT_TRUE(right.ok() && few.ok() && foreign.ok());

  auto result = engine.infer(few.value(), party.relin, pool);
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(result.status().message().find("4 encrypted pixels, not 3"), std::string::npos);
  result = engine.infer(foreign.value(), party.relin, pool);
  EXPECT_EQ(result.status().code(), StatusCode::kMismatch);
  EXPECT_NE(result.status().message().find("pixel 0"), std::string::npos);
  result = engine.infer(right.value(), other.relin, pool);
  EXPECT_EQ(result.status().code(), StatusCode::kMismatch);
  EXPECT_NE(result.status().message().find("relinearization keys"), std::string::npos);
}

TEST(PixelEngine, DecryptionWithAnotherKeyIsNotAQuietAnswer) {
  // A stranger's key of the same parameters gives noise: a number outside the range, for all 4 values.
  Party party = small_party();
  platform::ThreadPool pool(1);
  auto stranger = fv::SecretKey::generate(party.params, party.rng);
  ASSERT_TRUE(stranger.ok());
  const std::vector<std::int64_t> pixels = {1, 2, 3, 4};
  auto encrypted = encrypt_pixels(party.secret, pixels, party.rng, pool);
  ASSERT_TRUE(encrypted.ok());
  std::vector<fv::Ciphertext> whole;
  for (const auto& c : encrypted.value()) whole.push_back(std::move(c.expand()).value());
  const auto values = decrypt_values(stranger.value(), whole, pool);
  EXPECT_EQ(values.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(values.status().message().find("value 0"), std::string::npos);
}

// The committed model, the secure parameters, real digits.
TEST(PixelEngine, TrainedModelOnMnist) {
  const char* folder = std::getenv("FCN_MNIST_DIR");
  if (folder == nullptr || *folder == '\0') GTEST_SKIP() << "FCN_MNIST_DIR is not set: no MNIST here";
  auto network = load_model(FCN_SOURCE_DIR "/apps/models/faster_cryptonets.fcn");
  ASSERT_TRUE(network.ok()) << network.status().message();
  auto digits = load_mnist(folder, false);
  ASSERT_TRUE(digits.ok()) << digits.status().message();
  auto spec = fv::pixel_spec();
  ASSERT_TRUE(spec.ok());
  Party party = Party::create(spec.value());
  auto plan = PixelPlan::create(network.value(), party.params);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const PixelEngine engine(std::move(plan).value());
  platform::ThreadPool pool(2);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto pixels = quantize_pixels(std::span(digits->pixels).subspan(i * 784, 784), network->input_max);
    const auto expected = plain_run(network.value(), pixels);
    ASSERT_TRUE(expected.ok());
    EXPECT_EQ(run_encrypted(party, engine, pixels, pool), expected.value());
  }
}

}  // namespace
}  // namespace fcn::nn
