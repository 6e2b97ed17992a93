#include "client_spec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "../fv/keys.h"
#include "../platform/blake2s.h"
#include "../platform/bytes.h"
#include "../platform/floating_point.h"

namespace fcn::nn {
namespace {

using fv::Bytes;
using fv::ByteSpan;
using platform::ByteReader;
using platform::ByteWriter;
using platform::concat;
using platform::corrupt;
using platform::invalid_argument;
using platform::Result;
using platform::Status;

constexpr std::size_t kFvFrameBytes = fv::kFrameHeaderBytes + fv::kFrameChecksumBytes;

Bytes payload_of(const ClientSpec& spec) {
  ByteWriter out;
  const Bytes params = fv::serialize(spec.params);
  out.u32(static_cast<std::uint32_t>(params.size()));
  out.bytes(params);
  out.u8(static_cast<std::uint8_t>(spec.layout));
  for (const int extent : {spec.input.channels, spec.input.height, spec.input.width})
    out.u32(static_cast<std::uint32_t>(extent));
  out.u64(static_cast<std::uint64_t>(spec.input_max));
  out.u32(spec.outputs);
  out.u64(std::bit_cast<std::uint64_t>(spec.output_scale));
  out.bytes(spec.network_fingerprint);
  out.u32(spec.max_components);
  out.u32(spec.answer_limbs);
  std::uint8_t noise[fv::kNoiseBoundBytes];
  fv::write_bound(noise, spec.answer_noise);
  out.bytes(noise);
  out.u32(static_cast<std::uint32_t>(spec.slot_inputs.size()));
  for (const auto& slots : spec.slot_inputs)
    for (const std::int32_t input : slots) out.u32(static_cast<std::uint32_t>(input + 1));  // 0: none
  out.u32(static_cast<std::uint32_t>(spec.output_slots.size()));
  for (const std::uint32_t slot : spec.output_slots) out.u32(slot);
  out.u32(static_cast<std::uint32_t>(spec.galois_elements.size()));
  for (const std::size_t g : spec.galois_elements) out.u32(static_cast<std::uint32_t>(g));
  return std::move(out).take();
}

// A count that bytes_each bytes at least must follow: a huge one cannot make the reader allocate.
Status read_count(ByteReader& in, std::uint32_t& count, std::size_t bytes_each, const char* what) {
  FCN_RETURN_IF_ERROR(in.u32(count, what));
  if (in.remaining() / bytes_each < count)
    return corrupt(concat(what, " ", count, " needs more than the ", in.remaining(), " bytes that are left"));
  return {};
}

Status read_extent(ByteReader& in, int& extent) {
  std::uint32_t value = 0;
  FCN_RETURN_IF_ERROR(in.u32(value, "input shape"));
  if (value == 0 || value > kMaxLayerSize)
    return corrupt(concat("an extent of ", value, " in the input shape"));
  extent = static_cast<int>(value);
  return {};
}

Status read_slots(ByteReader& in, ClientSpec& spec) {
  std::uint32_t count = 0;
  FCN_RETURN_IF_ERROR(read_count(in, count, 4 * spec.slots(), "the number of upload ciphertexts"));
  for (std::uint32_t c = 0; c < count; ++c) {
    std::vector<std::int32_t>& slots = spec.slot_inputs.emplace_back(spec.slots());
    for (std::int32_t& input : slots) {
      std::uint32_t value = 0;
      FCN_RETURN_IF_ERROR(in.u32(value, "slot input"));
      if (value > kMaxLayerSize) return corrupt(concat("a slot holds input ", value - 1));
      input = static_cast<std::int32_t>(value) - 1;
    }
  }
  FCN_RETURN_IF_ERROR(read_count(in, count, 4, "the number of output slots"));
  for (std::uint32_t o = 0; o < count; ++o)
    FCN_RETURN_IF_ERROR(in.u32(spec.output_slots.emplace_back(), "slot"));
  FCN_RETURN_IF_ERROR(read_count(in, count, 4, "the number of Galois elements"));
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t element = 0;
    FCN_RETURN_IF_ERROR(in.u32(element, "Galois element"));
    spec.galois_elements.push_back(element);
  }
  return {};
}

Status validate_packed(const ClientSpec& spec) {
  if (spec.slot_inputs.empty()) return invalid_argument("a packed layout without upload ciphertexts");
  for (const auto& slots : spec.slot_inputs) {
    if (slots.size() != spec.slots()) {
      return invalid_argument(
          concat("an upload ciphertext of ", slots.size(), " slots; the parameters have ", spec.slots()));
    }
    for (const std::int32_t input : slots) {
      if (input < -1 || input >= static_cast<std::int64_t>(spec.input.size()))
        return invalid_argument(concat("a slot holds input ", input, " of ", spec.input.size()));
    }
  }
  if (spec.output_slots.empty() || spec.output_slots.size() % spec.outputs != 0) {
    return invalid_argument(concat(spec.output_slots.size(), " slots for ", spec.outputs, " outputs"));
  }
  for (const std::uint32_t slot : spec.output_slots) {
    if (slot >= kMaxAnswerSlots) return invalid_argument(concat("output slot ", slot, " is above the limit"));
  }
  std::vector<std::size_t> elements = spec.galois_elements;
  std::sort(elements.begin(), elements.end());
  if (std::adjacent_find(elements.begin(), elements.end()) != elements.end())
    return invalid_argument("a Galois element is given twice");
  for (const std::size_t g : elements) {
    if (g == 1 || !fv::is_galois_element(spec.params, g))
      return invalid_argument(concat("Galois element ", g, " is not one that needs a key"));
  }
  return {};
}

}  // namespace

