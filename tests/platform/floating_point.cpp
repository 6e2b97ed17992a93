#include "platform/floating_point.h"

#include <gtest/gtest.h>

#include "support/rounding_modes.h"

namespace fcn::platform {
namespace {

using test::Rounding;

// Beyond the compiler's sight, as the header asks of whoever computes.
double divide(volatile const double& a, volatile const double& b) {
  return a / b;
}

TEST(FloatingPointEnvironment, IsTheSameInsideWhateverItIsOutside) {
  const test::Observed nearest = test::observe();
  EXPECT_FALSE(nearest.up || nearest.down || nearest.negative_to_zero);
  EXPECT_TRUE(nearest.keeps_subnormals);
  const volatile double one = 1, three = 3;
  const double third = divide(one, three);
  for (const Rounding mode : test::roundings()) {
    test::Observed inside{};
    double quotient = 0, not_a_number = 0;
    test::run_in(mode, [&] {
      const FloatingPointEnvironment exact;
      inside = test::observe();
      quotient = divide(one, three);
      const volatile double zero = 0;
      not_a_number = divide(zero, zero);  // traps where that is allowed
    });
    EXPECT_EQ(inside, nearest) << test::name_of(mode);
    EXPECT_EQ(quotient, third) << test::name_of(mode);
    EXPECT_NE(not_a_number, not_a_number);
  }
  EXPECT_EQ(test::observe(), nearest);
}

TEST(FloatingPointEnvironment, LeavesTheModeThatWasThere) {
  for (const Rounding mode : test::roundings()) {
    if (mode == Rounding::kTrapping) continue;  // observe() would trap
    test::Observed before{}, after{};
    test::run_in(mode, [&] {
      before = test::observe();
      {
        const FloatingPointEnvironment exact;
        const FloatingPointEnvironment nested;
      }
      after = test::observe();
    });
    EXPECT_EQ(before, after) << test::name_of(mode);
    EXPECT_EQ(before.up, mode == Rounding::kUp);
    EXPECT_EQ(before.keeps_subnormals, mode != Rounding::kFlushing);
  }
}

TEST(FloatingPointEnvironment, ClearsNoFlag) {
  for (const Rounding mode : test::roundings()) {
    if (mode == Rounding::kTrapping) continue;
    int inside = 0, after = 0;
    test::run_in(mode, [&] {
      std::feclearexcept(FE_ALL_EXCEPT);
      const volatile double one = 1, zero = 0;
      EXPECT_GT(divide(one, zero), 1);
      {
        const FloatingPointEnvironment exact;
        inside = std::fetestexcept(FE_DIVBYZERO);
      }
      after = std::fetestexcept(FE_DIVBYZERO);
      std::feclearexcept(FE_ALL_EXCEPT);
    });
#if defined(__x86_64__) || defined(__aarch64__)
    EXPECT_NE(inside, 0) << test::name_of(mode);
#endif
    EXPECT_NE(after, 0) << test::name_of(mode);
  }
}

TEST(FloatingPointControl, IsCarriedFromOnePlaceToAnother) {
  for (const Rounding mode : test::roundings()) {
    if (mode == Rounding::kTrapping) continue;
    FloatingPointControl control{};
    test::Observed there{}, here{};
    test::run_in(mode, [&] {
      control = floating_point_control();
      there = test::observe();
    });
    const FloatingPointControl own = floating_point_control();
    set_floating_point_control(control);
    here = test::observe();
    set_floating_point_control(own);
    EXPECT_EQ(here, there) << test::name_of(mode);
  }
}

}  // namespace
}  // namespace fcn::platform
