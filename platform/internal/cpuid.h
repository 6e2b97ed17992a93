// What the answers of an x86 processor to CPUID and XGETBV mean.
#pragma once

#include <cstdint>

#include "../cpu_features.h"

namespace fcn::platform::internal {

// Registers as the processor returned them; all zero where a leaf does not exist.
struct CpuidAnswers {
  std::uint32_t leaf1_ecx = 0;
  std::uint32_t leaf7_ebx = 0;
  std::uint64_t xcr0 = 0;  // 0 unless leaf1_ecx says that XGETBV may be executed (OSXSAVE)
};

inline constexpr std::uint32_t kOsxsave = 1u << 27;  // leaf 1, ecx

// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2 (CPUID) and volume 1,
// section 13.3 (XCR0).
constexpr CpuFeatures decode_cpuid(const CpuidAnswers& answers) noexcept {
  constexpr std::uint32_t kFma = 1u << 12, kAvx = 1u << 28;  // leaf 1, ecx
  constexpr std::uint32_t kAvx2 = 1u << 5, kAvx512F = 1u << 16, kAvx512Dq = 1u << 17, kAvx512Ifma = 1u << 21,
                          kAvx512Vl = 1u << 31;                // leaf 7, ebx
  constexpr std::uint64_t kYmmState = 0x06, kZmmState = 0xe6;  // saved by the operating system
  const auto all = [](auto value, auto bits) { return (value & bits) == bits; };

  CpuFeatures features;
  if (!all(answers.leaf1_ecx, kOsxsave | kAvx)) return features;
  features.avx2 =
      all(answers.leaf1_ecx, kFma) && all(answers.leaf7_ebx, kAvx2) && all(answers.xcr0, kYmmState);
  features.avx512_ifma = features.avx2 && all(answers.xcr0, kZmmState) &&
                         all(answers.leaf7_ebx, kAvx512F | kAvx512Dq | kAvx512Ifma | kAvx512Vl);
  return features;
}

}  // namespace fcn::platform::internal
