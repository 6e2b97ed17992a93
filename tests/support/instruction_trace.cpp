#include "support/instruction_trace.h"

#if defined(__x86_64__) && defined(__linux__)
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

namespace fcn::test {
namespace {

constexpr std::uint64_t kTrapFlag = 0x100;
constexpr std::uint64_t kMaxSteps = std::uint64_t{1} << 26;

// One instruction: a hash of where it is and of what it depends on.
struct Step {
  std::uint32_t address, operands;
};

// Shared with the children.
struct Recording {
  std::uint64_t steps, reference_steps;
  bool reference, differs;
  char difference[400];
  Step step[kMaxSteps];
};
Recording* recording;
volatile std::sig_atomic_t tracing;
std::uint64_t last_rip;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

// What an instruction's bytes say about its operands. Enough for code that compilers make.
struct Decoded {
  bool address = false;  // base, index: registers of a memory operand, -1 for none
  int base = -1, index = -1;
  bool string = false;       // rsi, rdi and rcx count, too
  bool divides = false;      // rax and rdx count, too
  int divisor = -1;          // a general register
  int vector[2] = {-1, -1};  // of a floating-point division or square root
  bool gathers = false;
};

bool has_modrm_one_byte(unsigned op) {
  if (op < 0x40) return (op & 7) < 4;
  return op == 0x63 || op == 0x69 || op == 0x6b || (op >= 0x80 && op < 0x90) || op == 0xc0 || op == 0xc1 ||
         op == 0xc6 || op == 0xc7 || (op >= 0xd0 && op < 0xd4) || (op >= 0xd8 && op < 0xe0) || op == 0xf6 ||
         op == 0xf7 || op >= 0xfe;
}
bool has_modrm_0f(unsigned op) {
  return !(op == 0x05 || op == 0x06 || op == 0x08 || op == 0x09 || op == 0x0b || (op >= 0x30 && op < 0x38) ||
           op == 0x77 || (op >= 0x80 && op < 0x90) || op == 0xa0 || op == 0xa1 || op == 0xa2 || op == 0xa8 ||
           op == 0xa9 || op == 0xaa || (op >= 0xc8 && op < 0xd0));
}

Decoded decode(const std::uint8_t* at) {
  Decoded out;
  unsigned rex_b = 0, rex_x = 0, map = 0, source = 0;
  bool vex = false;
  for (;; ++at) {  // legacy prefixes
    const unsigned byte = *at;
    if (byte != 0x66 && byte != 0xf2 && byte != 0xf3 && byte != 0x2e && byte != 0x36 && byte != 0x3e &&
        byte != 0x26 && byte != 0x64 && byte != 0x65 && byte != 0x67 && byte != 0xf0)
      break;
  }
  if (*at == 0xc5) {
    vex = true, map = 1, source = (~at[1] >> 3) & 15;
    at += 2;
  } else if (*at == 0xc4) {
    vex = true, rex_x = (~at[1] >> 6) & 1, rex_b = (~at[1] >> 5) & 1, map = at[1] & 31;
    source = (~at[2] >> 3) & 15;
    at += 3;
  } else if (*at == 0x62) {
    vex = true, rex_x = (~at[1] >> 6) & 1, rex_b = (~at[1] >> 5) & 1, map = at[1] & 7;
    source = (~at[2] >> 3) & 15;
    at += 4;
  } else {
    if ((*at & 0xf0) == 0x40) {
      rex_x = (*at >> 1) & 1, rex_b = *at & 1;
      ++at;
    }
    if (*at == 0x0f) {
      map = 1;
      ++at;
      if (*at == 0x38 || *at == 0x3a) map = *at++ == 0x38 ? 2 : 3;
    }
  }
  const unsigned op = *at++;
  if (vex && map == 1 && op == 0x77) return out;  // vzeroupper
  if (!vex && map == 0 && ((op >= 0xa4 && op < 0xa8) || (op >= 0xaa && op < 0xb0))) out.string = true;
  if (!vex && ((map == 0 && !has_modrm_one_byte(op)) || (map == 1 && !has_modrm_0f(op)))) return out;
  const unsigned modrm = *at++, mod = modrm >> 6, rm = modrm & 7, reg = (modrm >> 3) & 7;
  const bool memory = mod != 3;
  if (vex && map == 2 && ((op >= 0x90 && op <= 0x93) || (op >= 0xa0 && op <= 0xa3))) out.gathers = true;
  if (!vex && map == 0 && (op == 0xf6 || op == 0xf7) && reg >= 6) {
    out.divides = true;
    if (!memory) out.divisor = static_cast<int>(rm | rex_b << 3);
  }
  if (map == 1 && (op == 0x5e || op == 0x51)) {
    out.vector[0] = vex ? static_cast<int>(source) : static_cast<int>(reg);
    if (!memory) out.vector[1] = static_cast<int>(rm | rex_b << 3);
  }
  const bool not_an_access = !vex && ((map == 0 && op == 0x8d) || (map == 1 && op >= 0x18 && op <= 0x1f));
  if (!memory || not_an_access) return out;
  out.address = true;
  if (rm == 4) {
    const unsigned sib = *at;
    const unsigned index = ((sib >> 3) & 7) | rex_x << 3;
    if (index != 4) out.index = static_cast<int>(index);
    if (!((sib & 7) == 5 && mod == 0)) out.base = static_cast<int>((sib & 7) | rex_b << 3);
  } else if (!(rm == 5 && mod == 0)) {
    out.base = static_cast<int>(rm | rex_b << 3);
  }
  return out;
}

std::uint64_t general(const ucontext_t& context, int number) {
  static constexpr int kPlace[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                     REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return static_cast<std::uint64_t>(context.uc_mcontext.gregs[kPlace[number]]);
}

std::uint64_t vector_half(const ucontext_t& context, int number) {
  std::uint64_t low = 0;
  std::memcpy(&low, &context.uc_mcontext.fpregs->_xmm[number], sizeof low);
  return low;
}

void report(std::uint64_t rip, const char* what) {
  Dl_info info{};
  const char* file = "?";
  std::uint64_t base = 0;
  if (dladdr(reinterpret_cast<void*>(rip), &info) != 0 && info.dli_fname != nullptr) {
    file = info.dli_fname;
    base = reinterpret_cast<std::uint64_t>(info.dli_fbase);
  }
  std::snprintf(recording->difference, sizeof recording->difference,
                "%s at step %llu: addr2line -Cfie %s 0x%llx, after 0x%llx", what,
                static_cast<unsigned long long>(recording->steps), file,
                static_cast<unsigned long long>(rip - base),
                static_cast<unsigned long long>(last_rip - base));
  recording->differs = true;
}

// Called before each instruction.
void on_trap(int, siginfo_t*, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  auto& flags = context.uc_mcontext.gregs[REG_EFL];
  if (tracing == 0) {
    flags &= ~static_cast<greg_t>(kTrapFlag);
    return;
  }
  const auto rip = static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  const Decoded decoded = decode(reinterpret_cast<const std::uint8_t*>(rip));
  std::uint64_t operands = 0;
  if (decoded.base >= 0) operands = mix(operands, general(context, decoded.base));
  if (decoded.index >= 0) operands = mix(operands, general(context, decoded.index));
  if (decoded.string)
    for (const int number : {1, 6, 7}) operands = mix(operands, general(context, number));
  if (decoded.divides)
    for (const int number : {0, 2}) operands = mix(operands, general(context, number));
  if (decoded.divisor >= 0) operands = mix(operands, general(context, decoded.divisor));
  for (const int number : decoded.vector)
    if (number >= 0) operands = mix(operands, vector_half(context, number));
  const Step step{static_cast<std::uint32_t>(mix(0, rip) >> 32), static_cast<std::uint32_t>(operands >> 32)};
  const std::uint64_t at = recording->steps++;
  bool stop = true;
  if (decoded.gathers) {
    report(rip, "a gather or scatter");
  } else if (at >= kMaxSteps) {
    report(rip, "too many instructions");
  } else if (recording->reference) {
    recording->step[at] = step;
    stop = false;
  } else if (at >= recording->reference_steps || recording->step[at].address != step.address) {
    report(rip, "another instruction");
  } else if (recording->step[at].operands != step.operands) {
    report(rip,
           decoded.divides || decoded.vector[0] >= 0 ? "a division of other numbers" : "another address");
  } else {
    stop = false;
  }
  last_rip = rip;
  if (stop) {
    tracing = 0;
    flags &= ~static_cast<greg_t>(kTrapFlag);
  }
}

[[gnu::noinline]] void run_traced(const std::function<void()>& work) {
  tracing = 1;
  __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | kTrapFlag);
  work();
  tracing = 0;  // the next trap clears the flag
}

void run_child(const std::function<std::function<void()>(unsigned)>& prepare, unsigned variant) {
  struct sigaction action {};
  action.sa_sigaction = on_trap;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, nullptr);
  {
    const std::function<void()> work = prepare(variant);
    run_traced(work);
  }
  _exit(0);
}

}  // namespace

TraceResult InstructionTrace::compare(const std::function<std::function<void()>(unsigned)>& prepare) {
  TraceResult result;
  void* memory = mmap(nullptr, sizeof(Recording), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    result.difference = "no memory for the recording";
    return result;
  }
  recording = static_cast<Recording*>(memory);
  std::fflush(nullptr);
  for (unsigned variant = 0; variant < 2 && result.difference.empty(); ++variant) {
    recording->reference = variant == 0;
    recording->steps = 0;
    const pid_t child = fork();
    if (child == 0) run_child(prepare, variant);
    int status = 0;
    waitpid(child, &status, 0);
    if (variant == 0) result.instructions = recording->reference_steps = recording->steps;
    if (recording->differs) {
      result.difference = recording->difference;
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      result.difference = "the run ended with status " + std::to_string(status);
    } else if (recording->steps != recording->reference_steps) {
      result.difference = "one run is shorter";
    }
  }
  munmap(memory, sizeof(Recording));
  recording = nullptr;
  return result;
}

}  // namespace fcn::test

#else

namespace fcn::test {
TraceResult InstructionTrace::compare(const std::function<std::function<void()>(unsigned)>&) {
  return {0, "not supported here"};
}
}  // namespace fcn::test
#endif
