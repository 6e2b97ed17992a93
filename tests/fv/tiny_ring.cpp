// n = 4, where everything can be tried: every plaintext, every pair, every monomial.
#include <gtest/gtest.h>

#include "fv/monomial_sum.h"
#include "fv/product.h"
#include "support/ciphertext_lab.h"

namespace fcn::test {
namespace {

using fv::Ciphertext;

// Primes just large enough for a product's noise, and one pair of primes.
const TestSet kTinySets[] = {
    {"number", 4, 1, 2, {16}, 0, 3},         // 17 plaintexts
    {"slots", 4, 2, 2, {16}, 0, 2},          // 25
    {"integer", 4, 0, 3, {16}, 0, 4},        // 81
    {"number_2", 4, 1, 2, {12, 11}, 13, 0},  // 17
    {"base_4", 4, 2, 4, {18}, 0, 4},         // 289
};

class TinyRing : public testing::TestWithParam<int> {
 protected:
  TinyRing() : lab(params_of(kTinySets[GetParam()]), 61) {
    std::size_t count = 1;
    const std::uint64_t p = lab.model.p().to_uint64();
    for (std::size_t j = 0; j < lab.model.length(); ++j) count *= p;
    for (std::size_t index = 0; index < count; ++index) {
      Poly residues;
      for (std::size_t j = 0, rest = index; j < lab.model.length(); ++j, rest /= p)
        residues.push_back(rest % p);
      all.push_back(residues);
    }
  }
  Poly library_decrypts(const Ciphertext& c) {
    return lab.model.residues(must(fv::decrypt(lab.key, c, lab.workspace)));
  }

  CiphertextLab lab;
  std::vector<Poly> all;  // every plaintext
};

TEST_P(TinyRing, EveryPlaintextUnderManyErrors) {
  const fv::PublicKey public_key = must(fv::PublicKey::generate(lab.key, lab.rng));
  for (const Poly& m : all) {
    for (int i = 0; i < 20; ++i) {
      const Ciphertext c = lab.encrypt(m);
      ASSERT_EQ(library_decrypts(c), m);
      ASSERT_EQ(lab.decrypt(c), m);
      const Ciphertext d = must(fv::encrypt(public_key, lab.plaintext(m), lab.rng, lab.workspace));
      ASSERT_EQ(library_decrypts(d), m);
    }
  }
}

TEST_P(TinyRing, EveryPair) {
  const fv::RelinKeys keys = must(fv::RelinKeys::generate(lab.key, lab.rng));
  std::vector<Ciphertext> encrypted;
  for (const Poly& m : all) encrypted.push_back(lab.encrypt(m));
  const std::size_t step = all.size() > 100 ? 7 : 1;  // 289 squared pairs would take a minute
  for (std::size_t x = 0; x < all.size(); ++x) {
    for (std::size_t y = x % step; y < all.size(); y += step) {
      Ciphertext c = must(encrypted[x].clone());
      ASSERT_TRUE(fv::add_inplace(c, encrypted[y]).ok());
      ASSERT_EQ(library_decrypts(c), lab.model.add_residues(all[x], all[y]));
      const platform::Status status = fv::multiply(c, encrypted[x], encrypted[y], lab.workspace);
      ASSERT_TRUE(status.ok()) << status.message();
      const Poly product = lab.model.multiply_residues(all[x], all[y]);
      ASSERT_EQ(library_decrypts(c), product);
      ASSERT_TRUE(fv::relinearize_inplace(c, keys, lab.workspace).ok());
      ASSERT_EQ(library_decrypts(c), product);
      c = must(encrypted[x].clone());
      ASSERT_TRUE(fv::add_plain_inplace(c, lab.plaintext(all[y]), lab.workspace).ok());
      ASSERT_EQ(library_decrypts(c), lab.model.add_residues(all[x], all[y]));
      ASSERT_TRUE(fv::multiply_plain_inplace(encrypted[x], must(fv::transform(lab.plaintext(all[y])))).ok());
      ASSERT_EQ(library_decrypts(encrypted[x]), product);
      encrypted[x] = lab.encrypt(all[x]);
    }
    Ciphertext square = must(encrypted[x].clone());
    ASSERT_TRUE(fv::square(square, encrypted[x], lab.workspace).ok());
    ASSERT_EQ(library_decrypts(square), lab.model.multiply_residues(all[x], all[x]));
  }
}

TEST_P(TinyRing, EveryMonomial) {
  auto sum = must(fv::MonomialSum::create(lab.params, lab.params.q_count(), fv::Correlation::kAny));
  for (const Poly& m : all) {
    const Ciphertext c = lab.encrypt(m);
    for (std::int64_t e = -8; e < 8; ++e) {
      Ciphertext shifted = must(c.clone());
      ASSERT_TRUE(fv::multiply_monomial_inplace(shifted, e, lab.workspace).ok());
      const Poly expected = lab.model.residues(times_monomial(lab.model.representative(m), e));
      ASSERT_EQ(library_decrypts(shifted), expected);
      ASSERT_TRUE(sum.add(c, e + 4, true).ok());
      ASSERT_TRUE(sum.finish(shifted).ok());
      ASSERT_EQ(library_decrypts(shifted), expected);
    }
  }
}

TEST_P(TinyRing, EveryRotation) {
  std::vector<std::size_t> elements;
  for (std::size_t g = 3; g < 8; g += 2) {
    if (fv::is_galois_element(lab.params, g)) elements.push_back(g);
  }
  EXPECT_EQ(elements.size(), lab.params.t().length() - 1);
  const auto keys = must(fv::GaloisKeys::generate(lab.key, lab.rng, elements));
  for (const Poly& m : all) {
    for (std::size_t g : elements) {
      Ciphertext c = lab.encrypt(m);
      ASSERT_TRUE(fv::apply_galois_inplace(c, g, keys, lab.workspace).ok());
      ASSERT_EQ(library_decrypts(c), lab.model.residues(substitute_power(lab.model.representative(m), g)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, TinyRing, testing::Range(0, static_cast<int>(std::size(kTinySets))),
                         [](const auto& set) { return std::string(kTinySets[set.param].name); });

}  // namespace
}  // namespace fcn::test
