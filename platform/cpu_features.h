// What the processor this program runs on can do.
#pragma once

namespace fcn::platform {

struct CpuFeatures {
  bool avx2 = false;         // AVX2 and FMA, enabled by the operating system
  bool avx512_ifma = false;  // AVX-512 F, DQ, VL and IFMA, enabled by the operating system
  bool neon = false;         // Advanced SIMD on AArch64
};

// Asks the processor; about a microsecond. All false where it cannot be asked.
CpuFeatures detect_cpu_features() noexcept;

}  // namespace fcn::platform
