// Randomness: 32 bytes from the operating system, stretched by ChaCha20.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "byte_order.h"
#include "secure_wipe.h"
#include "status.h"

namespace fcn::platform {

// A seed that may be known to everyone: it travels in ciphertexts and keys.
using Seed = std::array<std::uint8_t, 32>;

// A seed that nobody else may know. Move-only; wiped when it dies and when it is moved from.
class SecretSeed {
 public:
  SecretSeed() noexcept = default;  // zero
  SecretSeed(SecretSeed&& other) noexcept : value_(other.value_) { other.wipe(); }
  SecretSeed& operator=(SecretSeed&& other) noexcept {
    if (this != &other) {
      value_ = other.value_;
      other.wipe();
    }
    return *this;
  }
  SecretSeed(const SecretSeed&) = delete;
  SecretSeed& operator=(const SecretSeed&) = delete;
  ~SecretSeed() { wipe(); }

  Seed& value() noexcept { return value_; }
  const Seed& value() const noexcept { return value_; }

 private:
  void wipe() noexcept { secure_wipe(value_.data(), value_.size()); }
  Seed value_{};
};

// Fills out with unpredictable bytes (getrandom). Errors: kUnavailable when the system gives none;
// there is no weaker fallback, and out is then zero.
Status os_random(std::span<std::uint8_t> out);

// A fresh seed from os_random.
Result<SecretSeed> random_seed();

// Where secrets come from: the system (fill is null), or a function that writes size unpredictable bytes to out and
// returns 0; any other number means that it has none. user is handed to each call.
struct RandomSource {
  int (*fill)(void* user, std::uint8_t* out, std::size_t size) = nullptr;
  void* user = nullptr;

  // Errors: kUnavailable; out is then zero.
  Status draw(std::span<std::uint8_t> out) const;
};

// The ChaCha20 stream cipher's key stream as a generator. Same seed and stream, same bytes, on every machine.
// Secret: wiped when it dies; constant time. Move-only, so that a stream cannot be used twice by accident.
// Source: RFC 8439; the 96-bit nonce is the stream number (64 bits, little-endian) after a zero word, and the 32-bit
// block counter starts at 0 and carries into that zero word, so a stream is 2^70 bytes long.
class ChaCha20 {
 public:
  explicit ChaCha20(const Seed& seed, std::uint64_t stream = 0) noexcept;
  explicit ChaCha20(const SecretSeed& seed, std::uint64_t stream = 0) noexcept
      : ChaCha20(seed.value(), stream) {}
  ChaCha20(ChaCha20&& other) noexcept;
  ChaCha20& operator=(ChaCha20&& other) noexcept;
  ChaCha20(const ChaCha20&) = delete;
  ChaCha20& operator=(const ChaCha20&) = delete;
  ~ChaCha20();

  // Wipes the generator and starts it over, as if it were made of this seed and stream.
  void restart(const Seed& seed, std::uint64_t stream = 0) noexcept;
  // The next out.size() bytes of the stream.
  void fill(std::span<std::uint8_t> out) noexcept;
  // The next 8 bytes of the stream as a little-endian number.
  std::uint64_t next_u64() noexcept {
    if (sizeof buffer_ - used_ < 8) return next_u64_across_refill();
    used_ += 8;
    return load_u64(buffer_.data() + used_ - 8);
  }

 private:
  static constexpr std::size_t kBlocksAtOnce = 16;
  void set_key(const Seed& seed, std::uint64_t stream) noexcept;
  void refill() noexcept;
  std::uint64_t next_u64_across_refill() noexcept;

  std::array<std::uint32_t, 16> state_;
  alignas(64) std::array<std::uint8_t, 64 * kBlocksAtOnce> buffer_;
  std::size_t used_;
};

// The randomness of one key holder: a generator of its own for each message, made of everything drawn before and of 32
// fresh bytes.
//
//   chain key --(+)--> seed of a generator: its first 32 bytes --> the next chain key
//              |                            the rest           --> what the message draws
//      32 bytes of the source
//
// A copy of the chain (after fork, from the snapshot of a machine, from a restored container) goes on differently in
// each copy, because the source does. A source that turns bad later does no harm, because the chain remembers. When a
// message is done its generator is wiped: the chain key that stays gives away nothing that was drawn before (fast key
// erasure). One thread at a time; a second one is refused.
class RandomChain {
 public:
  // A message's turn: the generator is there until the turn ends. The chain must stay where it is until then.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : chain_(std::exchange(other.chain_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() { end(); }
    void end() noexcept {
      if (chain_ != nullptr) std::exchange(chain_, nullptr)->end();
    }
    ChaCha20& rng() const noexcept { return chain_->generator_; }

   private:
    friend class RandomChain;
    explicit Turn(RandomChain* chain) noexcept : chain_(chain) {}
    RandomChain* chain_;
  };

  explicit RandomChain(RandomSource source) noexcept : source_(source) {}
  // Everything follows from the seed and nothing fresh is ever mixed in: for tests. Copies draw the same bytes.
  explicit RandomChain(const Seed& seed) noexcept;
  // Not during a turn.
  RandomChain(RandomChain&& other) noexcept;
  RandomChain& operator=(RandomChain&& other) noexcept;

  // Errors: kUnavailable (the source has no bytes; the chain is then as it was), kInvalidArgument (another turn is not
  // over yet).
  Result<Turn> begin();

 private:
  void end() noexcept;

  RandomSource source_;
  bool seeded_ = false;
  SecretSeed key_;
  ChaCha20 generator_{Seed{}};  // of the present turn
  std::atomic<bool> in_turn_{false};
};

}  // namespace fcn::platform
