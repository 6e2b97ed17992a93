#include "platform/aligned_buffer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <limits>
#include <string>

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

TEST(KeyBuffer, WorksAsTheOthersDo) {
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{1}, std::size_t{512}, std::size_t{513}, std::size_t{100000}}) {
    auto key = KeyBuffer<std::uint64_t>::create_uninitialized(count).value();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(key.data()) % kBufferAlignment, 0u);
    for (std::uint64_t& x : key) EXPECT_EQ(std::exchange(x, 7), 0u);
    auto copy = key.clone().value();
    auto moved = std::move(key);
    EXPECT_TRUE(key.empty());  // NOLINT
    EXPECT_TRUE(std::equal(moved.begin(), moved.end(), copy.begin(), copy.end()));
    moved = KeyBuffer<std::uint64_t>::create(3).value();
    EXPECT_EQ(moved.size(), 3u);
  }
  for (const std::size_t count : {SIZE_MAX, SIZE_MAX / 8, SIZE_MAX / 16, std::size_t{PTRDIFF_MAX} / 8})
    EXPECT_EQ(KeyBuffer<std::uint64_t>::create(count).status().code(), StatusCode::kOutOfMemory) << count;
}

#if defined(__linux__)
// The flags of the mapping that holds an address ("lo": locked, "dd": not dumped).
std::string flags_of(const void* address) {
  std::ifstream smaps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long from = 0, to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) {
      const auto at = reinterpret_cast<std::uintptr_t>(address);
      inside = at >= from && at < to;
    }
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

TEST(KeyBuffer, StaysOutOfSwapAndCoreDumps) {
  auto key = KeyBuffer<std::uint64_t>::create(1000).value();
  key[0] = 1;
  const std::string flags = flags_of(key.data());
  if (flags.empty()) GTEST_SKIP() << "/proc/self/smaps does not tell";
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they make mlock do nothing
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
  if (limit.rlim_cur >= 65536) {
    EXPECT_NE(flags.find(" lo "), std::string::npos) << flags;
  }
#endif
  auto plain = SecretBuffer<std::uint64_t>::create(1000).value();
  EXPECT_EQ(flags_of(plain.data()).find(" dd "), std::string::npos);
}

TEST(KeyBuffer, NeedsNoPermissionToLock) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0)) _exit(2);
    auto key = KeyBuffer<std::uint64_t>::create(1000);
    _exit(key.ok() && (*key.operator->())[999] == 0 ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}
#endif

}  // namespace
}  // namespace fcn::platform
