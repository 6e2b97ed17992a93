#include "../internal/avx2.h"

namespace fcn::ntt {

const KernelTable kAvx2Kernels = {
    .name = "avx2",
    .max_prime_bits = kMaxPrimeBits,
    .root_format = RootFormat::kDouble,
    .forward = forward_avx2,
    .inverse = inverse_avx2,
    .add = add_avx2,
    .subtract = subtract_avx2,
    .negate = negate_avx2,
    .multiply = multiply_avx2,
    .multiply_add = multiply_add_avx2,
    .scalar_multiply = scalar_multiply_avx2,
    .scalar_multiply_add = scalar_multiply_add_avx2,
    .reduce = reduce_avx2,
    .subtract_multiply = subtract_multiply_avx2,
    .reduce_centered = reduce_centered_avx2,
    .inner_product = inner_product_avx2,
    .inner_product_pair = inner_product_pair_avx2,
    .linear_combination = linear_combination_avx2,
    .permute = permute_avx2,
    .monomial_multiply = monomial_multiply_avx2,
    .monomial_accumulate_lazy = monomial_accumulate_lazy_avx2,
    .reduce_accumulator = reduce_accumulator_avx2,
};

}  // namespace fcn::ntt
