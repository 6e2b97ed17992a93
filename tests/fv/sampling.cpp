// Random polynomials: their ranges, and their distributions to within what chance explains.
#include "fv/internal/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "support/fv_sets.h"

namespace fcn::test {
namespace {

// Observed counts against expected ones: below this bound but for one seed in 10^6 (Wilson and Hilferty).
void expect_distribution(const std::vector<std::size_t>& counts, const std::vector<double>& probabilities,
                         std::size_t total) {
  double chi2 = 0, cells = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = probabilities[i] * static_cast<double>(total);
    if (expected < 5) continue;
    chi2 +=
        (static_cast<double>(counts[i]) - expected) * (static_cast<double>(counts[i]) - expected) / expected;
    ++cells;
  }
  const double d = cells - 1, cube = 1 - 2 / (9 * d) + 4.76 * std::sqrt(2 / (9 * d));
  EXPECT_LT(chi2, d * cube * cube * cube);
}

TEST(Sampling, ErrorsAreCentredBinomial) {
  constexpr std::size_t kCount = 1 << 20;
  platform::ChaCha20 rng = test_rng(1);
  std::vector<std::int64_t> errors(kCount);
  fv::sample_error(errors.data(), kCount, rng);
  std::vector<std::size_t> counts(43, 0);
  double squares = 0, fourth = 0;
  for (std::int64_t e : errors) {
    ASSERT_LE(std::abs(e), 21);
    ++counts[static_cast<std::size_t>(e + 21)];
    squares += static_cast<double>(e * e);
    fourth += static_cast<double>(e * e * e * e);
  }
  std::vector<double> probabilities;  // (42 choose i) / 2^42
  double choose = 1;
  for (int i = 0; i <= 42; ++i) {
    probabilities.push_back(choose * std::exp2(-42));
    choose = choose * (42 - i) / (i + 1);
  }
  expect_distribution(counts, probabilities, kCount);
  EXPECT_NEAR(squares / kCount, fv::kErrorVariance, 5 * std::sqrt(fourth / kCount / kCount));
}

TEST(Sampling, SecretsAreUniformTernary) {
  constexpr std::size_t kCount = 1 << 20;
  platform::ChaCha20 rng = test_rng(2);
  std::vector<std::int64_t> s(kCount);
  fv::sample_ternary(s.data(), kCount, rng);
  std::vector<std::size_t> counts(3, 0);
  for (std::int64_t x : s) {
    ASSERT_LE(std::abs(x), 1);
    ++counts[static_cast<std::size_t>(x + 1)];
  }
  expect_distribution(counts, {1.0 / 3, 1.0 / 3, 1.0 / 3}, kCount);
}

TEST(Sampling, UniformResiduesOfEveryPrime) {
  // Primes just above and just below a power of two, where half and nearly none of the candidates are too large.
  const TestSet set = {"", 4096, 1, 2, {50, 45, 30}, 50, 0};
  fv::ParamsSpec spec = spec_of(set);
  std::uint64_t just_above = (std::uint64_t{1} << 40) + 1;
  while (!ntt::Modulus::create(just_above).ok()) just_above += 8192;
  spec.q_primes.push_back(just_above);
  const fv::Params params = must(fv::Params::create(spec));
  const std::size_t n = params.n(), limbs = 4;
  const platform::Seed seed = {9};
  std::vector<std::vector<std::size_t>> counts(limbs, std::vector<std::size_t>(64, 0));
  std::vector<std::uint64_t> out(limbs * n), again(limbs * n);
  for (std::uint64_t stream = 0; stream < 200; stream += limbs) {
    fv::expand_uniform(params, out.data(), limbs, seed, stream);
    for (std::size_t i = 0; i < limbs; ++i) {
      const std::uint64_t q = params.modulus(i).value();
      for (std::size_t j = 0; j < n; ++j) {
        ASSERT_LT(out[i * n + j], q);
        ++counts[i]
                [static_cast<std::size_t>(static_cast<double>(out[i * n + j]) / static_cast<double>(q) * 64)];
      }
    }
  }
  for (std::size_t i = 0; i < limbs; ++i)
    expect_distribution(counts[i], std::vector<double>(64, 1.0 / 64), 50 * n);
  // The same seed and stream, the same residues; another stream or seed, others.
  fv::expand_uniform(params, out.data(), limbs, seed, 0);
  fv::expand_uniform(params, again.data(), limbs, seed, 0);
  EXPECT_EQ(out, again);
  fv::expand_uniform(params, again.data(), 1, seed, limbs);
  EXPECT_FALSE(std::equal(again.begin(), again.begin() + 64, out.begin()));
  fv::expand_uniform(params, again.data(), 1, platform::Seed{8}, 0);
  EXPECT_FALSE(std::equal(again.begin(), again.begin() + 64, out.begin()));
}

// From the definitions, byte by byte.
TEST(Sampling, UniformResiduesAreTheCandidatesBelowThePrimeInOrder) {
  fv::ParamsSpec spec = spec_of({"", 4096, 1, 2, {50, 30}, 50, 0});
  std::uint64_t just_above = (std::uint64_t{1} << 40) + 1;
  while (!ntt::Modulus::create(just_above).ok()) just_above += 8192;
  spec.q_primes.push_back(just_above);
  for (const fv::Params& params : {must(fv::Params::create(spec)), params_of(small_sets()[0])}) {
    const std::size_t n = params.n(), limbs = params.q_count();
    std::vector<std::uint64_t> out(limbs * n);
    fv::expand_uniform(params, out.data(), limbs, platform::Seed{5}, 70);
    for (std::size_t i = 0; i < limbs; ++i) {
      platform::ChaCha20 rng(platform::Seed{5}, 70 + i);
      for (std::size_t j = 0; j < n;) {
        std::uint8_t bytes[7];
        rng.fill(bytes);
        std::uint64_t candidate = 0;
        for (std::size_t b = 7; b-- > 0;) candidate = candidate << 8 | bytes[b];
        candidate %= std::uint64_t{1} << params.modulus(i).bits();
        if (candidate < params.modulus(i).value()) {
          ASSERT_EQ(out[i * n + j], candidate) << i << " " << j;
          ++j;
        }
      }
    }
  }
}

TEST(Sampling, ErrorsAreDifferencesOfBitCounts) {
  platform::ChaCha20 rng = test_rng(3), again = test_rng(3);
  for (std::size_t n : {1, 1023, 1024, 1025, 5000}) {
    std::vector<std::int64_t> errors(n);
    fv::sample_error(errors.data(), n, rng);
    for (std::size_t i = 0; i < n; ++i) {
      std::uint8_t bytes[6];
      again.fill(bytes);
      std::int64_t expected = 0;
      for (int bit = 0; bit < 42; ++bit) expected += (bytes[bit / 8] >> bit % 8 & 1) * (bit < 21 ? 1 : -1);
      ASSERT_EQ(errors[i], expected) << i;
    }
  }
}

TEST(Sampling, ResiduesOfSmallAndLargeIntegers) {
  const fv::Params params = params_of({"", 8, 0, 3, {8, 50}, 0, 10});
  const std::int64_t x[8] = {0, 1, -1, 21, -21, INT64_MAX, INT64_MIN, -(std::int64_t{1} << 49)};
  std::vector<std::uint64_t> out(16);
  fv::to_residues(params, out.data(), 2, x);
  __extension__ using Int128 = __int128;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto q = static_cast<Int128>(params.modulus(i).value());
    for (std::size_t j = 0; j < 8; ++j)
      EXPECT_EQ(out[8 * i + j], static_cast<std::uint64_t>((x[j] % q + q) % q)) << x[j];
  }
}

}  // namespace
}  // namespace fcn::test
