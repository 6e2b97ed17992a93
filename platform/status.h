// Errors as values: Status for functions that return nothing else, Result<T> for those that make something.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "check.h"

namespace fcn::platform {

enum class StatusCode {
  kOk = 0,
  kInvalidArgument,  // a value the caller passed is not allowed
  kOutOfRange,       // a value, or the noise of a ciphertext, left the range that keeps results exact
  kCorrupt,          // bytes that are truncated, damaged or of another version
  kMismatch,         // two objects that do not belong together (other parameters, a missing key)
  kUnsupported,      // this processor or build cannot do it
  kUnavailable,      // the operating system refused (randomness, a file)
  kOutOfMemory,
};

// The name of a code, for messages and tests ("corrupt").
const char* status_code_name(StatusCode code) noexcept;

// Success, or a code with a message that names the offending value.
class [[nodiscard]] Status {
 public:
  Status() noexcept = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const noexcept { return code_ == StatusCode::kOk; }
  StatusCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }

  // The same error with "context: " before its message; success stays success.
  Status with_context(const std::string& context) const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

// Shorthands for the codes that are made most often.
Status invalid_argument(std::string message);
Status out_of_range(std::string message);
Status corrupt(std::string message);
Status mismatch(std::string message);
Status out_of_memory(std::string message);

// A T, or the error that kept it from being made.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) { FCN_CHECK(!status_.ok()); }  // NOLINT

  bool ok() const noexcept { return value_.has_value(); }
  const Status& status() const noexcept { return status_; }

  // Only when ok().
  T& value() & {
    FCN_CHECK(ok());
    return *value_;
  }
  const T& value() const& {
    FCN_CHECK(ok());
    return *value_;
  }
  T&& value() && {
    FCN_CHECK(ok());
    return std::move(*value_);
  }
  T* operator->() {
    FCN_CHECK(ok());
    return &*value_;
  }
  const T* operator->() const {
    FCN_CHECK(ok());
    return &*value_;
  }

 private:
  std::optional<T> value_;
  Status status_;
};

// concat("n = ", 1000, " is not a power of two"): a message from text and integers.
namespace internal {
inline void append(std::string& out, const std::string& text) {
  out += text;
}
inline void append(std::string& out, const char* text) {
  out += text;
}
inline void append(std::string& out, char c) {
  out += c;
}
template <class Number>
void append(std::string& out, Number number) {
  out += std::to_string(number);
}
}  // namespace internal

template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (internal::append(out, parts), ...);
  return out;
}

}  // namespace fcn::platform

// Returns from the enclosing function with the error, if there is one.
#define FCN_RETURN_IF_ERROR(expression)                \
  do {                                                 \
    ::fcn::platform::Status fcn_status = (expression); \
    if (!fcn_status.ok()) return fcn_status;           \
  } while (0)

// FCN_ASSIGN_OR_RETURN(auto x, make_x()): declares x, or returns the error from the enclosing function.
#define FCN_ASSIGN_OR_RETURN(declaration, expression) \
  FCN_ASSIGN_OR_RETURN_NAMED(FCN_JOIN(fcn_result_, __LINE__), declaration, expression)
#define FCN_ASSIGN_OR_RETURN_NAMED(result, declaration, expression) \
  auto result = (expression);                                       \
  if (!result.ok()) return result.status();                         \
  declaration = std::move(result).value()
#define FCN_JOIN(a, b) FCN_JOIN_EXPANDED(a, b)
#define FCN_JOIN_EXPANDED(a, b) a##b
