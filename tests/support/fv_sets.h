// Parameter sets for tests: rings small enough for oracles, of every kind of plaintext modulus.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "fv/encryption.h"
#include "kernels_under_test.h"

namespace fcn::test {

// The value, or the end of the program with the error that kept it from being made.
template <class T>
T must(platform::Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "unexpected error: %s\n", result.status().message().c_str());
    std::abort();
  }
  return std::move(result).value();
}

struct TestSet {
  const char* name;
  std::size_t n, k;  // k = 0: t is the integer b
  std::uint64_t b;
  std::vector<unsigned> q_bits;
  unsigned special_bits, digit_bits;
};

// p = 132^8 + 1 and 48^4 + 1 are primes that are 1 modulo 2n, so that there are slots; the others differ on
// purpose.
inline const std::vector<TestSet>& small_sets() {
  static const std::vector<TestSet> sets = {
      {"integer_1", 32, 0, 257, {50}, 0, 10},
      {"integer_3", 64, 0, 65537, {36, 40, 45}, 50, 0},
      {"integer_even", 16, 0, (std::uint64_t{1} << 40) - 2, {50, 50, 50}, 45, 20},
      {"number_1", 64, 1, 2, {50}, 0, 13},
      {"number_2", 32, 1, 6, {45, 30}, 0, 7},
      {"slots_1", 32, 8, 48, {50}, 0, 5},
      {"slots_2", 64, 8, 132, {50, 50}, 50, 0},
      {"slots_3", 128, 16, 132, {40, 50, 45}, 50, 16},
  };
  return sets;
}

inline fv::ParamsSpec spec_of(const TestSet& set) {
  const auto t = must(set.k == 0 ? fv::PlaintextModulus::integer(set.n, set.b)
                                 : fv::PlaintextModulus::binomial(set.n, set.k, set.b));
  fv::ParamsSpec spec = must(fv::make_spec(set.n, t, set.q_bits, set.special_bits, set.digit_bits));
  spec.security = fv::Security::kInsecureForTests;
  return spec;
}

inline fv::Params params_of(const TestSet& set, const ntt::KernelTable& kernels = default_test_kernels()) {
  return must(fv::Params::create(spec_of(set), kernels));
}

// A generator of the library with a fixed seed.
inline platform::ChaCha20 test_rng(std::uint8_t seed) {
  platform::Seed bytes{};
  bytes[0] = seed;
  return platform::ChaCha20(bytes);
}

// A test for every kernel table and every small set.
class SmallSetTest : public testing::TestWithParam<std::tuple<const char*, std::size_t>> {
 protected:
  void SetUp() override {
    const auto [isa, index] = GetParam();
    const ntt::KernelTable* forced = forced_test_kernels();
    if (forced != nullptr && std::string_view(forced->name) != isa) {
      GTEST_SKIP() << "FCN_TEST_ISA=" << forced->name << " leaves out " << isa;
    }
    const auto table = ntt::find_kernels(isa);
    if (!table.ok()) GTEST_SKIP() << table.status().message();
    params_.push_back(params_of(set(), *table.value()));
  }
  const TestSet& set() const { return small_sets()[std::get<1>(GetParam())]; }
  const fv::Params& params() const { return params_.front(); }

 private:
  std::vector<fv::Params> params_;  // one, once it is set up
};

}  // namespace fcn::test

#define FCN_ON_ALL_KERNELS_AND_SMALL_SETS(Suite)                                          \
  INSTANTIATE_TEST_SUITE_P(                                                               \
      Small, Suite,                                                                       \
      testing::Combine(testing::ValuesIn(::fcn::test::kKernelNames),                      \
                       testing::Range(std::size_t{0}, ::fcn::test::small_sets().size())), \
      [](const auto& isa_and_set) {                                                       \
        return std::string(std::get<0>(isa_and_set.param)) + "_" +                        \
               ::fcn::test::small_sets()[std::get<1>(isa_and_set.param)].name;            \
      })
