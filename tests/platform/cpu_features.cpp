#include "platform/cpu_features.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "platform/internal/cpuid.h"

namespace fcn::platform {
namespace {

using internal::CpuidAnswers;
using internal::decode_cpuid;

// A processor with everything, under an operating system that saves all of it.
CpuidAnswers full_answers() {
  return {.leaf1_ecx = 1u << 12 | 1u << 27 | 1u << 28,
          .leaf7_ebx = 1u << 5 | 1u << 16 | 1u << 17 | 1u << 21 | 1u << 31,
          .xcr0 = 0xe7};
}

TEST(CpuFeatures, EveryBitIsNeeded) {
  EXPECT_TRUE(decode_cpuid(full_answers()).avx2);
  EXPECT_TRUE(decode_cpuid(full_answers()).avx512_ifma);
  const auto expect = [](const CpuidAnswers& answers, bool avx2, bool avx512_ifma, const std::string& what) {
    EXPECT_EQ(decode_cpuid(answers).avx2, avx2) << what;
    EXPECT_EQ(decode_cpuid(answers).avx512_ifma, avx512_ifma) << what;
  };
  for (unsigned bit : {12u, 27u, 28u}) {  // FMA, OSXSAVE, AVX
    CpuidAnswers answers = full_answers();
    answers.leaf1_ecx &= ~(1u << bit);
    expect(answers, false, false, "leaf 1 bit " + std::to_string(bit));
  }
  for (unsigned bit : {5u, 16u, 17u, 21u, 31u}) {  // AVX2; AVX-512 F, DQ, IFMA, VL
    CpuidAnswers answers = full_answers();
    answers.leaf7_ebx &= ~(1u << bit);
    expect(answers, bit != 5, false, "leaf 7 bit " + std::to_string(bit));
  }
  for (unsigned bit : {1u, 2u, 5u, 6u, 7u}) {  // XMM, YMM; opmask, ZMM
    CpuidAnswers answers = full_answers();
    answers.xcr0 &= ~(std::uint64_t{1} << bit);
    expect(answers, bit > 2, false, "xcr0 bit " + std::to_string(bit));
  }
  expect({}, false, false, "nothing");
}

// The kernel reports a flag only where it also enables it.
TEST(CpuFeatures, AgreesWithTheOperatingSystem) {
  const CpuFeatures features = detect_cpu_features();
#if defined(__x86_64__) && defined(__linux__)
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line) && line.rfind("flags", 0) != 0) {
  }
  if (!info) GTEST_SKIP() << "/proc/cpuinfo names no flags";
  std::istringstream words(line);
  std::set<std::string> flags;
  for (std::string word; words >> word;) flags.insert(word);
  const auto has = [&](const char* flag) { return flags.count(flag) != 0; };
  const bool avx2 = has("avx2") && has("fma");
  EXPECT_EQ(features.avx2, avx2);
  EXPECT_EQ(features.avx512_ifma,
            avx2 && has("avx512f") && has("avx512dq") && has("avx512vl") && has("avx512ifma"));
  EXPECT_FALSE(features.neon);
#elif defined(__aarch64__)
  EXPECT_TRUE(features.neon);
  EXPECT_FALSE(features.avx2 || features.avx512_ifma);
#else
  EXPECT_FALSE(features.neon);
#endif
}

}  // namespace
}  // namespace fcn::platform
