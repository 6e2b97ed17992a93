// Every reader of fv/serialization.h, on any bytes and on forged ones, under the pixel set's smallest parameters.
#include "fv/serialization.h"
#include "repair.h"

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
  static const fv::Params params = fv::Params::create(fv::pixel_spec(32).value()).value();
  read_all(params, {data, size});
  fuzz::Bytes forged = fuzz::repair(data, size, 24, 16);
  read_all(params, forged);
  if (forged.size() < 32) return 0;
  platform::store_u64(&forged[8], params.fingerprint());
  read_all(params, fuzz::repair(forged.data(), forged.size(), 24, 16));
  return 0;
}
