// Keys. The secret key is a type of its own that nothing public converts to or contains.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../ntt/automorphism.h"
#include "../platform/aligned_buffer.h"
#include "../platform/random.h"
#include "params.h"

namespace fcn::fv {

// s, ternary. Move-only; wiped when it dies; on pages that stay out of swap and core dumps where the system lets.
class SecretKey {
 public:
  // A fresh key, drawn until it is at most largest_key_place (noise_tail.h) in every place: uniform among 69 % of all keys,
  // which costs half a bit of the key's 1.6 n. Errors: kOutOfMemory. Secret: constant time in the key that is used.
  static platform::Result<SecretKey> generate(const Params& params, platform::ChaCha20& rng);
  // From n coefficients in {-1, 0, 1}. Errors: kCorrupt naming the first other value's index, or for a key that generate()
  // does not make; kOutOfMemory.
  // Secret: constant time, but for refusing other values.
  static platform::Result<SecretKey> from_coefficients(const Params& params, const std::int64_t* s);

  const Params& params() const noexcept { return params_; }
  const std::int64_t* coefficients() const noexcept { return coefficients_.data(); }
  // s in transform order, modulo each prime of a key: (key_limbs, n).
  const std::uint64_t* transformed() const noexcept { return transformed_.data(); }

 private:
  explicit SecretKey(const Params& params) : params_(params) {}
  static platform::Result<bool> is_usable(const Params& params, const std::int64_t* s);
  static platform::Result<SecretKey> from_ternary(const Params& params, platform::KeyBuffer<std::int64_t> s);
  Params params_;
  platform::KeyBuffer<std::int64_t> coefficients_;
  platform::KeyBuffer<std::uint64_t> transformed_;
};

// (b, a) with b = -a s + e, a expanded from a seed; transform order, (q_count, n) each.
class PublicKey {
 public:
  static platform::Result<PublicKey> generate(const SecretKey& key, platform::ChaCha20& rng);
  static platform::Result<PublicKey> from_parts(const Params& params, const platform::Seed& seed,
                                                platform::AlignedBuffer<std::uint64_t> b);
  const Params& params() const noexcept { return params_; }
  const platform::Seed& seed() const noexcept { return seed_; }
  const std::uint64_t* b() const noexcept { return b_.data(); }
  const std::uint64_t* a() const noexcept { return a_.data(); }

 private:
  explicit PublicKey(const Params& params) : params_(params) {}
  Params params_;
  platform::Seed seed_{};
  platform::AlignedBuffer<std::uint64_t> b_, a_;
};

// Switches from a key s' to s: for limb i and digit j of width w the pair (b, a) with b = -a s + e + P w^j s'
// on limb i and b = -a s + e elsewhere (P the special prime, or 1). Transform order, (q_count *
// digits_per_limb, key_limbs, n).
class KeySwitchKey {
 public:
  // s_from: s' in transform order, (key_limbs, n).
  static platform::Result<KeySwitchKey> generate(const SecretKey& key, const std::uint64_t* s_from,
                                                 platform::ChaCha20& rng);
  static platform::Result<KeySwitchKey> from_parts(const Params& params, const platform::Seed& seed,
                                                   platform::AlignedBuffer<std::uint64_t> b);
  // Pair number i * digits_per_limb() + j alone, in memory of the caller's; a whole key is its pairs one after another.
  // Shape: a, b (key_limbs, n); scratch (2, n), wiped by make_pair. rng: the errors'.
  static void expand_pair(const Params& params, const platform::Seed& seed, std::size_t pair,
                          std::uint64_t* a) noexcept;
  static void make_pair(const SecretKey& key, const std::uint64_t* s_from, std::size_t pair,
                        const std::uint64_t* a, platform::ChaCha20& rng, std::uint64_t* b,
                        std::uint64_t* scratch) noexcept;
  // Words of b (and of a).
  static std::size_t words(const Params& params) noexcept {
    return params.q_count() * params.digits_per_limb() * params.key_limbs() * params.n();
  }
  const platform::Seed& seed() const noexcept { return seed_; }
  const std::uint64_t* b() const noexcept { return b_.data(); }
  const std::uint64_t* a() const noexcept { return a_.data(); }

 private:
  KeySwitchKey() = default;
  platform::Seed seed_{};
  platform::AlignedBuffer<std::uint64_t> b_, a_;
};

// Keys from s^2, ..., s^(max_components - 1) to s: what relinearizing up to max_components components needs.
class RelinKeys {
 public:
  // Errors: kInvalidArgument unless 3 <= max_components <= kMaxComponents; kOutOfMemory.
  static platform::Result<RelinKeys> generate(const SecretKey& key, platform::ChaCha20& rng,
                                              std::size_t max_components = 3);
  RelinKeys(const Params& params, std::vector<KeySwitchKey> keys) : params_(params), keys_(std::move(keys)) {}
  const Params& params() const noexcept { return params_; }
  std::size_t max_components() const noexcept { return keys_.size() + 2; }
  // From s^power, 2 <= power < max_components().
  const KeySwitchKey& power(std::size_t power) const noexcept { return keys_[power - 2]; }
  std::size_t count() const noexcept { return keys_.size(); }

 private:
  Params params_;
  std::vector<KeySwitchKey> keys_;
};

// Whether X -> X^g maps multiples of t to multiples of t: g = 1 modulo 2n/k for X^k - b, any odd g for an integer;
// g < 2n.
bool is_galois_element(const Params& params, std::size_t g) noexcept;

// From s(X^g) to s, with g's action on polynomials in transform order.
struct GaloisKey {
  std::size_t element;
  KeySwitchKey key;
  ntt::NttPermutation permutation;
};

// Keys for the Galois elements that were asked for and no others.
class GaloisKeys {
 public:
  // Errors: kInvalidArgument for 1, a repeated g, or one that is no is_galois_element(); kOutOfMemory.
  static platform::Result<GaloisKeys> generate(const SecretKey& key, platform::ChaCha20& rng,
                                               const std::vector<std::size_t>& elements);
  // Errors: those of ntt::NttPermutation::create.
  static platform::Result<GaloisKeys> from_parts(const Params& params,
                                                 std::vector<std::pair<std::size_t, KeySwitchKey>> keys);
  const Params& params() const noexcept { return params_; }
  // Null when there is none for g.
  const GaloisKey* find(std::size_t g) const noexcept;
  const std::vector<GaloisKey>& keys() const noexcept { return keys_; }

 private:
  explicit GaloisKeys(const Params& params) : params_(params) {}
  Params params_;
  std::vector<GaloisKey> keys_;
};

// The Galois element that rotates slots by steps to the left (negative: right). For X^k - b: g = (1 +
// 2n/k)^steps modulo 2n, one cycle of k slots. For an integer t: g = 3^steps, both rows of n/2 slots at once;
// row_swap_element() swaps rows.
std::size_t rotation_element(const Params& params, std::int64_t steps) noexcept;
std::size_t row_swap_element(const Params& params) noexcept;
// "Galois element 145, the rotation by 9": for messages.
std::string describe_galois_element(const Params& params, std::size_t g);

}  // namespace fcn::fv
