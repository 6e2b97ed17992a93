// How the processor computes with doubles, which a program may change: set to what the library's arithmetic is proved
// for, and given back.
//
// The library computes with integers in doubles and counts on rounding to nearest: double_arithmetic.inc (AVX2, NEON),
// base_converter.cpp, plaintext_modulus.cpp. A program around it may round upwards (interval arithmetic), flush subnormal
// numbers to zero (audio, games) or trap exceptions; a thread keeps that until it changes it, and the threads it creates
// begin with it. Functions that a program calls therefore hold a FloatingPointEnvironment while they compute.
//
// Compilers know nothing of this state, and may move arithmetic on values in registers across its change; they may not
// move a load from memory that others can write, nor a call, across the call of a function they do not see. A function
// that holds a FloatingPointEnvironment therefore computes with what it loads, or calls, while it holds it, and leaves
// results in memory: then everything happens inside. With link-time optimisation the two functions are seen, and the
// assembly in them says "memory", which is the same barrier.
//
// What is covered: on x86-64 MXCSR (SSE, AVX, AVX-512: rounding, FTZ, DAZ, trap masks; no kernel asks for a rounding of
// its own but to the nearest integer, which is the same in any mode); on AArch64 FPCR; elsewhere <cfenv>, for instance on
// 32-bit x86 both x87 and SSE. x87's precision there is left alone unless it is the 24 bits of single. Code for x86-64 does
// not use x87.
#pragma once

#include <cstdint>
#if !defined(__x86_64__) && !defined(__aarch64__)
#include <cfenv>
#endif

namespace fcn::platform {

// Rounding, subnormals and traps of a thread; not the flags that say what has happened.
struct FloatingPointControl {
#if defined(__x86_64__) || defined(__aarch64__)
  std::uint64_t word;
#else
  std::fenv_t environment;  // with the flags
#endif
};
FloatingPointControl floating_point_control() noexcept;
void set_floating_point_control(const FloatingPointControl& control) noexcept;

// While it lives, this thread rounds to nearest, keeps subnormal numbers and traps nothing. Flags that were raised stay
// raised. Cost: a nanosecond where that is so already.
class FloatingPointEnvironment {
 public:
  FloatingPointEnvironment() noexcept;
  ~FloatingPointEnvironment();
  FloatingPointEnvironment(const FloatingPointEnvironment&) = delete;
  FloatingPointEnvironment& operator=(const FloatingPointEnvironment&) = delete;

 private:
  FloatingPointControl before_;
  bool changed_;
};

}  // namespace fcn::platform
