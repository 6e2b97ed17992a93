#include "rounding.h"

namespace fcn::fv {

void subtract_and_divide(const Params& params, std::uint64_t* x, std::size_t first, std::size_t count,
                         const std::uint64_t* a, const BaseConverter& to_x, const std::uint64_t* inverse,
                         std::uint64_t* scratch) noexcept {
  const std::size_t n = params.n();
  to_x.convert(scratch, a, n, scratch + count * n);
  for (std::size_t i = 0; i < count; ++i) {
    params.kernels().subtract_multiply(params.modulus(first + i), x + i * n, x + i * n, scratch + i * n, inverse[i], n);
  }
}

}  // namespace fcn::fv
