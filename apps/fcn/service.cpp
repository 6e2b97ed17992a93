#include "service.h"

#include <algorithm>
#include <array>
#include <exception>
#include <new>

#include "../../nn/server.h"
#include "../../platform/byte_order.h"
#include "memory.h"

namespace fcn::apps {

using fv::Bytes;
using fv::ByteSpan;
using nn::MessageKind;
using platform::concat;
using platform::Result;
using platform::Status;
using platform::StatusCode;

namespace {

constexpr const char* kNoMemory = "the service has no memory left for this client, try again later";

void write_reply_header(std::span<std::uint8_t, kReplyHeaderBytes> out, ReplyCode code, std::size_t length) {
  platform::store_partial(out.data(), static_cast<std::uint32_t>(code), 4);
  platform::store_u64(out.data() + 4, length);
}

Status write_reply(ByteSink& connection, ByteSpan payload) {
  std::array<std::uint8_t, kReplyHeaderBytes> header;
  write_reply_header(header, ReplyCode::kDone, payload.size());
  FCN_RETURN_IF_ERROR(connection.write(header));
  return payload.empty() ? Status() : connection.write(payload);
}

// Bytes that were read already, then those of a connection.
class Prefixed final : public ByteSource {
 public:
  Prefixed(ByteSpan prefix, ByteSource& rest) : prefix_(prefix), rest_(rest) {}
  Result<std::size_t> read(std::span<std::uint8_t> out) override {
    if (prefix_.empty()) return rest_.read(out);
    const std::size_t taken = std::min(out.size(), prefix_.size());
    std::copy_n(prefix_.begin(), taken, out.begin());
    prefix_ = prefix_.subspan(taken);
    return taken;
  }

 private:
  ByteSpan prefix_;
  ByteSource& rest_;
};

// Tells the client why it is not served, and lets it finish what it is sending: a connection that is closed
// before everything was read takes the reason with it.
void refuse(Connection& connection, const std::string& reason) {
  constexpr std::chrono::seconds kPatience{1};
  connection.set_time_limit(kPatience);
  if (!connection.write(make_refusal(reason)).ok()) return;
  std::array<std::uint8_t, 4096> ignored;
  for (Result<std::size_t> got = ignored.size(); got.ok() && got.value() > 0;) got = connection.read(ignored);
}

// body's status, or that of the exception it ended with.
template <class Body>
Status without_exceptions(Body&& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return platform::out_of_memory(kNoMemory);
  } catch (const std::exception& error) {
    return {StatusCode::kUnavailable, concat("the service failed: ", error.what())};
  } catch (...) {
    return {StatusCode::kUnavailable, "the service failed"};
  }
}

// Ends a conversation: the status, which the client has been told. Where there is no memory for that either,
// the connection is closed without a word.
Status end(Connection& connection, Status status) noexcept {
  try {
    if (status.code() == StatusCode::kOutOfMemory) status = platform::out_of_memory(kNoMemory);
    if (!status.ok()) refuse(connection, status.message());
  } catch (...) {
    return {StatusCode::kOutOfMemory, {}};
  }
  return status;
}

}  // namespace

Bytes make_refusal(const std::string& reason) {
  const std::size_t length = std::min(reason.size(), kLongestReason);
  Bytes reply(kReplyHeaderBytes + length);
  write_reply_header(std::span(reply).first<kReplyHeaderBytes>(), ReplyCode::kRefused, length);
  std::copy_n(reason.begin(), length, reply.begin() + kReplyHeaderBytes);
  return reply;
}

Service::Service(std::vector<nn::Plan> plans, const ServiceLimits& limits)
    : plans_(std::move(plans)),
      limits_(limits),
      budget_(limits.memory),
      inferences_(limits.inferences),
      slots_(limits.clients) {
  for (const nn::Plan& plan : plans_) memory_.push_back(client_memory(plan));
}