const char* layout_name(Layout layout) noexcept {
  return layout == Layout::kPixel ? "pixel" : "packed";
}

std::size_t ClientSpec::upload_ciphertexts() const noexcept {
  return layout == Layout::kPixel ? input.size() : slot_inputs.size();
}

std::size_t ClientSpec::answer_ciphertexts() const noexcept {
  if (layout == Layout::kPixel) return outputs;
  return output_slots.empty() ? 0 : *std::max_element(output_slots.begin(), output_slots.end()) / slots() + 1;
}

Status validate(const ClientSpec& spec) {
  const platform::FloatingPointEnvironment nearest;
  if (spec.layout != Layout::kPixel && spec.layout != Layout::kPacked)
    return invalid_argument(concat("unknown layout ", static_cast<unsigned>(spec.layout)));
  std::int64_t inputs = 1;
  for (const int extent : {spec.input.channels, spec.input.height, spec.input.width}) {
    if (extent < 1 || extent > static_cast<std::int64_t>(kMaxLayerSize) / inputs)
      return invalid_argument("the input shape is empty or has more values than a layer may have");
    inputs *= extent;
  }
  if (spec.input_max < 1 || spec.input_max > kMaxInput)
    return invalid_argument(concat("input_max = ", spec.input_max, " is not in [1, ", kMaxInput, "]"));
  if (spec.outputs < 1 || spec.outputs > kMaxLayerSize)
    return invalid_argument(concat(spec.outputs, " outputs are not in [1, ", kMaxLayerSize, "]"));
  if (!std::isfinite(spec.output_scale) || spec.output_scale <= 0)
    return invalid_argument("output_scale is not a positive number");
  if (spec.max_components < 3 || spec.max_components > fv::kMaxComponents) {
    return invalid_argument(
        concat("max_components = ", spec.max_components, " is not in [3, ", fv::kMaxComponents, "]"));
  }
  const std::size_t limbs = spec.answer_limbs;
  if (limbs < 1 || limbs > spec.params.q_count())
    return invalid_argument(concat("answers of ", limbs, " primes, not of 1 to ", spec.params.q_count()));
  if (!std::isfinite(spec.answer_noise.log2_sigma))
    return invalid_argument("the noise of the answer is not a number");
  if (const Status fits = fv::NoiseModel(spec.params).check(spec.answer_noise, limbs, "the network");
      !fits.ok())
    return invalid_argument(fits.message());
  if (spec.layout == Layout::kPacked) return validate_packed(spec);
  if (!spec.slot_inputs.empty() || !spec.output_slots.empty() || !spec.galois_elements.empty())
    return invalid_argument("a pixel layout with slots or Galois elements");
  return {};
}

Bytes serialize(const ClientSpec& spec) {
  const Bytes payload = payload_of(spec);
  return make_message(MessageKind::kClientSpec, platform::blake2s(payload), KeyId{}, payload);
}

Fingerprint fingerprint(const ClientSpec& spec) {
  return platform::blake2s(payload_of(spec));
}

