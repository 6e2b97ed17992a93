// The roots of unity of one transform length modulo one prime, in the format of one kernel table.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../platform/aligned_buffer.h"
#include "kernels.h"
#include "modulus.h"

namespace fcn::ntt {

// Every table keeps kShoup64 for shorter transforms, and runs the scalar one: their time does not matter.
inline constexpr std::size_t kShortestDoubleTransform = 16;
inline constexpr std::size_t kShortestShoup52Transform = 128;

// Immutable once made; shared freely between threads.
class NttTables {
 public:
  // n a power of two in [4, 65536], q = 1 mod 2n and within kernels.max_prime_bits.
  // Errors: kInvalidArgument naming the value, kOutOfMemory. Cost: O(n) products, 32 n bytes.
  static platform::Result<NttTables> create(std::size_t n, const Modulus& q, const KernelTable& kernels);

  std::size_t n() const noexcept { return n_; }
  unsigned log2_n() const noexcept { return log2_n_; }
  const Modulus& modulus() const noexcept { return q_; }
  const KernelTable& kernels() const noexcept { return *kernels_; }
  RootFormat format() const noexcept { return format_; }
  // psi, the smallest primitive 2n-th root of unity modulo q.
  std::uint64_t psi() const noexcept { return psi_; }

  void forward(std::uint64_t* a) const noexcept { kernels_->forward(*this, a); }
  void inverse(std::uint64_t* a) const noexcept { kernels_->inverse(*this, a); }

  // Root i: psi^bitreverse(i) (forward) and psi^-bitreverse(i) (inverse), bitreverse over log2_n bits.
  // roots[i] is w and quotients[i] its companion, both in format() (doubles bit for bit).
  const std::uint64_t* forward_roots() const noexcept { return forward_roots_.data(); }
  const std::uint64_t* forward_quotients() const noexcept { return forward_quotients_.data(); }
  const std::uint64_t* inverse_roots() const noexcept { return inverse_roots_.data(); }
  const std::uint64_t* inverse_quotients() const noexcept { return inverse_quotients_.data(); }
  // 1/n modulo q in the same format.
  std::uint64_t n_inverse() const noexcept { return n_inverse_; }
  std::uint64_t n_inverse_quotient() const noexcept { return n_inverse_quotient_; }
  // psi^(-n/2) / n, inverse root 1 with 1/n folded in, in the same format.
  std::uint64_t last_root() const noexcept { return last_root_; }
  std::uint64_t last_root_quotient() const noexcept { return last_root_quotient_; }

 private:
  std::size_t n_ = 0;
  unsigned log2_n_ = 0;
  Modulus q_;
  const KernelTable* kernels_ = nullptr;
  RootFormat format_ = RootFormat::kShoup64;
  std::uint64_t psi_ = 0;
  std::uint64_t n_inverse_ = 0;
  std::uint64_t n_inverse_quotient_ = 0;
  std::uint64_t last_root_ = 0;
  std::uint64_t last_root_quotient_ = 0;
  platform::AlignedBuffer<std::uint64_t> forward_roots_, forward_quotients_;
  platform::AlignedBuffer<std::uint64_t> inverse_roots_, inverse_quotients_;
};

}  // namespace fcn::ntt
