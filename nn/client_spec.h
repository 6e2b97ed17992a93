// All that a client must know of a network, and nothing of its weights.
#pragma once

#include <vector>

#include "../fv/noise_model.h"
#include "../fv/params.h"
#include "message.h"
#include "network.h"

namespace fcn::nn {

enum class Layout : std::uint8_t {
  kPixel = 1,   // one value a ciphertext
  kPacked = 2,  // a layer a ciphertext, one value a slot
};
const char* layout_name(Layout layout) noexcept;  // "pixel"

// How inputs become ciphertexts, ciphertexts scores, and which keys the server needs for it.
struct ClientSpec {
  explicit ClientSpec(const fv::Params& p) : params(p) {}

  Layout layout = Layout::kPixel;
  fv::Params params;
  Shape input;
  std::int64_t input_max = 0;  // inputs are integers in [0, input_max]
  std::uint32_t outputs = 0;
  double output_scale = 1;            // real score = integer / output_scale
  Fingerprint network_fingerprint{};  // nn::network_fingerprint: another network is another spec
  std::uint32_t max_components = 3;   // what relinearization keys must reach
  // Of an answer's ciphertexts: their primes, and the plan's bound of their noise, which a client takes instead of what
  // an answer says of itself; one that fv::storable_bound leaves alone.
  std::uint32_t answer_limbs = 1;
  fv::Noise answer_noise;
  // Packed only. slot_inputs[c][j]: the input that slot j of upload ciphertext c holds (several slots may hold the
  // same one), or -1. Output o is the sum of the slots output_slots[o * each + j], j < each = slots_per_output(),
  // counted through the answer's ciphertexts.
  std::vector<std::vector<std::int32_t>> slot_inputs;
  std::vector<std::uint32_t> output_slots;
  std::vector<std::size_t> galois_elements;  // that keys are needed for

  std::size_t slots() const noexcept { return params.t().length(); }
  std::size_t slots_per_output() const noexcept { return outputs == 0 ? 0 : output_slots.size() / outputs; }
  std::size_t upload_ciphertexts() const noexcept;
  std::size_t answer_ciphertexts() const noexcept;
};

inline constexpr std::size_t kMaxSpecBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxUploadCiphertexts = kMaxLayerSize;
inline constexpr std::size_t kMaxAnswerSlots = std::size_t{1} << 30;

// Errors: kInvalidArgument naming the field and the reason.
platform::Status validate(const ClientSpec& spec);

// A message of kind kClientSpec. Same spec, same bytes.
fv::Bytes serialize(const ClientSpec& spec);
// Errors: kCorrupt (damaged, or a field that validate() refuses), those of fv::deserialize_params. Allocates no more
// than a few times the bytes it is given, and the tables of the parameters.
platform::Result<ClientSpec> deserialize_client_spec(fv::ByteSpan bytes,
                                                     const ntt::KernelTable& kernels = ntt::best_kernels());
// Equal for equal specs, on every machine; nobody can make two specs of one fingerprint.
Fingerprint fingerprint(const ClientSpec& spec);

// Exact sizes of the messages between the roles; the answer's is an upper bound. SIZE_MAX for what no memory holds.
struct MessageSizes {
  std::size_t evaluation_keys, request, answer;
};
MessageSizes message_sizes(const ClientSpec& spec);

// What a client should agree to make. A spec of a hundred kilobytes that validate() finds in order can ask for a
// terabyte of keys: whoever takes specs from others checks this before Client::create.
struct MessageLimits {
  std::uint64_t evaluation_keys = std::uint64_t{1} << 30, request = std::uint64_t{1} << 28;
};
// Errors: kOutOfRange naming the message, its size and the limit.
platform::Status check_message_sizes(const ClientSpec& spec, const MessageLimits& limits = {});

}  // namespace fcn::nn
