// Which tables of training kernels this build has and this processor runs.
#pragma once

#include <span>

#include "tensor_kernels.h"

namespace fcn::nn::internal {

// Fastest first, scalar last.
std::span<const TensorKernels* const> available_tensor_kernels() noexcept;

}  // namespace fcn::nn::internal
