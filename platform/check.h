// Internal checks: on in verify builds (FCN_VERIFY), nothing otherwise. Never a substitute for a Status.
#pragma once

#if defined(FCN_VERIFY)
#include <cstdio>
#include <cstdlib>
#include <type_traits>
namespace fcn::platform::internal {
template <class T>
constexpr bool within(T value, std::type_identity_t<T> lower, std::type_identity_t<T> upper) noexcept {
  return lower <= value && value <= upper;
}
}  // namespace fcn::platform::internal
#define FCN_CHECK(condition)                                                             \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (0)
// Every element of values[0 .. count) satisfies lower <= value <= upper.
#define FCN_CHECK_BOUND(values, count, lower, upper)                                   \
  do {                                                                                 \
    for (auto fcn_i = (count) - (count); fcn_i < (count); ++fcn_i) {                   \
      FCN_CHECK(::fcn::platform::internal::within((values)[fcn_i], (lower), (upper))); \
    }                                                                                  \
  } while (0)
#else
#define FCN_CHECK(condition) static_cast<void>(0)
#define FCN_CHECK_BOUND(values, count, lower, upper) static_cast<void>(0)
#endif
