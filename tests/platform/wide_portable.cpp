// The products of wide.h as a compiler without 128-bit integers gets them, under another namespace.
#define FCN_NO_INT128
#define fcn fcn_portable
#include "platform/wide.h"

void multiply_wide_portable(std::uint64_t a, std::uint64_t b, std::uint64_t& high, std::uint64_t& low);
void multiply_wide_portable(std::uint64_t a, std::uint64_t b, std::uint64_t& high, std::uint64_t& low) {
  const fcn::platform::Wide product = fcn::platform::multiply_wide(a, b);
  high = product.high;
  low = product.low;
}
