// A program around the library may have set another rounding, flush subnormals or trap exceptions: every function that it
// calls gives the bytes that it gives while the processor rounds to nearest, and leaves the mode as it was.
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "fv/encoding.h"
#include "fv/evaluation.h"
#include "fv/key_switching.h"
#include "fv/linear_transform.h"
#include "fv/modulus_switch.h"
#include "fv/monomial_sum.h"
#include "fv/product.h"
#include "fv/serialization.h"
#include "platform/bytes.h"
#include "support/fv_sets.h"
#include "support/rounding_modes.h"

namespace fcn::test {
namespace {

using fv::Bytes;
using fv::Ciphertext;
using fv::Plaintext;

// What one step of a computation made.
struct Step {
  std::string name;
  std::uint64_t checksum;
  bool operator==(const Step&) const = default;
};

// One computation, of which some steps happen in another mode: the step of that number, or all of them.
class Computation {
 public:
  static constexpr std::size_t kAll = ~std::size_t{0};

  Computation(const ntt::KernelTable& kernels, std::size_t threads, Rounding mode, std::size_t which)
      : kernels_(kernels), pool_(threads), mode_(mode), which_(which) {}

  // A layer a ciphertext: slots, a special prime, products, rotations.
  std::vector<Step> packed() {
    std::optional<fv::PlaintextModulus> t;
    step("plaintext modulus", [&] { t = must(fv::PlaintextModulus::binomial(4096, 512, 132)); });
    fv::ParamsSpec spec;
    step("spec", [&] { spec = must(fv::make_spec(4096, *t, {50, 50}, 50, 0)); });
    spec.security = fv::Security::kInsecureForTests;
    common(spec);
    std::optional<fv::SlotEncoder> encoder;
    step("slot encoder", [&] { encoder = must(fv::SlotEncoder::create(*params_)); });
    std::vector<std::int64_t> values(encoder->slots());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i * i % 1009) - 500;
    std::optional<Plaintext> m;
    step("encode slots", [&] { see(m = must(encoder->encode(values))); });
    std::optional<Ciphertext> x = encrypted(*m), y = x->clone().value();
    std::optional<fv::GaloisKeys> galois;
    step("Galois keys", [&] {
      galois =
          must(fv::GaloisKeys::generate(*key_, rng_,
                                        {fv::rotation_element(*params_, 1), fv::rotation_element(*params_, 2),
                                         fv::rotation_element(*params_, 3)}));
      see(fv::serialize(*galois));
    });
    step("rotate", [&] {
      ok(fv::rotate_inplace(*y, 1, *galois, workspace_));
      see(*y);
    });
    step("sum of rotations", [&] {
      const std::int64_t steps[] = {1, 2};
      ok(fv::add_rotations_inplace(*y, steps, *galois, workspace_, &pool_));
      see(*y);
    });
    step("add", [&] {
      ok(fv::add_inplace(*y, *x));
      see(*y);
    });
    Ciphertext z = must(Ciphertext::create(*params_, 2, 2));
    step("multiply", [&] {
      ok(fv::multiply(z, *x, *y, workspace_, &pool_));
      see(z);
    });
    step("relinearize", [&] {
      ok(fv::relinearize_inplace(z, *relin_, workspace_, &pool_));
      see(z);
    });
    std::optional<fv::LinearTransform> transform;
    step("make a linear transform", [&] {
      std::vector<std::int64_t> bias(encoder->slots(), 7);
      const fv::RotatedProduct products[] = {
          {0, 0, 0, 1, values}, {0, 0, 2, 3, values}, {0, 0, 2, 0, values}};
      transform = must(fv::LinearTransform::create(*encoder, 2, 1, 1, products, {bias}));
    });
    std::vector<Ciphertext> out;
    step("linear transform", [&] {
      ok(transform->apply(out, {&*x, 1}, *galois, workspace_, &pool_));
      see(out.front());
    });
    step("modulus switch", [&] {
      ok(fv::modulus_switch_inplace(z, workspace_));
      see(z);
    });
    step("drop bits", [&] { see(fv::serialize({&z, 1}, 4)); });
    std::optional<Plaintext> decrypted;
    step("decrypt", [&] { see(decrypted = must(fv::decrypt(*key_, z, workspace_))); });
    step("decode slots", [&] { see(must(encoder->decode(*decrypted))); });
    step("coefficients", [&] {
      const Plaintext coefficients = must(fv::encode_coefficients(*params_, values));
      see(coefficients);
      see(must(fv::decode_coefficients(coefficients)));
    });
    return steps_;
  }

