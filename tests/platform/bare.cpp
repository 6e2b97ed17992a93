// The room as platform.cmake builds it for this program: without exceptions, RTTI and threads.
#include <gtest/gtest.h>

#include <thread>

#include "platform/aligned_buffer.h"
#include "platform/bytes.h"
#include "platform/cpu_features.h"
#include "platform/file.h"
#include "platform/random.h"
#include "platform/thread_pool.h"

namespace fcn::platform {
namespace {

TEST(Bare, ThePoolIsTheCallingThread) {
  EXPECT_EQ(hardware_threads(), 1u);
  for (std::size_t threads : {0, 1, 2, 100}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), 1u);
    const auto caller = std::this_thread::get_id();
    std::size_t next = 0;
    pool.parallel_for(1000, [&](std::size_t index, std::size_t worker) {
      EXPECT_EQ(index, next++);
      EXPECT_EQ(worker, 0u);
      EXPECT_EQ(std::this_thread::get_id(), caller);
    });
    EXPECT_EQ(next, 1000u);
  }
}

TEST(Bare, EverythingElseWorks) {
  const auto seed = random_seed();
  ASSERT_TRUE(seed.ok()) << seed.status().message();
  ChaCha20 random(seed.value());
  auto values = SecretBuffer<std::uint64_t>::create(100).value();
  for (auto& value : values) value = random.next_u64() >> 14;

  ByteWriter out;
  out.packed(values, 50);
  const std::string path = testing::TempDir() + "fcn_bare_" + std::to_string(random.next_u64());
  ASSERT_TRUE(write_file(path, out.data(), FileAccess::kOwnerOnly).ok());
  const auto bytes = read_file(path, 625);
  std::remove(path.c_str());
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  EXPECT_EQ(checksum64(bytes.value()), checksum64(out.data()));
  EXPECT_EQ(read_file(path, 625).status().code(), StatusCode::kUnavailable);

  auto read = AlignedBuffer<std::uint64_t>::create(100).value();
  ByteReader in(bytes.value());
  ASSERT_TRUE(in.packed(read, 50, "values").ok());
  for (std::size_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i], values[i]);
  EXPECT_FALSE(AlignedBuffer<std::uint64_t>::create(~std::size_t{0}).ok());
  static_cast<void>(detect_cpu_features());
}

}  // namespace
}  // namespace fcn::platform
