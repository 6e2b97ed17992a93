// Which instructions a processor executes, and what decides about their time: the processor itself stops
// after each of them (the trap flag), on every instruction set it has. x86-64 Linux; elsewhere kSupported is
// false.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace fcn::test {

struct TraceResult {
  std::uint64_t instructions = 0;  // of the first run
  std::string difference;          // empty: the runs are alike; else what differs first, and where
};

class InstructionTrace {
 public:
#if defined(__x86_64__) && defined(__linux__)
  static constexpr bool kSupported = true;
#else
  static constexpr bool kSupported = false;
#endif

  // Runs prepare(variant) and what it returns for the variants 0 and 1, each in a child process that begins
  // from this one's memory, and compares the second part step by step: the instruction, the registers that an
  // address is made of, the operands of divisions and square roots. Gathers and scatters are differences by
  // themselves.
  static TraceResult compare(const std::function<std::function<void()>(unsigned variant)>& prepare);
};

}  // namespace fcn::test
