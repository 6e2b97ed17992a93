#include "../internal/avx512.h"

namespace fcn::ntt {

const KernelTable kAvx512Kernels = {
    .name = "avx512",
    .max_prime_bits = kMaxPrimeBits,
    .root_format = RootFormat::kShoup52,
    .forward = forward_avx512,
    .inverse = inverse_avx512,
    .add = add_avx512,
    .subtract = subtract_avx512,
    .negate = negate_avx512,
    .multiply = multiply_avx512,
    .multiply_add = multiply_add_avx512,
    .scalar_multiply = scalar_multiply_avx512,
    .scalar_multiply_add = scalar_multiply_add_avx512,
    .reduce = reduce_avx512,
    .subtract_multiply = subtract_multiply_avx512,
    .reduce_centered = reduce_centered_avx512,
    .inner_product = inner_product_avx512,
    .inner_product_pair = inner_product_pair_avx512,
    .linear_combination = linear_combination_avx512,
    .permute = permute_avx512,
    .monomial_multiply = monomial_multiply_avx512,
    .monomial_accumulate_lazy = monomial_accumulate_lazy_avx512,
    .reduce_accumulator = reduce_accumulator_avx512,
};

}  // namespace fcn::ntt