  // A number a ciphertext, or with an integer t a polynomial of integers.
  std::vector<Step> numbers(const fv::PlaintextModulus& t, const std::vector<unsigned>& q_bits) {
    fv::ParamsSpec spec = must(fv::make_spec(t.n(), t, q_bits, 0, 13));
    spec.security = fv::Security::kInsecureForTests;
    common(spec);
    std::optional<Plaintext> m;
    step("encode", [&] { see(m = must(fv::encode_integer(*params_, -57))); });
    std::optional<Ciphertext> x = encrypted(*m), y = x->clone().value();
    std::optional<fv::TransformedPlaintext> factor;
    step("transform a plaintext", [&] {
      factor = must(fv::transform(*m, fv::Correlation::kIndependent));
      see({factor->values.data(), factor->values.size()});
    });
    step("multiply by a plaintext", [&] {
      ok(fv::multiply_plain_inplace(*y, *factor));
      see(*y);
    });
    step("multiply by a scalar and a monomial", [&] {
      ok(fv::multiply_scalar_inplace(*y, -3));
      ok(fv::multiply_monomial_inplace(*y, 5, workspace_));
      see(*y);
    });
    step("subtract and negate", [&] {
      ok(fv::subtract_inplace(*y, *x));
      fv::negate_inplace(*y);
      see(*y);
    });
    step("add a plaintext", [&] {
      ok(fv::add_plain_inplace(*y, *m, workspace_));
      see(*y);
    });
    step("there and back", [&] {
      fv::to_transformed(*y);
      see(*y);
      fv::to_coefficients(*y);
      see(*y);
    });
    Ciphertext sum = must(Ciphertext::create(*params_, 2, params_->q_count()));
    step("monomial sum", [&] {
      auto adder = must(fv::MonomialSum::create(*params_, params_->q_count(), fv::Correlation::kAny));
      ok(adder.add(*x, 2, false));
      ok(adder.add(*x, 2047, true));
      ok(adder.finish(sum));
      see(sum);
    });
    step("square", [&] {
      ok(fv::square(sum, sum, workspace_, &pool_));
      see(sum);
    });
    step("relinearize", [&] {
      ok(fv::relinearize_inplace(sum, *relin_, workspace_, &pool_));
      see(sum);
    });
    std::optional<Plaintext> decrypted;
    step("decrypt", [&] { see(decrypted = must(fv::decrypt(*key_, *x, workspace_))); });
    step("decode", [&] {
      std::uint64_t words[4] = {};
      ok(fv::decode_wide_integer(*decrypted, words));
      see(words);
      EXPECT_EQ(must(fv::decode_integer(*decrypted)), -57);
    });
    return steps_;
  }

 private:
  // Parameters, and keys of every kind but Galois.
  void common(const fv::ParamsSpec& spec) {
    step("parameters", [&] {
      params_ = must(fv::Params::create(spec, kernels_));
      see(fv::serialize(*params_));
    });
    step("secret key", [&] {
      key_ = must(fv::SecretKey::generate(*params_, rng_));
      see({key_->transformed(), params_->key_limbs() * params_->n()});
    });
    step("secret key again", [&] {
      key_ = must(fv::SecretKey::from_coefficients(
          *params_,
          std::vector<std::int64_t>(key_->coefficients(), key_->coefficients() + params_->n()).data()));
      see({key_->transformed(), params_->key_limbs() * params_->n()});
    });
    step("public key", [&] {
      public_key_ = must(fv::PublicKey::generate(*key_, rng_));
      see(fv::serialize(*public_key_));
    });
    step("relinearization keys", [&] {
      relin_ = must(fv::RelinKeys::generate(*key_, rng_));
      see(fv::serialize(*relin_));
    });
  }

