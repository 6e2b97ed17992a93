#include "streams.h"

#include <algorithm>

namespace fcn::apps {

using fv::Bytes;
using platform::concat;
using platform::corrupt;
using platform::Result;

Result<std::size_t> read_up_to(ByteSource& source, std::span<std::uint8_t> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    FCN_ASSIGN_OR_RETURN(const std::size_t got, source.read(out.subspan(filled)));
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

Result<std::optional<Bytes>> read_message(ByteSource& source, nn::MessageKind expected,
                                          std::uint64_t max_bytes) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  Bytes bytes(nn::kMessageHeaderBytes);
  FCN_ASSIGN_OR_RETURN(std::size_t filled, read_up_to(source, bytes));
  if (filled == 0) return std::optional<Bytes>();
  bytes.resize(filled);
  FCN_ASSIGN_OR_RETURN(const std::string claim, nn::describe_bytes(bytes));
  if (bytes[3] != static_cast<std::uint8_t>(expected))
    return corrupt(concat("this is ", claim, ", not ", nn::message_kind_name(expected)));
  FCN_ASSIGN_OR_RETURN(const nn::MessageHeader header, nn::read_message_header(bytes));
  if (header.total_bytes() > max_bytes) {
    return platform::out_of_range(
        concat(claim, " that claims ", header.total_bytes(), " bytes; at most ", max_bytes, " are expected"));
  }
  const auto total = static_cast<std::size_t>(header.total_bytes());
  while (filled < total) {
    const std::size_t piece = std::min(kPiece, total - filled);
    // Doubled as it fills, but never beyond the message: a reader may count on twice its length while it grows.
    if (bytes.capacity() < filled + piece)
      bytes.reserve(std::min(total, std::max(2 * bytes.capacity(), filled + piece)));
    bytes.resize(filled + piece);
    FCN_ASSIGN_OR_RETURN(const std::size_t got, read_up_to(source, std::span(bytes).subspan(filled)));
    filled += got;
    if (got < piece) {
      return corrupt(
          concat(claim, " is truncated: its header promises ", total, " bytes, ", filled, " are there"));
    }
  }
  return std::optional<Bytes>(std::move(bytes));
}

}  // namespace fcn::apps