Result<Service::Admission> Service::admit(ByteSpan header) {
  // The plan that the keys claim to be for; where there is none, the error says what they are.
  FCN_ASSIGN_OR_RETURN(const std::string claim, nn::describe_bytes(header));
  if (header[3] != static_cast<std::uint8_t>(MessageKind::kEvaluationKeys)) {
    return platform::corrupt(
        concat("this is ", claim, ", not ", nn::message_kind_name(MessageKind::kEvaluationKeys)));
  }
  FCN_ASSIGN_OR_RETURN(const nn::MessageHeader keys, nn::read_message_header(header));
  std::size_t i = 0;
  while (i + 1 < plans_.size() && plans_[i].fingerprint() != keys.fingerprint) ++i;
  const nn::Plan& plan = plans_[i];
  FCN_RETURN_IF_ERROR(
      nn::check_message_header(header, MessageKind::kEvaluationKeys, plan.fingerprint(), nullptr));
  const std::size_t longest = nn::message_sizes(plan.spec()).evaluation_keys;
  if (keys.total_bytes() > longest) {
    return platform::out_of_range(
        concat(claim, " that claims ", keys.total_bytes(), " bytes; at most ", longest, " are expected"));
  }
  std::optional<MemoryBudget::Reservation> memory = budget_.reserve(memory_[i]);
  if (!memory.has_value() && memory_[i] > limits_.memory) {
    return platform::out_of_range(concat("a client with layout ", nn::layout_name(plan.spec().layout),
                                         " takes ", format_megabytes(memory_[i]), "; this service has ",
                                         format_megabytes(limits_.memory), " for all"));
  }
  if (!memory.has_value()) {
    return platform::out_of_range(concat("the service is full, try again later: a client takes ",
                                         format_megabytes(memory_[i]), ", and ",
                                         format_megabytes(budget_.free()), " are left"));
  }
  return Admission(plan, std::move(*memory));
}

Status Service::converse(PacedConnection& connection, const Admission& admission, ByteSpan header,
                         std::size_t& answers) {
  const nn::MessageSizes sizes = nn::message_sizes(admission.plan().spec());
  const auto read_keys = [&]() -> Result<nn::Server> {
    Prefixed source(header, connection);
    FCN_ASSIGN_OR_RETURN(const auto keys,
                         read_message(source, MessageKind::kEvaluationKeys, sizes.evaluation_keys));
    if (!keys.has_value()) return platform::corrupt("there are no evaluation keys");
    return nn::Server::create(admission.plan(), *keys);
  };
  FCN_ASSIGN_OR_RETURN(const nn::Server server, read_keys());
  const auto slot = slots_.acquire_within(limits_.wait);
  if (!slot.has_value()) {
    return {StatusCode::kUnavailable,
            concat("the service is full, try again later: it serves ", limits_.clients, " clients")};
  }
  connection.start();
  FCN_RETURN_IF_ERROR(write_reply(connection, {}));
  platform::ThreadPool pool(1);
  for (;;) {
    connection.start();
    FCN_ASSIGN_OR_RETURN(const auto request, read_message(connection, MessageKind::kRequest, sizes.request));
    if (!request.has_value()) return {};
    const auto infer = [&]() -> Result<Bytes> {
      const Permits::Permit permit = inferences_.acquire();
      return server.infer(*request, pool);
    };
    FCN_ASSIGN_OR_RETURN(const Bytes answer, infer());
    connection.start();
    FCN_RETURN_IF_ERROR(write_reply(connection, answer));
    ++answers;
  }
}

Status Service::serve(Connection& connection, const Admission& admission, ByteSpan header,
                      std::size_t& answers) noexcept {
  answers = 0;
  return end(connection, without_exceptions([&] {
               PacedConnection paced(connection, limits_.pace, "the client");
               return converse(paced, admission, header, answers);
             }));
}

Status serve_client(Connection& connection, Service& service, std::size_t& answers) noexcept {
  answers = 0;
  std::array<std::uint8_t, nn::kMessageHeaderBytes> header;
  std::optional<Service::Admission> admission;
  const Status status = without_exceptions([&]() -> Status {
    connection.set_time_limit(service.limits().greeting);
    FCN_ASSIGN_OR_RETURN(const std::size_t got, read_up_to(connection, header));
    if (got == 0) return {};
    FCN_ASSIGN_OR_RETURN(Service::Admission admitted, service.admit(std::span(header).first(got)));
    admission.emplace(std::move(admitted));
    return {};
  });
  if (!admission.has_value()) return end(connection, status);
  return service.serve(connection, *admission, header, answers);
}

}  // namespace fcn::apps
