#include "../internal/neon.h"

namespace fcn::ntt {

const KernelTable kNeonKernels = {
    .name = "neon",
    .max_prime_bits = kMaxPrimeBits,
    .root_format = RootFormat::kDouble,
    .forward = forward_neon,
    .inverse = inverse_neon,
    .add = add_neon,
    .subtract = subtract_neon,
    .negate = negate_neon,
    .multiply = multiply_neon,
    .multiply_add = multiply_add_neon,
    .scalar_multiply = scalar_multiply_neon,
    .scalar_multiply_add = scalar_multiply_add_neon,
    .reduce = reduce_neon,
    .subtract_multiply = subtract_multiply_neon,
    .reduce_centered = reduce_centered_neon,
    .inner_product = inner_product_neon,
    .inner_product_pair = inner_product_pair_neon,
    .linear_combination = linear_combination_neon,
    .permute = permute_neon,
    .monomial_multiply = monomial_multiply_neon,
    .monomial_accumulate_lazy = monomial_accumulate_lazy_neon,
    .reduce_accumulator = reduce_accumulator_neon,
};

}  // namespace fcn::ntt
