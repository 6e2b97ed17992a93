// Linear maps of slots against the sum that defines them, slot by slot modulo p.
#include "fv/linear_transform.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "fv/evaluation.h"
#include "fv/key_switching.h"
#include "fv/modulus_switch.h"
#include "fv/serialization.h"
#include "platform/bytes.h"
#include "support/noise_lab.h"
#include "support/ring_oracle.h"

namespace fcn::test {
namespace {

using fv::Ciphertext;
using fv::LinearTransform;
using fv::RotatedProduct;
using fv::SlotEncoder;
using platform::StatusCode;
using Slots = std::vector<std::int64_t>;

const TestSet kSets[] = {
    {"", 64, 8, 132, {50, 50}, 50, 0},      {"", 128, 16, 132, {50, 50, 50}, 50, 0},
    {"", 64, 16, 48, {50, 45}, 50, 25},     {"", 32, 0, 12289, {50, 50}, 50, 0},
    {"", 4096, 512, 132, {50, 50}, 50, 0},   // several tiles of 1024 coefficients
    {"", 4096, 2048, 256, {50, 50}, 50, 0},  // of 2048, which rotations map to themselves
    {"", 2048, 0, 12289, {50, 50}, 50, 0}};  // one

class SlotLab : public NoiseLab {
 public:
  explicit SlotLab(const TestSet& set)
      : NoiseLab(spec_of(set), 7), encoder(must(SlotEncoder::create(params))) {}

  std::size_t period() const { return params.t().is_integer() ? encoder.slots() / 2 : encoder.slots(); }
  // Small values of either sign.
  Slots random_slots(std::int64_t largest) {
    Slots slots(encoder.slots());
    for (std::int64_t& x : slots)
      x = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * largest + 1)) - largest;
    return slots;
  }
  Ciphertext encrypt(const Slots& slots, std::size_t limbs) {
    Ciphertext c = must(must(fv::encrypt(key, must(encoder.encode(slots)), rng, workspace)).expand());
    while (c.limbs() > limbs) EXPECT_TRUE(fv::modulus_switch_inplace(c, workspace).ok());
    return c;
  }
  Slots decrypt(const Ciphertext& c) { return must(encoder.decode(must(fv::decrypt(key, c, workspace)))); }

  // Slots of each row moved to the left.
  Slots rotated(const Slots& x, std::size_t steps) const {
    Slots y(x.size());
    for (std::size_t j = 0; j < x.size(); ++j) {
      const std::size_t row = j / period() * period();
      y[j] = x[row + (j - row + steps) % period()];
    }
    return y;
  }

  SlotEncoder encoder;
};

Slots sum_modulo(const SlotLab& lab, Slots sum, const Slots& more) {
  const auto p = static_cast<std::int64_t>(lab.encoder.modulus());
  for (std::size_t j = 0; j < sum.size(); ++j) {
    const std::int64_t s = (sum[j] + more[j]) % p;
    sum[j] = 2 * s > p ? s - p : 2 * s < -p ? s + p : s;
  }
  return sum;
}

Slots products(const Slots& x, const Slots& y) {
  Slots out(x.size());
  for (std::size_t j = 0; j < x.size(); ++j) out[j] = x[j] * y[j];
  return out;
}

std::vector<Slots> expected(const SlotLab& lab, const std::vector<Slots>& inputs,
                            const std::vector<RotatedProduct>& matrix, const std::vector<Slots>& bias,
                            std::size_t outputs) {
  std::vector<Slots> sums(outputs, Slots(lab.encoder.slots(), 0));
  for (std::size_t o = 0; o < bias.size(); ++o) sums[o] = bias[o];
  for (const RotatedProduct& product : matrix) {
    const Slots inner = products(product.weights, lab.rotated(inputs[product.input], product.baby));
    sums[product.output] = sum_modulo(lab, sums[product.output], lab.rotated(inner, product.giant));
  }
  return sums;
}

struct Shape {
  std::size_t inputs, outputs, limbs;
  std::vector<std::uint32_t> babies, giants;
  bool bias;
};

