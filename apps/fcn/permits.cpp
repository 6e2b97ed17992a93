#include "permits.h"

namespace fcn::apps {

Permits::Permit Permits::acquire() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return free_ > 0; });
  --free_;
  return Permit(*this);
}

std::optional<Permits::Permit> Permits::acquire_within(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, limit, [&] { return free_ > 0; })) return std::nullopt;
  --free_;
  return Permit(*this);
}

void Permits::release() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  returned_.notify_one();
}

std::optional<MemoryBudget::Reservation> MemoryBudget::reserve(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > free_) return std::nullopt;
  free_ -= bytes;
  return Reservation(*this, bytes);
}

std::uint64_t MemoryBudget::free() const {
  const std::lock_guard lock(mutex_);
  return free_;
}

void MemoryBudget::release(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_ += bytes;
}

}  // namespace fcn::apps
