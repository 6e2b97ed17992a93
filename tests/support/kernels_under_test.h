// Which kernel tables a test runs on: all of them, or the one that FCN_TEST_ISA names.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ntt/kernels.h"

namespace fcn::test {

// Every name that find_kernels knows.
inline constexpr const char* kKernelNames[] = {"scalar", "avx2", "avx512", "neon"};

// The table that FCN_TEST_ISA names, or null when it is not set. Ends the program when there is no such
// table.
inline const ntt::KernelTable* forced_test_kernels() {
  const char* name = std::getenv("FCN_TEST_ISA");
  if (name == nullptr || *name == '\0') return nullptr;
  const auto table = ntt::find_kernels(name);
  if (!table.ok()) {
    std::fprintf(stderr, "FCN_TEST_ISA: %s\n", table.status().message().c_str());
    std::exit(2);
  }
  return table.value();
}

// For tests that need some table, whichever it is.
inline const ntt::KernelTable& default_test_kernels() {
  const ntt::KernelTable* forced = forced_test_kernels();
  return forced != nullptr ? *forced : ntt::best_kernels();
}

// A test that runs once for each table; those this machine lacks, or that FCN_TEST_ISA leaves out, are
// skipped.
class KernelTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const ntt::KernelTable* forced = forced_test_kernels();
    if (forced != nullptr && std::string_view(forced->name) != GetParam()) {
      GTEST_SKIP() << "FCN_TEST_ISA=" << forced->name << " leaves out " << GetParam();
    }
    const auto table = ntt::find_kernels(GetParam());
    if (!table.ok()) GTEST_SKIP() << table.status().message();
    kernels_ = table.value();
    ASSERT_STREQ(kernels_->name, GetParam());
  }
  const ntt::KernelTable& kernels() const { return *kernels_; }

 private:
  const ntt::KernelTable* kernels_ = nullptr;
};

}  // namespace fcn::test

// Once after the tests of a suite derived from KernelTest.
#define FCN_ON_ALL_KERNELS(Suite)                                                    \
  INSTANTIATE_TEST_SUITE_P(Isa, Suite, testing::ValuesIn(::fcn::test::kKernelNames), \
                           [](const auto& isa) { return std::string(isa.param); })
