// Where bytes come from and go to: files, pipes, sockets. Who wants TLS implements these two over it and hands them to
// serve_client (service.h) or RemoteServer.
#pragma once

#include <optional>

#include "../../nn/message.h"

namespace fcn::apps {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // At least one byte into out, or 0 at the end. Errors: kUnavailable (the system's reason, a time limit).
  virtual platform::Result<std::size_t> read(std::span<std::uint8_t> out) = 0;
};

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // All of the bytes. Errors: kUnavailable.
  virtual platform::Status write(fv::ByteSpan bytes) = 0;
};

// Fills out; fewer bytes only at the end.
platform::Result<std::size_t> read_up_to(ByteSource& source, std::span<std::uint8_t> out);

// The next message; nothing at the end of the stream. A message of more than max_bytes is refused by its header, and
// memory grows with what has arrived, not with what was promised. Not opened yet: the caller does that, with what it
// knows of model and key. Errors: kCorrupt (another kind, truncated), kOutOfRange (too long), those of the source.
platform::Result<std::optional<fv::Bytes>> read_message(ByteSource& source, nn::MessageKind expected,
                                                        std::uint64_t max_bytes);

}  // namespace fcn::apps
