// The packed layout's engine: runs a plan on ciphertexts of many values each. It sees no secret key.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "../fv/ciphertext.h"
#include "../fv/keys.h"
#include "../platform/thread_pool.h"
#include "packed_plan.h"
#include "progress.h"

namespace fcn::nn {

// Seconds of one stage, by part.
struct PackedStageTimes {
  double linear = 0, fold = 0, activation = 0;
};

// What a run keeps for the next: some 20 MB that need not be allocated again. For one run at a time.
struct PackedMemory {
  fv::Workspace workspace, mask_workspace;
  std::vector<fv::Ciphertext> inputs, masks;  // of the network, and of its answer
  std::vector<fv::Ciphertext> values, sums;   // what a stage begins with, and what its linear map makes of it
  std::optional<fv::Ciphertext> squared;
};

// Holds the plan and no state of a run: one engine serves any number of clients and threads.
class PackedEngine {
 public:
  explicit PackedEngine(PackedPlan plan) : plan_(std::move(plan)) {}
  const PackedPlan& plan() const noexcept { return plan_; }

  // The encrypted values of the last layer, modulo one prime, for encrypted pixels laid out as plan().input() says. They
  // decrypt to exactly what plain_run gives, each the sum of its slots of plan().output_slots(). blinding: fresh
  // randomness, which makes all slots uniform but for these sums, so that the key holder learns nothing else.
  // The result lies in memory, until the next run with it. clock (optional, with times): seconds since any moment.
  // Errors: kInvalidArgument (number of ciphertexts), kMismatch (other parameters, or a missing key, named before any
  // work), kOutOfRange, kOutOfMemory. Identical bits for any number of threads. Time depends on the weights, not on the
  // pixels.
  platform::Result<std::span<const fv::Ciphertext>> infer(
      std::span<const fv::SeededCiphertext> pixels, const fv::RelinKeys& relin, const fv::GaloisKeys& galois,
      const platform::Seed& blinding, PackedMemory& memory, platform::ThreadPool& pool,
      OpCounts* counts = nullptr, const Progress& progress = {}, double (*clock)() = nullptr,
      std::vector<PackedStageTimes>* times = nullptr) const;

 private:
  platform::Status activate(fv::Ciphertext& x, const std::vector<std::int64_t>& a, const fv::RelinKeys& relin,
                            PackedMemory& memory, platform::ThreadPool& pool) const;
  platform::Status make_masks(const platform::Seed& blinding, PackedMemory& memory) const;
  PackedPlan plan_;
};

}  // namespace fcn::nn
