// Finding primes q = 1 mod 2n and roots of unity modulo them. Setup only: variable time, on public values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "modulus.h"

namespace fcn::ntt {

// Deterministic Miller-Rabin for every 64-bit number.
bool is_prime_vartime(std::uint64_t candidate) noexcept;

// The count largest primes below 2^bits that are 1 modulo 2n and not in excluded, in falling order.
// n a power of two, 4 <= n <= 65536; bits in [4, kMaxScalarPrimeBits]. Errors: kInvalidArgument when there
// are too few.
platform::Result<std::vector<std::uint64_t>> find_primes(std::size_t n, unsigned bits, std::size_t count,
                                                         const std::vector<std::uint64_t>& excluded = {});

// The smallest residue whose order modulo q is exactly 2n (a primitive 2n-th root of unity).
// Errors: kInvalidArgument unless q = 1 mod 2n, n a power of two.
platform::Result<std::uint64_t> primitive_root(std::size_t n, const Modulus& q);

}  // namespace fcn::ntt
