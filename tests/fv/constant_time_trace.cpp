// Runs what a client does with two secrets each on the processor itself, instruction by instruction: they
// must execute the same instructions, at the same addresses, and divide the same numbers. So AVX-512 is
// covered, which Valgrind does not know, and so is what the compiler made of the source, for these inputs.
// Fails on code that it is shown to fail on.
#include <gtest/gtest.h>

#include "platform/internal/chacha20_blocks.h"
#include "support/instruction_trace.h"
#include "support/secret_operations.h"

namespace fcn::test {
namespace {

volatile unsigned secret, sink, table[64];
volatile std::uint64_t dividend = 1000003;
volatile double fraction;

[[gnu::noinline]] void branches() {
  if (secret == 1) {
    sink = 5;
  } else {
    table[3] = 7;
  }
}
[[gnu::noinline]] void looks_up() {
  sink = table[secret];
}
[[gnu::noinline]] void divides() {
  sink = static_cast<unsigned>(dividend / (secret + 1));
}
[[gnu::noinline]] void divides_doubles() {
  fraction = 1.0 / (secret + 1);
}
[[gnu::noinline]] void is_constant_time() {
  std::vector<unsigned> values(100, secret * 77 ^ secret);
  sink = values[5];
}

class ConstantTimeTrace : public testing::Test {
 protected:
  void SetUp() override {
    if (!InstructionTrace::kSupported) GTEST_SKIP() << "single steps are for x86-64 Linux alone";
#if defined(FCN_VERIFY)
    GTEST_SKIP() << "a verify build checks values by branches";
#endif
  }
  static TraceResult trace_of(void (*work)()) {
    return InstructionTrace::compare([work](unsigned variant) {
      secret = variant;
      return std::function<void()>(work);
    });
  }
  static void expect_alike(const SecretOperation& operation, const std::string& what) {
    const TraceResult result = InstructionTrace::compare([&](unsigned variant) {
      return operation.prepare({variant, nullptr});
    });
    EXPECT_EQ(result.difference, "") << what << ", " << operation.name;
    EXPECT_GT(result.instructions, 100u) << what << ", " << operation.name;
    std::printf("%s, %s: %llu instructions\n", what.c_str(), operation.name.c_str(),
                static_cast<unsigned long long>(result.instructions));
  }
};

TEST_F(ConstantTimeTrace, SeesWhatItShould) {
  const auto difference = [](void (*work)()) { return trace_of(work).difference; };
  EXPECT_NE(difference(branches).find("another instruction"), std::string::npos);
  EXPECT_NE(difference(looks_up).find("another address"), std::string::npos);
  EXPECT_NE(difference(divides).find("a division of other numbers"), std::string::npos);
  EXPECT_NE(difference(divides_doubles).find("a division of other numbers"), std::string::npos);
  EXPECT_EQ(difference(is_constant_time), "");
}

// A step costs microseconds, so only the kernels that Valgrind cannot run, or the best, and the least of the
// client.
TEST_F(ConstantTimeTrace, Scheme) {
  const ntt::KernelTable& kernels = ntt::best_kernels();
  for (const fv::Params& params : tiny_parameters(kernels)) {
    const std::string what = std::string(kernels.name) + ", n = " + std::to_string(params.n()) +
                             ", t of length " + std::to_string(params.t().length());
    for (const SecretOperation& operation : scheme_operations(params)) expect_alike(operation, what);
  }
}

TEST_F(ConstantTimeTrace, Client) {
  const ntt::KernelTable& kernels = ntt::best_kernels();
  for (const SecretOperation& operation : client_operations(kernels))
    if (operation.name == "quantised pixels" || operation.name == "pixel request")
      expect_alike(operation, std::string(kernels.name) + ", client");
}

TEST_F(ConstantTimeTrace, ChaCha20) {
  for (const auto blocks : platform::internal::available_chacha20()) {
    const SecretOperation operation{"ChaCha20", [blocks](const Secrets& secrets) {
                                      return [blocks, variant = secrets.variant] {
                                        std::array<std::uint32_t, 16> state{};
                                        state[4] = variant;
                                        std::array<std::uint8_t, platform::internal::kChaChaBytes> out;
                                        blocks(state.data(), out.data());
                                      };
                                    }};
    expect_alike(operation, "platform");
  }
}

}  // namespace
}  // namespace fcn::test
