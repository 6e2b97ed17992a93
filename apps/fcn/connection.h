// A two-way stream of bytes with a deadline, and how slow the other side of it may be.
#pragma once

#include <chrono>
#include <cstdint>

#include "streams.h"

namespace fcn::apps {

// What a user of TLS implements around it.
class Connection : public ByteSource, public ByteSink {
 public:
  // Reads and writes from now on fail (kUnavailable) once this time has passed.
  virtual void set_time_limit(std::chrono::milliseconds limit) = 0;
};

// Limits on silence and on speed, none on how long a message takes in all: a slow link that is steady may use
// it.
struct Pace {
  std::chrono::milliseconds silence;  // the longest without a byte
  // Bytes a second, on average over any time longer than `silence`; 0: any progress is enough.
  std::uint64_t least_rate = 0;
};

// The deadline of a message. Each byte that moves buys the time it takes at the least rate, and no deadline
// is further away than `silence`: at twice the least rate a stall of `silence` is allowed at any time, at
// half of it the time is up after twice `silence`, and a byte now and then does not help.
class PaceClock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  PaceClock(const Pace& pace, Time now) : pace_(pace), deadline_(now + pace.silence), last_(now) {}

  void moved(std::size_t bytes, Time now);
  // Rounded up; not positive when the time is up.
  std::chrono::milliseconds left(Time now) const;
  // Why it is up: "silent for 30 s", "slower than 10000 bytes a second".
  std::string reason(Time now) const;

 private:
  Pace pace_;
  Time deadline_, last_;
};

// A connection whose other side keeps a pace, or reading and writing fail (kUnavailable) with the reason.
class PacedConnection final : public ByteSource, public ByteSink {
 public:
  // who: of the other side, for the reason ("the client").
  PacedConnection(Connection& connection, const Pace& pace, const char* who)
      : connection_(connection), pace_(pace), who_(who), clock_(pace, std::chrono::steady_clock::now()) {}
  // Before each message: the clock begins anew.
  void start() { clock_ = PaceClock(pace_, std::chrono::steady_clock::now()); }
  platform::Result<std::size_t> read(std::span<std::uint8_t> out) override;
  platform::Status write(fv::ByteSpan bytes) override;

 private:
  platform::Status explain(const platform::Status& status) const;
  Connection& connection_;
  Pace pace_;
  const char* who_;
  PaceClock clock_;
};

}  // namespace fcn::apps