// Every shape with every set: with and without steps of each kind, one prime or all, several ciphertexts on both sides.
TEST(LinearTransform, EqualsTheSumOfRotatedProducts) {
  for (const TestSet& set : kSets) {
    SlotLab lab(set);
    const auto last = static_cast<std::uint32_t>(lab.period() - 1);
    std::vector<Shape> shapes = {
        {1, 1, 2, {0}, {0}, false},         {1, 1, 2, {0, 1, last}, {0}, true},
        {1, 1, 2, {0}, {0, 2, last}, true}, {2, 1, 2, {0, 1}, {0, 3}, true},
        {2, 3, 2, {1, 2}, {3}, false},      {1, 1, lab.params.q_count(), {0, 1}, {0, 2}, true}};
    if (lab.params.t().norm1() < 1000) shapes.push_back({1, 2, 1, {0}, {0}, true});
    if (set.n == 64)
      shapes.push_back({70, 1, 2, {0, 1}, {3}, false});  // more products than one sum takes at once
    for (const Shape& shape : shapes) {
      std::vector<RotatedProduct> matrix;
      std::set<std::size_t> elements;
      for (std::uint32_t o = 0; o < shape.outputs; ++o) {
        for (std::uint32_t i = 0; i < shape.inputs; ++i) {
          for (const std::uint32_t g : shape.giants) {
            for (const std::uint32_t b : shape.babies) {
              matrix.push_back({o, i, g, b, lab.random_slots(50)});
              if (g != 0) elements.insert(fv::rotation_element(lab.params, g));
              if (b != 0) elements.insert(fv::rotation_element(lab.params, b));
            }
          }
        }
      }
      std::vector<Slots> bias, inputs;
      for (std::size_t o = 0; o < (shape.bias ? shape.outputs : 0); ++o)
        bias.push_back(lab.random_slots(1000));
      std::vector<Ciphertext> in, out;
      for (std::size_t i = 0; i < shape.inputs; ++i) {
        inputs.push_back(lab.random_slots(100));
        in.push_back(lab.encrypt(inputs.back(), shape.limbs));
      }
      const auto transform =
          must(LinearTransform::create(lab.encoder, shape.limbs, shape.inputs, shape.outputs, matrix, bias));
      EXPECT_EQ(transform.galois_elements(), std::vector<std::size_t>(elements.begin(), elements.end()));
      EXPECT_EQ(transform.products(), matrix.size());
      const auto keys = must(fv::GaloisKeys::generate(lab.key, lab.rng, transform.galois_elements()));
      const platform::Status status = transform.apply(out, in, keys, lab.workspace);
      ASSERT_TRUE(status.ok()) << status.message();
      ASSERT_EQ(out.size(), shape.outputs);
      const auto want = expected(lab, inputs, matrix, bias, shape.outputs);
      for (std::size_t o = 0; o < shape.outputs; ++o) {
        EXPECT_EQ(lab.decrypt(out[o]), want[o]) << "n = " << set.n << ", output " << o;
        EXPECT_EQ(out[o].noise().log2_sigma, transform.noise(in[0].noise(), fv::Correlation::kAny).log2_sigma);
        lab.expect_below("a linear transform", out[o], 8);
      }
      // In place, on threads, with a workspace full of other numbers: the same bits.
      platform::ThreadPool pool(3);
      ASSERT_TRUE(transform.apply(in, in, keys, lab.workspace, &pool).ok());
      for (std::size_t o = 0; o < shape.outputs; ++o)
        EXPECT_EQ(
            0, std::memcmp(in[o].component(0), out[o].component(0), out[o].words() * sizeof(std::uint64_t)));
    }
  }
}

TEST(LinearTransform, AddsRotations) {
  for (const TestSet& set : kSets) {
    SlotLab lab(set);
    const auto period = static_cast<std::int64_t>(lab.period());
    const std::vector<std::int64_t> steps = {1, 2, period / 2, -1};
    std::vector<std::size_t> elements;
    for (const std::int64_t s : steps) elements.push_back(fv::rotation_element(lab.params, s));
    const auto keys = must(fv::GaloisKeys::generate(lab.key, lab.rng, elements));
    const Slots x = lab.random_slots(100);
    Ciphertext c = lab.encrypt(x, lab.params.q_count());
    Slots want = x;
    for (const std::int64_t s : steps)
      want = sum_modulo(lab, want, lab.rotated(x, static_cast<std::size_t>((s + period) % period)));
    platform::ThreadPool pool(2);
    Ciphertext threaded = must(c.clone());
    ASSERT_TRUE(fv::add_rotations_inplace(c, steps, keys, lab.workspace).ok());
    ASSERT_TRUE(fv::add_rotations_inplace(threaded, steps, keys, lab.workspace, &pool).ok());
    EXPECT_EQ(lab.decrypt(c), want);
    lab.expect_below("a sum of rotations", c, 8);
    EXPECT_EQ(0, std::memcmp(c.component(0), threaded.component(0), c.words() * sizeof(std::uint64_t)));
    const std::vector<std::int64_t> missing = {1, 3};
    const platform::Status status = fv::add_rotations_inplace(c, missing, keys, lab.workspace);
    EXPECT_EQ(status.code(), StatusCode::kMismatch);
    EXPECT_NE(status.message().find("rotation by 3"), std::string::npos) << status.message();
    EXPECT_EQ(lab.decrypt(c), want);
  }
}

