// Changes of base against the Chinese remainder theorem in big integers.
#include "fv/internal/base_converter.h"

#include <gtest/gtest.h>

#include "ntt/primes.h"
#include "support/fv_sets.h"
#include "support/schoolbook_fv.h"

namespace fcn::test {
namespace {

class BaseConverterTest : public KernelTest {
 protected:
  // Converts every x, at most n_ of them, from the first to the second base and compares; where x is within u 2^-50 of
  // A/2, relative to A, x - A or x + A is right too, for u > 1 primes.
  void check(const std::vector<std::uint64_t>& from, const std::vector<std::uint64_t>& to, const Poly& x) {
    std::vector<ntt::NttTables> tables;
    for (const auto* base : {&from, &to}) {
      for (std::uint64_t q : *base) {
        tables.push_back(must(ntt::NttTables::create(n_, must(ntt::Modulus::create(q)), kernels())));
      }
    }
    std::vector<const ntt::NttTables*> a, b;
    for (std::size_t i = 0; i < tables.size(); ++i) (i < from.size() ? a : b).push_back(&tables[i]);
    const fv::BaseConverter converter(a, b);
    BigInt product = 1;
    for (std::uint64_t q : from) product = product * q;
    std::vector<std::uint64_t> in(from.size() * n_, 0), out(to.size() * n_, ~std::uint64_t{0}),
        scratch(converter.scratch_words(n_));
    for (std::size_t i = 0; i < from.size(); ++i) {
      for (std::size_t c = 0; c < x.size(); ++c) in[i * n_ + c] = modulo(x[c], from[i]).to_uint64();
    }
    converter.convert(out.data(), in.data(), n_, n_, scratch.data());
    for (std::size_t c = 0; c < x.size(); ++c) {
      const BigInt slack = product - absolute(x[c]) * 2;  // in units of 1/2
      const bool either = from.size() > 1 && slack * BigInt::power_of_two(49) <= product * from.size();
      const BigInt other = x[c].is_negative() ? x[c] + product : x[c] - product;
      bool is_x = true, is_other = true;
      for (std::size_t j = 0; j < to.size(); ++j) {
        is_x = is_x && out[j * n_ + c] == modulo(x[c], to[j]).to_uint64();
        is_other = is_other && out[j * n_ + c] == modulo(other, to[j]).to_uint64();
      }
      EXPECT_TRUE(is_x || (either && is_other))
          << x[c] << " modulo " << product << ", " << from.size() << " primes";
    }
  }

  std::vector<std::uint64_t> primes(const std::vector<unsigned>& bits, std::vector<std::uint64_t>& taken) {
    std::vector<std::uint64_t> found;
    for (unsigned b : bits) {
      found.push_back(must(ntt::find_primes(n_, b, 1, taken))[0]);
      taken.push_back(found.back());
    }
    return found;
  }

  std::size_t n_ = 64;
};

const std::vector<std::vector<unsigned>> kShapes = {
    {50}, {30}, {12}, {50, 50}, {20, 50}, {50, 49, 48}, {40, 30, 50, 20}, {50, 50, 50, 50, 50, 50, 50,
                                                                           50, 50, 50, 50, 50, 50, 50,
                                                                           50, 50, 50, 50, 50, 50}};

TEST_P(BaseConverterTest, EqualsTheRemainderTheorem) {
  Random random(1);
  for (const auto& from_bits : kShapes) {
    for (const auto& to_bits : {std::vector<unsigned>{50}, {50, 30, 41}, {16}}) {
      std::vector<std::uint64_t> taken;
      const auto from = primes(from_bits, taken), to = primes(to_bits, taken);
      BigInt product = 1;
      for (std::uint64_t q : from) product = product * q;
      const BigInt half = divide_floor(product, 2);
      Poly x = {0, 1, -1, half, -half, half - 1, 1 - half, divide_floor(half, 2), -divide_floor(half, 2)};
      for (std::uint64_t q : from) {  // multiples of all primes but one
        x.push_back(centered_modulo(divide_floor(product, q), product));
        x.push_back(centered_modulo(BigInt(q) * (random() % q), product));
      }
      // As near to the middle as the sum of doubles must still tell apart.
      const BigInt near = half - divide_floor(product * (from.size() + 1), BigInt::power_of_two(50)) - 1;
      if (!near.is_negative()) {
        x.push_back(near);
        x.push_back(-near);
      }
      while (x.size() < n_) {
        BigInt value;
        for (std::size_t i = 0; i <= from.size(); ++i) value = value * BigInt::power_of_two(64) + random();
        x.push_back(centered_modulo(value, product));
      }
      check(from, to, x);
    }
  }
}

TEST_P(BaseConverterTest, EveryNumberOfASmallBase) {
  std::vector<std::uint64_t> taken;
  const auto from = primes({9}, taken), to = primes({50, 12}, taken);
  ASSERT_LT(from[0], 512u);
  for (std::int64_t low = -static_cast<std::int64_t>(from[0] / 2);
       low <= static_cast<std::int64_t>(from[0] / 2); low += n_) {
    Poly x;
    for (std::int64_t value = low;
         value < low + static_cast<std::int64_t>(n_) && value <= static_cast<std::int64_t>(from[0] / 2);
         ++value)
      x.push_back(value);
    check(from, to, x);
  }
}

TEST_P(BaseConverterTest, LongPolynomials) {
  Random random(2);
  n_ = 4096;
  for (const auto& from_bits : {std::vector<unsigned>{50}, {50, 45, 50}}) {
    std::vector<std::uint64_t> taken;
    const auto from = primes(from_bits, taken), to = primes({50, 40}, taken);
    BigInt product = 1;
    for (std::uint64_t q : from) product = product * q;
    Poly x;
    for (std::size_t c = 0; c < n_; ++c) {
      x.push_back(centered_modulo(BigInt(random()) * BigInt(random()) * BigInt(random()), product));
    }
    check(from, to, x);
  }
}

FCN_ON_ALL_KERNELS(BaseConverterTest);

}  // namespace
}  // namespace fcn::test
