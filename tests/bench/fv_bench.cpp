// Every operation of the scheme, named op/isa/n/log2q, scalar beside the others: on the pixel and the packed
// parameters, on those that other libraries are measured with (n = 8192, three 50-bit primes in q and a special one,
// t = 65537), and on the secure sets of the same kind for n = 4096 and 16384.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fv/encoding.h"
#include "fv/encryption.h"
#include "fv/evaluation.h"
#include "fv/key_switching.h"
#include "fv/modulus_switch.h"
#include "fv/monomial_sum.h"
#include "fv/product.h"

namespace fcn {
namespace {

template <class T>
T must(platform::Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().message().c_str());
    std::exit(1);
  }
  return std::move(result).value();
}

void must(const platform::Status& status) {
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.message().c_str());
    std::exit(1);
  }
}

// Keys and inputs of one parameter set on one kernel table, made when the first benchmark needs them.
struct Lab {
  Lab(const fv::ParamsSpec& spec, const ntt::KernelTable& kernels)
      : params(must(fv::Params::create(spec, kernels))),
        rng(platform::Seed{1}),
        key(must(fv::SecretKey::generate(params, rng))),
        public_key(must(fv::PublicKey::generate(key, rng))),
        relin_keys(must(fv::RelinKeys::generate(key, rng))),
        message(must(fv::encode_integer(params, 123))),
        seeded(must(fv::encrypt(key, message, rng, workspace))),
        a(must(seeded.expand())),
        out(must(a.clone())) {
    const std::size_t g = fv::rotation_element(params, 1);
    if (g != 1) galois_keys.emplace(must(fv::GaloisKeys::generate(key, rng, {g})));
    auto slots = fv::SlotEncoder::create(params);
    if (!slots.ok()) return;
    encoder.emplace(std::move(slots).value());
    for (std::size_t i = 0; i < encoder->slots(); ++i)
      values.push_back(static_cast<std::int64_t>(i % 200) - 100);
    message = must(encoder->encode(values));  // as many digits as a message has
  }

  fv::Params params;
  platform::ChaCha20 rng;
  fv::Workspace workspace;
  fv::SecretKey key;
  fv::PublicKey public_key;
  fv::RelinKeys relin_keys;
  std::optional<fv::GaloisKeys> galois_keys;
  std::optional<fv::SlotEncoder> encoder;
  std::vector<std::int64_t> values;
  fv::Plaintext message;
  fv::SeededCiphertext seeded;
  fv::Ciphertext a, out;
};

using Operation = std::function<void(Lab&, benchmark::State&)>;

// Runs f while the benchmark asks for it.
template <class F>
void repeat(benchmark::State& state, F f) {
  for (auto _ : state) must(f());
}

