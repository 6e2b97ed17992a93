#include "sampling.h"

#include "../../platform/byte_order.h"
#include "../../platform/secure_wipe.h"
#include "../../platform/wide.h"

namespace fcn::fv {
namespace {

constexpr std::size_t kBatch = 1024;  // values made at once, from whole blocks of the stream

// Set bits of x < 2^42, without a table or an instruction that some processors lack.
std::uint64_t bit_count(std::uint64_t x) {
  x -= (x >> 1) & 0x5555555555555555u;
  x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return (x * 0x0101010101010101u) >> 56;
}

}  // namespace

void expand_uniform(const Params& params, std::uint64_t* dst, std::size_t limbs, const platform::Seed& seed,
                    std::uint64_t stream) noexcept {
  constexpr unsigned kBytes = 7;
  static_assert(ntt::kMaxPrimeBits <= 8 * kBytes);
  const std::size_t n = params.n();
  std::uint8_t bytes[kBytes * kBatch + 1] = {};  // 8 at a time are loaded, of which the mask keeps 7
  for (std::size_t i = 0; i < limbs; ++i) {
    platform::ChaCha20 rng(seed, stream + i);
    const std::uint64_t q = params.modulus(i).value();
    const std::uint64_t mask = (std::uint64_t{1} << params.modulus(i).bits()) - 1;
    for (std::size_t filled = 0; filled < n;) {
      std::uint64_t* out = dst + i * n + filled;
      const std::size_t count = n - filled < kBatch ? n - filled : kBatch;
      rng.fill({bytes, kBytes * count});
      std::uint64_t any_above = 0;  // its top bit: some candidate is q or more
      for (std::size_t c = 0; c < count; ++c) {
        out[c] = platform::load_u64(bytes + kBytes * c) & mask;
        any_above |= q - 1 - out[c];
      }
      std::size_t kept = count;
      if (any_above >> 63 != 0) {  // rare for primes just below a power of two
        kept = 0;
        for (std::size_t c = 0; c < count; ++c) {
          const std::uint64_t candidate = out[c];
          out[kept] = candidate;
          kept += candidate < q;
        }
      }
      filled += kept;
    }
  }
}

void sample_error(std::int64_t* dst, std::size_t n, platform::ChaCha20& rng) noexcept {
  constexpr unsigned kBytes = 6;
  constexpr std::uint64_t kBits21 = (1u << 21) - 1, kBits42 = (std::uint64_t{1} << 42) - 1;
  std::uint8_t bytes[kBytes * kBatch + 2] = {};  // 8 at a time are loaded, of which 42 bits are used
  for (std::size_t done = 0; done < n;) {
    const std::size_t count = n - done < kBatch ? n - done : kBatch;
    rng.fill({bytes, kBytes * count});
    for (std::size_t c = 0; c < count; ++c) {
      // With the upper 21 bits inverted, their number is 21 less what it was: one count for both sums.
      const std::uint64_t bits = platform::load_u64(bytes + kBytes * c) ^ (kBits21 << 21);
      dst[done + c] = static_cast<std::int64_t>(bit_count(bits & kBits42)) - 21;
    }
    done += count;
  }
  platform::secure_wipe(bytes, sizeof bytes);
}

void sample_ternary(std::int64_t* dst, std::size_t n, platform::ChaCha20& rng) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    dst[i] = static_cast<std::int64_t>(platform::multiply_high(rng.next_u64(), 3)) - 1;
  }
}

void to_residues(const Params& params, std::uint64_t* dst, std::size_t limbs,
                 const std::int64_t* x) noexcept {
  for (std::size_t i = 0; i < limbs; ++i) {
    params.kernels().reduce_accumulator(params.modulus(i), dst + i * params.n(), x, params.n());
  }
}

}  // namespace fcn::fv
