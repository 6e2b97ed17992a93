// Parameters: what a caller asks for (ParamsSpec), checked once and then immutable (Params).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../ntt/ntt_tables.h"
#include "../platform/blake2s.h"
#include "plaintext_modulus.h"

namespace fcn::fv {

inline constexpr std::size_t kMaxLimbs = 20;      // primes of q
inline constexpr std::size_t kMaxComponents = 5;  // components of a ciphertext
inline constexpr std::size_t kMaxDigits = 160;    // of key switching, over all limbs
inline constexpr double kMaxLog2Failure = -128;   // of one decryption
inline constexpr double kErrorVariance = 10.5;    // centred binomial of 2 x 21 bits: deviation 3.24

enum class Security {
  kTable128,          // refused unless the table in security.h allows it
  kInsecureForTests,  // tiny rings for exhaustive tests; never for data
};

// Unchecked wishes. R = Z[X]/(X^n + 1); ciphertexts modulo q, the product of q_primes; plaintexts modulo t.
struct ParamsSpec {
  std::size_t n = 0;
  PlaintextModulus t;
  std::vector<std::uint64_t> q_primes;
  std::uint64_t special_prime = 0;  // of key switching; 0: none
  unsigned digit_bits = 0;  // key switching cuts each residue into digits of this width; 0: it stays whole
  Security security = Security::kTable128;
  friend bool operator==(const ParamsSpec&, const ParamsSpec&) = default;
};

// A spec with the largest suitable primes of the given sizes. Errors: those of ntt::find_primes.
platform::Result<ParamsSpec> make_spec(std::size_t n, const PlaintextModulus& t,
                                       const std::vector<unsigned>& q_bits, unsigned special_bits,
                                       unsigned digit_bits);

// The paper's layout, one number a ciphertext: n = 2048, t = X - 2, one prime of q_bits <= 50 bits, four digits of it.
platform::Result<ParamsSpec> pixel_spec(unsigned q_bits = 50);
// A layer a ciphertext: n = 8192, t = X^1024 - 132 (1024 slots modulo a 56-bit prime), two 50-bit primes, one
// special.
platform::Result<ParamsSpec> packed_spec();

// Names parameters in files. A cryptographic hash: nobody can make two sets of one name.
using Fingerprint = platform::Hash256;

struct Level;           // constants for one number of limbs; fv/internal/level.h
struct PrimeConstants;  // constants for one prime; fv/internal/level.h

// Immutable, shared by reference count, safe between threads.
class Params {
 public:
  // Errors: kInvalidArgument naming the value and the reason: n not a power of two, a prime that is
  // composite, repeated, above 50 bits or not 1 modulo 2n, t not invertible modulo a prime, a modulus above
  // the security table; kOutOfRange when noise lets even a fresh public-key encryption fail with probability
  // above 2^-128. Cost: tens of milliseconds.
  static platform::Result<Params> create(const ParamsSpec& spec,
                                         const ntt::KernelTable& kernels = ntt::best_kernels());

  const ParamsSpec& spec() const noexcept;
  std::size_t n() const noexcept;
  const PlaintextModulus& t() const noexcept;
  std::size_t q_count() const noexcept;  // L, the limbs of a fresh ciphertext
  bool has_special() const noexcept;
  // Limbs of a key: the primes of q, then the special one.
  std::size_t key_limbs() const noexcept;
  // Transforms by prime: q, then special, then the auxiliary primes that products are computed in.
  const ntt::NttTables& table(std::size_t i) const noexcept;
  const ntt::Modulus& modulus(std::size_t i) const noexcept { return table(i).modulus(); }
  const ntt::KernelTable& kernels() const noexcept;
  // Digits of key switching in each limb, and their width in bits.
  std::size_t digits_per_limb() const noexcept;
  unsigned digit_bits() const noexcept;
  double log2_q(std::size_t limbs) const noexcept;
  double log2_q() const noexcept { return log2_q(q_count()); }
  // Of the spec: equal for equal specs, on every machine.
  const Fingerprint& fingerprint() const noexcept;
  const Level& level(std::size_t limbs) const noexcept;           // 1 <= limbs <= q_count()
  const PrimeConstants& constants(std::size_t i) const noexcept;  // of table(i)

  // Whether all fields of the specs are equal. Every operation relies on it before it touches memory.
  friend bool operator==(const Params& x, const Params& y) noexcept {
    return x.data_ == y.data_ || x.spec() == y.spec();
  }

 private:
  struct Data;
  explicit Params(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

}  // namespace fcn::fv
