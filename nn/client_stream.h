// The client for small machines: the messages of client.h byte for byte, written and read piece by piece in memory of
// the caller's: evaluation keys for both layouts, requests and answers for the pixel layout. Once a Client exists
// nothing is allocated but the message of an error.
#pragma once

#include <span>

#include "client.h"

namespace fcn::nn {

// write takes all of bytes, read fills all of bytes; false ends the stream with kUnavailable.
struct Sink {
  bool (*write)(void* user, std::span<const std::uint8_t> bytes);
  void* user;
};
struct Source {
  bool (*read)(void* user, std::span<std::uint8_t> bytes);
  void* user;
};

// Bytes of workspace that each function below needs, at any address: five polynomials and a packed one,
// for the primes of a key. It is wiped before they return.
std::size_t stream_workspace_bytes(const ClientSpec& spec) noexcept;

// Client::evaluation_keys() and Client::encrypt(). Errors: theirs; kUnsupported (a request of the packed layout),
// kInvalidArgument (a small workspace), kUnavailable (the sink refused). Constant time as there.
platform::Status write_evaluation_keys(Client& client, std::span<std::uint8_t> workspace, Sink sink);
platform::Status write_request(Client& client, std::span<const std::int64_t> inputs,
                               std::span<std::uint8_t> workspace, Sink sink);

// Client::decrypt() and Client::decrypt_for() of the one answer that the source holds next. Errors: as there; the
// scores are zero unless every byte was read and the checksums match.
platform::Status read_answer(Client& client, Source source, std::span<std::uint8_t> workspace,
                             std::span<std::int64_t> scores);
platform::Status read_answer_for(const Client& client, const RequestId& request, Source source,
                                 std::span<std::uint8_t> workspace, std::span<std::int64_t> scores);

}  // namespace fcn::nn
