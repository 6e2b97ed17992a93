// Whole circuits: noise below the model at every step, right numbers to the end, and a refusal before a wrong one.
#include <gtest/gtest.h>

#include <functional>

#include "fv/evaluation.h"
#include "fv/modulus_switch.h"
#include "fv/monomial_sum.h"
#include "fv/product.h"
#include "support/noise_lab.h"

namespace fcn::test {
namespace {

using fv::Ciphertext;
using fv::Correlation;
using platform::StatusCode;

// A number, encrypted and in the clear.
struct Value {
  Ciphertext c;
  std::int64_t plain;
};

// Random sums of count different values times +-2^e, e <= 2, with t = X - 2: 2^e is X^e.
Value random_sum(NoiseLab& lab, const std::vector<Value>& values, int count) {
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), lab.random);
  auto sum = must(fv::MonomialSum::create(lab.params, lab.params.q_count(), Correlation::kIndependent));
  Value out{lab.fresh(), 0};
  for (int i = 0; i < count; ++i) {
    const Value& term = values[order[static_cast<std::size_t>(i)]];
    const std::int64_t e = static_cast<std::int64_t>(lab.random() % 3);
    const bool negate = lab.random() % 2 == 0;
    EXPECT_TRUE(sum.add(term.c, e, negate).ok());
    out.plain += (negate ? -term.plain : term.plain) * (1 << e);
  }
  EXPECT_TRUE(sum.finish(out.c).ok());
  return out;
}

// The network of the paper, thinned out: 25 pixels, square, 84 values, square, 100 values.
TEST(NoiseChain, PixelNetwork) {
  NoiseLab lab(must(fv::pixel_spec()), 11);
  std::vector<Value> pixels, squares, hidden;
  for (int i = 0; i < 400; ++i) {
    const auto pixel = static_cast<std::int64_t>(lab.random() % 4);
    const fv::Plaintext m = must(fv::encode_integer(lab.params, pixel));
    pixels.push_back({must(must(fv::encrypt(lab.key, m, lab.rng, lab.workspace)).expand()), pixel});
  }
  for (int i = 0; i < 200; ++i) {
    Value x = random_sum(lab, pixels, 25);
    if (i == 0) lab.expect_below("layer 1: 25 pixels", x.c, 0.2);
    ASSERT_TRUE(fv::square(x.c, x.c, lab.workspace).ok());
    x.plain *= x.plain;
    squares.push_back(std::move(x));
  }
  lab.expect_below("square", squares[0].c, 1);
  for (int i = 0; i < 120; ++i) {
    Value x = random_sum(lab, squares, 84);
    if (i == 0) lab.expect_below("layer 2: 84 squares", x.c, 1);
    ASSERT_TRUE(fv::relinearize_inplace(x.c, lab.relin_keys, lab.workspace).ok());
    if (i == 0) lab.expect_below("relinearized", x.c, 1);
    ASSERT_TRUE(fv::square(x.c, x.c, lab.workspace).ok());
    x.plain *= x.plain;
    hidden.push_back(std::move(x));
  }
  lab.expect_below("square", hidden[0].c, 2);
  Value x = random_sum(lab, hidden, 100);
  lab.expect_below("layer 3: 100 squares", x.c, 2);
  ASSERT_TRUE(fv::relinearize_inplace(x.c, lab.relin_keys, lab.workspace).ok());
  lab.expect_below("relinearized", x.c, 2);
  EXPECT_EQ(must(fv::decode_integer(must(fv::decrypt(lab.key, x.c, lab.workspace)))), x.plain);
}