const std::pair<const char*, Operation> kOperations[] = {
    {"encode_slots",
     [](Lab& lab, benchmark::State& state) {
       if (!lab.encoder) return state.SkipWithError("no slots");
       for (auto _ : state) benchmark::DoNotOptimize(lab.encoder->encode(lab.values));
     }},
    {"decode_slots",
     [](Lab& lab, benchmark::State& state) {
       if (!lab.encoder) return state.SkipWithError("no slots");
       for (auto _ : state) benchmark::DoNotOptimize(lab.encoder->decode(lab.message));
     }},
    {"encrypt_secret",
     [](Lab& lab, benchmark::State& state) {
       repeat(state, [&] { return fv::encrypt(lab.seeded, lab.key, lab.message, lab.rng, lab.workspace); });
     }},
    {"encrypt_public",
     [](Lab& lab, benchmark::State& state) {
       repeat(state,
              [&] { return fv::encrypt(lab.out, lab.public_key, lab.message, lab.rng, lab.workspace); });
     }},
    {"expand",
     [](Lab& lab, benchmark::State& state) { repeat(state, [&] { return lab.seeded.expand(lab.out); }); }},
    {"decrypt",
     [](Lab& lab, benchmark::State& state) {
       fv::Plaintext m = must(fv::Plaintext::create(lab.params));
       repeat(state, [&] { return fv::decrypt(m, lab.key, lab.a, lab.workspace); });
     }},
    {"multiply",
     [](Lab& lab, benchmark::State& state) {
       const fv::Ciphertext b = must(lab.a.clone());
       repeat(state, [&] { return fv::multiply(lab.out, lab.a, b, lab.workspace); });
     }},
    {"square",
     [](Lab& lab, benchmark::State& state) {
       repeat(state, [&] { return fv::square(lab.out, lab.a, lab.workspace); });
     }},
    {"relinearize",
     [](Lab& lab, benchmark::State& state) {
       must(fv::square(lab.out, lab.a, lab.workspace));
       repeat(state, [&] {  // the third component is still there
         lab.out.set_shape(lab.params, 3, lab.params.q_count(), fv::Form::kCoefficients);
         lab.out.set_noise({});
         return fv::relinearize_inplace(lab.out, lab.relin_keys, lab.workspace);
       });
     }},
    {"multiply_relinearize",
     [](Lab& lab, benchmark::State& state) {
       const fv::Ciphertext b = must(lab.a.clone());
       for (auto _ : state) {
         must(fv::multiply(lab.out, lab.a, b, lab.workspace));
         must(fv::relinearize_inplace(lab.out, lab.relin_keys, lab.workspace));
       }
     }},
    {"square_relinearize",
     [](Lab& lab, benchmark::State& state) {
       for (auto _ : state) {
         must(fv::square(lab.out, lab.a, lab.workspace));
         must(fv::relinearize_inplace(lab.out, lab.relin_keys, lab.workspace));
       }
     }},
    {"rotate",
     [](Lab& lab, benchmark::State& state) {
       if (!lab.galois_keys) return state.SkipWithError("one slot: nothing rotates");
       fv::Ciphertext c = must(lab.a.clone());
       repeat(state, [&] {
         c.set_noise({});
         return fv::rotate_inplace(c, 1, *lab.galois_keys, lab.workspace);
       });
     }},
    {"modulus_switch",
     [](Lab& lab, benchmark::State& state) {
       if (lab.params.q_count() == 1) return state.SkipWithError("one prime");
       for (auto _ : state) {
         state.PauseTiming();
         fv::Ciphertext c = must(lab.a.clone());
         state.ResumeTiming();
         must(fv::modulus_switch_inplace(c, lab.workspace));
       }
     }},
    {"transform_plain",
     [](Lab& lab, benchmark::State& state) {
       for (auto _ : state) benchmark::DoNotOptimize(fv::transform(lab.message));
     }},
    {"multiply_plain",
     [](Lab& lab, benchmark::State& state) {
       const auto m = must(fv::transform(lab.message));
       fv::Ciphertext c = must(lab.a.clone());
       fv::to_transformed(c);
       repeat(state, [&] {
         c.set_noise({});
         return fv::multiply_plain_inplace(c, m);
       });
     }},
    {"add_plain",
     [](Lab& lab, benchmark::State& state) {
       fv::Ciphertext c = must(lab.a.clone());
       repeat(state, [&] {
         c.set_noise({});
         return fv::add_plain_inplace(c, lab.message, lab.workspace);
       });
     }},
    {"add",
     [](Lab& lab, benchmark::State& state) {
       fv::Ciphertext c = must(lab.a.clone());
       repeat(state, [&] {
         c.set_noise({});
         return fv::add_inplace(c, lab.a);
       });
     }},
    {"monomial_multiply",
     [](Lab& lab, benchmark::State& state) {
       fv::Ciphertext c = must(lab.a.clone());
       repeat(state, [&] { return fv::multiply_monomial_inplace(c, 37, lab.workspace); });
     }},
    {"monomial_sum_100",
     [](Lab& lab, benchmark::State& state) {
       auto sum =
           must(fv::MonomialSum::create(lab.params, lab.params.q_count(), fv::Correlation::kIndependent));
       for (auto _ : state) {
         for (int i = 0; i < 100; ++i) must(sum.add(lab.a, 37 * i, i % 2 == 0));
         must(sum.finish(lab.out));
       }
     }},
};

fv::ParamsSpec integer_spec(std::size_t n, const std::vector<unsigned>& q_bits, unsigned special_bits) {
  return must(fv::make_spec(n, must(fv::PlaintextModulus::integer(n, 65537)), q_bits, special_bits, 0));
}

}  // namespace
}  // namespace fcn

int main(int argc, char** argv) {
  using namespace fcn;
  struct Set {
    fv::ParamsSpec spec;
    const ntt::KernelTable* kernels;
    std::unique_ptr<Lab> lab;
  };
  std::vector<Set> sets;
  for (const fv::ParamsSpec& spec :
       {must(fv::pixel_spec()), integer_spec(4096, {35, 35}, 36), must(fv::packed_spec()),
        integer_spec(8192, {50, 50, 50}, 50), integer_spec(16384, {50, 50, 50, 50, 50, 50, 50}, 50)}) {
    for (const ntt::KernelTable* kernels : ntt::available_kernels()) sets.push_back({spec, kernels, nullptr});
  }
  for (const auto& [name, operation] : kOperations) {
    for (Set& set : sets) {
      double log2_q = 0;
      for (std::uint64_t q : set.spec.q_primes) log2_q += std::log2(static_cast<double>(q));
      const std::string label = std::string(name) + "/" + set.kernels->name + "/" +
                                std::to_string(set.spec.n) + "/" + std::to_string(std::lround(log2_q));
      benchmark::RegisterBenchmark(label.c_str(), [&set, run = operation](benchmark::State& state) {
        if (set.lab == nullptr) set.lab = std::make_unique<Lab>(set.spec, *set.kernels);
        run(*set.lab, state);
      })->Unit(benchmark::kMicrosecond);
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
