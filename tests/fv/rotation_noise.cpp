// The noise that rotated products of one ciphertext add up to, against its definition for every coefficient; and a search
// for weights that would pass the bound.
#include "fv/internal/rotation_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "fv/encoding.h"
#include "fv/key_switching.h"
#include "support/fv_sets.h"

namespace fcn::test {
namespace {

using Weights = std::vector<std::int64_t>;  // a slot vector

constexpr std::size_t kTerms = 8;

class RotationNoiseTest : public testing::Test {
 protected:
  // Rotations 0 ... kTerms - 1 of one input, as giant steps or as baby steps.
  fv::OutputSum bound(const std::vector<Weights>& rows, bool babies) {
    auto noise = must(fv::RotationNoise::create(params));
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const fv::Plaintext m = must(encoder.encode(rows[r]));
      const std::size_t g = fv::rotation_element(params, static_cast<std::int64_t>(r));
      noise.add(0, babies ? 1 : g, babies ? g : 1, m.coefficients());
    }
    return noise.finish();
  }
  // max over all coefficients i of the sum of squares of what each coefficient of E contributes to coefficient i of the sum of
  // sigma_g(W sigma_b(E)), from that definition.
  double exact(const std::vector<Weights>& rows, bool babies) {
    const std::size_t n = params.n();
    std::vector<std::vector<double>> matrix(n, std::vector<double>(n, 0));
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const fv::Plaintext m = must(encoder.encode(rows[r]));
      const std::size_t h = fv::rotation_element(params, static_cast<std::int64_t>(r));
      for (std::size_t j = 0; j < n; ++j) {    // X^j of E
        for (std::size_t l = 0; l < n; ++l) {  // times X^l of W
          const auto w = static_cast<double>(m.coefficients()[l]);
          const std::size_t to = babies ? (j * h + l) % (2 * n) : (j + l) * h % (2 * n);
          matrix[to % n][j] += to >= n ? -w : w;
        }
      }
    }
    double most = 0;
    for (const auto& row : matrix) {
      double sum = 0;
      for (const double x : row) sum += x * x;
      most = std::max(most, sum);
    }
    return most;
  }
  Weights random_row() {
    Weights row(encoder.slots());
    for (auto& w : row) w = static_cast<std::int64_t>(random() % 5) - 2;
    return row;
  }
  // What an equal row of a matrix looks like in diagonal r: moved by r slots.
  static Weights moved(const Weights& row, std::size_t r) {
    Weights out(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) out[i] = row[(i + r) % row.size()];
    return out;
  }

  fv::Params params = params_of({"", 256, 32, 132, {50, 50}, 50, 0});
  fv::SlotEncoder encoder = must(fv::SlotEncoder::create(params));
  std::mt19937_64 random{17};
};

TEST_F(RotationNoiseTest, UnrelatedRowsAddUpAsVariances) {
  for (const bool babies : {false, true}) {
    std::vector<Weights> rows;
    double norm2 = 0;
    for (std::size_t r = 0; r < kTerms; ++r) {
      rows.push_back(random_row());
      const fv::Plaintext m = must(encoder.encode(rows.back()));
      for (std::size_t j = 0; j < params.n(); ++j)
        norm2 += static_cast<double>(m.coefficients()[j]) * static_cast<double>(m.coefficients()[j]);
    }
    const fv::OutputSum sum = bound(rows, babies);
    EXPECT_LE(exact(rows, babies), sum.norm2 * 1.0001);
    EXPECT_LE(sum.norm2, norm2 * 2);
    EXPECT_GE(sum.terms, kTerms * 0.5);
    EXPECT_DOUBLE_EQ(sum.norm2, sum.related_norm2);
    EXPECT_EQ(sum.baby_norm2 > 0, babies);
  }
}

// All rows equal, in pairs, all ones, with signs of period 2 and 4: in some coefficient the terms are the same number.
TEST_F(RotationNoiseTest, RelatedRowsAreSeen) {
  const Weights base = random_row(), other = random_row(), ones(encoder.slots(), 1);
  for (const bool babies : {false, true}) {
    for (int pattern = 0; pattern < 5; ++pattern) {
      std::vector<Weights> rows;
      for (std::size_t r = 0; r < kTerms; ++r) {
        Weights row = pattern == 2 ? ones
                      : babies     ? (pattern == 1 && r % 2 != 0 ? other : base)
                                   : (pattern == 1 && r % 2 != 0 ? other : base);
        if (babies) row = moved(row, r);
        if (pattern == 3 && r % 2 != 0)
          for (auto& w : row) w = -w;
        if (pattern == 4 && r / 2 % 2 != 0)
          for (auto& w : row) w = -w;
        rows.push_back(row);
      }
      const fv::OutputSum sum = bound(rows, babies);
      const double most = exact(rows, babies);
      EXPECT_LE(most, sum.norm2 * 1.0001) << "pattern " << pattern << (babies ? ", babies" : ", giants");
      EXPECT_LE(sum.norm2, most * 2);
    }
  }
}

// Hill climbing from random and from related rows: no small weights were found whose noise passes the bound.
TEST_F(RotationNoiseTest, ASearchFindsNoWeightsBeyondTheBound) {
  double worst = 0;
  for (int start = 0; start < 4; ++start) {
    std::vector<Weights> rows;
    const Weights base = random_row();
    for (std::size_t r = 0; r < kTerms; ++r)
      rows.push_back(start % 2 == 0 ? random_row() : moved(base, r * static_cast<std::size_t>(start)));
    double best = exact(rows, true) / bound(rows, true).norm2;
    for (int step = 0; step < 40; ++step) {
      std::vector<Weights> changed = rows;
      Weights& row = changed[random() % kTerms];
      switch (random() % 4) {
        case 0:
          row[random() % row.size()] = static_cast<std::int64_t>(random() % 5) - 2;
          break;
        case 1:
          row = moved(changed[random() % kTerms], random() % row.size());
          break;
        case 2:
          for (auto& w : row) w = -w;
          break;
        default:
          for (std::size_t i = random() % 4; i < row.size(); i += 4) row[i] = -row[i];
      }
      const double ratio = exact(changed, true) / bound(changed, true).norm2;
      if (ratio < best) continue;
      best = ratio;
      rows = std::move(changed);
    }
    worst = std::max(worst, best);
  }
  std::printf("  the largest noise found: %.3f of its bound\n", std::sqrt(worst));
  EXPECT_LE(worst, 1.0001);
}

}  // namespace
}  // namespace fcn::test
