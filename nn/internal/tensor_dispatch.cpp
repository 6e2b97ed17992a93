#include "tensor_dispatch.h"

#include "../../platform/cpu_features.h"

namespace fcn::nn::internal {
namespace {

// Each instruction set includes those after it.
constexpr const TensorKernels* kTables[] = {
#if defined(FCN_HAVE_AVX2)
    &kTensorKernelsAvx512,
    &kTensorKernelsAvx2,
#endif
    &kTensorKernelsScalar,
};

bool runs(const TensorKernels* table, [[maybe_unused]] const platform::CpuFeatures& cpu) noexcept {
#if defined(FCN_HAVE_AVX2)
  if (table == &kTensorKernelsAvx512) return cpu.avx512_ifma && cpu.avx2;
  if (table == &kTensorKernelsAvx2) return cpu.avx2;
#endif
  return table == &kTensorKernelsScalar;
}

}  // namespace

std::span<const TensorKernels* const> available_tensor_kernels() noexcept {
  const platform::CpuFeatures cpu = platform::detect_cpu_features();
  std::size_t first = 0;
  while (!runs(kTables[first], cpu)) ++first;
  return std::span(kTables).subspan(first);
}

}  // namespace fcn::nn::internal
