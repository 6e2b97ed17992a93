// The server's side of the protocol between fcn serve and fcn query, over any connection (PROTOCOL.md).
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "../../nn/plan.h"
#include "connection.h"
#include "permits.h"

namespace fcn::apps {

// A reply: status (u32: 0 done, 1 refused), length (u64), and the answer or the reason.
enum class ReplyCode : std::uint32_t { kDone = 0, kRefused = 1 };
inline constexpr std::size_t kReplyHeaderBytes = 12, kLongestReason = 1000;
// A whole reply that refuses. reason: its first kLongestReason bytes.
fv::Bytes make_refusal(const std::string& reason);

struct ServiceLimits {
  std::size_t inferences = 1;                  // at once
  std::size_t clients = 16;                    // whose keys are accepted, at once
  std::uint64_t memory = 1ull << 30;           // bytes that all clients together may take (client_memory)
  std::chrono::milliseconds greeting{5000};    // from connecting to the header of the keys
  Pace pace{std::chrono::seconds(30), 10000};  // of a client, within messages and between them
  // For a slot, once the keys are good: shorter than a client waits for a silent server.
  std::chrono::milliseconds wait{45000};
};

// What the clients of a server share. Safe between threads: each client is served on one of its own.
class Service {
 public:
  // A client whose first header is good, and the memory that it may take.
  class Admission {
   public:
    const nn::Plan& plan() const noexcept { return *plan_; }

   private:
    friend class Service;
    Admission(const nn::Plan& plan, MemoryBudget::Reservation memory)
        : plan_(&plan), memory_(std::move(memory)) {}
    const nn::Plan* plan_;
    MemoryBudget::Reservation memory_;
  };

  Service(std::vector<nn::Plan> plans, const ServiceLimits& limits);

  const std::vector<nn::Plan>& plans() const noexcept { return plans_; }
  const ServiceLimits& limits() const noexcept { return limits_; }

  // From the first nn::kMessageHeaderBytes that a client sent. Errors: kCorrupt, kMismatch, kOutOfRange (no
  // evaluation keys for a plan), kOutOfMemory (no budget left for one client more).
  platform::Result<Admission> admit(fv::ByteSpan header);

  // Answers one client until it goes: evaluation keys, of which the header was read, then any number of
  // requests. Whatever is wrong is told to the client, ends the conversation and is returned. No exception
  // leaves: one client without memory is nobody else's matter. answers: how many requests were answered.
  // Memory: client_memory(plan). The inference itself runs on one thread with a permit.
  platform::Status serve(Connection& connection, const Admission& admission, fv::ByteSpan header,
                         std::size_t& answers) noexcept;

 private:
  platform::Status converse(PacedConnection& connection, const Admission& admission, fv::ByteSpan header,
                            std::size_t& answers);
  std::vector<nn::Plan> plans_;
  std::vector<std::uint64_t> memory_;  // of a client of each plan
  ServiceLimits limits_;
  MemoryBudget budget_;
  Permits inferences_, slots_;
};

// All of it for a connection of which nothing was read: header, admission, service.
platform::Status serve_client(Connection& connection, Service& service, std::size_t& answers) noexcept;

}  // namespace fcn::apps
