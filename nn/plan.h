// A network compiled for one layout: what a server computes with, and where the client's spec comes from.
#pragma once

#include <memory>
#include <variant>

#include "client_spec.h"
#include "packed_engine.h"
#include "pixel_engine.h"

namespace fcn::nn {

// Immutable, shared by reference count, safe between threads.
class Plan {
 public:
  // The smallest secure parameters that the network's noise allows in this layout. Errors: those of
  // smallest_pixel_plan or PackedPlan::create.
  static platform::Result<Plan> create(const Network& network, Layout layout,
                                       const ntt::KernelTable& kernels = ntt::best_kernels());

  // What the client gets to know.
  const ClientSpec& spec() const noexcept { return data_->spec; }
  const fv::Params& params() const noexcept { return spec().params; }
  const Fingerprint& fingerprint() const noexcept { return data_->fingerprint; }  // of spec()
  const OpCounts& counts() const noexcept { return data_->counts; }               // of one inference
  double log2_failure() const noexcept { return data_->log2_failure; }  // of the decryption of all outputs

  using Engine = std::variant<PixelEngine, PackedEngine>;
  const Engine& engine() const noexcept { return data_->engine; }

 private:
  struct Data {
    Engine engine;
    ClientSpec spec;
    Fingerprint fingerprint;
    OpCounts counts;
    double log2_failure;
  };
  explicit Plan(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

// Names a network: BLAKE2s of its text (model_file.h), equal for equal networks on every machine. Without a salt it
// tells who guesses all the weights that the guess is right; nothing else of them follows from it.
Fingerprint network_fingerprint(const Network& network);

}  // namespace fcn::nn
