// Integers and coefficients as plaintexts: the class is the number's, limits hold, and nothing outside decodes.
#include "fv/encoding.h"

#include <gtest/gtest.h>

#include "support/ciphertext_lab.h"

namespace fcn::test {
namespace {

using fv::Params;
using fv::Plaintext;
using platform::StatusCode;

// Numbers modulo b^n + 1 above 61 bits, and a few below.
const TestSet kNumberSets[] = {
    {"", 64, 1, 2, {50}, 0, 13},    {"", 2048, 1, 2, {50}, 0, 13},  {"", 32, 1, 6, {50}, 0, 13},
    {"", 16, 1, 1000, {50}, 0, 13}, {"", 8, 1, 1024, {50}, 0, 13},  {"", 64, 2, 10, {50}, 0, 13},
    {"", 16, 4, 16, {50}, 0, 13},   {"", 8, 0, 65537, {50}, 0, 13}, {"", 8, 0, 2, {50}, 0, 13},
    {"", 8, 0, 1000, {50}, 0, 13},  {"", 4, 1, 2, {50}, 0, 13}};

std::vector<std::int64_t> numbers(const Params& params, Random& random) {
  const std::int64_t limit = fv::max_integer(params);
  std::vector<std::int64_t> all = {0, limit, -limit, limit / 2, -limit / 2};
  for (std::int64_t small = 1; small < 300 && small <= limit; ++small) {
    all.push_back(small);
    all.push_back(-small);
    all.push_back(limit - small);
    all.push_back(small - limit);
  }
  for (int i = 0; i < 300; ++i) {
    all.push_back((static_cast<std::int64_t>(random() >> 1) >> (random() % 63)) % (limit + 1));
    all.push_back(-all.back());
  }
  return all;
}

Plaintext plaintext_of(const Params& params, const Poly& x) {
  Plaintext m = must(Plaintext::create(params));
  for (std::size_t i = 0; i < x.size(); ++i) m.coefficients()[i] = x[i].to_int64();
  m.set_used_rows(params.t().digits());
  return m;
}

TEST(Encoding, IntegersKeepTheirClassAndComeBack) {
  Random random(1);
  for (const TestSet& set : kNumberSets) {
    const Params params = params_of(set);
    const SchoolbookFv model(params);
    for (std::int64_t value : numbers(params, random)) {
      const Plaintext m = must(fv::encode_integer(params, value));
      Poly expected(model.length());
      expected[0] = modulo(value, model.p());
      ASSERT_EQ(model.residues(m), expected) << value;
      for (std::size_t i = 0; i < params.n(); ++i) {
        ASSERT_LE(std::abs(m.coefficients()[i]), params.t().digit_bound());
        if (i >= m.used_rows() * params.t().length()) {
          ASSERT_EQ(m.coefficients()[i], 0);
        }
      }
      ASSERT_EQ(must(fv::decode_integer(m)), value);
      for (const std::size_t count : {1, 2, 4}) {
        std::vector<std::uint64_t> words(count);
        ASSERT_TRUE(fv::decode_wide_integer(m, words).ok()) << value;
        ASSERT_EQ(static_cast<std::int64_t>(words[0]), value);
        for (std::size_t i = 1; i < count; ++i) ASSERT_EQ(words[i], static_cast<std::uint64_t>(value >> 63));
      }
    }
  }
}

// value 2^shift, sign and all, in 256 bits.
std::vector<std::uint64_t> shifted_words(std::int64_t value, unsigned shift) {
  std::vector<std::uint64_t> words(4);
  for (unsigned bit = 0; bit < 256; ++bit) {
    const unsigned from = bit < shift ? 64 : std::min(bit - shift, 63u);  // 64: a zero below
    if (from < 64 && (static_cast<std::uint64_t>(value) >> from & 1) != 0)
      words[bit / 64] |= std::uint64_t{1} << bit % 64;
  }
  return words;
}

// X^e times a number is 2^e times it, well beyond 64 bits; also with digits pushed around by a multiple of t.
TEST(Encoding, WideIntegersDecode) {
  Random random(11);
  const fv::Params params = must(fv::Params::create(must(fv::pixel_spec())));
  const std::size_t n = params.n();
  for (std::int64_t value : numbers(params, random)) {
    for (const unsigned shift : {0u, 1u, 63u, 64u, 100u, 191u}) {
      const Plaintext m = must(fv::encode_integer(params, value));
      Plaintext moved = must(Plaintext::create(params));
      for (std::size_t i = 0; i + shift < n; ++i) moved.coefficients()[i + shift] = m.coefficients()[i];
      if (shift % 2 == 1) {  // + t y
        for (std::size_t i = 0; i < n; ++i) {
          const std::int64_t y = static_cast<std::int64_t>(random() % 5) - 2;
          moved.coefficients()[i] -= 2 * y;
          moved.coefficients()[(i + 1) % n] += i + 1 < n ? y : -y;
        }
        params.t().reduce(moved.coefficients(), params.t().digits());
      }
      std::vector<std::uint64_t> words(4);
      ASSERT_TRUE(fv::decode_wide_integer(moved, words).ok()) << value << " 2^" << shift;
      ASSERT_EQ(words, shifted_words(value, shift)) << value << " 2^" << shift;
    }
  }
  Plaintext large = must(Plaintext::create(params));
  large.coefficients()[255] = 1;
  std::vector<std::uint64_t> words(4, 7);
  const auto status = fv::decode_wide_integer(large, words);
  EXPECT_EQ(status.code(), platform::StatusCode::kOutOfRange);
  EXPECT_NE(status.message().find("more than 254 bits"), std::string::npos);
  EXPECT_EQ(words, std::vector<std::uint64_t>(4, 0));
}

TEST(Encoding, IntegersDecodeFromEveryRepresentative) {
  Random random(2);
  for (const TestSet& set : kNumberSets) {
    const Params params = params_of(set);
    const SchoolbookFv model(params);
    for (std::int64_t value : numbers(params, random)) {
      if (random() % 8 != 0) continue;
      // Plus a multiple of t, reduced again.
      SmallPoly y(params.n());
      for (std::int64_t& v : y) v = static_cast<std::int64_t>(random() % 5) - 2;
      const Plaintext m = must(fv::encode_integer(params, value));
      const Poly other =
          sum(to_poly(m.coefficients(), params.n()), model.times_t(to_poly(y.data(), params.n())));
      Plaintext moved = plaintext_of(params, other);
      params.t().reduce(moved.coefficients(), params.t().digits());
      ASSERT_EQ(must(fv::decode_integer(moved)), value);
    }
  }
}

TEST(Encoding, NumbersOutsideAreRefused) {
  Random random(3);
  for (const TestSet& set : kNumberSets) {
    const Params params = params_of(set);
    const SchoolbookFv model(params);
    const std::int64_t limit = fv::max_integer(params);
    for (std::int64_t value : {limit + 1, -limit - 1, INT64_MAX, INT64_MIN}) {
      if (params.t().is_integer() && params.t().base() % 2 == 0 && value == -limit - 1)
        continue;  // -t/2 is allowed
      const auto refused = fv::encode_integer(params, value);
      EXPECT_EQ(refused.status().code(), StatusCode::kOutOfRange) << value;
      EXPECT_NE(refused.status().message().find(std::to_string(value)), std::string::npos)
          << refused.status().message();
      EXPECT_NE(refused.status().message().find(std::to_string(limit)), std::string::npos)
          << refused.status().message();
    }
    if (params.t().residue_modulus() != 0) continue;  // every residue decodes
    // Far and near numbers that 64 bits would fold back into range.
    std::vector<BigInt> outside = {BigInt(limit) + 1,
                                   BigInt(limit) + 2,
                                   BigInt::power_of_two(63),
                                   BigInt::power_of_two(64),
                                   BigInt::power_of_two(64) + 5,
                                   divide_floor(model.p(), 2),
                                   divide_floor(model.p(), 2) - 7};
    for (int i = 0; i < 400; ++i) outside.push_back(BigInt(limit) + 1 + BigInt(random()) * (random() % 1000));
    for (const BigInt& magnitude : outside) {
      if (magnitude <= limit || magnitude + limit >= model.p()) continue;
      for (const BigInt& number : {magnitude, -magnitude}) {
        Poly residues(model.length());
        residues[0] = modulo(number, model.p());
        const auto decoded = fv::decode_integer(plaintext_of(params, model.representative(residues)));
        EXPECT_EQ(decoded.status().code(), StatusCode::kOutOfRange) << number << " base " << set.b;
        EXPECT_NE(decoded.status().message().find(std::to_string(limit)), std::string::npos);
      }
    }
  }
}

TEST(Encoding, Coefficients) {
  Random random(4);
  for (const TestSet& set : {TestSet{"", 32, 8, 48, {50}, 0, 13}, TestSet{"", 64, 8, 132, {50}, 0, 13},
                             TestSet{"", 8, 0, 65537, {50}, 0, 13}, TestSet{"", 8, 0, 2, {50}, 0, 13},
                             TestSet{"", 8, 0, std::uint64_t{1} << 40, {50, 50}, 0, 13}}) {
    const Params params = params_of(set);
    const SchoolbookFv model(params);
    const std::uint64_t p = model.p().to_uint64();
    const auto high = static_cast<std::int64_t>((p - 1) / 2), low = -static_cast<std::int64_t>(p / 2);
    std::vector<std::int64_t> values(params.t().length());
    for (std::size_t j = 0; j < values.size(); ++j) {
      values[j] = j == 0 ? high : j == 1 ? low : j == 2 ? 0 : low + static_cast<std::int64_t>(random() % p);
    }
    Plaintext m = must(fv::encode_coefficients(params, values));
    Poly expected;
    for (std::int64_t value : values) expected.push_back(modulo(value, model.p()));
    EXPECT_EQ(model.residues(m), expected);
    EXPECT_EQ(must(fv::decode_coefficients(m)), values);
    values.resize(values.size() - 3);  // the rest are 0
    m = must(fv::encode_coefficients(params, values));
    values.resize(values.size() + 3, 0);
    EXPECT_EQ(must(fv::decode_coefficients(m)), values);
    values[5] = high + 1;
    auto refused = fv::encode_coefficients(params, values);
    EXPECT_EQ(refused.status().code(), StatusCode::kOutOfRange);
    EXPECT_NE(refused.status().message().find("value " + std::to_string(high + 1) + " at index 5"),
              std::string::npos)
        << refused.status().message();
    values[5] = low - 1;
    EXPECT_EQ(fv::encode_coefficients(params, values).status().code(), StatusCode::kOutOfRange);
    values.assign(params.t().length() + 1, 0);
    refused = fv::encode_coefficients(params, values);
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(refused.status().message().find("do not fit"), std::string::npos);
  }
  const Params wide = params_of(kNumberSets[0]);
  const std::int64_t one = 1;
  EXPECT_EQ(fv::encode_coefficients(wide, {&one, 1}).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(fv::decode_coefficients(must(Plaintext::create(wide))).status().code(), StatusCode::kUnsupported);
}

TEST(Encoding, WeightsOfPowersOfTheBaseAreMonomials) {
  const Params params = params_of(kNumberSets[1]);
  CiphertextLab lab(params, 5);
  fv::Ciphertext c = must(
      must(fv::encrypt(lab.key, must(fv::encode_integer(params, -77)), lab.rng, lab.workspace)).expand());
  ASSERT_TRUE(fv::multiply_monomial_inplace(c, 20, lab.workspace).ok());
  EXPECT_EQ(must(fv::decode_integer(must(fv::decrypt(lab.key, c, lab.workspace)))),
            -77 * (std::int64_t{1} << 20));
  ASSERT_TRUE(fv::multiply_monomial_inplace(c, -18, lab.workspace).ok());
  EXPECT_EQ(must(fv::decode_integer(must(fv::decrypt(lab.key, c, lab.workspace)))), -77 * 4);
}

}  // namespace
}  // namespace fcn::test