Result<ClientSpec> deserialize_client_spec(ByteSpan bytes, const ntt::KernelTable& kernels) {
  FCN_ASSIGN_OR_RETURN(const Message message, open_message(bytes, MessageKind::kClientSpec));
  if (message.header.fingerprint != platform::blake2s(message.payload) || message.header.key_id != KeyId{})
    return corrupt("the header of the client spec does not fit its content");
  ByteReader in(message.payload);
  std::uint32_t params_bytes = 0;
  FCN_RETURN_IF_ERROR(read_count(in, params_bytes, 1, "the length of the parameters"));
  const ByteSpan params_span = message.payload.subspan(in.offset(), params_bytes);
  ByteReader rest(message.payload.subspan(in.offset() + params_bytes));
  FCN_ASSIGN_OR_RETURN(const fv::Params params, fv::deserialize_params(params_span, kernels));
  ClientSpec spec(params);
  std::uint8_t layout = 0;
  std::uint64_t input_max = 0, scale = 0;
  FCN_RETURN_IF_ERROR(rest.u8(layout, "layout"));
  spec.layout = static_cast<Layout>(layout);
  for (int* extent : {&spec.input.channels, &spec.input.height, &spec.input.width})
    FCN_RETURN_IF_ERROR(read_extent(rest, *extent));
  FCN_RETURN_IF_ERROR(rest.u64(input_max, "input_max"));
  spec.input_max = static_cast<std::int64_t>(input_max);
  FCN_RETURN_IF_ERROR(rest.u32(spec.outputs, "outputs"));
  FCN_RETURN_IF_ERROR(rest.u64(scale, "output_scale"));
  spec.output_scale = std::bit_cast<double>(scale);
  FCN_RETURN_IF_ERROR(rest.bytes(spec.network_fingerprint, "network fingerprint"));
  FCN_RETURN_IF_ERROR(rest.u32(spec.max_components, "max_components"));
  FCN_RETURN_IF_ERROR(rest.u32(spec.answer_limbs, "primes of an answer"));
  FCN_RETURN_IF_ERROR(fv::read_bound(rest, spec.answer_noise));
  FCN_RETURN_IF_ERROR(read_slots(rest, spec));
  FCN_RETURN_IF_ERROR(rest.finish("client spec"));
  if (const Status status = validate(spec); !status.ok())
    return corrupt(concat("client spec: ", status.message()));
  return spec;
}

namespace {

// MessageSizes on machines of any word length. They are below 2^51: at most 2^16 keys of 2^10 pairs of 2^24 bytes.
struct Sizes {
  std::uint64_t evaluation_keys, request, answer;
};

Sizes sizes_of(const ClientSpec& spec) {
  const fv::Params& params = spec.params;
  const std::uint64_t frame = kMessageHeaderBytes + kMessageChecksumBytes,
                      poly = fv::residue_bytes(params, params.q_count()),
                      pairs = params.q_count() * params.digits_per_limb(),
                      switch_key =
                          sizeof(platform::Seed) + pairs * fv::residue_bytes(params, params.key_limbs()),
                      relin = kFvFrameBytes + 4 + (spec.max_components - 2) * switch_key,
                      galois = spec.galois_elements.empty()
                                   ? 0
                                   : kFvFrameBytes + 4 + spec.galois_elements.size() * (4 + switch_key);
  return {frame + 16 + relin + galois,
          frame + kFvFrameBytes + 4 + spec.upload_ciphertexts() * (sizeof(platform::Seed) + poly),
          frame + kFvFrameBytes + 4 +
              spec.answer_ciphertexts() *
                  (fv::kCiphertextHeaderBytes +
                   fv::kMaxComponents * fv::residue_bytes(params, spec.answer_limbs))};
}

}  // namespace

MessageSizes message_sizes(const ClientSpec& spec) {
  const auto fitting = [](std::uint64_t size) {
    return static_cast<std::size_t>(std::min<std::uint64_t>(size, SIZE_MAX));
  };
  const Sizes sizes = sizes_of(spec);
  return {fitting(sizes.evaluation_keys), fitting(sizes.request), fitting(sizes.answer)};
}

Status check_message_sizes(const ClientSpec& spec, const MessageLimits& limits) {
  const Sizes sizes = sizes_of(spec);
  const auto check = [](const char* what, std::uint64_t size, std::uint64_t limit) -> Status {
    if (size <= limit) return {};
    return platform::out_of_range(
        concat("the client spec asks for ", what, " of ", size, " bytes; the limit is ", limit));
  };
  FCN_RETURN_IF_ERROR(check("evaluation keys", sizes.evaluation_keys, limits.evaluation_keys));
  return check("requests", sizes.request, limits.request);
}

}  // namespace fcn::nn
