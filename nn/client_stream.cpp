#include "client_stream.h"

#include <algorithm>
#include <cstring>

#include "../fv/encoding.h"
#include "../fv/encryption.h"
#include "../fv/frame.h"
#include "../ntt/automorphism.h"
#include "../platform/byte_order.h"
#include "../platform/floating_point.h"
#include "internal/client_access.h"

namespace fcn::nn {
namespace {

using internal::ClientAccess;
using platform::ByteReader;
using platform::Checksum64;
using platform::concat;
using platform::Seed;
using platform::Status;
using platform::StatusCode;

// Both ends count what passes for the checksums of the message and of the object inside it.
class Writer {
 public:
  explicit Writer(Sink sink) noexcept : sink_(sink) {}

  Status write(std::span<const std::uint8_t> bytes) {
    message_.update(bytes);
    object_.update(bytes);
    if (sink_.write(sink_.user, bytes)) return {};
    return {StatusCode::kUnavailable, "the stream takes no more bytes"};
  }
  Status number(std::uint64_t value, std::size_t bytes) {
    std::uint8_t out[8];
    platform::store_partial(out, value, bytes);
    return write({out, bytes});
  }
  Status begin_object(const fv::FrameHeader& header) {
    object_ = {};
    std::uint8_t out[fv::kFrameHeaderBytes];
    fv::write_frame_header(out, header);
    return write(out);
  }
  Status end_object() { return number(object_.value(), fv::kFrameChecksumBytes); }
  Status begin_message(const MessageHeader& header) {
    std::uint8_t out[kMessageHeaderBytes];
    internal::write_message_header(out, header);
    return write(out);
  }
  Status end_message() { return number(message_.value(), kMessageChecksumBytes); }

 private:
  Sink sink_;
  Checksum64 message_, object_;
};

class Reader {
 public:
  explicit Reader(Source source) noexcept : source_(source) {}

  Status read(std::span<std::uint8_t> bytes) {
    if (!source_.read(source_.user, bytes)) return {StatusCode::kUnavailable, "the stream has no more bytes"};
    message_.update(bytes);
    object_.update(bytes);
    return {};
  }
  void begin_object() noexcept { object_ = {}; }
  Status end_object() { return check(object_.value(), "ciphertexts"); }
  Status end_message() { return check(message_.value(), "an answer"); }

 private:
  Status check(std::uint64_t expected, const char* what) {
    std::uint8_t bytes[8];
    FCN_RETURN_IF_ERROR(read(bytes));
    if (platform::load_u64(bytes) == expected) return {};
    return platform::corrupt(concat("the checksum of ", what, " does not match: the bytes are damaged"));
  }

  Source source_;
  Checksum64 message_, object_;
};

// The caller's workspace in parts: polynomials for all primes of a key, then bytes of one packed polynomial.
struct Parts {
  static constexpr std::size_t kPolynomials = 5;
  std::uint64_t* polynomials;
  std::size_t stride;  // words of a polynomial
  std::span<std::uint8_t> packed;

