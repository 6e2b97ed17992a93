#include "server.h"

#include "../platform/bytes.h"

namespace fcn::nn {

using fv::Bytes;
using fv::ByteSpan;
using platform::ByteReader;
using platform::concat;
using platform::Result;

namespace {

// The next length and as many bytes.
Result<ByteSpan> next_part(ByteSpan& payload, const char* what) {
  ByteReader in(payload);
  std::uint64_t length = 0;
  FCN_RETURN_IF_ERROR(in.u64(length, what));
  if (length > in.remaining()) {
    return platform::corrupt(concat(what, " of ", length, " bytes, of which ", in.remaining(), " are there"));
  }
  const ByteSpan part = payload.subspan(in.offset(), static_cast<std::size_t>(length));
  payload = payload.subspan(in.offset() + part.size());
  return part;
}

}  // namespace

Result<Server> Server::create(Plan plan, ByteSpan evaluation_keys) {
  const ClientSpec& spec = plan.spec();
  FCN_ASSIGN_OR_RETURN(ByteSpan payload, open_message(evaluation_keys, MessageKind::kEvaluationKeys,
                                                      plan.fingerprint(), nullptr));
  FCN_ASSIGN_OR_RETURN(const ByteSpan relin_bytes, next_part(payload, "relinearization keys"));
  FCN_ASSIGN_OR_RETURN(const ByteSpan galois_bytes, next_part(payload, "Galois keys"));
  if (!payload.empty()) return platform::corrupt(concat(payload.size(), " bytes follow the evaluation keys"));
  FCN_ASSIGN_OR_RETURN(fv::RelinKeys relin, fv::deserialize_relin_keys(spec.params, relin_bytes));
  if (relin.max_components() != spec.max_components) {
    return platform::mismatch(concat("relinearization keys for ", relin.max_components(),
                                     " components; the plan needs ", spec.max_components));
  }
  std::optional<fv::GaloisKeys> galois;
  FCN_ASSIGN_OR_RETURN(galois, fv::GaloisKeys::from_parts(spec.params, {}));
  if (!spec.galois_elements.empty()) {
    FCN_ASSIGN_OR_RETURN(galois, fv::deserialize_galois_keys(spec.params, galois_bytes));
    for (const std::size_t g : spec.galois_elements) {
      if (galois->find(g) == nullptr)
        return platform::mismatch(concat("there is no key for ", fv::describe_galois_element(spec.params, g),
                                         ", which the plan needs"));
    }
    if (galois->keys().size() != spec.galois_elements.size())
      return platform::mismatch("there are Galois keys that the plan does not need");
  } else if (!galois_bytes.empty()) {
    return platform::mismatch("there are Galois keys, and the plan needs none");
  }
  FCN_ASSIGN_OR_RETURN(const MessageHeader header, read_message_header(evaluation_keys));
  return Server(std::move(plan), header.key_id, std::move(relin), std::move(galois));
}

Result<Bytes> Server::infer(ByteSpan request, platform::ThreadPool& pool, OpCounts* counts,
                            const Progress& progress) const {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload,
                       open_message(request, MessageKind::kRequest, plan_.fingerprint(), &key_id_));
  FCN_ASSIGN_OR_RETURN(
      const std::vector<fv::SeededCiphertext> encrypted,
      fv::deserialize_seeded_ciphertexts(plan_.params(), payload, &pool, fv::Integrity::kChecked));
  std::unique_ptr<Memory> memory(spare_->exchange(nullptr));
  if (memory == nullptr) memory = std::make_unique<Memory>();
  unsigned dropped_bits = 0;
  std::vector<fv::Ciphertext> of_pixel_engine;
  const auto run = [&]() -> Result<std::span<const fv::Ciphertext>> {
    if (const auto* pixel = std::get_if<PixelEngine>(&plan_.engine())) {
      FCN_ASSIGN_OR_RETURN(of_pixel_engine,
                           pixel->infer(encrypted, relin_, pool, counts, progress, &memory->pixel));
      return std::span<const fv::Ciphertext>(of_pixel_engine);
    }
    const auto* packed = std::get_if<PackedEngine>(&plan_.engine());
    dropped_bits = packed->plan().dropped_bits();
    FCN_ASSIGN_OR_RETURN(const platform::SecretSeed blinding, platform::random_seed());
    return packed->infer(encrypted, relin_, *galois_, blinding.value(), memory->packed, pool, counts,
                         progress);
  };
  FCN_ASSIGN_OR_RETURN(const std::span<const fv::Ciphertext> scores, run());
  const Bytes answer = fv::serialize(scores, dropped_bits);
  memory.reset(spare_->exchange(memory.release()));
  FCN_ASSIGN_OR_RETURN(const RequestId id, request_id(request));
  return make_message(MessageKind::kAnswer, plan_.fingerprint(), key_id_, answer, id);
}

}  // namespace fcn::nn
