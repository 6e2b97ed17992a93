// The client's side of the protocol between fcn serve and fcn query (PROTOCOL.md).
#pragma once

#include "connection.h"

namespace fcn::apps {

class RemoteServer {
 public:
  // silence: how long the server may move no byte, neither take nor send one.
  RemoteServer(Connection& connection, std::chrono::milliseconds silence)
      : connection_(connection, Pace{silence}, "the server") {}
  // Errors: kUnavailable: those of the connection, and what the server refused, in its words.
  platform::Status send_keys(fv::ByteSpan evaluation_keys);
  // The answer, at most max_bytes.
  platform::Result<fv::Bytes> infer(fv::ByteSpan request, std::size_t max_bytes);

 private:
  platform::Result<fv::Bytes> ask(fv::ByteSpan message, std::size_t max_bytes);
  PacedConnection connection_;
};

}  // namespace fcn::apps