// A layer of the packed network: plaintext products and rotations; then a square; twice, then a layer.
TEST(NoiseChain, PackedNetwork) {
  const auto t = must(fv::PlaintextModulus::binomial(8192, 1024, 132));
  NoiseLab lab(must(fv::make_spec(8192, t, {50, 50, 50}, 50, 0)), 12);
  const auto encoder = must(fv::SlotEncoder::create(lab.params));
  const std::vector<std::int64_t> steps = {1, 2};
  const auto keys = must(fv::GaloisKeys::generate(
      lab.key, lab.rng, {fv::rotation_element(lab.params, 1), fv::rotation_element(lab.params, 2)}));
  const auto p = static_cast<std::int64_t>(encoder.modulus());
  std::vector<std::int64_t> values(encoder.slots());
  for (auto& value : values) value = static_cast<std::int64_t>(lab.random() % 16);
  Ciphertext x =
      must(must(fv::encrypt(lab.key, must(encoder.encode(values)), lab.rng, lab.workspace)).expand());
  for (int layer = 0; layer < 3; ++layer) {
    std::vector<std::int64_t> next(values.size(), 0);
    Ciphertext total = must(Ciphertext::create(lab.params, 2, lab.params.q_count(), fv::Form::kTransformed));
    for (std::int64_t step : {0, 1, 2}) {
      std::vector<std::int64_t> weights(values.size());
      for (auto& w : weights) w = static_cast<std::int64_t>(lab.random() % 9) - 4;
      Ciphertext rotated = must(x.clone());
      ASSERT_TRUE(fv::rotate_inplace(rotated, step, keys, lab.workspace).ok());
      fv::to_transformed(rotated);
      const auto m = must(fv::transform(must(encoder.encode(weights)), Correlation::kIndependent));
      ASSERT_TRUE(fv::multiply_plain_inplace(rotated, m).ok());
      ASSERT_TRUE(fv::add_inplace(total, rotated, Correlation::kIndependent).ok());
      for (std::size_t j = 0; j < values.size(); ++j) {
        next[j] += weights[j] * values[(j + static_cast<std::size_t>(step)) % values.size()];
      }
    }
    x = std::move(total);
    values = next;
    lab.expect_below("a layer of three diagonals", x, 2);
    if (layer == 2) break;
    ASSERT_TRUE(fv::square(x, x, lab.workspace).ok());
    ASSERT_TRUE(fv::relinearize_inplace(x, lab.relin_keys, lab.workspace).ok());
    for (auto& value : values) value = value * value;
    lab.expect_below("square, relinearized", x, 2);
  }
  for (std::int64_t value : values) ASSERT_LT(std::abs(value), p / 2);
  EXPECT_EQ(must(encoder.decode(must(fv::decrypt(lab.key, x, lab.workspace)))), values);
}

// Squares of +-1 until there is no room: right until the refusal, which comes before a wrong number.
TEST(NoiseChain, ExhaustionIsAnErrorNotAWrongNumber) {
  NoiseLab lab(must(fv::pixel_spec()), 13);
  const fv::Plaintext minus_one = must(fv::encode_integer(lab.params, -1));
  Ciphertext x = must(must(fv::encrypt(lab.key, minus_one, lab.rng, lab.workspace)).expand());
  int depth = 0;
  platform::Status status;
  while (true) {
    Ciphertext next = must(x.clone());
    status = fv::square(next, x, lab.workspace);
    if (status.ok()) status = fv::relinearize_inplace(next, lab.relin_keys, lab.workspace);
    if (!status.ok()) break;
    x = std::move(next);
    ++depth;
    EXPECT_EQ(must(fv::decode_integer(must(fv::decrypt(lab.key, x, lab.workspace)))), 1);
  }
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  EXPECT_NE(status.message().find("bits too small"), std::string::npos) << status.message();
  EXPECT_EQ(depth, 2);
  // Without the refusal the next one would have been wrong, or nearly.
  EXPECT_GT(x.noise().log2_sigma, 30);
}

