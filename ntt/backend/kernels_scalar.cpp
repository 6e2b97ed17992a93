#include "../internal/scalar.h"

namespace fcn::ntt {

const KernelTable kScalarKernels = {
    .name = "scalar",
    .max_prime_bits = kMaxScalarPrimeBits,
    .root_format = RootFormat::kShoup64,
    .forward = forward_scalar,
    .inverse = inverse_scalar,
    .add = add_scalar,
    .subtract = subtract_scalar,
    .negate = negate_scalar,
    .multiply = multiply_scalar,
    .multiply_add = multiply_add_scalar,
    .scalar_multiply = scalar_multiply_scalar,
    .scalar_multiply_add = scalar_multiply_add_scalar,
    .reduce = reduce_scalar,
    .subtract_multiply = subtract_multiply_scalar,
    .reduce_centered = reduce_centered_scalar,
    .inner_product = inner_product_scalar,
    .inner_product_pair = inner_product_pair_scalar,
    .linear_combination = linear_combination_scalar,
    .permute = permute_scalar,
    .monomial_multiply = monomial_multiply_scalar,
    .monomial_accumulate_lazy = monomial_accumulate_lazy_scalar,
    .reduce_accumulator = reduce_accumulator_scalar,
};

}  // namespace fcn::ntt
