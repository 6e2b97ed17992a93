#include "connection.h"

#include <algorithm>

namespace fcn::apps {

using platform::concat;
using platform::Result;
using platform::Status;
using platform::StatusCode;
using Clock = std::chrono::steady_clock;

namespace {

// Small enough that a slow reader takes a piece within a second or two.
constexpr std::size_t kPiece = std::size_t{16} << 10;

}  // namespace

void PaceClock::moved(std::size_t bytes, Time now) {
  if (bytes == 0) return;
  last_ = now;
  const Time furthest = now + pace_.silence;
  if (pace_.least_rate == 0) {
    deadline_ = furthest;
    return;
  }
  const std::chrono::duration<double> bought(static_cast<double>(bytes) /
                                             static_cast<double>(pace_.least_rate));
  if (bought >= pace_.silence) {
    deadline_ = furthest;
  } else {
    deadline_ = std::min(furthest, deadline_ + std::chrono::duration_cast<Clock::duration>(bought));
  }
}

std::chrono::milliseconds PaceClock::left(Time now) const {
  return std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now);
}

std::string PaceClock::reason(Time now) const {
  if (now - last_ < pace_.silence) return concat("slower than ", pace_.least_rate, " bytes a second");
  return concat("silent for ", pace_.silence.count() / 1000, " s");
}

// A deadline that passed is told as what the other side did.
Status PacedConnection::explain(const Status& status) const {
  const auto now = Clock::now();
  if (status.ok() || clock_.left(now).count() > 0) return status;
  return {StatusCode::kUnavailable, concat(who_, " was ", clock_.reason(now))};
}

Result<std::size_t> PacedConnection::read(std::span<std::uint8_t> out) {
  connection_.set_time_limit(clock_.left(Clock::now()));
  Result<std::size_t> got = connection_.read(out);
  if (!got.ok()) return explain(got.status());
  clock_.moved(got.value(), Clock::now());
  return got;
}

Status PacedConnection::write(fv::ByteSpan bytes) {
  while (!bytes.empty()) {
    const fv::ByteSpan piece = bytes.first(std::min(bytes.size(), kPiece));
    connection_.set_time_limit(clock_.left(Clock::now()));
    FCN_RETURN_IF_ERROR(explain(connection_.write(piece)));
    clock_.moved(piece.size(), Clock::now());
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

}  // namespace fcn::apps