  std::uint64_t* polynomial(std::size_t i) const noexcept { return polynomials + i * stride; }
  std::int64_t* integers(std::size_t i) const noexcept {
    return reinterpret_cast<std::int64_t*>(polynomial(i));
  }
};

class Workspace {
 public:
  Workspace(const ClientSpec& spec, std::span<std::uint8_t> bytes) noexcept : bytes_(bytes) {
    const std::size_t misaligned =
        reinterpret_cast<std::uintptr_t>(bytes.data()) % platform::kBufferAlignment;
    std::uint8_t* start = bytes.data() + (misaligned == 0 ? 0 : platform::kBufferAlignment - misaligned);
    parts_.polynomials = reinterpret_cast<std::uint64_t*>(start);
    parts_.stride = spec.params.key_limbs() * spec.params.n();
    parts_.packed = {start + Parts::kPolynomials * parts_.stride * sizeof(std::uint64_t),
                     fv::residue_bytes(spec.params, spec.params.key_limbs())};
  }
  ~Workspace() { platform::secure_wipe(bytes_.data(), bytes_.size()); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  const Parts& parts() const noexcept { return parts_; }

 private:
  std::span<std::uint8_t> bytes_;
  Parts parts_{};
};

Status check_workspace(const ClientSpec& spec, std::span<const std::uint8_t> workspace) {
  const std::size_t needed = stream_workspace_bytes(spec);
  if (workspace.size() < needed) {
    return platform::invalid_argument(
        concat("a workspace of ", workspace.size(), " bytes; this client needs ", needed));
  }
  return {};
}

Status check_stream(const ClientSpec& spec, std::span<const std::uint8_t> workspace) {
  if (spec.layout != Layout::kPixel)
    return {StatusCode::kUnsupported,
            "only the pixel layout is streamed; this client is of the packed layout"};
  return check_workspace(spec, workspace);
}

// One key-switching key, from s_from to the client's key, as fv::serialize writes it.
Status write_switch_key(const fv::SecretKey& secret, const std::uint64_t* s_from, platform::ChaCha20& rng,
                        const Parts& parts, Writer& out) {
  const fv::Params& params = secret.params();
  std::uint64_t *a = parts.polynomial(1), *b = parts.polynomial(2), *scratch = parts.polynomial(3);
  Seed seed;
  rng.fill(seed);
  FCN_RETURN_IF_ERROR(out.write(seed));
  for (std::size_t pair = 0; pair < params.q_count() * params.digits_per_limb(); ++pair) {
    fv::KeySwitchKey::expand_pair(params, seed, pair, a);
    fv::KeySwitchKey::make_pair(secret, s_from, pair, a, rng, b, scratch);
    fv::pack_residues(parts.packed.data(), params, b, params.key_limbs());
    FCN_RETURN_IF_ERROR(out.write(parts.packed));
  }
  return {};
}

// The keys from s^2, s^3, ... as fv::serialize writes RelinKeys.
Status write_powers(const fv::SecretKey& secret, std::size_t max_components, platform::ChaCha20& rng,
                    const Parts& parts, Writer& out) {
  const fv::Params& params = secret.params();
  std::uint64_t* power = parts.polynomial(0);
  std::memcpy(power, secret.transformed(), params.key_limbs() * params.n() * sizeof *power);
  for (std::size_t p = 2; p < max_components; ++p) {
    for (std::size_t i = 0; i < params.key_limbs(); ++i) {
      std::uint64_t* limb = power + i * params.n();
      params.kernels().multiply(params.modulus(i), limb, limb, secret.transformed() + i * params.n(),
                                params.n());
    }
    FCN_RETURN_IF_ERROR(write_switch_key(secret, power, rng, parts, out));
  }
  return {};
}

// The keys from s(X^g), as fv::serialize writes GaloisKeys.
Status write_images(const fv::SecretKey& secret, std::span<const std::size_t> elements,
                    platform::ChaCha20& rng, const Parts& parts, Writer& out) {
  const fv::Params& params = secret.params();
  std::uint64_t *image = parts.polynomial(0), *residues = parts.polynomial(1);  // overwritten by each key
  for (const std::size_t g : elements) {
    FCN_RETURN_IF_ERROR(out.number(g, 4));
    for (std::size_t i = 0; i < params.key_limbs(); ++i) {
      std::uint64_t* limb = image + i * params.n();
      params.kernels().reduce_accumulator(params.modulus(i), residues, secret.coefficients(), params.n());
      ntt::apply_automorphism(params.modulus(i), limb, residues, g, params.n());
      params.table(i).forward(limb);
    }
    FCN_RETURN_IF_ERROR(write_switch_key(secret, image, rng, parts, out));
  }
  return {};
}

// request null: any that waits for an answer. answered: the one that the answer is to.
Status read_scores(const Client& client, const RequestId* request, Reader& in, const Parts& parts,
                   std::span<std::int64_t> scores, RequestId& answered) {
  const ClientSpec& spec = client.spec();
  const fv::Params& params = spec.params;
  std::uint8_t head[std::max(kMessageHeaderBytes, fv::kFrameHeaderBytes)];
  const std::span<std::uint8_t> message_head = std::span(head).first(kMessageHeaderBytes);
  FCN_RETURN_IF_ERROR(in.read(message_head));
  FCN_RETURN_IF_ERROR(check_message_header(message_head, MessageKind::kAnswer,
                                           ClientAccess::fingerprint(client), &client.key_id()));
  FCN_ASSIGN_OR_RETURN(answered, request_id(message_head));
  FCN_RETURN_IF_ERROR(ClientAccess::check_request(client, request, answered));
  in.begin_object();
  const std::span<std::uint8_t> frame_head = std::span(head).first(fv::kFrameHeaderBytes);
  FCN_RETURN_IF_ERROR(in.read(frame_head));
  ByteReader frame(frame_head);
  fv::FrameHeader header{};
  FCN_RETURN_IF_ERROR(fv::read_frame_header(frame, fv::FrameKind::kCiphertexts, header));
  if (header.fingerprint != params.fingerprint())
    return platform::mismatch("ciphertexts of other parameters");
  FCN_RETURN_IF_ERROR(in.read(std::span(head).first(4)));
  const std::uint64_t count = platform::load_partial(head, 4);
  if (count != scores.size())
    return platform::corrupt(concat("an answer of ", count, " ciphertexts, not ", scores.size()));
  std::uint64_t outside = 0, first_outside = 0;  // all ones when a score is out of range, and its index
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::span<std::uint8_t> ciphertext_head = std::span(head).first(fv::kCiphertextHeaderBytes);
    FCN_RETURN_IF_ERROR(in.read(ciphertext_head));
    ByteReader reader(ciphertext_head);
    fv::CiphertextHeader shape{};
    FCN_RETURN_IF_ERROR(fv::read_ciphertext_header(reader, params, i, shape));
    if (shape.components != 2 || shape.limbs != spec.answer_limbs) {
      return platform::corrupt(concat("value ", i, " is a ciphertext of ", shape.components,
                                      " components and ", shape.limbs, " primes, not 2 and ",
                                      spec.answer_limbs));
    }
    for (std::size_t component = 0; component < 2; ++component) {
      const std::span<std::uint8_t> packed = parts.packed.first(fv::component_bytes(params, shape));
      FCN_RETURN_IF_ERROR(in.read(packed));
      ByteReader residues(packed);
      FCN_RETURN_IF_ERROR(fv::read_component(residues, params, shape,
                                             parts.polynomials + component * shape.limbs * params.n()));
    }
    std::int64_t *m = parts.integers(2), *digits = parts.integers(0);  // the ciphertext is not needed then
    fv::decrypt_into(ClientAccess::secret(client), parts.polynomials, 2, shape.limbs, shape.form, m,
                     parts.polynomial(3));
    const std::uint64_t found = fv::decode_integer_into(params, m, digits, scores[i]) & ~outside;
    outside |= found;
    first_outside |= found & i;
  }
  FCN_RETURN_IF_ERROR(in.end_object());
  FCN_RETURN_IF_ERROR(in.end_message());
  // Only now, when the time of everything else is over, and after damage was looked for.
  if (outside != 0) return fv::integer_out_of_range(params).with_context(concat("value ", first_outside));
  return {};
}

}  // namespace

std::size_t stream_workspace_bytes(const ClientSpec& spec) noexcept {
  const fv::Params& params = spec.params;
  return platform::kBufferAlignment - 1 +
         Parts::kPolynomials * params.key_limbs() * params.n() * sizeof(std::uint64_t) +
         fv::residue_bytes(params, params.key_limbs());
}

Status write_evaluation_keys(Client& client, std::span<std::uint8_t> bytes, Sink sink) {
  const platform::FloatingPointEnvironment nearest;
  const ClientSpec& spec = client.spec();
  FCN_RETURN_IF_ERROR(check_workspace(spec, bytes));
  FCN_ASSIGN_OR_RETURN(const auto turn, ClientAccess::chain(client).begin());
  const fv::Params& params = spec.params;
  const std::size_t switch_key = sizeof(Seed) + params.q_count() * params.digits_per_limb() *
                                                    fv::residue_bytes(params, params.key_limbs());
  const std::uint64_t powers = spec.max_components - 2, elements = spec.galois_elements.size(),
                      frame = fv::kFrameHeaderBytes + fv::kFrameChecksumBytes,
                      relin_payload = 4 + powers * switch_key,
                      galois_payload = 4 + elements * (4 + switch_key),
                      galois_bytes = elements == 0 ? 0 : frame + galois_payload;
  const Workspace workspace(spec, bytes);
  Writer out(sink);
  FCN_RETURN_IF_ERROR(out.begin_message({MessageKind::kEvaluationKeys, ClientAccess::fingerprint(client),
                                         client.key_id(), 8 + frame + relin_payload + 8 + galois_bytes}));
  FCN_RETURN_IF_ERROR(out.number(frame + relin_payload, 8));
  FCN_RETURN_IF_ERROR(out.begin_object({fv::FrameKind::kRelinKeys, params.fingerprint(), relin_payload}));
  FCN_RETURN_IF_ERROR(out.number(powers, 4));
  FCN_RETURN_IF_ERROR(
      write_powers(ClientAccess::secret(client), spec.max_components, turn.rng(), workspace.parts(), out));
  FCN_RETURN_IF_ERROR(out.end_object());
  FCN_RETURN_IF_ERROR(out.number(galois_bytes, 8));
  if (elements != 0) {
    FCN_RETURN_IF_ERROR(out.begin_object({fv::FrameKind::kGaloisKeys, params.fingerprint(), galois_payload}));
    FCN_RETURN_IF_ERROR(out.number(elements, 4));
    FCN_RETURN_IF_ERROR(
        write_images(ClientAccess::secret(client), spec.galois_elements, turn.rng(), workspace.parts(), out));
    FCN_RETURN_IF_ERROR(out.end_object());
  }
  return out.end_message();
}

Status write_request(Client& client, std::span<const std::int64_t> inputs, std::span<std::uint8_t> bytes,
                     Sink sink) {
  const ClientSpec& spec = client.spec();
  FCN_RETURN_IF_ERROR(check_stream(spec, bytes));
  FCN_RETURN_IF_ERROR(internal::check_inputs(spec, inputs));
  FCN_ASSIGN_OR_RETURN(const auto turn, ClientAccess::chain(client).begin());
  const fv::Params& params = spec.params;
  const std::size_t packed = fv::residue_bytes(params, params.q_count()),
                    object_payload = 4 + inputs.size() * (sizeof(Seed) + packed);
  const Workspace workspace(spec, bytes);
  const Parts& parts = workspace.parts();
  std::int64_t* m = parts.integers(0);
  std::uint64_t *c0 = parts.polynomial(1), *scratch = parts.polynomial(2);  // of two polynomials
  RequestId id;
  turn.rng().fill(id.bytes);
  Writer out(sink);
  FCN_RETURN_IF_ERROR(
      out.begin_message({MessageKind::kRequest, ClientAccess::fingerprint(client), client.key_id(),
                         fv::kFrameHeaderBytes + object_payload + fv::kFrameChecksumBytes, id}));
  FCN_RETURN_IF_ERROR(
      out.begin_object({fv::FrameKind::kSeededCiphertexts, params.fingerprint(), object_payload}));
  FCN_RETURN_IF_ERROR(out.number(inputs.size(), 4));
  platform::SecretSeed streams;
  turn.rng().fill(streams.value());
  for (std::size_t i = 0; i < inputs.size(); ++i) {  // as encrypt_pixels does
    std::size_t used_rows = 0;
    FCN_RETURN_IF_ERROR(fv::encode_integer_into(params, inputs[i], m, used_rows));
    platform::ChaCha20 rng(streams, i);
    Seed seed;
    fv::encrypt_into(ClientAccess::secret(client), m, used_rows, rng, seed, c0, scratch);
    fv::pack_residues(parts.packed.data(), params, c0, params.q_count());
    FCN_RETURN_IF_ERROR(out.write(seed));
    FCN_RETURN_IF_ERROR(out.write(parts.packed.first(packed)));
  }
  FCN_RETURN_IF_ERROR(out.end_object());
  FCN_RETURN_IF_ERROR(out.end_message());
  ClientAccess::remember(client, id);
  return {};
}

namespace {

Status read_any_answer(const Client& client, const RequestId* request, Source source,
                       std::span<std::uint8_t> bytes, std::span<std::int64_t> scores, RequestId& answered) {
  const ClientSpec& spec = client.spec();
  FCN_RETURN_IF_ERROR(check_stream(spec, bytes));
  if (scores.size() != spec.outputs)
    return platform::invalid_argument(concat("room for ", scores.size(), " scores, not ", spec.outputs));
  const Workspace workspace(spec, bytes);
  Reader in(source);
  Status status = read_scores(client, request, in, workspace.parts(), scores, answered);
  if (!status.ok()) platform::secure_wipe(scores.data(), scores.size_bytes());
  return status;
}

}  // namespace

Status read_answer(Client& client, Source source, std::span<std::uint8_t> workspace,
                   std::span<std::int64_t> scores) {
  RequestId answered;
  const Status status = read_any_answer(client, nullptr, source, workspace, scores, answered);
  ClientAccess::forget(client, answered, status);
  return status;
}

Status read_answer_for(const Client& client, const RequestId& request, Source source,
                       std::span<std::uint8_t> workspace, std::span<std::int64_t> scores) {
  RequestId answered;
  return read_any_answer(client, &request, source, workspace, scores, answered);
}

}  // namespace fcn::nn