TEST(LinearTransform, RefusesWhatDoesNotFit) {
  SlotLab lab(kSets[0]);
  const auto products = [&](std::uint32_t output, std::uint32_t input, std::uint32_t giant,
                            std::uint32_t baby) {
    return std::vector<RotatedProduct>{{output, input, giant, baby, lab.random_slots(5)}};
  };
  for (const auto& bad :
       {products(1, 0, 0, 0), products(0, 1, 0, 0), products(0, 0, 8, 0), products(0, 0, 0, 8)}) {
    const auto result = LinearTransform::create(lab.encoder, 2, 1, 1, bad, {});
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(result.status().message().find("product 0"), std::string::npos);
  }
  EXPECT_EQ(LinearTransform::create(lab.encoder, 3, 1, 1, {}, {}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(LinearTransform::create(lab.encoder, 2, 1, 1, {}, {{}, {}}).status().code(),
            StatusCode::kInvalidArgument);
  const auto transform = must(LinearTransform::create(lab.encoder, 2, 1, 1, products(0, 0, 2, 1), {}));
  const auto keys = must(fv::GaloisKeys::generate(lab.key, lab.rng, {fv::rotation_element(lab.params, 1)}));
  std::vector<Ciphertext> in, out;
  EXPECT_EQ(transform.apply(out, in, keys, lab.workspace).code(), StatusCode::kInvalidArgument);
  in.push_back(lab.encrypt(lab.random_slots(5), 2));
  const platform::Status missing = transform.apply(out, in, keys, lab.workspace);
  EXPECT_EQ(missing.code(), StatusCode::kMismatch);
  EXPECT_NE(missing.message().find("the rotation by 2"), std::string::npos) << missing.message();
  EXPECT_TRUE(out.empty());
  in[0] = lab.encrypt(lab.random_slots(5), 1);
  EXPECT_EQ(transform.apply(out, in, keys, lab.workspace).code(), StatusCode::kMismatch);
}

// Residues that go without their lowest bits decrypt alike, and the stated noise covers what that adds.
TEST(DroppedBits, StayBelowTheStatedNoise) {
  for (const TestSet& set : {kSets[0], kSets[1]}) {
    SlotLab lab(set);
    const Slots x = lab.random_slots(1000);
    const Ciphertext c = lab.encrypt(x, 1);
    const fv::NoiseModel model(lab.params);
    const unsigned most = model.max_dropped_bits(c.noise(), 2, 3);
    EXPECT_GT(most, 20u);
    const fv::Bytes whole = fv::serialize({&c, 1});
    for (const unsigned bits : {1u, 7u, most}) {
      const fv::Bytes bytes = fv::serialize({&c, 1}, bits);
      EXPECT_EQ(whole.size() - bytes.size(), 2 * (lab.params.n() * bits / 8));
      const auto read = must(fv::deserialize_ciphertexts(lab.params, bytes));
      EXPECT_EQ(lab.decrypt(read[0]), x) << bits;
      lab.expect_below("dropped bits", read[0], bits == most ? 4 : 8);
    }
    EXPECT_LE(model.log2_failure(model.drop_bits(c.noise(), most, 2), 1), fv::kMaxLog2Failure - 3);
    EXPECT_GT(model.log2_failure(model.drop_bits(c.noise(), most + 1, 2), 1), fv::kMaxLog2Failure - 3);
    fv::Bytes damaged = fv::serialize({&c, 1}, 7);
    damaged[fv::kFrameHeaderBytes + 4 + 2] =
        static_cast<std::uint8_t>(63 << 1);  // more dropped bits than there are
    const std::uint64_t checksum = platform::checksum64({damaged.data(), damaged.size() - 8});
    for (unsigned i = 0; i < 8; ++i)
      damaged[damaged.size() - 8 + i] = static_cast<std::uint8_t>(checksum >> (8 * i));
    EXPECT_EQ(fv::deserialize_ciphertexts(lab.params, damaged).status().code(), StatusCode::kCorrupt);
  }
}

}  // namespace
}  // namespace fcn::test
