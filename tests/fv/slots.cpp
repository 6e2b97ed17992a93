// Slots: values at the roots of t, in the order that rotations follow.
#include <gtest/gtest.h>

#include <set>

#include "fv/encoding.h"
#include "fv/product.h"
#include "support/ciphertext_lab.h"
#include "support/ring_oracle.h"

namespace fcn::test {
namespace {

using fv::SlotEncoder;
using platform::StatusCode;

const TestSet kSlotSets[] = {{"", 16, 4, 16, {50}, 0, 13},      {"", 32, 8, 48, {50, 45}, 50, 0},
                             {"", 64, 8, 132, {50, 50}, 50, 0}, {"", 64, 16, 48, {50, 45}, 50, 0},
                             {"", 16, 0, 257, {50}, 0, 13},     {"", 64, 0, 65537, {50, 45}, 50, 0}};

std::vector<std::int64_t> random_values(const SlotEncoder& encoder, Random& random) {
  const std::uint64_t p = encoder.modulus();
  std::vector<std::int64_t> values(encoder.slots());
  for (std::size_t j = 0; j < values.size(); ++j) {
    const auto half = static_cast<std::int64_t>((p - 1) / 2);
    values[j] = j == 0 ? half : j == 1 ? -half : static_cast<std::int64_t>(random() % p) - half;
  }
  return values;
}

std::int64_t balanced(std::uint64_t residue, std::uint64_t p) {
  return residue > (p - 1) / 2 ? static_cast<std::int64_t>(residue - p) : static_cast<std::int64_t>(residue);
}

// x(root) modulo p.
std::uint64_t value_at(const fv::Plaintext& m, std::uint64_t root, std::uint64_t p) {
  Residues residues;
  for (std::size_t i = 0; i < m.params().n(); ++i) residues.push_back(signed_ref(m.coefficients()[i], p));
  return evaluate_ref(residues, root, p);
}

TEST(Slots, AreValuesAtTheRootsInOrder) {
  Random random(1);
  for (const TestSet& set : kSlotSets) {
    const fv::Params params = params_of(set);
    const SlotEncoder encoder = must(SlotEncoder::create(params));
    const std::uint64_t p = encoder.modulus();
    const std::size_t n = params.n(), slots = encoder.slots();
    EXPECT_EQ(slots, params.t().length());
    // X itself has the root in each slot.
    fv::Plaintext x = must(fv::Plaintext::create(params));
    x.coefficients()[1] = 1;
    x.set_used_rows(params.t().digits());
    std::vector<std::uint64_t> roots;
    for (std::int64_t root : must(encoder.decode(x))) roots.push_back(signed_ref(root, p));
    EXPECT_EQ(std::set(roots.begin(), roots.end()).size(), slots);
    for (std::size_t j = 0; j < slots; ++j) {
      EXPECT_EQ(power_ref(roots[j], n, p), p - 1);
      if (!params.t().is_integer()) {
        EXPECT_EQ(power_ref(roots[j], params.t().length(), p), params.t().base());
      }
      const std::size_t rows = params.t().is_integer() ? 2 : 1, row = slots / rows;
      if (j + 1 < slots && (j + 1) % row != 0) {  // the next slot along: psi^g
        const std::size_t g = params.t().is_integer() ? 3 : 1 + 2 * n / slots;
        EXPECT_EQ(roots[j + 1], power_ref(roots[j], g, p)) << j;
      }
      if (rows == 2 && j < row) {  // the row below
        EXPECT_EQ(multiply_ref(roots[j], roots[j + row], p), 1u) << j;
      }
    }
    for (int round = 0; round < 3; ++round) {
      const auto values = random_values(encoder, random);
      const fv::Plaintext m = must(encoder.encode(values));
      for (std::size_t j = 0; j < slots; ++j)
        ASSERT_EQ(balanced(value_at(m, roots[j], p), p), values[j]) << j;
      for (std::size_t i = 0; i < n; ++i) ASSERT_LE(std::abs(m.coefficients()[i]), params.t().digit_bound());
      EXPECT_EQ(must(encoder.decode(m)), values);
    }
    // Any plaintext decodes to its values at the roots.
    fv::Plaintext any = must(fv::Plaintext::create(params));
    for (std::size_t i = 0; i < n; ++i) any.coefficients()[i] = static_cast<std::int64_t>(random() % 3) - 1;
    const auto decoded = must(encoder.decode(any));
    for (std::size_t j = 0; j < slots; ++j)
      ASSERT_EQ(decoded[j], balanced(value_at(any, roots[j], p), p)) << j;
  }
}

TEST(Slots, ProductsSumsAndRotationsActSlotBySlot) {
  Random random(2);
  for (const TestSet& set : kSlotSets) {
    CiphertextLab lab(params_of(set), 71);
    const SlotEncoder encoder = must(SlotEncoder::create(lab.params));
    const std::uint64_t p = encoder.modulus();
    const auto x = random_values(encoder, random), y = random_values(encoder, random);
    const std::size_t slots = x.size(), rows = lab.params.t().is_integer() ? 2 : 1, row = slots / rows;
    const fv::Ciphertext a =
        must(must(fv::encrypt(lab.key, must(encoder.encode(x)), lab.rng, lab.workspace)).expand());
    const fv::Ciphertext b =
        must(must(fv::encrypt(lab.key, must(encoder.encode(y)), lab.rng, lab.workspace)).expand());
    fv::Ciphertext c = must(a.clone());
    const auto decoded = [&](const fv::Ciphertext& from) {
      return must(encoder.decode(must(fv::decrypt(lab.key, from, lab.workspace))));
    };
    if (fv::multiply(c, a, b, lab.workspace).ok()) {
      const auto products = decoded(c);
      for (std::size_t j = 0; j < slots; ++j) {
        ASSERT_EQ(products[j], balanced(multiply_ref(signed_ref(x[j], p), signed_ref(y[j], p), p), p)) << j;
      }
    }
    const auto keys = must(fv::GaloisKeys::generate(
        lab.key, lab.rng, {fv::rotation_element(lab.params, 1), fv::rotation_element(lab.params, -2)}));
    for (std::int64_t steps : {1, -2}) {
      c = must(a.clone());
      ASSERT_TRUE(fv::rotate_inplace(c, steps, keys, lab.workspace).ok());
      const auto rotated = decoded(c);
      for (std::size_t j = 0; j < slots; ++j) {
        const std::size_t from =
            j / row * row +
            (j % row + static_cast<std::size_t>(steps + static_cast<std::int64_t>(row))) % row;
        ASSERT_EQ(rotated[j], x[from]) << "slot " << j << " steps " << steps;
      }
    }
    if (rows == 2) {
      const auto swap = must(fv::GaloisKeys::generate(lab.key, lab.rng, {fv::row_swap_element(lab.params)}));
      c = must(a.clone());
      ASSERT_TRUE(fv::apply_galois_inplace(c, fv::row_swap_element(lab.params), swap, lab.workspace).ok());
      const auto swapped = decoded(c);
      for (std::size_t j = 0; j < slots; ++j) ASSERT_EQ(swapped[j], x[(j + row) % slots]) << j;
    }
  }
}

TEST(Slots, Refusals) {
  const auto unsupported = [](const TestSet& set, const char* part) {
    const auto encoder = SlotEncoder::create(params_of(set));
    EXPECT_EQ(encoder.status().code(), StatusCode::kUnsupported);
    EXPECT_NE(encoder.status().message().find(part), std::string::npos) << encoder.status().message();
  };
  unsupported({"", 64, 1, 2, {50}, 0, 13}, "more than 61 bits");
  unsupported({"", 64, 8, 10, {50}, 0, 13}, "not a prime");  // 10^8 + 1 = 17 * 5882353
  unsupported({"", 16, 2, 2, {50}, 0, 13}, "fewer than 4");  // 2^8 + 1 = 257, two slots
  unsupported({"", 16, 0, 101, {50}, 0, 13}, "not a prime that is 1 modulo 2n = 32");
  const fv::Params params = params_of(kSlotSets[0]);
  const SlotEncoder encoder = must(SlotEncoder::create(params));
  EXPECT_EQ(encoder.encode(std::vector<std::int64_t>(5)).status().code(), StatusCode::kInvalidArgument);
  const std::vector<std::int64_t> large = {0, static_cast<std::int64_t>(encoder.modulus() / 2 + 1)};
  const auto refused = encoder.encode(large);
  EXPECT_EQ(refused.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(refused.status().message().find("at index 1"), std::string::npos);
  const auto foreign = must(fv::Plaintext::create(params_of(kSlotSets[1])));
  EXPECT_EQ(encoder.decode(foreign).status().code(), StatusCode::kMismatch);
}

}  // namespace
}  // namespace fcn::test
