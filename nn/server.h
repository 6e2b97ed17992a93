// The computing role: a plan and one client's evaluation keys; requests in, answers out. It sees no secret key.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "../fv/keys.h"
#include "../fv/workspace.h"
#include "../platform/thread_pool.h"
#include "plan.h"
#include "progress.h"

namespace fcn::nn {

// Immutable: any number of threads may infer at once, each with a pool of its own.
class Server {
 public:
  // evaluation_keys: a message of Client::evaluation_keys. Errors: kCorrupt; kMismatch (keys for another model, or
  // without a key that the plan needs); kOutOfMemory.
  static platform::Result<Server> create(Plan plan, fv::ByteSpan evaluation_keys);

  const Plan& plan() const noexcept { return plan_; }
  const KeyId& key_id() const noexcept { return key_id_; }

  // The answer to a request, with the request's id: the encrypted scores, which decrypt to exactly what plain_run
  // gives. counts (optional) receives the operations that were carried out. Errors: kCorrupt; kMismatch (a request for
  // another model or under another key); kInvalidArgument, kOutOfRange, kOutOfMemory. Time depends on the weights, not
  // on the input.
  platform::Result<fv::Bytes> infer(fv::ByteSpan request, platform::ThreadPool& pool,
                                    OpCounts* counts = nullptr, const Progress& progress = {}) const;

 private:
  Server(Plan plan, const KeyId& key_id, fv::RelinKeys relin, std::optional<fv::GaloisKeys> galois)
      : plan_(std::move(plan)), key_id_(key_id), relin_(std::move(relin)), galois_(std::move(galois)) {}
  // Memory that no run uses, kept for the next.
  struct Memory {
    PixelMemory pixel;
    PackedMemory packed;
  };
  struct Spare : std::atomic<Memory*> {
    ~Spare() { delete load(); }
  };
  Plan plan_;
  KeyId key_id_;
  fv::RelinKeys relin_;
  std::optional<fv::GaloisKeys> galois_;  // where the plan needs any
  std::unique_ptr<Spare> spare_ = std::make_unique<Spare>();
};

}  // namespace fcn::nn
