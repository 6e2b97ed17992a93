// Arrays of a training's state as bytes. Reading keeps the size that an array has.
#pragma once

#include <bit>
#include <vector>

#include "../../platform/bytes.h"

namespace fcn::nn::internal {

inline void write_floats(platform::ByteWriter& out, const std::vector<float>& values) {
  out.u64(values.size());
  for (const float value : values) out.u32(std::bit_cast<std::uint32_t>(value));
}

inline platform::Status read_floats(platform::ByteReader& in, std::vector<float>& values, const char* what) {
  std::uint64_t count = 0;
  FCN_RETURN_IF_ERROR(in.u64(count, what));
  if (count != values.size())
    return platform::corrupt(
        platform::concat(what, ": ", count, " numbers where ", values.size(), " belong"));
  for (float& value : values) {
    std::uint32_t bits = 0;
    FCN_RETURN_IF_ERROR(in.u32(bits, what));
    value = std::bit_cast<float>(bits);
  }
  return {};
}

}  // namespace fcn::nn::internal
