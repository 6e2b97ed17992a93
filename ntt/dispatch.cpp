// The tables of this build, and which of them this processor runs.
#include <iterator>
#include <string>
#include <string_view>

#include "../platform/cpu_features.h"
#include "internal/avx2.h"
#include "internal/avx512.h"
#include "internal/neon.h"
#include "internal/scalar.h"
#include "kernels.h"

namespace fcn::ntt {
namespace {

// Fastest first, scalar last. Each instruction set includes those after it, so that what a processor runs is
// always the end of this list.
constexpr const KernelTable* kTables[] = {
#if defined(FCN_HAVE_AVX512)
    &kAvx512Kernels,
#endif
#if defined(FCN_HAVE_AVX2)
    &kAvx2Kernels,
#endif
#if defined(FCN_HAVE_NEON)
    &kNeonKernels,
#endif
    &kScalarKernels,
};

bool runs(const KernelTable* table, [[maybe_unused]] const platform::CpuFeatures& cpu) noexcept {
#if defined(FCN_HAVE_AVX512)
  if (table == &kAvx512Kernels) return cpu.avx512_ifma;
#endif
#if defined(FCN_HAVE_AVX2)
  if (table == &kAvx2Kernels) return cpu.avx2;
#endif
#if defined(FCN_HAVE_NEON)
  if (table == &kNeonKernels) return cpu.neon;
#endif
  return table == &kScalarKernels;
}

}  // namespace

std::span<const KernelTable* const> available_kernels() noexcept {
  const platform::CpuFeatures cpu = platform::detect_cpu_features();
  std::size_t first = 0;
  while (!runs(kTables[first], cpu)) ++first;
  return std::span(kTables).subspan(first);
}

const KernelTable& best_kernels() noexcept {
  return *available_kernels().front();
}
const KernelTable& scalar_kernels() noexcept {
  return kScalarKernels;
}

platform::Result<const KernelTable*> find_kernels(const char* name) {
  constexpr std::string_view kKnown[] = {"avx512", "avx2", "neon", "scalar"};
  std::string list;
  for (const KernelTable* table : available_kernels()) {
    if (std::string_view(table->name) == name) return table;
    list += list.empty() ? "" : ", ";
    list += table->name;
  }
  for (const std::string_view known : kKnown) {
    if (known == name) {
      return platform::Status(
          platform::StatusCode::kUnsupported,
          platform::concat("this build or processor has no ", name, " kernels; available: ", list));
    }
  }
  return platform::invalid_argument(
      platform::concat("there are no kernels named \"", name, "\"; available: ", list));
}

}  // namespace fcn::ntt
