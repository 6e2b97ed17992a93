#include "cpu_features.h"

#include "internal/cpuid.h"

#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#include <cpuid.h>
#define FCN_HAVE_CPUID 1
#endif

namespace fcn::platform {

CpuFeatures detect_cpu_features() noexcept {
  CpuFeatures features;
#if defined(FCN_HAVE_CPUID)
  internal::CpuidAnswers answers;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) answers.leaf1_ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) answers.leaf7_ebx = ebx;
  if (answers.leaf1_ecx & internal::kOsxsave) {
    std::uint32_t low = 0, high = 0;
    __asm__ __volatile__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    answers.xcr0 = (static_cast<std::uint64_t>(high) << 32) | low;
  }
  features = internal::decode_cpuid(answers);
#elif defined(__aarch64__)
  features.neon = true;  // Advanced SIMD is part of AArch64
#endif
  return features;
}

}  // namespace fcn::platform
