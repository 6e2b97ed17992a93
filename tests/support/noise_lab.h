// Measures the noise of ciphertexts with the schoolbook model and holds it against the static one.
#pragma once

#include <cmath>
#include <cstdio>

#include "fv/encoding.h"
#include "fv/key_switching.h"
#include "fv/noise_model.h"
#include "fv_sets.h"
#include "schoolbook_fv.h"

namespace fcn::test {

class NoiseLab {
 public:
  NoiseLab(fv::ParamsSpec spec, std::uint8_t seed)
      : params(must(fv::Params::create(spec, default_test_kernels()))),
        random(seed),
        rng(test_rng(seed)),
        key(must(fv::SecretKey::generate(params, rng))),
        public_key(must(fv::PublicKey::generate(key, rng))),
        relin_keys(must(fv::RelinKeys::generate(key, rng, fv::kMaxComponents))),
        s(secret_of(key)) {}

  // A random message: coefficients of small digits.
  fv::Plaintext random_plaintext() {
    fv::Plaintext m = must(fv::Plaintext::create(params));
    for (std::size_t i = 0; i < params.n(); ++i) {
      m.coefficients()[i] =
          static_cast<std::int64_t>(random() % (std::uint64_t{1} << 50)) - (std::int64_t{1} << 49);
    }
    params.t().reduce(m.coefficients(), params.t().digits());
    m.set_used_rows(params.t().digits());
    return m;
  }
  fv::Ciphertext fresh() { return must(must(fv::encrypt(key, random_plaintext(), rng, workspace)).expand()); }
  fv::Ciphertext fresh_public() { return must(fv::encrypt(public_key, random_plaintext(), rng, workspace)); }

  // Measured <= predicted, and predicted at most `slack` bits above. The root mean square of n samples scatters by
  // 1/sqrt(2 n) of itself; four of these are allowed. The prediction is a mean over keys: ||s^d||^2 of one key is the mean
  // of n/2 powers L^d of exponential variables, which scatters by the root of (C(2d, d) - 1) / (n/2) of itself; four of
  // these too. The largest of n normal values stays below seven deviations.
  void expect_below(const char* operation, const fv::Ciphertext& c, double slack) {
    fv::Ciphertext copy = must(c.clone());
    fv::to_coefficients(copy);
    const SchoolbookFv model(params, copy.limbs());
    const MeasuredNoise measured = measure(model.noise(model.lift(copy), s));
    const double predicted = c.noise().log2_sigma;
    std::printf("  n = %5zu  %-40s measured %7.2f  predicted %7.2f  largest %7.2f  q/2 %6.1f\n", params.n(),
                operation, measured.log2_sigma, predicted, measured.log2_max,
                params.log2_q(copy.limbs()) - 1);
    const auto n = static_cast<double>(params.n());
    double choices = 1;  // C(2d, d)
    for (unsigned d = 1; d <= c.noise().s_degree; ++d) choices *= 2.0 * (2 * d - 1) / d;
    const double scatter =
        std::log2(1 + 4 / std::sqrt(2 * n)) + std::log2(1 + 4 * std::sqrt((choices - 1) * 2 / n)) / 2;
    EXPECT_LE(measured.log2_sigma, predicted + scatter) << operation;
    EXPECT_LE(measured.log2_max, predicted + std::log2(7.0)) << operation;
    EXPECT_GE(measured.log2_sigma, predicted - slack) << operation;
    EXPECT_LT(predicted, params.log2_q(copy.limbs()) - 1) << operation << ": nothing was measured";
  }

  fv::Params params;
  Random random;
  platform::ChaCha20 rng;
  fv::Workspace workspace;
  fv::SecretKey key;
  fv::PublicKey public_key;
  fv::RelinKeys relin_keys;
  SmallPoly s;
};

}  // namespace fcn::test
