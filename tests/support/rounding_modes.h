// Floating-point environments that a program around the library may have set.
#pragma once

#include <gtest/gtest.h>

#include <cfenv>
#include <cstdint>
#include <string>
#include <vector>

namespace fcn::test {

enum class Rounding { kNearest, kUp, kDown, kToZero, kFlushing, kTrapping };

inline const char* name_of(Rounding mode) {
  const char* const names[] = {"nearest",           "up", "down", "to zero", "subnormals flushed",
                               "exceptions trapped"};
  return names[static_cast<int>(mode)];
}

// The words beyond <cfenv>: control bits of MXCSR, or FPCR; 0 where the test knows none.
inline std::uint64_t control_word() {
#if defined(__x86_64__)
  std::uint32_t word = 0;
  __asm__ volatile("stmxcsr %0" : "=m"(word) : : "memory");
  return word & ~std::uint32_t{0x3f};
#elif defined(__aarch64__)
  std::uint64_t word = 0;
  __asm__ volatile("mrs %0, fpcr" : "=r"(word) : : "memory");
  return word;
#else
  return 0;
#endif
}
inline void set_control_word([[maybe_unused]] std::uint64_t word) {
#if defined(__x86_64__)
  const auto narrow = static_cast<std::uint32_t>(word);
  __asm__ volatile("ldmxcsr %0" : : "m"(narrow) : "memory");
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(word) : "memory");
#endif
}

// All that this machine can be told.
inline std::vector<Rounding> roundings() {
  std::vector<Rounding> all = {Rounding::kNearest, Rounding::kUp, Rounding::kDown, Rounding::kToZero};
#if defined(__x86_64__)
  all.push_back(Rounding::kFlushing);
  all.push_back(Rounding::kTrapping);
#elif defined(__aarch64__)
  all.push_back(Rounding::kFlushing);
#endif
  return all;
}

// What arithmetic does now: whether sums round up, down, or negative ones to zero, and whether subnormals live.
struct Observed {
  bool up, down, negative_to_zero, keeps_subnormals;
  std::uint64_t word;
  bool operator==(const Observed&) const = default;
};
inline Observed observe() {
  const volatile double one = 1, tiny = 0x1p-80, smallest = 0x1p-1074, two = 2;
  return {one + tiny > 1, one - tiny<1, -one + tiny> - 1, smallest * two > 0, control_word()};
}

// Sets the mode while it lives, and then what was there before.
class InRounding {
 public:
  explicit InRounding(Rounding mode) : rounding_(std::fegetround()), word_(control_word()) {
    if (mode == Rounding::kUp) std::fesetround(FE_UPWARD);
    if (mode == Rounding::kDown) std::fesetround(FE_DOWNWARD);
    if (mode == Rounding::kToZero) std::fesetround(FE_TOWARDZERO);
#if defined(__x86_64__)
    if (mode == Rounding::kFlushing) set_control_word(word_ | 0x8040);
    if (mode == Rounding::kTrapping) set_control_word(word_ & ~std::uint64_t{0x1f80});
#elif defined(__aarch64__)
    if (mode == Rounding::kFlushing) set_control_word(word_ | 1u << 24);
#endif
  }
  ~InRounding() {
    std::fesetround(rounding_);
    set_control_word(word_);
  }
  InRounding(const InRounding&) = delete;
  InRounding& operator=(const InRounding&) = delete;

 private:
  int rounding_;
  std::uint64_t word_;
};

// Runs body in the mode; the mode must be the same afterwards.
template <class Body>
void run_in(Rounding mode, const Body& body) {
  std::uint64_t word = 0, word_after = 0;
  int rounding = 0, rounding_after = 0;
  {
    const InRounding in(mode);
    word = control_word();
    rounding = std::fegetround();
    body();
    word_after = control_word();
    rounding_after = std::fegetround();
  }
  EXPECT_EQ(word, word_after) << "rounding " << name_of(mode);
  EXPECT_EQ(rounding, rounding_after) << "rounding " << name_of(mode);
}

}  // namespace fcn::test
