// A parallel loop whose iterations can fail.
#pragma once

#include <cstddef>
#include <vector>

#include "../../platform/status.h"
#include "../../platform/thread_pool.h"

namespace fcn::nn::internal {

// body(index, worker) -> Status for every index in [0, count), on all threads of the pool. A worker stops at
// its first error; returns the error of the lowest such worker.
template <class Body>
platform::Status for_each_on(platform::ThreadPool& pool, std::size_t count, Body body) {
  std::vector<platform::Status> errors(pool.size());
  pool.parallel_for(count, [&](std::size_t i, std::size_t worker) {
    if (errors[worker].ok()) errors[worker] = body(i, worker);
  });
  for (const platform::Status& error : errors) FCN_RETURN_IF_ERROR(error);
  return {};
}

}  // namespace fcn::nn::internal
