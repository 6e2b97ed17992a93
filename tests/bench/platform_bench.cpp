// Bytes and values per second of the loops that keys, encryption and serialisation run over.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "platform/aligned_buffer.h"
#include "platform/bytes.h"
#include "platform/internal/chacha20_blocks.h"
#include "platform/random.h"
#include "platform/thread_pool.h"

namespace {

using namespace fcn::platform;

constexpr std::size_t kBytes = std::size_t{1} << 20;

std::vector<std::uint64_t> residues(std::size_t count, unsigned bits) {
  ChaCha20 random(Seed{});
  std::vector<std::uint64_t> values(count);
  for (auto& value : values) value = random.next_u64() >> (64 - bits);
  return values;
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void chacha20_fill(benchmark::State& state) {
  ChaCha20 random(Seed{});
  std::vector<std::uint8_t> out(kBytes);
  for (auto _ : state) {
    random.fill(out);
    benchmark::ClobberMemory();
  }
  count_bytes(state, kBytes);
}
BENCHMARK(chacha20_fill);

// The block function of each instruction set; scalar is the portable one.
void chacha20_blocks(benchmark::State& state, internal::ChaChaFunction blocks) {
  std::uint32_t words[16] = {1, 2, 3};
  std::vector<std::uint8_t> out(internal::kChaChaBytes);
  for (auto _ : state) {
    blocks(words, out.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, out.size());
}
[[maybe_unused]] const bool registered = [] {
  const char* const names[] = {"scalar", "avx2", "avx512"};
  const auto available = internal::available_chacha20();
  for (std::size_t i = 0; i < available.size(); ++i) {
    const std::string name = std::string("chacha20_1024_bytes/") + names[available.size() - 1 - i] + "/-/-";
    benchmark::RegisterBenchmark(name.c_str(), chacha20_blocks, available[i]);
  }
  return true;
}();

void chacha20_next_u64(benchmark::State& state) {
  ChaCha20 random(Seed{});
  for (auto _ : state) benchmark::DoNotOptimize(random.next_u64());
  count_bytes(state, 8);
}
BENCHMARK(chacha20_next_u64);

void pack(benchmark::State& state) {
  const auto bits = static_cast<unsigned>(state.range(0));
  const auto values = residues(8192, bits);
  for (auto _ : state) {
    ByteWriter out;
    out.packed(values, bits);
    benchmark::DoNotOptimize(out.data().data());
  }
  state.SetItemsProcessed(state.iterations() * 8192);
}
BENCHMARK(pack)->Arg(50)->Arg(57)->Arg(64);

void unpack(benchmark::State& state) {
  const auto bits = static_cast<unsigned>(state.range(0));
  auto values = residues(8192, bits);
  ByteWriter out;
  out.packed(values, bits);
  for (auto _ : state) {
    ByteReader in(out.data());
    if (!in.packed(values, bits, "values").ok()) state.SkipWithError("unpack failed");
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 8192);
}
BENCHMARK(unpack)->Arg(50)->Arg(57)->Arg(64);

void checksum(benchmark::State& state) {
  ChaCha20 random(Seed{});
  std::vector<std::uint8_t> bytes(kBytes);
  random.fill(bytes);
  for (auto _ : state) benchmark::DoNotOptimize(checksum64(bytes));
  count_bytes(state, kBytes);
}
BENCHMARK(checksum);

// What one loop costs beyond its iterations.
void empty_parallel_for(benchmark::State& state) {
  ThreadPool pool(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) pool.parallel_for(pool.size(), [](std::size_t, std::size_t) {});
}
BENCHMARK(empty_parallel_for)->Arg(1)->Arg(2)->UseRealTime();

// The time in which two threads write 64 KiB each, after each has read what it wrote before (0), or the other one did (1).
// Several times as long where their cores share no cache; as long where both threads share a core, whatever the machine
// says of its cores.
void write_64_kib(benchmark::State& state) {
  constexpr std::size_t kWords = 8192, kRows = 8;
  const auto other = static_cast<std::size_t>(state.range(0));
  ThreadPool pool(2);
  std::vector<std::vector<std::uint64_t>> rows(2 * kRows, std::vector<std::uint64_t>(kWords));
  std::uint64_t sums[2][8] = {};
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    pool.parallel_for(2, [&](std::size_t half, std::size_t) {
      for (std::size_t r = 0; r < kRows; ++r)
        std::fill_n(rows[half * kRows + r].data(), kWords, sums[half][0]);
    });
    const std::chrono::duration<double> writing = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(writing.count() / kRows);
    pool.parallel_for(2, [&](std::size_t half, std::size_t) {
      for (std::size_t r = 0; r < kRows; ++r) {
        const std::uint64_t* row = rows[(half ^ other) * kRows + r].data();
        for (std::size_t i = 0; i < kWords; ++i) sums[half][0] += row[i];
      }
    });
  }
}
BENCHMARK(write_64_kib)->Arg(0)->Arg(1)->UseManualTime();

}  // namespace
