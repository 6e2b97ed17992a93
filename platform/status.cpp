#include "status.h"

namespace fcn::platform {

const char* status_code_name(StatusCode code) noexcept {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kInvalidArgument:
      return "invalid argument";
    case StatusCode::kOutOfRange:
      return "out of range";
    case StatusCode::kCorrupt:
      return "corrupt";
    case StatusCode::kMismatch:
      return "mismatch";
    case StatusCode::kUnsupported:
      return "unsupported";
    case StatusCode::kUnavailable:
      return "unavailable";
    case StatusCode::kOutOfMemory:
      return "out of memory";
  }
  return "unknown";
}

Status Status::with_context(const std::string& context) const {
  return ok() ? Status() : Status(code_, concat(context, ": ", message_));
}

Status invalid_argument(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}
Status out_of_range(std::string message) {
  return {StatusCode::kOutOfRange, std::move(message)};
}
Status corrupt(std::string message) {
  return {StatusCode::kCorrupt, std::move(message)};
}
Status mismatch(std::string message) {
  return {StatusCode::kMismatch, std::move(message)};
}
Status out_of_memory(std::string message) {
  return {StatusCode::kOutOfMemory, std::move(message)};
}

}  // namespace fcn::platform
