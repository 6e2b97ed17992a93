// Every reader of fv/serialization.h, on any bytes and on forged ones, under the pixel set's smallest
// parameters and under packed ones with rotations, two primes and a special one.
#include "fv/serialization.h"

#include <algorithm>

#include "repair.h"
#include "support/packed_set.h"

namespace {

using namespace fcn;

void read_all(const fv::Params& params, fv::ByteSpan bytes) {
  (void)fv::describe_kind(bytes);
  (void)fv::deserialize_params(bytes);
  (void)fv::deserialize_public_key(params, bytes);
  (void)fv::deserialize_relin_keys(params, bytes);
  (void)fv::deserialize_galois_keys(params, bytes);
  (void)fv::deserialize_secret_key(params, bytes);
  (void)fv::deserialize_seeded_ciphertexts(params, bytes);
  const auto ciphertexts = fv::deserialize_ciphertexts(params, bytes);
  if (ciphertexts.ok() && !ciphertexts->empty()) (void)fv::serialize(std::span(ciphertexts.value()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fv::Params sets[] = {fv::Params::create(fv::pixel_spec(32).value()).value(),
                                    fv::Params::create(test::tiny_packed_spec()).value()};
  for (const fv::Params& params : sets) {
    static const fv::Bytes genuine[] = {fv::serialize(sets[0]), fv::serialize(sets[1])};
    read_all(params, {data, size});
    if (size < fv::kFrameHeaderBytes + fv::kFrameChecksumBytes) continue;
    fuzz::Bytes forged = fuzz::repair(data, size, fv::kFrameHeaderBytes, fv::kFrameLengthAt);
    read_all(params, forged);
    fuzz::forge_frame(forged, genuine[&params - sets]);
    read_all(params, forged);
  }
  return 0;
}
