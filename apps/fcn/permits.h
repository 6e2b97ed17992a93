// What clients share and give back when they go, however they go: permits one by one, and memory by the byte.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace fcn::apps {

// At most `count` holders at once; the others wait.
class Permits {
 public:
  // Given back when it dies. The Permits live longer.
  class Permit {
   public:
    Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (owner_ != nullptr) owner_->release();
    }

   private:
    friend class Permits;
    explicit Permit(Permits& owner) : owner_(&owner) {}
    Permits* owner_;
  };

  explicit Permits(std::size_t count) : free_(count) {}
  Permit acquire();
  // Nothing when none came back in time.
  std::optional<Permit> acquire_within(std::chrono::milliseconds limit);

 private:
  void release();
  std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t free_;
};

// Bytes that clients reserve before they use them. Nobody waits: who finds too few is sent away.
class MemoryBudget {
 public:
  // Given back when it dies. The MemoryBudget lives longer.
  class Reservation {
   public:
    Reservation(Reservation&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), bytes_(other.bytes_) {}
    Reservation& operator=(Reservation&&) = delete;
    ~Reservation() {
      if (owner_ != nullptr) owner_->release(bytes_);
    }

   private:
    friend class MemoryBudget;
    Reservation(MemoryBudget& owner, std::uint64_t bytes) : owner_(&owner), bytes_(bytes) {}
    MemoryBudget* owner_;
    std::uint64_t bytes_;
  };

  explicit MemoryBudget(std::uint64_t bytes) : free_(bytes) {}
  std::optional<Reservation> reserve(std::uint64_t bytes);
  std::uint64_t free() const;

 private:
  void release(std::uint64_t bytes);
  mutable std::mutex mutex_;
  std::uint64_t free_;
};

}  // namespace fcn::apps
