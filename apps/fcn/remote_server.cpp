#include "remote_server.h"

#include "../../platform/byte_order.h"
#include "service.h"

namespace fcn::apps {

using fv::Bytes;
using fv::ByteSpan;
using platform::concat;
using platform::Result;
using platform::Status;
using platform::StatusCode;

Result<Bytes> RemoteServer::ask(ByteSpan message, std::size_t max_bytes) {
  connection_.start();
  // A server that refuses stops reading and says why: its reason is worth more than that writing failed.
  const Status written = connection_.write(message);
  std::uint8_t header[kReplyHeaderBytes];
  const Result<std::size_t> got = read_up_to(connection_, header);
  if (!got.ok() || got.value() < sizeof header) {
    FCN_RETURN_IF_ERROR(written);
    if (!got.ok()) return got.status();
    return Status(StatusCode::kUnavailable, "the server closed the connection without a reply");
  }
  const bool done = platform::load_partial(header, 4) == static_cast<std::uint64_t>(ReplyCode::kDone);
  const std::uint64_t length = platform::load_u64(header + 4);
  if (length > (done ? max_bytes : kLongestReason))
    return platform::corrupt(concat("the server's reply claims ", length, " bytes"));
  Bytes payload(static_cast<std::size_t>(length));
  FCN_ASSIGN_OR_RETURN(const std::size_t filled, read_up_to(connection_, payload));
  if (filled < payload.size()) return platform::corrupt("the server's reply is truncated");
  if (done) return payload;
  std::string reason = "the server refused: ";
  for (const std::uint8_t c : payload) reason += c >= ' ' && c <= '~' ? static_cast<char>(c) : '?';
  return Status(StatusCode::kUnavailable, reason);
}

Status RemoteServer::send_keys(ByteSpan evaluation_keys) {
  const Result<Bytes> reply = ask(evaluation_keys, 0);
  return reply.ok() ? Status() : reply.status();
}

Result<Bytes> RemoteServer::infer(ByteSpan request, std::size_t max_bytes) {
  return ask(request, max_bytes);
}

}  // namespace fcn::apps
