#include "random.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "internal/chacha20_blocks.h"
#include "internal/random_source.h"
#include "secure_wipe.h"

#include <unistd.h>
#if defined(__linux__) || defined(__APPLE__)
#include <sys/random.h>
#endif

namespace fcn::platform {
namespace {

std::ptrdiff_t system_source(void* out, std::size_t bytes) {
#if defined(__linux__)
  return ::getrandom(out, bytes, 0);
#else
  return ::getentropy(out, bytes) == 0 ? static_cast<std::ptrdiff_t>(bytes) : -1;
#endif
}

}  // namespace

Status internal::fill_from(SystemSource source, std::span<std::uint8_t> out) {
  constexpr std::size_t kPiece = 256;  // the most that getentropy takes
  std::size_t done = 0;
  while (done < out.size()) {
    errno = 0;
    const std::ptrdiff_t got = source(out.data() + done, std::min(out.size() - done, kPiece));
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (got == 0 || errno != EINTR) {
      const int reason = errno;
      secure_wipe(out.data(), out.size());
      return {StatusCode::kUnavailable,
              concat("the system gave ", done, " of ", out.size(), " random bytes: ",
                     reason == 0 ? "no reason given" : std::generic_category().message(reason))};
    }
  }
  return {};
}

Status os_random(std::span<std::uint8_t> out) {
  return internal::fill_from(system_source, out);
}

Result<SecretSeed> random_seed() {
  SecretSeed seed;
  FCN_RETURN_IF_ERROR(os_random(seed.value()));
  return seed;
}

Status RandomSource::draw(std::span<std::uint8_t> out) const {
  if (fill == nullptr) return os_random(out);
  if (fill(user, out.data(), out.size()) == 0) return {};
  secure_wipe(out.data(), out.size());
  return {StatusCode::kUnavailable, concat("the random source gave no ", out.size(), " bytes")};
}

ChaCha20::ChaCha20(const Seed& seed, std::uint64_t stream) noexcept {
  set_key(seed, stream);
}

void ChaCha20::restart(const Seed& seed, std::uint64_t stream) noexcept {
  secure_wipe(&buffer_, sizeof buffer_);
  set_key(seed, stream);
}

void ChaCha20::set_key(const Seed& seed, std::uint64_t stream) noexcept {
  static_assert(sizeof buffer_ == internal::kChaChaBytes);
  const auto word = [](const std::uint8_t* in) { return static_cast<std::uint32_t>(load_partial(in, 4)); };
  const char* constants = "expand 32-byte k";
  for (std::size_t i = 0; i < 4; ++i)
    state_[i] = word(reinterpret_cast<const std::uint8_t*>(constants) + 4 * i);
  for (std::size_t i = 0; i < 8; ++i) state_[4 + i] = word(seed.data() + 4 * i);
  state_[12] = 0;
  state_[13] = 0;
  state_[14] = static_cast<std::uint32_t>(stream);
  state_[15] = static_cast<std::uint32_t>(stream >> 32);
  used_ = sizeof buffer_;
}

ChaCha20::ChaCha20(ChaCha20&& other) noexcept {
  *this = std::move(other);
}

ChaCha20& ChaCha20::operator=(ChaCha20&& other) noexcept {
  if (this != &other) {
    state_ = other.state_;
    buffer_ = other.buffer_;
    used_ = other.used_;
    secure_wipe(&other.state_, sizeof other.state_);
    secure_wipe(&other.buffer_, sizeof other.buffer_);
    other.used_ = sizeof other.buffer_;
  }
  return *this;
}

ChaCha20::~ChaCha20() {
  secure_wipe(&state_, sizeof state_);
  secure_wipe(&buffer_, sizeof buffer_);
}

void ChaCha20::refill() noexcept {
  FCN_CHECK(state_[0] != 0);  // not moved from
  internal::best_chacha20()(state_.data(), buffer_.data());
  wipe_stack_below();  // the block function's copies of the key
  used_ = 0;
}

void ChaCha20::fill(std::span<std::uint8_t> out) noexcept {
  std::uint8_t* to = out.data();
  std::size_t left = out.size();
  while (left != 0) {
    if (used_ == sizeof buffer_) {
      for (; left >= sizeof buffer_; to += sizeof buffer_, left -= sizeof buffer_) {
        FCN_CHECK(state_[0] != 0);  // not moved from
        internal::best_chacha20()(state_.data(), to);
      }
      wipe_stack_below();
      if (left == 0) return;
      refill();
    }
    const std::size_t step = std::min(left, sizeof buffer_ - used_);
    std::memcpy(to, buffer_.data() + used_, step);
    used_ += step;
    to += step;
    left -= step;
  }
}

std::uint64_t ChaCha20::next_u64_across_refill() noexcept {
  std::array<std::uint8_t, 8> bytes;
  fill(bytes);
  const std::uint64_t number = load_u64(bytes.data());
  secure_wipe(bytes.data(), bytes.size());
  return number;
}

RandomChain::RandomChain(const Seed& seed) noexcept : seeded_(true) {
  key_.value() = seed;
}

RandomChain::RandomChain(RandomChain&& other) noexcept {
  *this = std::move(other);
}

RandomChain& RandomChain::operator=(RandomChain&& other) noexcept {
  FCN_CHECK(!in_turn_ && !other.in_turn_);
  source_ = other.source_;
  seeded_ = other.seeded_;
  key_ = std::move(other.key_);
  return *this;
}

Result<RandomChain::Turn> RandomChain::begin() {
  if (in_turn_.exchange(true, std::memory_order_acquire)) {
    return invalid_argument(
        "used by two threads at once (or it was in use when this process was forked): the randomness of a "
        "client "
        "serves one message at a time");
  }
  Turn turn(this);
  SecretSeed seed;
  if (!seeded_) FCN_RETURN_IF_ERROR(source_.draw(seed.value()));
  for (std::size_t i = 0; i < seed.value().size(); ++i) seed.value()[i] ^= key_.value()[i];
  generator_.restart(seed.value());
  generator_.fill(key_.value());
  return turn;
}

void RandomChain::end() noexcept {
  generator_.restart(Seed{});
  in_turn_.store(false, std::memory_order_release);
}

}  // namespace fcn::platform
