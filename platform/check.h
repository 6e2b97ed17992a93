// Internal checks: on in verify builds (FCN_VERIFY), nothing otherwise. Never a substitute for a Status.
#pragma once

#if defined(FCN_VERIFY)
#include <cstdio>
#include <cstdlib>
#define FCN_CHECK(condition)                                                                    \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition);        \
      std::abort();                                                                             \
    }                                                                                           \
  } while (0)
// Every element of values[0 .. count) satisfies lower <= value <= upper.
#define FCN_CHECK_BOUND(values, count, lower, upper)                                            \
  do {                                                                                          \
    for (decltype(count) fcn_i = 0; fcn_i < (count); ++fcn_i) {                                 \
      FCN_CHECK((values)[fcn_i] >= (lower) && (values)[fcn_i] <= (upper));                      \
    }                                                                                           \
  } while (0)
#else
#define FCN_CHECK(condition) static_cast<void>(0)
#define FCN_CHECK_BOUND(values, count, lower, upper) static_cast<void>(0)
#endif
