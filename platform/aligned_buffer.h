// 64-byte-aligned arrays that never throw, cannot be copied by accident, and can wipe themselves.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "secure_wipe.h"
#include "status.h"

namespace fcn::platform {

inline constexpr std::size_t kBufferAlignment = 64;

// Null when there is no memory, or when bytes overflows; bytes may be 0.
void* aligned_allocate(std::size_t bytes) noexcept;
void aligned_free(void* memory) noexcept;

// Pages that nothing else lies on, zero at first, which stay out of swap and of core dumps where the system lets: mlock up
// to RLIMIT_MEMLOCK, MADV_DONTDUMP. That it does not let is no error. A system call or four each: for what lives long.
// Null when there is no memory. pages_free gets the bytes that were asked for.
void* pages_allocate(std::size_t bytes) noexcept;
void pages_free(void* memory, std::size_t bytes) noexcept;

enum class Wipe { kNo, kYes, kYesOnOwnPages };

// A fixed number of trivially copyable elements, zero at first unless asked otherwise. kWipe: overwritten before it
// is freed; kYesOnOwnPages: and lies on pages_allocate's pages.
template <class T, Wipe kWipe = Wipe::kNo>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() noexcept = default;
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    if (this != &other) {
      release();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer() { release(); }

  // count elements, all zero. Errors: kOutOfMemory.
  static Result<AlignedBuffer> create(std::size_t count) { return allocate(count, true); }
  // count elements that the caller writes before anyone reads them. Errors: kOutOfMemory.
  static Result<AlignedBuffer> create_uninitialized(std::size_t count) { return allocate(count, false); }

  // A copy of the elements, made on purpose. Errors: kOutOfMemory.
  Result<AlignedBuffer> clone() const {
    auto copy = create_uninitialized(size_);
    if (copy.ok() && size_ != 0) std::memcpy(copy->data(), data_, size_ * sizeof(T));
    return copy;
  }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T* begin() noexcept { return data_; }
  T* end() noexcept { return data_ + size_; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }

 private:
  static constexpr bool kOwnPages = kWipe == Wipe::kYesOnOwnPages;
  static Result<AlignedBuffer> allocate(std::size_t count, bool zero) {
    AlignedBuffer buffer;
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) return out_of_memory(message(count));
    void* memory = kOwnPages ? pages_allocate(count * sizeof(T)) : aligned_allocate(count * sizeof(T));
    buffer.data_ = static_cast<T*>(memory);
    if (buffer.data_ == nullptr) return out_of_memory(message(count));
    buffer.size_ = count;
    if (zero && !kOwnPages) std::memset(static_cast<void*>(buffer.data_), 0, count * sizeof(T));
    return buffer;
  }
  static std::string message(std::size_t count) {
    return concat("no memory for ", count, " elements of ", sizeof(T), " bytes");
  }
  void release() noexcept {
    if constexpr (kWipe != Wipe::kNo) secure_wipe(data_, size_ * sizeof(T));
    if constexpr (kOwnPages) {
      pages_free(data_, size_ * sizeof(T));
    } else {
      aligned_free(data_);
    }
    data_ = nullptr;
    size_ = 0;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

// For errors, messages and what a key is made of on the way.
template <class T>
using SecretBuffer = AlignedBuffer<T, Wipe::kYes>;
// For a secret key for as long as it is there.
template <class T>
using KeyBuffer = AlignedBuffer<T, Wipe::kYesOnOwnPages>;

}  // namespace fcn::platform
