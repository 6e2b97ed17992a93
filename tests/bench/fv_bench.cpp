// Operations of the scheme on the pixel and the packed parameters, named op/isa/n/log2q, scalar beside the others; and the
// transforms and pointwise kernels that a square and a relinearization are made of, for their share.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include "fv/encoding.h"
#include "fv/encryption.h"
#include "fv/evaluation.h"
#include "fv/internal/level.h"
#include "fv/key_switching.h"
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
        message(must(fv::encode_integer(params, 12345))),
        a(must(must(fv::encrypt(key, message, rng, workspace)).expand())),
        product(must(a.clone())),
        out(must(a.clone())) {
    must(fv::square(product, a, workspace));
    const std::size_t g = fv::rotation_element(params, 1);
    if (g != 1) galois_keys.emplace(must(fv::GaloisKeys::generate(key, rng, {g})));
  }

  fv::Params params;
  platform::ChaCha20 rng;
  fv::Workspace workspace;
  fv::SecretKey key;
  fv::PublicKey public_key;
  fv::RelinKeys relin_keys;
  std::optional<fv::GaloisKeys> galois_keys;
  fv::Plaintext message;
  fv::Ciphertext a, product, out;
};

using Operation = std::function<void(Lab&, benchmark::State&)>;

// The kernels of a square: with l limbs and l' auxiliary primes, 2 (l + l') transforms forward, 3 (l + l') back, and
// products by t and with each other.
void kernels_of_square(Lab& lab, benchmark::State& state) {
  const fv::Params& params = lab.params;
  const std::size_t limbs = params.q_count(), total = limbs + params.level(limbs).pairs.count, n = params.n();
  auto x = must(platform::AlignedBuffer<std::uint64_t>::create(8 * total * n));
  for (auto _ : state) {
    for (std::size_t i = 0; i < total; ++i) {
      const ntt::NttTables& table = params.table(i);
      std::uint64_t* at = x.data() + 8 * i * n;
      const auto& kernels = params.kernels();
      for (std::size_t c = 0; c < 2; ++c) table.forward(at + c * n);
      for (std::size_t c = 0; c < 2; ++c)
        kernels.multiply(table.modulus(), at + (2 + c) * n, at + c * n, at + 7 * n, n);
      for (std::size_t c = 0; c < 3; ++c)
        kernels.multiply_add(table.modulus(), at + (4 + c) * n, at + c / 2 * n, at + (2 + c / 2) * n, n);
      for (std::size_t c = 0; c < 3; ++c) table.inverse(at + (4 + c) * n);
    }
    benchmark::DoNotOptimize(x.data());
  }
}

// The kernels of a relinearization: a transform and two products for each digit and key prime, two transforms back.
void kernels_of_relinearize(Lab& lab, benchmark::State& state) {
  const fv::Params& params = lab.params;
  const std::size_t n = params.n(), digits = params.q_count() * params.digits_per_limb();
  auto x = must(platform::AlignedBuffer<std::uint64_t>::create(4 * n));
  for (auto _ : state) {
    for (std::size_t i = 0; i < params.key_limbs(); ++i) {
      const ntt::NttTables& table = params.table(i);
      for (std::size_t d = 0; d < digits; ++d) {
        table.forward(x.data());
        params.kernels().multiply_add(table.modulus(), x.data() + 2 * n, x.data(), x.data() + n, n);
        params.kernels().multiply_add(table.modulus(), x.data() + 3 * n, x.data(), x.data() + n, n);
      }
      table.inverse(x.data() + 2 * n);
      table.inverse(x.data() + 3 * n);
    }
    benchmark::DoNotOptimize(x.data());
  }
}

const std::pair<const char*, Operation> kOperations[] = {
    {"encrypt_secret",
     [](Lab& lab, benchmark::State& state) {
       for (auto _ : state)
         benchmark::DoNotOptimize(fv::encrypt(lab.key, lab.message, lab.rng, lab.workspace));
     }},
    {"encrypt_public",
     [](Lab& lab, benchmark::State& state) {
       for (auto _ : state)
         benchmark::DoNotOptimize(fv::encrypt(lab.public_key, lab.message, lab.rng, lab.workspace));
     }},
    {"expand",
     [](Lab& lab, benchmark::State& state) {
       const auto seeded = must(fv::encrypt(lab.key, lab.message, lab.rng, lab.workspace));
       for (auto _ : state) benchmark::DoNotOptimize(seeded.expand());
     }},
    {"decrypt",
     [](Lab& lab, benchmark::State& state) {
       for (auto _ : state) benchmark::DoNotOptimize(fv::decrypt(lab.key, lab.a, lab.workspace));
     }},
    {"multiply",
     [](Lab& lab, benchmark::State& state) {
       for (auto _ : state) must(fv::multiply(lab.out, lab.a, lab.a, lab.workspace));
     }},
    {"square",
     [](Lab& lab, benchmark::State& state) {
       for (auto _ : state) must(fv::square(lab.out, lab.a, lab.workspace));
     }},
    {"square_kernels", kernels_of_square},
    {"relinearize",
     [](Lab& lab, benchmark::State& state) {
       for (auto _ : state) {
         fv::Ciphertext c = must(lab.product.clone());
         must(fv::relinearize_inplace(c, lab.relin_keys, lab.workspace));
         benchmark::DoNotOptimize(c.component(0));
       }
     }},
    {"relinearize_kernels", kernels_of_relinearize},
    {"rotate",
     [](Lab& lab, benchmark::State& state) {
       if (!lab.galois_keys) return state.SkipWithError("one slot: nothing rotates");
       for (auto _ : state) {
         fv::Ciphertext c = must(lab.a.clone());
         must(fv::rotate_inplace(c, 1, *lab.galois_keys, lab.workspace));
         benchmark::DoNotOptimize(c.component(0));
       }
     }},
    {"multiply_plain",
     [](Lab& lab, benchmark::State& state) {
       const auto m = must(fv::transform(lab.message));
       fv::Ciphertext c = must(lab.a.clone());
       fv::to_transformed(c);
       for (auto _ : state) {
         c.set_noise({});
         must(fv::multiply_plain_inplace(c, m));
       }
     }},
    {"add_plain",
     [](Lab& lab, benchmark::State& state) {
       fv::Ciphertext c = must(lab.a.clone());
       for (auto _ : state) {
         c.set_noise({});
         must(fv::add_plain_inplace(c, lab.message, lab.workspace));
       }
     }},
    {"add",
     [](Lab& lab, benchmark::State& state) {
       fv::Ciphertext c = must(lab.a.clone());
       for (auto _ : state) {
         c.set_noise({});
         must(fv::add_inplace(c, lab.a));
       }
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
  for (const fv::ParamsSpec& spec : {must(fv::pixel_spec()), must(fv::packed_spec())}) {
    for (const ntt::KernelTable* kernels : ntt::available_kernels()) sets.push_back({spec, kernels, nullptr});
  }
  for (const auto& [name, operation] : kOperations) {
    for (Set& set : sets) {
      const std::string label = std::string(name) + "/" + set.kernels->name + "/" +
                                std::to_string(set.spec.n) + "/" +
                                std::to_string(50 * set.spec.q_primes.size());
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
