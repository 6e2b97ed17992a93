#include "platform/status.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>

namespace fcn::platform {
namespace {

TEST(Status, DefaultIsSuccess) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.message(), "");
}

TEST(Status, ShorthandsCarryTheirCode) {
  const struct {
    Status status;
    StatusCode code;
    const char* name;
  } cases[] = {
      {invalid_argument("a"), StatusCode::kInvalidArgument, "invalid argument"},
      {out_of_range("b"), StatusCode::kOutOfRange, "out of range"},
      {corrupt("c"), StatusCode::kCorrupt, "corrupt"},
      {mismatch("d"), StatusCode::kMismatch, "mismatch"},
      {Status(StatusCode::kUnsupported, "e"), StatusCode::kUnsupported, "unsupported"},
      {Status(StatusCode::kUnavailable, "f"), StatusCode::kUnavailable, "unavailable"},
      {out_of_memory("g"), StatusCode::kOutOfMemory, "out of memory"},
  };
  std::string expected = "a";
  for (const auto& c : cases) {
    EXPECT_FALSE(c.status.ok());
    EXPECT_EQ(c.status.code(), c.code);
    EXPECT_EQ(c.status.message(), expected);
    EXPECT_STREQ(status_code_name(c.code), c.name);
    ++expected[0];
  }
  EXPECT_STREQ(status_code_name(StatusCode::kOk), "ok");
  EXPECT_STREQ(status_code_name(static_cast<StatusCode>(99)), "unknown");
}

TEST(Status, ContextPrecedesTheMessage) {
  const Status status = corrupt("bad magic").with_context("model.txt");
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_EQ(status.message(), "model.txt: bad magic");
  EXPECT_TRUE(Status().with_context("model.txt").ok());
  EXPECT_EQ(Status().with_context("model.txt").message(), "");
}

TEST(Status, ConcatJoinsTextAndIntegers) {
  EXPECT_EQ(concat("n = ", 1000, " is not a power of two"), "n = 1000 is not a power of two");
  EXPECT_EQ(concat(std::string("a"), 'b', -7, std::numeric_limits<std::uint64_t>::max()),
            "ab-718446744073709551615");
  EXPECT_EQ(concat(), "");
}

Result<int> half(int value) {
  if (value % 2 != 0) return invalid_argument(concat(value, " is odd"));
  return value / 2;
}

Result<int> quarter(int value) {
  FCN_ASSIGN_OR_RETURN(const int first, half(value));
  FCN_ASSIGN_OR_RETURN(const int second, half(first));
  return second;
}

Status check_multiple_of_four(int value, int& checks) {
  FCN_RETURN_IF_ERROR(quarter(value).status());
  ++checks;
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  Result<int> good = quarter(12);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good.value(), 3);
  EXPECT_TRUE(good.status().ok());
  const Result<int> bad = quarter(6);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(bad.status().message(), "3 is odd");
}

TEST(Result, ErrorsEndTheFunction) {
  int checks = 0;
  EXPECT_TRUE(check_multiple_of_four(8, checks).ok());
  EXPECT_EQ(checks, 1);
  EXPECT_EQ(check_multiple_of_four(7, checks).message(), "7 is odd");
  EXPECT_EQ(checks, 1);
}

TEST(Result, CarriesMoveOnlyValues) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(**result.operator->(), 5);
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 5);
}

#if defined(FCN_VERIFY)
TEST(CheckDeathTest, VerifyBuildsStopAtABrokenPromise) {
  const Result<int> bad = half(1);
  EXPECT_DEATH(static_cast<void>(bad.value()), "check failed: ok\\(\\)");
  EXPECT_DEATH(static_cast<void>(Result<int>(Status())), "check failed: !status_.ok\\(\\)");
  const unsigned values[] = {3, 4, 5};
  FCN_CHECK_BOUND(values, std::size_t{3}, 3, 5);
  EXPECT_DEATH(FCN_CHECK_BOUND(values, std::size_t{3}, 3, 4), "check failed");
  EXPECT_DEATH(FCN_CHECK_BOUND(values, std::size_t{3}, 4, 5), "check failed");
}
#else
TEST(Check, CostsNothingOutsideVerifyBuilds) {
  int evaluated = 0;
  FCN_CHECK(++evaluated != 1);
  FCN_CHECK_BOUND(&evaluated, ++evaluated, 5, 6);
  EXPECT_EQ(evaluated, 0);
}
#endif

}  // namespace
}  // namespace fcn::platform
