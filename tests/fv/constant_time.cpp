// Runs what a client does with secrets under Valgrind, with every secret marked as undefined memory: memcheck
// then reports each branch and each memory address that depends on one. Exit 77 (skipped) without Valgrind,
// and in verify builds, whose checks branch on everything. Valgrind offers its programs AVX2 at most;
// constant_time_trace.cpp runs the rest.
#include <cstdio>
#include <cstdlib>

#include "support/secret_operations.h"

#if defined(FCN_VERIFY) || !__has_include(<valgrind/memcheck.h>)
int main() {
  std::puts("skipped: a verify build, or valgrind/memcheck.h is not installed");
  return 77;
}
#else
#include <valgrind/memcheck.h>

namespace fcn::test {
namespace {

void hide(const void* bytes, std::size_t count) {
  VALGRIND_MAKE_MEM_UNDEFINED(bytes, count);
}

// Reports of one operation beyond its declared exceptions.
bool passes(const SecretOperation& operation, const std::string& what) {
  const auto work = operation.prepare({0, &hide});
  const auto before = VALGRIND_COUNT_ERRORS;
  work();
  const auto found = VALGRIND_COUNT_ERRORS - before;
  std::printf("%s, %s: %u branches or addresses on secrets, %u range checks allowed\n", what.c_str(),
              operation.name.c_str(), found, operation.range_checks);
  return found <= operation.range_checks;
}

int run_all() {
  if (RUNNING_ON_VALGRIND == 0) {
    std::puts("skipped: not running under Valgrind");
    return 77;
  }
  // The check itself: one branch on a hidden value must be seen.
  volatile int secret = 1, sink = 0;
  hide(const_cast<const int*>(&secret), sizeof secret);
  const auto before = VALGRIND_COUNT_ERRORS;
  if (secret != 0) sink = 1;
  if (VALGRIND_COUNT_ERRORS != before + 1 || sink != 1) {
    std::puts("memcheck does not report a branch on a hidden value");
    return 1;
  }
  bool good = true;
  for (const ntt::KernelTable* kernels : ntt::available_kernels()) {
    for (const fv::Params& params : tiny_parameters(*kernels)) {
      const std::string what = std::string(kernels->name) + ", n = " + std::to_string(params.n()) +
                               ", t of length " + std::to_string(params.t().length());
      for (const SecretOperation& operation : scheme_operations(params)) good &= passes(operation, what);
    }
    for (const SecretOperation& operation : client_operations(*kernels))
      good &= passes(operation, std::string(kernels->name) + ", client");
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace fcn::test

int main() {
  return fcn::test::run_all();
}
#endif
