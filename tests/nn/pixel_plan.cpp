#include "nn/pixel_plan.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>

#include "nn/internal/pixel_circuit.h"
#include "support/kernels_under_test.h"

namespace fcn::nn {
namespace {

using internal::append_weight;
using internal::MonomialTerm;
using internal::reused_powers;
using platform::StatusCode;

fv::Params pixel_params() {
  auto spec = fv::pixel_spec();
  EXPECT_TRUE(spec.ok());
  auto params = fv::Params::create(spec.value(), test::default_test_kernels());
  EXPECT_TRUE(params.ok()) << params.status().message();
  return std::move(params).value();
}

Network dense_network(std::vector<std::vector<std::int64_t>> rows, std::int64_t input_max = 1) {
  Network network;
  network.name = "dense";
  network.input = {static_cast<int>(rows[0].size()), 1, 1};
  network.input_max = input_max;
  Layer layer = make_dense(network.input, static_cast<int>(rows.size()));
  for (const auto& row : rows) layer.weights.insert(layer.weights.end(), row.begin(), row.end());
  layer.bias.assign(rows.size(), 0);
  network.layers.push_back(layer);
  return network;
}

void append_dense(Network& network, std::vector<std::vector<std::int64_t>> rows) {
  Network next = dense_network(std::move(rows));
  next.layers[0].in = network.layers.back().out;
  network.layers.push_back(next.layers[0]);
}

TEST(AppendWeight, TermsSumToTheWeight) {
  for (std::int64_t base : {2, 4, 10, 132}) {
    for (std::int64_t weight = -3000; weight <= 3000; ++weight) {
      std::vector<MonomialTerm> terms;
      append_weight(terms, 7, weight, base);
      std::int64_t sum = 0;
      for (const MonomialTerm& term : terms) {
        EXPECT_EQ(term.input, 7u);
        const auto power = static_cast<std::int64_t>(std::llround(std::pow(base, term.exponent)));
        sum += term.negate ? -power : power;
      }
      ASSERT_EQ(sum, weight) << "base " << base;
    }
  }
}

TEST(AppendWeight, PowersOfTheBaseTakeOneTermAndBinaryDigitsAreNonAdjacent) {
  for (int e = 0; e < 30; ++e) {
    for (std::int64_t sign : {1, -1}) {
      std::vector<MonomialTerm> terms;
      append_weight(terms, 0, sign * (std::int64_t{1} << e), 2);
      ASSERT_EQ(terms.size(), 1u);
      EXPECT_EQ(terms[0].exponent, e);
      EXPECT_EQ(terms[0].negate, sign < 0);
    }
  }
  for (std::int64_t weight = -1000; weight <= 1000; ++weight) {
    std::vector<MonomialTerm> terms;
    append_weight(terms, 0, weight, 2);
    for (std::size_t i = 1; i < terms.size(); ++i) ASSERT_GE(terms[i].exponent, terms[i - 1].exponent + 2);
  }
}

TEST(ReusedPowers, AreTheFactorsOfLaterOnes) {
  EXPECT_EQ(reused_powers(2), (std::vector<bool>{false, true, false}));
  EXPECT_EQ(reused_powers(3), (std::vector<bool>{false, true, true, false}));
  EXPECT_EQ(reused_powers(4), (std::vector<bool>{false, true, true, false, false}));
  EXPECT_EQ(reused_powers(6), (std::vector<bool>{false, true, true, true, false, false, false}));
}

TEST(PixelPlan, CountsOperationsAsThePaperDoes) {
  Network network = dense_network({{1, -2, 0}, {0, 4, 8}, {1, 1, 1}});
  network.layers[0].bias = {5, 0, -1};
  network.layers.push_back(make_polynomial({3, 1, 1}, {0, 0, 1}));
  append_dense(network, {{1, 5, 2}});
  const fv::Params params = pixel_params();
  auto plan = PixelPlan::create(network, params);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  OpCounts expected;
  expected.pt_ct_mults = 2 + 2 + 3 + 3;  // 5 is two monomials and one product
  expected.ct_ct_adds = 1 + 1 + 2 + 2;
  expected.pt_ct_adds = 2;
  expected.ct_ct_mults = 3;
  expected.relinearizations = 1;  // of the one output that leaves, not of the three squares
  EXPECT_EQ(plan->counts(), expected);
  EXPECT_EQ(plan->counts().total(), 10u + 6 + 2 + 3);
  EXPECT_EQ(plan->stages()[1].monomials, 4u);

  // A value that nothing reads is not computed.
  network.layers.back().weights = {1, 0, 2};
  plan = PixelPlan::create(network, params);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  expected.pt_ct_mults = 2 + 3 + 2;
  expected.ct_ct_adds = 1 + 2 + 1;
  expected.pt_ct_adds = 2;
  expected.ct_ct_mults = 2;
  EXPECT_EQ(plan->counts(), expected);

  // Sums have no products.
  network.layers = {make_sum_pool({1, 3, 3}, 2, 1, 0)};
  network.input = {1, 3, 3};
  plan = PixelPlan::create(network, params);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  expected = {};
  expected.ct_ct_adds = 4 * 3;
  EXPECT_EQ(plan->counts(), expected);
}

// Rows that are multiples +-X^e of one another give fully correlated noise; two such squares must add
// deviations.
TEST(PixelPlan, CorrelatedRowsRaiseTheNoiseBound) {
  // Narrow digits, so that relinearization adds next to nothing.
  auto t = fv::PlaintextModulus::binomial(2048, 1, 2);
  ASSERT_TRUE(t.ok());
  auto spec = fv::make_spec(2048, t.value(), {50}, 0, 3);
  ASSERT_TRUE(spec.ok());
  auto params = fv::Params::create(spec.value());
  ASSERT_TRUE(params.ok());
  const auto noise_of = [&](std::vector<std::vector<std::int64_t>> first) {
    Network network = dense_network(std::move(first));
    network.layers.push_back(make_polynomial({2, 1, 1}, {0, 0, 1}));
    append_dense(network, {{1, 1}});
    const auto plan = PixelPlan::create(network, params.value());
    EXPECT_TRUE(plan.ok());
    return plan->stages().back().noise_sum.log2_sigma;
  };
  const double distinct = noise_of({{1, 2}, {1, 1}});
  EXPECT_NEAR(noise_of({{1, 2}, {1, 2}}) - distinct, 0.5, 0.01);    // the same row
  EXPECT_NEAR(noise_of({{1, 2}, {-4, -8}}) - distinct, 0.5, 0.01);  // -X^2 times it
}

// squares of dense layers, so many in a row; weights 1 add no noise of their own.
Network chain_of_squares(int squares) {
  Network network = dense_network({{1}});
  for (int i = 0; i < squares; ++i) {
    network.layers.push_back(make_polynomial({1, 1, 1}, {0, 0, 1}));
    append_dense(network, {{1}});
  }
  return network;
}

// The plan of every candidate of one n, tried one by one.
struct Candidate {
  unsigned q_bits;
  PixelKeySwitching switching;
  PixelPlan plan;
};
std::vector<Candidate> accepted_candidates(const Network& network, std::size_t n) {
  std::vector<Candidate> accepted;
  for (const PixelKeySwitching switching : {PixelKeySwitching::kDigits, PixelKeySwitching::kSpecialPrime}) {
    for (unsigned q_bits = 20; q_bits <= 214; ++q_bits) {
      const auto spec = pixel_candidate(n, q_bits, switching);
      if (!spec.ok()) continue;
      const auto params = fv::Params::create(spec.value(), test::default_test_kernels());
      if (!params.ok()) continue;
      auto plan = PixelPlan::create(network, params.value());
      if (!plan.ok()) continue;
      accepted.push_back({q_bits, switching, std::move(plan).value()});
      break;  // more bits cost more
    }
  }
  return accepted;
}

TEST(SmallestPixelPlan, IsTheCheapestOfAllAtTheSmallestRing) {
  std::size_t largest_n = 0;
  for (const int squares : {0, 1, 2, 3, 4, 6, 7}) {
    const Network network = chain_of_squares(squares);
    const auto found = smallest_pixel_plan(network, test::default_test_kernels());
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_LE(found->log2_failure(), -128);
    const std::size_t n = found->params().n();
    largest_n = n;
    if (n > 2048) {
      EXPECT_TRUE(accepted_candidates(network, n / 2).empty());
    }
    const std::vector<Candidate> all = accepted_candidates(network, n);
    ASSERT_FALSE(all.empty());
    const Candidate* cheapest = &all.front();
    for (const Candidate& candidate : all) {
      if (candidate.plan.cost() < cheapest->plan.cost()) cheapest = &candidate;
    }
    EXPECT_EQ(found->params().fingerprint(), cheapest->plan.params().fingerprint())
        << squares << " squares: " << cheapest->q_bits << " bits";
  }
  EXPECT_EQ(largest_n, 8192u);  // seven squares: nothing averages the tails of their products
}

TEST(SmallestPixelPlan, RefusesWhatNoSetHoldsNamingTheLayerAndTheBits) {
  const auto plan = smallest_pixel_plan(chain_of_squares(80), test::default_test_kernels());
  EXPECT_EQ(plan.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(plan.status().message().find("layer "), std::string::npos) << plan.status().message();
  EXPECT_NE(plan.status().message().find("bits too small"), std::string::npos) << plan.status().message();
}

TEST(PixelCandidate, SplitsBitsEvenlyAndStaysWithinTheSecurityTable) {
  const auto two = pixel_candidate(4096, 75, PixelKeySwitching::kDigits);
  ASSERT_TRUE(two.ok());
  ASSERT_EQ(two->q_primes.size(), 2u);
  EXPECT_EQ(std::bit_width(two->q_primes[0]), 37);
  EXPECT_EQ(std::bit_width(two->q_primes[1]), 38);
  EXPECT_EQ(two->digit_bits, 10u);
  EXPECT_EQ(two->special_prime, 0u);
  const auto special = pixel_candidate(4096, 68, PixelKeySwitching::kSpecialPrime);
  ASSERT_TRUE(special.ok());
  EXPECT_EQ(std::bit_width(special->special_prime), 34);
  EXPECT_EQ(special->digit_bits, 0u);
  EXPECT_FALSE(pixel_candidate(4096, 107, PixelKeySwitching::kDigits).ok());
  EXPECT_TRUE(pixel_candidate(4096, 106, PixelKeySwitching::kDigits).ok());
  EXPECT_FALSE(pixel_candidate(4096, 72, PixelKeySwitching::kSpecialPrime).ok());
}

// Squares are relinearized at once where many sums would read three components, and after the sums where few do.
TEST(PixelPlan, RelinearizesWhereItIsCheaper) {
  Network network = dense_network({{1, 2}, {1, 1}, {1, 4}});
  network.layers.push_back(make_polynomial({3, 1, 1}, {0, 0, 1}));
  append_dense(network, {{1, 1, 1}});
  const auto few = PixelPlan::create(network, pixel_params());
  ASSERT_TRUE(few.ok()) << few.status().message();
  EXPECT_FALSE(few->stages()[0].relinearize_output);
  EXPECT_EQ(few->counts().relinearizations, 1u);
  network.layers.pop_back();
  append_dense(network, std::vector<std::vector<std::int64_t>>(40, {1, 1, 1}));
  const auto many = PixelPlan::create(network, pixel_params());
  ASSERT_TRUE(many.ok()) << many.status().message();
  EXPECT_TRUE(many->stages()[0].relinearize_output);
  EXPECT_EQ(many->counts().relinearizations, 3u);
}

TEST(PixelPlan, RefusesOtherPlaintextModuli) {
  auto spec = fv::packed_spec();
  ASSERT_TRUE(spec.ok());
  auto params = fv::Params::create(spec.value());
  ASSERT_TRUE(params.ok());
  const auto plan = PixelPlan::create(dense_network({{1}}), params.value());
  EXPECT_EQ(plan.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(plan.status().message().find("t = X - b"), std::string::npos);
}

TEST(PixelPlan, RefusesNetworksTooDeepForTheNoiseNamingTheLayer) {
  Network network = dense_network({{1}});
  for (int i = 0; i < 6; ++i) {
    network.layers.push_back(make_polynomial({1, 1, 1}, {0, 0, 1}));
    append_dense(network, {{1}});
  }
  const auto plan = PixelPlan::create(network, pixel_params());
  EXPECT_EQ(plan.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(plan.status().message().find("layer 5"), std::string::npos) << plan.status().message();
  EXPECT_NE(plan.status().message().find("too small"), std::string::npos) << plan.status().message();
}

TEST(PixelPlan, RefusesValuesBeyondThePlaintextSpace) {
  // t = X - 16 and n = 2048 has room; a ring of 16 digits in base 2 has p = 65537.
  auto t = fv::PlaintextModulus::binomial(16, 1, 2);
  ASSERT_TRUE(t.ok());
  auto spec = fv::make_spec(16, t.value(), {40}, 0, 10);
  ASSERT_TRUE(spec.ok());
  spec->security = fv::Security::kInsecureForTests;
  auto params = fv::Params::create(spec.value());
  ASSERT_TRUE(params.ok()) << params.status().message();
  EXPECT_TRUE(PixelPlan::create(dense_network({{128}}, 256), params.value()).ok());
  const auto plan = PixelPlan::create(dense_network({{128}}, 257), params.value());
  EXPECT_EQ(plan.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(plan.status().message().find("layer 1"), std::string::npos) << plan.status().message();
  EXPECT_NE(plan.status().message().find("32768"), std::string::npos) << plan.status().message();
}

}  // namespace
}  // namespace fcn::nn
