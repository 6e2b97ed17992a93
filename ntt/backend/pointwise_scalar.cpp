// Coefficient by coefficient, in 64-bit integers with 128-bit products.
#include "../internal/scalar.h"

namespace fcn::ntt {

void add_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) dst[i] = add_mod(a[i], b[i], q);
}

void subtract_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                     std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) dst[i] = sub_mod(a[i], b[i], q);
}

void negate_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) dst[i] = negate_mod(a[i], q);
}

void multiply_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                     std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) dst[i] = multiply_mod(a[i], b[i], q);
}

// a * b + dst <= (q-1)^2 + (q-1) < q^2: one reduction for both.
void multiply_add_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                         std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    FCN_CHECK(dst[i] < q.value() && a[i] < q.value() && b[i] < q.value());
    platform::Wide sum = platform::multiply_wide(a[i], b[i]);
    sum.low += dst[i];
    sum.high += sum.low < dst[i];
    dst[i] = reduce_wide(sum, q);
  }
}

void scalar_multiply_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            std::uint64_t scalar, std::size_t count) noexcept {
  const std::uint64_t quotient = shoup_quotient(scalar, q);
  for (std::size_t i = 0; i < count; ++i) dst[i] = multiply_shoup(a[i], scalar, quotient, q);
}

void scalar_multiply_add_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                                std::uint64_t scalar, std::size_t count) noexcept {
  const std::uint64_t quotient = shoup_quotient(scalar, q);
  for (std::size_t i = 0; i < count; ++i)
    dst[i] = add_mod(dst[i], multiply_shoup(a[i], scalar, quotient, q), q);
}

void reduce_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) dst[i] = reduce(a[i], q);
}

void reduce_accumulator_scalar(const Modulus& q, std::uint64_t* dst, const std::int64_t* accumulator,
                               std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) dst[i] = reduce_signed(accumulator[i], q);
}

void subtract_multiply_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              const std::uint64_t* b, std::uint64_t scalar, std::size_t count) noexcept {
  const std::uint64_t quotient = shoup_quotient(scalar, q);
  for (std::size_t i = 0; i < count; ++i)
    dst[i] = multiply_shoup(a[i] - b[i] + q.value(), scalar, quotient, q);
}

void reduce_centered_scalar(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const Modulus& from,
                            std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) dst[i] = reduce_signed(centered(a[i], from), q);
}

}  // namespace fcn::ntt
