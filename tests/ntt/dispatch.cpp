// Which tables there are, what they are called, and which one runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ntt/ntt_tables.h"
#include "platform/cpu_features.h"
#include "support/kernels_under_test.h"

namespace fcn::ntt {
namespace {

TEST(Dispatch, ScalarIsAlwaysThereAndLast) {
  const auto tables = available_kernels();
  ASSERT_FALSE(tables.empty());
  EXPECT_EQ(tables.back(), &scalar_kernels());
  EXPECT_STREQ(scalar_kernels().name, "scalar");
  EXPECT_EQ(scalar_kernels().max_prime_bits, 61u);
  EXPECT_EQ(&best_kernels(), tables.front());
}

TEST(Dispatch, EveryTableIsFoundByItsOwnName) {
  std::set<std::string> names;
  for (const KernelTable* table : available_kernels()) {
    EXPECT_TRUE(names.insert(table->name).second) << table->name;
    const auto found = find_kernels(table->name);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found.value(), table);
    EXPECT_EQ(
        std::count(std::begin(test::kKernelNames), std::end(test::kKernelNames), std::string(table->name)),
        1);
  }
}

TEST(Dispatch, OneTableForEachInstructionSetTheProcessorHas) {
  const platform::CpuFeatures cpu = platform::detect_cpu_features();
  const struct {
    const char* name;
    bool there;
  } sets[] = {{"avx512", cpu.avx512_ifma}, {"avx2", cpu.avx2}, {"neon", cpu.neon}};
  bool best = true;
  for (const auto& set : sets) {
    const auto table = find_kernels(set.name);
    ASSERT_EQ(table.ok(), set.there) << set.name;
    if (table.ok()) {
      EXPECT_EQ(table.value() == available_kernels().front(), best) << set.name;
      EXPECT_EQ(table.value()->max_prime_bits, 50u);
      EXPECT_NE(table.value()->forward, scalar_kernels().forward);
      best = false;
    } else {
      EXPECT_EQ(table.status().code(), platform::StatusCode::kUnsupported);
      EXPECT_NE(table.status().message().find(std::string("no ") + set.name + " kernels; available: "),
                std::string::npos);
    }
  }
}

TEST(Dispatch, UnknownNamesAreRefusedWithTheList) {
  for (const char* name : {"", "Scalar", "avx", "sse9"}) {
    const auto table = find_kernels(name);
    ASSERT_FALSE(table.ok());
    EXPECT_EQ(table.status().code(), platform::StatusCode::kInvalidArgument);
    EXPECT_NE(table.status().message().find("no kernels named \"" + std::string(name) + "\""),
              std::string::npos);
    for (const KernelTable* available : available_kernels()) {
      EXPECT_NE(table.status().message().find(available->name), std::string::npos);
    }
  }
}

// A context made with one table runs that table and no other.
TEST(Dispatch, TheTableThatWasAskedForRuns) {
  for (const KernelTable* table : available_kernels()) {
    KernelTable spied = *table;
    static int calls;
    calls = 0;
    spied.forward = [](const NttTables&, std::uint64_t*) noexcept { ++calls; };
    const auto tables = NttTables::create(16, Modulus::create(97).value(), spied);
    ASSERT_TRUE(tables.ok());
    EXPECT_EQ(&tables->kernels(), &spied);
    std::uint64_t a[16] = {};
    tables->forward(a);
    EXPECT_EQ(calls, 1);
  }
}

TEST(Dispatch, NoEntryIsMissing) {
  for (const KernelTable* table : available_kernels()) {
    EXPECT_TRUE(table->forward && table->inverse && table->add && table->subtract && table->negate &&
                table->multiply && table->multiply_add && table->scalar_multiply &&
                table->scalar_multiply_add && table->reduce && table->subtract_multiply &&
                table->reduce_centered && table->inner_product && table->inner_product_pair &&
                table->linear_combination && table->permute && table->monomial_multiply &&
                table->monomial_accumulate_lazy && table->reduce_accumulator)
        << table->name;
  }
}

}  // namespace
}  // namespace fcn::ntt
