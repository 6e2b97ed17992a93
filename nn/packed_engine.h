// The packed layout's engine: runs a plan on ciphertexts of many values each. It sees no secret key.
#pragma once

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

// Holds the plan and no state of a run: one engine serves any number of clients and threads.
class PackedEngine {
 public:
  explicit PackedEngine(PackedPlan plan) : plan_(std::move(plan)) {}
  const PackedPlan& plan() const noexcept { return plan_; }

  // The encrypted values of the last layer, modulo one prime, for encrypted pixels laid out as plan().input() says. They
  // decrypt to exactly what plain_run gives, each the sum of its slots of plan().output_slots(). blinding: fresh
  // randomness, which makes all slots uniform but for these sums, so that the key holder learns nothing else.
  // workspace: one a run at a time; kept from run to run it saves the allocation of some 20 MB. clock (optional, with
  // times): seconds since any moment. Errors: kInvalidArgument (number of ciphertexts), kMismatch (other parameters,
  // or a missing key, named before any work), kOutOfRange, kOutOfMemory. Identical bits for any number of threads.
  // Time depends on the weights, not on the pixels.
  platform::Result<std::vector<fv::Ciphertext>> infer(
      std::span<const fv::SeededCiphertext> pixels, const fv::RelinKeys& relin, const fv::GaloisKeys& galois,
      const platform::Seed& blinding, fv::Workspace& workspace, platform::ThreadPool& pool,
      OpCounts* counts = nullptr, const Progress& progress = {}, double (*clock)() = nullptr,
      std::vector<PackedStageTimes>* times = nullptr) const;

 private:
  platform::Status activate(fv::Ciphertext& x, const std::vector<std::int64_t>& a, const fv::RelinKeys& relin,
                            fv::Workspace& workspace, platform::ThreadPool& pool) const;
  platform::Result<std::vector<fv::Ciphertext>> masks(const platform::Seed& blinding) const;
  PackedPlan plan_;
};

}  // namespace fcn::nn
