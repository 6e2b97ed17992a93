// The portable kernels, one declaration for each entry of the scalar table; contracts in kernels.h.
#pragma once

#include "../kernels.h"

namespace fcn::ntt {

extern const KernelTable kScalarKernels;

void forward_scalar(const NttTables& tables, std::uint64_t* a) noexcept;
void inverse_scalar(const NttTables& tables, std::uint64_t* a) noexcept;

void add_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                std::size_t count) noexcept;
void subtract_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                     std::size_t count) noexcept;
void negate_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept;
void multiply_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                     std::size_t count) noexcept;
void multiply_add_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                         std::size_t count) noexcept;
void scalar_multiply_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            std::uint64_t scalar, std::size_t count) noexcept;
void scalar_multiply_add_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                                std::uint64_t scalar, std::size_t count) noexcept;
void reduce_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept;
void reduce_accumulator_scalar(const Modulus& q, std::uint64_t* dst, const std::int64_t* accumulator,
                               std::size_t count) noexcept;
void subtract_multiply_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              const std::uint64_t* b, std::uint64_t scalar, std::size_t count) noexcept;
void reduce_centered_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const Modulus& from,
                            std::size_t count) noexcept;

void inner_product_scalar(const Modulus& q, std::uint64_t* dst, const PointwiseProduct* terms,
                          std::size_t count, std::size_t n) noexcept;
void inner_product_pair_scalar(const Modulus& q, std::uint64_t* dst_a, std::uint64_t* dst_b,
                               const PairProduct* terms, std::size_t count, std::size_t n,
                               Fetch fetch) noexcept;
void linear_combination_scalar(const Modulus& q, std::uint64_t* dst, const ScaledPolynomial* terms,
                               std::size_t count, std::size_t n) noexcept;
void permute_scalar(std::uint64_t* dst, const std::uint64_t* a, const NttPermutation& permutation,
                    std::size_t first, std::size_t last) noexcept;

// As monomial_multiply, with the negation of any table.
void monomial_multiply_by(decltype(KernelTable::negate) negate, const Modulus& q, std::uint64_t* dst,
                          const std::uint64_t* a, std::size_t exponent, std::size_t n) noexcept;
void monomial_multiply_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              std::size_t exponent, std::size_t n) noexcept;
void monomial_accumulate_lazy_scalar(std::int64_t* accumulator, const MonomialProduct* terms,
                                     std::size_t count, std::size_t n, std::size_t first,
                                     std::size_t last) noexcept;

}  // namespace fcn::ntt
