#include "floating_point.h"

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <limits>
#endif

namespace fcn::platform {
namespace {

#if defined(__x86_64__)

// MXCSR: flags in bits 0 to 5; DAZ in bit 6; trap masks in bits 7 to 12; rounding in bits 13 and 14; FTZ in bit 15.
constexpr std::uint64_t kTrapsMasked = 0x1f80;
constexpr std::uint64_t kControl = 0x0040 | kTrapsMasked | 0x6000 | 0x8000, kDefault = kTrapsMasked;

std::uint64_t read() noexcept {
  std::uint32_t word = 0;
  __asm__ volatile("stmxcsr %0" : "=m"(word) : : "memory");
  return word;
}
void write(std::uint64_t word) noexcept {
  const auto narrow = static_cast<std::uint32_t>(word);
  __asm__ volatile("ldmxcsr %0" : : "m"(narrow) : "memory");
}

#elif defined(__aarch64__)

// FPCR holds no flags, and is zero when a program starts.
constexpr std::uint64_t kControl = ~std::uint64_t{0}, kDefault = 0;

std::uint64_t read() noexcept {
  std::uint64_t word = 0;
  __asm__ volatile("mrs %0, fpcr" : "=r"(word) : : "memory");
  return word;
}
void write(std::uint64_t word) noexcept {
  __asm__ volatile("msr fpcr, %0" : : "r"(word) : "memory");
}

#else

// Asks the arithmetic itself where <cfenv> has no question. Volatile: computed while the program runs.
bool is_default() noexcept {
#if defined(FE_TONEAREST)
  if (std::fegetround() != FE_TONEAREST) return false;
#endif
#if defined(__i386__)
  std::uint16_t x87 = 0;
  __asm__ volatile("fnstcw %0" : "=m"(x87) : : "memory");
  if ((x87 & 0x300) == 0) return false;  // single precision
#endif
  volatile double smallest = std::numeric_limits<double>::denorm_min(), two = 2;
  volatile double doubled = smallest * two;
  return doubled > 0;
}

#endif

}  // namespace

#if defined(__x86_64__) || defined(__aarch64__)

FloatingPointControl floating_point_control() noexcept {
  return {read() & kControl};
}

void set_floating_point_control(const FloatingPointControl& control) noexcept {
  const std::uint64_t now = read(), wanted = (now & ~kControl) | control.word;
  if (now != wanted) write(wanted);
}

FloatingPointEnvironment::FloatingPointEnvironment() noexcept
    : before_(floating_point_control()), changed_(before_.word != kDefault) {
  if (changed_) set_floating_point_control({kDefault});
}

#else

FloatingPointControl floating_point_control() noexcept {
  FloatingPointControl control{};
  std::fegetenv(&control.environment);
  return control;
}

void set_floating_point_control(const FloatingPointControl& control) noexcept {
  std::fesetenv(&control.environment);
}

FloatingPointEnvironment::FloatingPointEnvironment() noexcept : before_(), changed_(!is_default()) {
  if (!changed_) return;
  before_ = floating_point_control();
  std::fesetenv(FE_DFL_ENV);
}

#endif

FloatingPointEnvironment::~FloatingPointEnvironment() {
  if (changed_) set_floating_point_control(before_);
}

}  // namespace fcn::platform
