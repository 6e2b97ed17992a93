#include "inspect_packed.h"

#include <cstdio>

#include "../nn/packed_client.h"
#include "measure.h"
#include "terminal.h"

namespace fcn::apps {
namespace {

using platform::Result;
using platform::Status;
using Times = std::vector<nn::PackedStageTimes>;

constexpr int kRuns = 20;

double now() {
  static const Stopwatch watch;
  return watch.seconds();
}

// The quickest of a few runs.
Result<Times> measure(const nn::PackedEngine& engine, std::size_t threads) {
  const nn::PackedPlan& plan = engine.plan();
  FCN_ASSIGN_OR_RETURN(const platform::SecretSeed seed, platform::random_seed());
  platform::ChaCha20 rng(seed);
  FCN_ASSIGN_OR_RETURN(const fv::SecretKey key, fv::SecretKey::generate(plan.params(), rng));
  FCN_ASSIGN_OR_RETURN(const fv::RelinKeys relin, fv::RelinKeys::generate(key, rng));
  FCN_ASSIGN_OR_RETURN(const fv::GaloisKeys galois,
                       fv::GaloisKeys::generate(key, rng, plan.galois_elements()));
  FCN_ASSIGN_OR_RETURN(const fv::SlotEncoder encoder, fv::SlotEncoder::create(plan.params()));
  platform::ThreadPool pool(threads);
  const std::vector<std::int64_t> zeros(plan.network().input.size(), 0);
  FCN_ASSIGN_OR_RETURN(const auto pixels,
                       nn::encrypt_slots(key, encoder, plan.input().values, zeros, rng, pool));
  nn::PackedMemory memory;
  Times best;
  double least = 0;
  for (int run = 0; run < kRuns; ++run) {
    Times times;
    const Stopwatch watch;
    FCN_RETURN_IF_ERROR(
        engine.infer(pixels, relin, galois, seed.value(), memory, pool, nullptr, {}, now, &times).status());
    if (best.empty() || watch.seconds() < least) {
      least = watch.seconds();
      best = times;
    }
  }
  return best;
}

}  // namespace

Status print_packed(const nn::PackedEngine& engine, std::size_t threads) {
  const nn::PackedPlan& plan = engine.plan();
  FCN_ASSIGN_OR_RETURN(const Times times, measure(engine, threads));
  double all = 0;
  for (const auto& t : times) all += t.linear + t.fold + t.activation;
  std::printf("\nencrypted, packed layout: n = %zu, %zu slots, q of %.0f bits in %zu primes, %s kernels\n",
              plan.params().n(), plan.params().t().length(), plan.params().log2_q(), plan.params().q_count(),
              plan.params().kernels().name);
  std::printf("  input: %s, %zu ciphertexts; %zu Galois keys; noise %.1f\n", plan.input().name.c_str(),
              plan.input().ciphertexts(), plan.galois_elements().size(), plan.noise_in().log2_sigma);
  for (std::size_t i = 0; i < plan.stages().size(); ++i) {
    const nn::PackedStage& stage = plan.stages()[i];
    const auto share = [&](double seconds) { return 100 * seconds / all; };
    std::printf("  %s -> %s\n", stage.name.c_str(), stage.layout.layout.name.c_str());
    std::printf("      linear      %-44s %zu primes  noise %5.1f  %8s %4.0f %%\n", stage.split.c_str(),
                stage.limbs, stage.noise_in.log2_sigma, format_seconds(times[i].linear).c_str(),
                share(times[i].linear));
    if (!stage.folds.empty()) {
      std::size_t rotations = 0;
      for (const auto& fold : stage.folds) rotations += fold.size();
      std::printf("      fold        %-44s %zu primes               %8s %4.0f %%\n",
                  platform::concat(rotations, " rotations in ", stage.folds.size(), " steps").c_str(),
                  stage.limbs, format_seconds(times[i].fold).c_str(), share(times[i].fold));
    }
    std::printf("      activation  %-44s %zu primes  noise %5.1f  %8s %4.0f %%\n", "", stage.activation_limbs,
                stage.noise_sum.log2_sigma, format_seconds(times[i].activation).c_str(),
                share(times[i].activation));
    std::printf("      values of %d bits, noise %.1f, estimated cost %.0f transforms\n", stage.range_bits,
                stage.noise_out.log2_sigma, stage.cost);
  }
  std::printf(
      "  all: %s on %zu thread%s; an answer without its %u lowest bits fails with probability below 2^%.0f "
      "(an estimate: fv/README.md)\n",
      format_seconds(all).c_str(), threads, threads == 1 ? "" : "s", plan.dropped_bits(),
      plan.log2_failure());
  return {};
}

}  // namespace fcn::apps
