#include "service.h"

#include <algorithm>

#include "../../nn/server.h"
#include "../../platform/byte_order.h"

namespace fcn::apps {

using fv::Bytes;
using fv::ByteSpan;
using nn::MessageKind;
using platform::concat;
using platform::Result;
using platform::Status;
using platform::StatusCode;

namespace {

// A reply: status (u32: 0 done, 1 refused), length (u64), and the answer or the reason.
constexpr std::size_t kReplyHeaderBytes = 12, kLongestReason = 1000;
enum class ReplyCode : std::uint32_t { kDone = 0, kRefused = 1 };

Status write_reply(Connection& connection, ReplyCode code, ByteSpan payload) {
  std::uint8_t header[kReplyHeaderBytes];
  platform::store_partial(header, static_cast<std::uint32_t>(code), 4);
  platform::store_u64(header + 4, payload.size());
  FCN_RETURN_IF_ERROR(connection.write(header));
  return connection.write(payload);
}

// The keys that a client begins with, for whichever plan they fit; nothing when it goes without a word.
Result<std::optional<nn::Server>> receive_keys(Connection& connection, const std::vector<nn::Plan>& plans) {
  std::size_t longest = 0;
  for (const nn::Plan& plan : plans)
    longest = std::max(longest, nn::message_sizes(plan.spec()).evaluation_keys);
  FCN_ASSIGN_OR_RETURN(const auto keys, read_message(connection, MessageKind::kEvaluationKeys, longest));
  if (!keys.has_value()) return std::optional<nn::Server>();
  FCN_ASSIGN_OR_RETURN(const nn::MessageHeader header, nn::read_message_header(*keys));
  const auto plan = std::find_if(plans.begin(), plans.end(),
                                 [&](const nn::Plan& p) { return p.fingerprint() == header.fingerprint; });
  FCN_ASSIGN_OR_RETURN(nn::Server server,
                       nn::Server::create(plan == plans.end() ? plans.front() : *plan, *keys));
  return std::optional<nn::Server>(std::move(server));
}

Result<Bytes> infer_with_permit(const nn::Server& server, const Bytes& request, Permits& permits) {
  platform::ThreadPool pool(1);
  permits.acquire();
  Result<Bytes> answer = server.infer(request, pool);
  permits.release();
  return answer;
}

Status converse(Connection& connection, const std::vector<nn::Plan>& plans, Permits& permits,
                const ServiceLimits& limits, std::size_t& answers) {
  connection.set_time_limit(limits.message);
  FCN_ASSIGN_OR_RETURN(const auto server, receive_keys(connection, plans));
  if (!server.has_value()) return {};
  FCN_RETURN_IF_ERROR(write_reply(connection, ReplyCode::kDone, {}));
  const std::size_t longest = nn::message_sizes(server->plan().spec()).request;
  for (;;) {
    connection.set_time_limit(limits.message);
    FCN_ASSIGN_OR_RETURN(const auto request, read_message(connection, MessageKind::kRequest, longest));
    if (!request.has_value()) return {};
    FCN_ASSIGN_OR_RETURN(const Bytes answer, infer_with_permit(*server, *request, permits));
    connection.set_time_limit(limits.message);
    FCN_RETURN_IF_ERROR(write_reply(connection, ReplyCode::kDone, answer));
    ++answers;
  }
}

// Tells the client why it is not served, and lets it finish what it is sending: a connection that is closed before
// everything was read takes the reason with it.
void refuse(Connection& connection, const std::string& reason) {
  constexpr std::chrono::seconds kPatience{1};
  connection.set_time_limit(kPatience);
  const std::string text = reason.substr(0, kLongestReason);
  const ByteSpan bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  if (!write_reply(connection, ReplyCode::kRefused, bytes).ok()) return;
  std::vector<std::uint8_t> ignored(std::size_t{1} << 16);
  for (Result<std::size_t> got = ignored.size(); got.ok() && got.value() > 0;) got = connection.read(ignored);
}

}  // namespace

void Permits::acquire() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return free_ > 0; });
  --free_;
}

void Permits::release() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  returned_.notify_one();
}

Status serve_client(Connection& connection, const std::vector<nn::Plan>& plans, Permits& permits,
                    const ServiceLimits& limits, std::size_t& answers) {
  answers = 0;
  const Status status = converse(connection, plans, permits, limits, answers);
  if (!status.ok()) refuse(connection, status.message());
  return status;
}

Result<Bytes> RemoteServer::ask(ByteSpan message, std::size_t max_bytes) {
  connection_.set_time_limit(limit_);
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
