#include "failing_allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kNever = ~std::size_t{0};
std::atomic<std::size_t> successes_left{kNever};
std::atomic<bool> has_failed{false};

void* allocate_or_null(std::size_t size, std::size_t alignment) noexcept {
  // The count that passes zero becomes kNever.
  if (successes_left.load(std::memory_order_relaxed) != kNever && successes_left.fetch_sub(1) == 0) {
    has_failed = true;
    return nullptr;
  }
  if (size == 0) size = 1;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  if (void* memory = allocate_or_null(size, alignment)) return memory;
  throw std::bad_alloc();
}

}  // namespace

namespace fcn::test {

FailingAllocation::FailingAllocation(std::size_t number) {
  has_failed = false;
  successes_left = number;
}
void FailingAllocation::disarm() {
  successes_left = kNever;
}
bool FailingAllocation::failed() const {
  return has_failed;
}

}  // namespace fcn::test

// The forms for arrays call these.
void* operator new(std::size_t size) {
  return allocate_or_throw(size, 1);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate_or_null(size, 1);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate_or_null(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