// Every operation refuses a ciphertext that is too noisy, names itself, and leaves its output as it was.
TEST(NoiseChain, EveryOperationRefusesNoise) {
  NoiseLab lab(must(fv::packed_spec()), 14);
  const auto keys = must(fv::GaloisKeys::generate(lab.key, lab.rng, {fv::rotation_element(lab.params, 1)}));
  const fv::Plaintext m = lab.random_plaintext();
  const auto transformed = must(fv::transform(m));
  const Ciphertext fresh = lab.fresh();
  const double limit = lab.params.log2_q() - 1 - std::log2(13.0);
  auto sum = must(fv::MonomialSum::create(lab.params, 2, Correlation::kAny));
  struct Case {
    const char* operation;
    double noise;
    std::function<platform::Status(Ciphertext&)> run;
  };
  const Case cases[] = {
      {"addition", limit, [&](Ciphertext& a) { return fv::add_inplace(a, fresh); }},
      {"subtraction", limit, [&](Ciphertext& a) { return fv::subtract_inplace(a, fresh); }},
      {"adding a plaintext", limit,
       [&](Ciphertext& a) { return fv::add_plain_inplace(a, m, lab.workspace); }},
      {"multiplying by a scalar", limit - 9,
       [&](Ciphertext& a) { return fv::multiply_scalar_inplace(a, 1024); }},
      {"multiplying by a plaintext", limit - 9,
       [&](Ciphertext& a) { return fv::multiply_plain_inplace(a, transformed); }},
      {"a product", limit - 18, [&](Ciphertext& a) { return fv::multiply(a, a, fresh, lab.workspace); }},
      {"a square", limit - 18, [&](Ciphertext& a) { return fv::square(a, a, lab.workspace); }},
      {"a rotation", limit, [&](Ciphertext& a) { return fv::rotate_inplace(a, 1, keys, lab.workspace); }},
      {"a modulus switch", limit,
       [&](Ciphertext& a) { return fv::modulus_switch_inplace(a, lab.workspace); }},
      {"evaluation", limit, [&](Ciphertext& a) { return fv::decrypt(lab.key, a, lab.workspace).status(); }},
      {"a monomial sum", limit,
       [&](Ciphertext& a) {
         platform::Status status = sum.add(a, 1, false);
         return status.ok() ? sum.finish(a) : status;
       }},
  };
  for (const Case& c : cases) {
    Ciphertext a = must(fresh.clone());
    a.set_noise({c.noise});
    const platform::Status status = c.run(a);
    EXPECT_EQ(status.code(), StatusCode::kOutOfRange) << c.operation;
    EXPECT_NE(status.message().find(std::string("after ") + c.operation), std::string::npos)
        << status.message();
    EXPECT_EQ(a.components(), 2u) << c.operation;
    EXPECT_EQ(a.noise().log2_sigma, c.noise) << c.operation;
    EXPECT_TRUE(std::equal(a.component(0), a.component(0) + a.words(), fresh.component(0))) << c.operation;
  }
  Ciphertext three = must(Ciphertext::create(lab.params, 3, 2));
  three.set_noise({limit});
  EXPECT_EQ(fv::relinearize_inplace(three, lab.relin_keys, lab.workspace).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(three.components(), 3u);
}

// The failure probability against the normal distribution: P(|x| > z) from tables of the normal law.
TEST(NoiseModel, SumsOfManyAreSumsOfTwo) {
  const fv::Params params = must(fv::Params::create(must(fv::pixel_spec()), default_test_kernels()));
  const fv::NoiseModel model(params);
  for (const Correlation correlation : {Correlation::kAny, Correlation::kIndependent}) {
    const fv::Noise a{7.25, 2};
    fv::Noise sum;
    for (int i = 1; i <= 100; ++i) {
      sum = model.sum(sum, a, correlation);
      EXPECT_NEAR(model.sum_of(a, i, correlation).log2_sigma, sum.log2_sigma, 1e-9) << i;
    }
    EXPECT_EQ(model.sum_of(a, 100, correlation).s_degree, 2u);
    EXPECT_EQ(sum.s_degree, 2u);
  }
}

TEST(NoiseModel, FailureProbability) {
  const fv::Params params = must(fv::Params::create(must(fv::pixel_spec()), default_test_kernels()));
  const fv::NoiseModel model(params);
  const double half_q = params.log2_q() - 1;
  const auto failure = [&](double z) { return model.log2_failure({half_q - std::log2(z)}, 1); };
  EXPECT_NEAR(failure(6), 11 + std::log2(1.973175e-9), 1e-3);    // 2 (1 - Phi(6))
  EXPECT_NEAR(failure(10), 11 + std::log2(1.523971e-23), 1e-3);  // 2 (1 - Phi(10))
  EXPECT_NEAR(failure(20), 11 + std::log2(5.507248e-89), 1e-3);  // 2 (1 - Phi(20))
  EXPECT_NEAR(failure(29.99), failure(30.01) + 0.87, 0.03);      // from one formula to the other
  EXPECT_EQ(failure(0.001), 0);                                  // never above 1
  EXPECT_LT(model.log2_failure({}, 1), -1e20);
  double lowest = 12, highest = 16;  // the least z that passes
  EXPECT_EQ(model.check({half_q - std::log2(lowest)}, 1, "this").code(), StatusCode::kOutOfRange);
  EXPECT_TRUE(model.check({half_q - std::log2(highest)}, 1, "this").ok());
  for (int i = 0; i < 40; ++i) {
    const double z = (lowest + highest) / 2;
    (model.check({half_q - std::log2(z)}, 1, "this").ok() ? highest : lowest) = z;
  }
  EXPECT_NEAR(failure(lowest), -128, 1e-6);
}

}  // namespace
}  // namespace fcn::test
