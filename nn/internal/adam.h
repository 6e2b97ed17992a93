// Adam: steps scaled by running means of each parameter's gradient and its square.
// Source: Kingma, Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1 with its section 2
// shortcut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../platform/thread_pool.h"
#include "../tensor_ops.h"
#include "state_io.h"

namespace fcn::nn::internal {

class Adam {
 public:
  Adam(const TensorKernels& kernels, std::size_t parameters)
      : kernels_(&kernels), mean_(parameters, 0.0f), square_(parameters, 0.0f) {}

  // One step of size rate along the sum of the gradients / divisor, for parameters k with learns[k] = 1;
  // those with 0 stay. Shape: all arrays of one size. The sum runs in the order of `gradients`, whatever the
  // number of threads.
  void step(std::span<float> parameters, std::span<const float> learns,
            std::span<const std::vector<float>* const> gradients, float divisor, float rate,
            platform::ThreadPool& pool);

  void save(platform::ByteWriter& out) const;
  platform::Status load(platform::ByteReader& in);

 private:
  const TensorKernels* kernels_;
  std::vector<float> mean_, square_;
  std::uint64_t steps_ = 0;
};

}  // namespace fcn::nn::internal
