// The kernels for AVX2 with FMA, one declaration for each entry of the table; contracts in kernels.h.
#pragma once

#include "../kernels.h"

namespace fcn::ntt {

extern const KernelTable kAvx2Kernels;

void forward_avx2(const NttTables& tables, std::uint64_t* a) noexcept;
void inverse_avx2(const NttTables& tables, std::uint64_t* a) noexcept;

void add_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
              std::size_t count) noexcept;
void subtract_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                   std::size_t count) noexcept;
void negate_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept;
void multiply_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                   std::size_t count) noexcept;
void multiply_add_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                       std::size_t count) noexcept;
void scalar_multiply_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::uint64_t scalar,
                          std::size_t count) noexcept;
void scalar_multiply_add_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              std::uint64_t scalar, std::size_t count) noexcept;
void reduce_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept;
void reduce_accumulator_avx2(const Modulus& q, std::uint64_t* dst, const std::int64_t* accumulator,
                             std::size_t count) noexcept;
void subtract_multiply_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            const std::uint64_t* b, std::uint64_t scalar, std::size_t count) noexcept;
void reduce_centered_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const Modulus& from,
                          std::size_t count) noexcept;

void inner_product_avx2(const Modulus& q, std::uint64_t* dst, const PointwiseProduct* terms,
                        std::size_t count, std::size_t n) noexcept;
void inner_product_pair_avx2(const Modulus& q, std::uint64_t* dst_a, std::uint64_t* dst_b,
                             const PairProduct* terms, std::size_t count, std::size_t n,
                             Fetch fetch) noexcept;
void linear_combination_avx2(const Modulus& q, std::uint64_t* dst, const ScaledPolynomial* terms,
                             std::size_t count, std::size_t n) noexcept;
void permute_avx2(std::uint64_t* dst, const std::uint64_t* a, const NttPermutation& permutation,
                  std::size_t first, std::size_t last) noexcept;

void monomial_multiply_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            std::size_t exponent, std::size_t n) noexcept;
void monomial_accumulate_lazy_avx2(std::int64_t* accumulator, const MonomialProduct* terms, std::size_t count,
                                   std::size_t n, std::size_t first, std::size_t last) noexcept;

}  // namespace fcn::ntt
