// Every hot kernel on every table, named op/isa/n/log2q: the scalar line stands beside the others in one run.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ntt/automorphism.h"
#include "ntt/ntt_tables.h"
#include "ntt/primes.h"
#include "platform/aligned_buffer.h"
#include "support/ring_oracle.h"

namespace fcn::ntt {
namespace {

constexpr unsigned kPrimeBits = 50;
// Of one repetition; fixed, since on a busy machine the first, slow one would decide how many there are.
constexpr int kIterations = 64;
constexpr std::size_t kTerms = 16;    // of one monomial_accumulate_lazy
constexpr std::size_t kProducts = 8;  // of one inner_product, inner_product_pair or linear_combination

// 64-byte aligned, as the library's own buffers are: vectors that lie across two lines of a cache are slow.
using Buffer = platform::AlignedBuffer<std::uint64_t>;

Buffer random_buffer(test::Random& random, std::size_t n, std::uint64_t q) {
  Buffer buffer = Buffer::create(n).value();
  const test::Residues values = test::random_residues(random, n, q);
  std::copy(values.begin(), values.end(), buffer.begin());
  return buffer;
}

struct Data {
  Data(const KernelTable& table, std::size_t n)
      : kernels(table),
        q(Modulus::create(find_primes(n, kPrimeBits, 1).value()[0]).value()),
        other(Modulus::create(find_primes(n, kPrimeBits, 2).value()[1]).value()),
        tables(std::move(NttTables::create(n, q, table)).value()),
        permutation(std::move(NttPermutation::create(n, 5)).value()),
        accumulator(platform::AlignedBuffer<std::int64_t>::create(n).value()) {
    test::Random random(n);
    a = random_buffer(random, n, q.value());
    b = random_buffer(random, n, q.value());
    dst = random_buffer(random, n, q.value());
    second = random_buffer(random, n, q.value());
    for (std::size_t i = 0; i < 2 * kProducts; ++i) inputs.push_back(random_buffer(random, n, q.value()));
    for (std::size_t i = 0; i < 2 * kProducts; i += 2) {
      products.push_back({inputs[i].data(), inputs[i + 1].data()});
      pairs.push_back({inputs[i].data(), inputs[i + 1].data(), a.data()});
      scaled.push_back({inputs[i].data(), inputs[i + 1][0]});
    }
    // Pairs that cancel, so that the accumulator never overflows.
    for (std::size_t i = 0; i < kTerms; i += 2) {
      const std::size_t exponent = random() % n;
      terms.push_back({i % 4 == 0 ? a.data() : b.data(), exponent});
      terms.push_back({terms.back().a, exponent + n});
    }
  }
  const KernelTable& kernels;
  Modulus q, other;
  NttTables tables;
  NttPermutation permutation;
  Buffer a, b, dst, second;
  platform::AlignedBuffer<std::int64_t> accumulator;
  std::vector<MonomialProduct> terms;
  std::vector<Buffer> inputs;
  std::vector<PointwiseProduct> products;
  std::vector<PairProduct> pairs;
  std::vector<ScaledPolynomial> scaled;
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
    {"scalar_multiply",
     [](Data& d) { d.kernels.scalar_multiply(d.q, d.dst.data(), d.a.data(), d.b[0], d.a.size()); }},
    {"subtract_multiply",
     [](Data& d) {
       d.kernels.subtract_multiply(d.q, d.dst.data(), d.a.data(), d.b.data(), d.b[0], d.a.size());
     }},
    {"reduce", [](Data& d) { d.kernels.reduce(d.q, d.dst.data(), d.a.data(), d.a.size()); }},
    {"reduce_centered",
     [](Data& d) { d.kernels.reduce_centered(d.other, d.dst.data(), d.a.data(), d.q, d.a.size()); }},
    {"inner_product",
     [](Data& d) { d.kernels.inner_product(d.q, d.dst.data(), d.products.data(), kProducts, d.a.size()); }},
    {"inner_product_pair",
     [](Data& d) {
       d.kernels.inner_product_pair(d.q, d.dst.data(), d.second.data(), d.pairs.data(), kProducts, d.a.size(),
                                    Fetch::kFactors);
     }},
    {"linear_combination",
     [](Data& d) {
       d.kernels.linear_combination(d.q, d.dst.data(), d.scaled.data(), kProducts, d.a.size());
     }},
    {"permute",
     [](Data& d) { d.kernels.permute(d.dst.data(), d.a.data(), d.permutation, 0, d.permutation.n()); }},
    {"monomial_accumulate_lazy",
     [](Data& d) {
       d.kernels.monomial_accumulate_lazy(d.accumulator.data(), d.terms.data(), kTerms, d.a.size(), 0,
                                          d.a.size());
     }},
    {"reduce_accumulator",
     [](Data& d) {
       d.kernels.reduce_accumulator(d.q, d.dst.data(), d.accumulator.data(), d.accumulator.size());
     }},
};

// Made once for all operations and repetitions: to make it takes longer than to measure.
Data& data_of(const KernelTable& table, std::size_t n) {
  static std::map<std::pair<const KernelTable*, std::size_t>, Data> all;
  return all.try_emplace({&table, n}, table, n).first->second;
}

void measure(benchmark::State& state, const Operation& operation, const KernelTable& table, std::size_t n) {
  Data& data = data_of(table, n);
  for (auto _ : state) {
    operation.run(data);
    benchmark::ClobberMemory();
  }
  const std::string_view name = operation.name;
  const bool transform = name == "forward" || name == "inverse";
  std::size_t values = n;  // multiplied, or moved
  if (name == "inner_product" || name == "linear_combination") values = kProducts * n;
  if (name == "inner_product_pair") values = 2 * kProducts * n;
  if (name == "monomial_accumulate_lazy") values = kTerms * n;
  state.counters[transform ? "per_butterfly" : "per_value"] =
      benchmark::Counter(static_cast<double>(transform ? n / 2 * data.tables.log2_n() : values),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// Registered in this order: an operation's tables next to each other.
const bool registered = [] {
  for (const Operation& operation : kOperations) {
    for (const std::size_t n : {2048, 4096, 8192, 16384, 32768}) {
      for (const KernelTable* table : available_kernels()) {
        const std::string name = std::string(operation.name) + "/" + table->name + "/" + std::to_string(n) +
                                 "/" + std::to_string(kPrimeBits);
        benchmark::RegisterBenchmark(name.c_str(), measure, operation, *table, n)
            ->Iterations(kIterations)
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
