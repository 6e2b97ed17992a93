#include "platform/aligned_buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>

// A refused allocation is an answer here, not a bug; the sanitizers must not stop at it.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1";
}
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() {
  return "allocator_may_return_null=1";
}

namespace fcn::platform {
namespace {

static_assert(!std::is_copy_constructible_v<AlignedBuffer<int>> &&
              !std::is_copy_assignable_v<AlignedBuffer<int>>);
static_assert(std::is_nothrow_move_constructible_v<AlignedBuffer<int>> &&
              std::is_nothrow_move_assignable_v<AlignedBuffer<int>>);

template <class T>
void expect_aligned_and_zero() {
  for (std::size_t count : {0, 1, 2, 7, 8, 9, 63, 64, 65, 4096}) {
    auto buffer = AlignedBuffer<T>::create(count);
    ASSERT_TRUE(buffer.ok());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer->data()) % kBufferAlignment, 0u) << count;
    EXPECT_EQ(buffer->size(), count);
    EXPECT_EQ(buffer->empty(), count == 0);
    for (const T& element : buffer.value()) ASSERT_EQ(element, T{});
    // The memory is used again: a later buffer must be zero because it was set, not because it was fresh.
    for (T& element : buffer.value()) element = T(77);
  }
}

TEST(AlignedBuffer, IsAlignedAndZero) {
  for (int repeat = 0; repeat < 3; ++repeat) {
    expect_aligned_and_zero<std::uint8_t>();
    expect_aligned_and_zero<std::uint64_t>();
    expect_aligned_and_zero<double>();
  }
}

TEST(AlignedBuffer, MovesLeaveTheSourceEmpty) {
  auto first = AlignedBuffer<int>::create(3).value();
  first[2] = 5;
  const int* memory = first.data();
  AlignedBuffer<int> second = std::move(first);
  EXPECT_EQ(second.data(), memory);
  EXPECT_EQ(second.size(), 3u);
  EXPECT_EQ(first.data(), nullptr);  // NOLINT: the state after a move is a promise
  EXPECT_TRUE(first.empty());

  auto third = AlignedBuffer<int>::create(9).value();
  third = std::move(second);
  EXPECT_EQ(third.data(), memory);
  EXPECT_EQ(third[2], 5);
  EXPECT_EQ(second.size(), 0u);  // NOLINT

  AlignedBuffer<int>& same = third;
  third = std::move(same);
  EXPECT_EQ(third.data(), memory);
  EXPECT_EQ(third.size(), 3u);
}

TEST(AlignedBuffer, ClonesAreIndependent) {
  auto original = AlignedBuffer<int>::create(100).value();
  for (int i = 0; i < 100; ++i) original[static_cast<std::size_t>(i)] = i * i;
  const auto copy = original.clone().value();
  original[10] = -1;
  ASSERT_EQ(copy.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(copy[static_cast<std::size_t>(i)], i * i);
  EXPECT_TRUE(AlignedBuffer<int>().clone().value().empty());
}

TEST(AlignedBuffer, AbsurdCountsAreAnError) {
  constexpr std::size_t kMax = std::numeric_limits<std::size_t>::max();
  // The product overflows; passes the largest object; fits in a size, but in no machine.
  for (std::size_t count : {kMax, kMax / 8 + 1, kMax / 8, kMax / 16 + 1, kMax / 32}) {
    const auto buffer = AlignedBuffer<std::uint64_t>::create(count);
    ASSERT_FALSE(buffer.ok()) << count;
    EXPECT_EQ(buffer.status().code(), StatusCode::kOutOfMemory);
    EXPECT_EQ(buffer.status().message(), concat("no memory for ", count, " elements of 8 bytes"));
  }
  EXPECT_EQ(aligned_allocate(kMax), nullptr);
  aligned_free(nullptr);
}

TEST(SecureWipe, OverwritesExactlyTheRange) {
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t bytes = 0; bytes < 80; ++bytes) {
      std::array<unsigned char, 96> memory;
      memory.fill(0xa5);
      secure_wipe(memory.data() + start, bytes);
      for (std::size_t i = 0; i < memory.size(); ++i) {
        ASSERT_EQ(memory[i], i >= start && i < start + bytes ? 0 : 0xa5) << start << ' ' << bytes << ' ' << i;
      }
    }
  }
  secure_wipe(nullptr, 0);
}

// Memory that the test owns, so that it can be read after the wipe and the end of its lifetime.
TEST(SecureWipe, IsNotRemovedAsADeadStore) {
  struct Key {
    std::uint8_t bytes[32];
    ~Key() { secure_wipe(bytes, sizeof bytes); }
  };
  alignas(Key) unsigned char memory[sizeof(Key)];
  Key* key = new (memory) Key;
  std::memset(key->bytes, 0x5a, sizeof key->bytes);
  key->~Key();
  volatile const unsigned char* after = memory;
  for (std::size_t i = 0; i < sizeof memory; ++i) EXPECT_EQ(after[i], 0) << i;
}

TEST(SecretBuffer, WorksAsTheOthersDo) {
  auto secret = SecretBuffer<std::uint64_t>::create(100).value();
  secret[99] = 1;
  auto moved = std::move(secret);
  EXPECT_EQ(moved[99], 1u);
  EXPECT_TRUE(secret.empty());  // NOLINT
  moved = SecretBuffer<std::uint64_t>::create(2).value();
  EXPECT_EQ(moved.size(), 2u);
}

}  // namespace
}  // namespace fcn::platform
