// Every hot kernel on every table, named op/isa/n/log2q: the scalar line stands beside the others in one run.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "ntt/ntt_tables.h"
#include "ntt/primes.h"
#include "support/ring_oracle.h"

namespace fcn::ntt {
namespace {

constexpr unsigned kPrimeBits = 50;
constexpr std::size_t kTerms = 16;  // of one monomial_accumulate_lazy

struct Data {
  Data(const KernelTable& table, std::size_t n)
      : kernels(table),
        q(Modulus::create(find_primes(n, kPrimeBits, 1).value()[0]).value()),
        tables(std::move(NttTables::create(n, q, table)).value()),
        accumulator(n) {
    test::Random random(n);
    a = test::random_residues(random, n, q.value());
    b = test::random_residues(random, n, q.value());
    dst = test::random_residues(random, n, q.value());
    // Pairs that cancel, so that the accumulator never overflows.
    for (std::size_t i = 0; i < kTerms; i += 2) {
      const std::size_t exponent = random() % n;
      terms.push_back({i % 4 == 0 ? a.data() : b.data(), exponent});
      terms.push_back({terms.back().a, exponent + n});
    }
  }
  const KernelTable& kernels;
  Modulus q;
  NttTables tables;
  test::Residues a, b, dst;
  std::vector<std::int64_t> accumulator;
  std::vector<MonomialProduct> terms;
};

struct Operation {
  const char* name;
  void (*run)(Data& data);
};

constexpr Operation kOperations[] = {
    {"forward", [](Data& d) { d.tables.forward(d.a.data()); }},
    {"inverse", [](Data& d) { d.tables.inverse(d.a.data()); }},
    {"multiply", [](Data& d) { d.kernels.multiply(d.q, d.dst.data(), d.a.data(), d.b.data(), d.a.size()); }},
    {"multiply_add",
     [](Data& d) { d.kernels.multiply_add(d.q, d.dst.data(), d.a.data(), d.b.data(), d.a.size()); }},
    {"monomial_accumulate_lazy",
     [](Data& d) {
       d.kernels.monomial_accumulate_lazy(d.accumulator.data(), d.terms.data(), kTerms, d.a.size(), 0, d.a.size());
     }},
    {"reduce_accumulator",
     [](Data& d) {
       d.kernels.reduce_accumulator(d.q, d.dst.data(), d.accumulator.data(), d.accumulator.size());
     }},
};

void measure(benchmark::State& state, const Operation& operation, const KernelTable& table, std::size_t n) {
  Data data(table, n);
  for (auto _ : state) {
    operation.run(data);
    benchmark::ClobberMemory();
  }
  const std::string_view name = operation.name;
  const bool transform = name == "forward" || name == "inverse";
  const std::size_t values = name == "monomial_accumulate_lazy" ? n * kTerms : n;
  state.counters[transform ? "per_butterfly" : "per_value"] =
      benchmark::Counter(static_cast<double>(transform ? n / 2 * data.tables.log2_n() : values),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// Registered in this order: an operation's tables next to each other.
const bool registered = [] {
  for (const Operation& operation : kOperations) {
    for (const std::size_t n : {2048, 4096, 8192, 16384}) {
      for (const KernelTable* table : available_kernels()) {
        const std::string name = std::string(operation.name) + "/" + table->name + "/" + std::to_string(n) +
                                 "/" + std::to_string(kPrimeBits);
        benchmark::RegisterBenchmark(name.c_str(), measure, operation, *table, n)
            ->ComputeStatistics("min", [](const std::vector<double>& times) {
              return *std::min_element(times.begin(), times.end());
            });
      }
    }
  }
  return true;
}();

}  // namespace
}  // namespace fcn::ntt
