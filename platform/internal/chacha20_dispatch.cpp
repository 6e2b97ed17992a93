// The block functions of this build, and which of them this processor runs.
#include "../cpu_features.h"
#include "chacha20_blocks.h"

namespace fcn::platform::internal {
namespace {

// Fastest first. Each instruction set includes those after it.
constexpr ChaChaFunction kFunctions[] = {
#if defined(FCN_HAVE_AVX2)
    chacha20_blocks_avx512,
    chacha20_blocks_avx2,
#endif
    chacha20_blocks_portable,
};

}  // namespace

std::span<const ChaChaFunction> available_chacha20() noexcept {
  [[maybe_unused]] const CpuFeatures cpu = detect_cpu_features();
  const std::span all(kFunctions);
#if defined(FCN_HAVE_AVX2)
  return all.subspan(cpu.avx512_ifma ? 0 : cpu.avx2 ? 1 : 2);
#else
  return all;
#endif
}

ChaChaFunction best_chacha20() noexcept {
  static const ChaChaFunction best = available_chacha20().front();
  return best;
}

}  // namespace fcn::platform::internal
