// The protocol between fcn serve and fcn query, over any connection (PROTOCOL.md).
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "../../nn/plan.h"
#include "streams.h"

namespace fcn::apps {

// What a user of TLS implements around it.
class Connection : public ByteSource, public ByteSink {
 public:
  // Reads and writes from now on fail (kUnavailable) once this time has passed.
  virtual void set_time_limit(std::chrono::milliseconds limit) = 0;
};

// At most `count` holders at once; the others wait their turn.
class Permits {
 public:
  explicit Permits(std::size_t count) : free_(count) {}
  void acquire();
  void release();

 private:
  std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t free_;
};

struct ServiceLimits {
  std::chrono::milliseconds message{
      30000};  // for a client to send a whole message, and to take a whole reply
};

// Answers one client until it goes: evaluation keys for one of the plans, then any number of requests. Whatever is
// wrong is told to the client, ends the connection and is returned. answers: how many requests were answered.
// Memory: one set of keys, one request and one answer, none longer than the plan's client spec says. The inference
// itself runs on one thread with a permit.
platform::Status serve_client(Connection& connection, const std::vector<nn::Plan>& plans, Permits& permits,
                              const ServiceLimits& limits, std::size_t& answers);

// The client's side of the protocol.
class RemoteServer {
 public:
  RemoteServer(Connection& connection, std::chrono::milliseconds limit)
      : connection_(connection), limit_(limit) {}
  // Errors: kUnavailable: those of the connection, and what the server refused, in its words.
  platform::Status send_keys(fv::ByteSpan evaluation_keys);
  // The answer, at most max_bytes.
  platform::Result<fv::Bytes> infer(fv::ByteSpan request, std::size_t max_bytes);

 private:
  platform::Result<fv::Bytes> ask(fv::ByteSpan message, std::size_t max_bytes);
  Connection& connection_;
  std::chrono::milliseconds limit_;
};

}  // namespace fcn::apps