  // m under both keys, added up.
  Ciphertext encrypted(const Plaintext& m) {
    std::optional<Ciphertext> x, y;
    step("encrypt", [&] {
      const auto seeded = must(fv::encrypt(*key_, m, rng_, workspace_));
      see(fv::serialize({&seeded, 1}));
      x = must(seeded.expand());
      see(*x);
    });
    step("encrypt publicly", [&] {
      y = must(fv::encrypt(*public_key_, m, rng_, workspace_));
      see(*y);
    });
    ok(fv::add_inplace(*x, *y));
    ok(fv::subtract_inplace(*x, must(must(fv::encrypt(*key_, m, rng_, workspace_)).expand())));
    return std::move(*x);
  }

  void step(const char* name, const std::function<void()>& body) {
    steps_.push_back({name, 0});
    if (which_ == kAll || which_ + 1 == steps_.size()) {
      run_in(mode_, body);
    } else {
      body();
    }
  }
  void see(fv::ByteSpan bytes) { steps_.back().checksum ^= platform::checksum64(bytes); }
  void see(std::span<const std::uint64_t> words) {
    see(fv::ByteSpan(reinterpret_cast<const std::uint8_t*>(words.data()), words.size() * sizeof words[0]));
  }
  void see(const Bytes& bytes) { see(fv::ByteSpan(bytes)); }
  void see(const Ciphertext& c) { see(fv::serialize({&c, 1})); }
  void see(const std::optional<Plaintext>& m) { see(*m); }
  void see(const Plaintext& m) { see({m.coefficients(), m.params().n()}); }
  void see(const std::vector<std::int64_t>& values) { see({values.data(), values.size()}); }
  void see(std::span<const std::int64_t> values) {
    see(std::span(reinterpret_cast<const std::uint64_t*>(values.data()), values.size()));
  }
  void ok(const platform::Status& status) { EXPECT_TRUE(status.ok()) << status.message(); }

  const ntt::KernelTable& kernels_;
  platform::ThreadPool pool_;
  const Rounding mode_;
  const std::size_t which_;
  platform::ChaCha20 rng_ = test_rng(11);
  fv::Workspace workspace_;
  std::optional<fv::Params> params_;
  std::optional<fv::SecretKey> key_;
  std::optional<fv::PublicKey> public_key_;
  std::optional<fv::RelinKeys> relin_;
  std::vector<Step> steps_;
};

class RoundingModes : public KernelTest {
 protected:
  // run: all steps of a computation.
  void expect_same(const std::function<std::vector<Step>(Computation&)>& run) {
    const auto steps_in = [&](std::size_t threads, Rounding mode, std::size_t which) {
      Computation computation(kernels(), threads, mode, which);
      return run(computation);
    };
    const std::vector<Step> nearest = steps_in(1, Rounding::kNearest, 0);
    for (const Rounding mode : roundings()) {
      for (const std::size_t threads : {1, 2}) {
        const std::vector<Step> all = steps_in(threads, mode, Computation::kAll);
        for (std::size_t i = 0; i < nearest.size(); ++i) {
          EXPECT_EQ(all[i].checksum, nearest[i].checksum)
              << nearest[i].name << ", " << threads << " threads, rounding " << name_of(mode);
        }
      }
    }
    // One step alone: it must not need that those before it were wrong.
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      EXPECT_EQ(steps_in(2, Rounding::kUp, i), nearest) << nearest[i].name << " alone";
    }
  }
};

TEST_P(RoundingModes, GiveTheSameBytesPacked) {
  expect_same([](Computation& c) { return c.packed(); });
}
TEST_P(RoundingModes, GiveTheSameBytesOfNumbers) {
  const auto t = must(fv::PlaintextModulus::binomial(2048, 1, 6));
  expect_same([&](Computation& c) { return c.numbers(t, {50, 45}); });
}
TEST_P(RoundingModes, GiveTheSameBytesOfPolynomials) {
  const auto t = must(fv::PlaintextModulus::integer(2048, 65537));
  expect_same([&](Computation& c) { return c.numbers(t, {50, 50, 45}); });
}

FCN_ON_ALL_KERNELS(RoundingModes);

}  // namespace
}  // namespace fcn::test
