// The memory that a client of fcn serve takes, and what happens when there is none: every allocation of this
// program is counted, and any may be refused.
#include "apps/fcn/memory.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "apps/fcn/service.h"
#include "apps/model_source.h"
#include "nn/client.h"
#include "support/memory_connection.h"
#include "support/toy_network.h"

namespace {

std::atomic<long> taken{0}, peak{0}, until_failure{-1};  // bytes, bytes, allocations (negative: none fails)

void* take(std::size_t bytes, std::size_t alignment) {
  if (until_failure >= 0 && until_failure-- == 0) return nullptr;
  void* memory = nullptr;
  if (::posix_memalign(&memory, std::max(alignment, sizeof(void*)), bytes) != 0) return nullptr;
  const long now = taken += static_cast<long>(::malloc_usable_size(memory));
  for (long before = peak; now > before && !peak.compare_exchange_weak(before, now);) continue;
  return memory;
}

void give_back(void* memory) {
  if (memory != nullptr) taken -= static_cast<long>(::malloc_usable_size(memory));
  std::free(memory);
}

void* take_or_throw(std::size_t bytes, std::size_t alignment) {
  void* memory = take(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return take_or_throw(bytes, 16);
}
void* operator new(std::size_t bytes, std::align_val_t a) {
  return take_or_throw(bytes, static_cast<std::size_t>(a));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return take(bytes, 16);
}
void* operator new(std::size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  return take(bytes, static_cast<std::size_t>(a));
}
void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  give_back(memory);
}

namespace fcn::apps {
namespace {

using namespace std::chrono_literals;
using fv::Bytes;

// Keys and requests as a client would send them, for inputs of zeros.
Bytes conversation_of(const nn::Plan& plan, int requests) {
  platform::ThreadPool pool;
  nn::Client client = nn::Client::create_from_seed(plan.spec(), platform::Seed{3}).value();
  Bytes bytes = client.evaluation_keys().value();
  const std::vector<std::int64_t> inputs(plan.spec().input.size());
  for (int i = 0; i < requests; ++i) {
    const Bytes request = client.encrypt(inputs, pool).value();
    bytes.insert(bytes.end(), request.begin(), request.end());
  }
  return bytes;
}

TEST(ClientMemory, IsAnUpperBoundAndNotFarOff) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "one thread, and minutes under ThreadSanitizer";
#endif
  for (const char* model : {"faster-cryptonets", "faster-cryptonets-diagonals", "cryptonets"}) {
    for (const nn::Layout layout : {nn::Layout::kPacked, nn::Layout::kPixel}) {
      const auto plan = nn::Plan::create(load_network(model).value(), layout);
      if (!plan.ok()) continue;  // not every network has a packed plan
      const Bytes conversation = conversation_of(plan.value(), 2);
      Service service({plan.value()}, {.memory = ~std::uint64_t{0}});
      test::MemoryConnection connection(conversation);
      const long before = taken;
      peak = before;
      std::size_t answers = 0;
      ASSERT_TRUE(serve_client(connection, service, answers).ok());
      ASSERT_EQ(answers, 2u);
      const double measured = static_cast<double>(peak - before),
                   predicted = static_cast<double>(client_memory(plan.value()));
      std::printf("%s, %s: %.1f MB of %.1f MB\n", model, nn::layout_name(layout), measured / 1e6,
                  predicted / 1e6);
      EXPECT_LE(measured, predicted) << model;
      EXPECT_LE(predicted, 1.6 * measured) << model;
    }
  }
}

// Each allocation of a whole conversation is refused once. The service lives, and has everything back: it has
// room for one client alone.
TEST(ClientMemory, NoAllocationThatFailsEndsTheService) {
  const nn::Plan plan = nn::Plan::create(test::toy_network(), nn::Layout::kPixel).value();
  const Bytes conversation = conversation_of(plan, 1);
  Service service({plan}, {.clients = 1, .memory = client_memory(plan), .wait = 100ms});
  std::size_t failures = 0, told = 0;
  for (long allocation = 0;; ++allocation) {
    test::MemoryConnection connection(conversation);
    std::size_t answers = 0;
    until_failure = allocation;
    const platform::Status status = serve_client(connection, service, answers);
    const bool failed = until_failure.exchange(-1) < 0;
    if (!failed) {
      EXPECT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(answers, 1u);
      break;
    }
    ++failures;
    EXPECT_EQ(status.code(), platform::StatusCode::kOutOfMemory) << allocation;
    told += connection.last_written().find("try again later") != std::string_view::npos;
    test::MemoryConnection honest(conversation);
    EXPECT_TRUE(serve_client(honest, service, answers).ok()) << allocation;
    EXPECT_EQ(answers, 1u);
  }
  std::printf("%zu allocations refused\n", failures);
  EXPECT_GT(failures, 50u);
  EXPECT_EQ(told, failures);
}

}  // namespace
}  // namespace fcn::apps
