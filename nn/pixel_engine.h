// The pixel layout's engine: runs a network on ciphertexts of one value each. It sees no secret key.
#pragma once

#include <span>
#include <vector>

#include "../fv/ciphertext.h"
#include "../fv/keys.h"
#include "../fv/workspace.h"
#include "../platform/thread_pool.h"
#include "pixel_plan.h"
#include "progress.h"

namespace fcn::nn {

// What one run leaves for the next, so that images after the first find their memory. One a run at a time.
struct PixelMemory {
  struct Thread {
    std::vector<fv::Ciphertext> sums;
    fv::Workspace workspace;
  };
  std::vector<fv::Ciphertext> spare;
  std::vector<Thread> threads;
};

// Holds the plan and no state of a run: one engine serves any number of clients and threads.
class PixelEngine {
 public:
  explicit PixelEngine(PixelPlan plan) : plan_(std::move(plan)) {}
  const PixelPlan& plan() const noexcept { return plan_; }

  // The encrypted values of the last layer for the encrypted pixels, flat. They decrypt to exactly what
  // plain_run gives. counts (optional) receives the operations that were carried out. memory (optional) saves
  // the allocation of some 80 MB from run to run. Errors:
  // kInvalidArgument (number of pixels), kMismatch (pixels or keys of other parameters, naming which),
  // kOutOfRange, kOutOfMemory. Identical bits for any number of threads. Time depends on the weights, not on
  // the pixels.
  platform::Result<std::vector<fv::Ciphertext>> infer(std::span<const fv::SeededCiphertext> pixels,
                                                      const fv::RelinKeys& keys, platform::ThreadPool& pool,
                                                      OpCounts* counts = nullptr,
                                                      const Progress& progress = {},
                                                      PixelMemory* memory = nullptr) const;

 private:
  PixelPlan plan_;
};

}  // namespace fcn::nn
