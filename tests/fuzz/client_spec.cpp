// Client specs, which a client takes from a server it does not trust.
#include "nn/client_spec.h"

#include <algorithm>

#include "platform/blake2s.h"
#include "repair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fcn;
  (void)nn::deserialize_client_spec({data, size});
  fuzz::Bytes forged = fuzz::repair(data, size, nn::kMessageHeaderBytes, nn::kMessageLengthAt);
  if (forged.size() < nn::kMessageHeaderBytes + 8) return 0;
  const fv::ByteSpan payload = fv::ByteSpan(forged).subspan(
      nn::kMessageHeaderBytes, forged.size() - nn::kMessageHeaderBytes - nn::kMessageChecksumBytes);
  const nn::Fingerprint fingerprint = platform::blake2s(payload);
  std::copy(fingerprint.begin(), fingerprint.end(), &forged[nn::kMessageFingerprintAt]);
  forged = fuzz::repair(forged.data(), forged.size(), nn::kMessageHeaderBytes, nn::kMessageLengthAt);
  const auto spec = nn::deserialize_client_spec(forged);
  if (spec.ok() && nn::serialize(spec.value()) != forged) __builtin_trap();  // one spec, one text
  if (spec.ok()) (void)nn::message_sizes(spec.value());
  return 0;
}
