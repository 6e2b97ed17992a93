#include "packed_client.h"

#include <optional>

#include "../platform/secure_wipe.h"
#include "internal/for_each_on.h"

namespace fcn::nn {

using platform::concat;
using platform::Result;
using platform::SecretBuffer;
using platform::Status;

Result<std::vector<fv::SeededCiphertext>> encrypt_slots(
    const fv::SecretKey& key, const fv::SlotEncoder& encoder,
    std::span<const std::vector<std::int32_t>> slot_values, std::span<const std::int64_t> values,
    platform::ChaCha20& rng, platform::ThreadPool& pool) {
  platform::SecretSeed seed;
  rng.fill(seed.value());
  std::vector<fv::Workspace> workspaces(pool.size());
  std::vector<std::optional<fv::SeededCiphertext>> places(slot_values.size());
  const Status status =
      internal::for_each_on(pool, places.size(), [&](std::size_t c, std::size_t worker) -> Status {
        platform::ChaCha20 own(seed, c);  // each ciphertext draws from a stream of its own
        FCN_ASSIGN_OR_RETURN(auto slots, SecretBuffer<std::int64_t>::create(encoder.slots()));
        for (std::size_t s = 0; s < slot_values[c].size(); ++s) {
          const std::int32_t value = slot_values[c][s];
          if (value >= 0) slots[s] = values[static_cast<std::size_t>(value)];
        }
        FCN_ASSIGN_OR_RETURN(const fv::Plaintext plaintext, encoder.encode({slots.data(), slots.size()}));
        FCN_ASSIGN_OR_RETURN(places[c], fv::encrypt(key, plaintext, own, workspaces[worker]));
        return {};
      });
  FCN_RETURN_IF_ERROR(status);
  std::vector<fv::SeededCiphertext> ciphertexts;
  ciphertexts.reserve(places.size());
  for (auto& place : places) ciphertexts.push_back(std::move(*place));
  return ciphertexts;
}

Result<std::vector<std::int64_t>> decrypt_slots(const fv::SecretKey& key, const fv::SlotEncoder& encoder,
                                                std::span<const fv::Ciphertext> ciphertexts,
                                                std::span<const std::uint32_t> slots, std::size_t outputs,
                                                platform::ThreadPool& pool) {
  std::vector<fv::Workspace> workspaces(pool.size());
  std::vector<std::vector<std::int64_t>> decoded(ciphertexts.size());
  const platform::WipeAtExit wipe(decoded);
  FCN_RETURN_IF_ERROR(
      internal::for_each_on(pool, ciphertexts.size(), [&](std::size_t c, std::size_t worker) -> Status {
        auto plaintext = fv::decrypt(key, ciphertexts[c], workspaces[worker]);
        if (!plaintext.ok()) return plaintext.status().with_context(concat("ciphertext ", c));
        FCN_ASSIGN_OR_RETURN(decoded[c], encoder.decode(plaintext.value()));
        return {};
      }));
  const auto p = static_cast<std::int64_t>(encoder.modulus());
  const std::size_t each = slots.size() / outputs;
  std::vector<std::int64_t> values(outputs, 0);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    std::int64_t& sum = values[i / each];
    sum += decoded[slots[i] / encoder.slots()][slots[i] % encoder.slots()];
    sum -= p & -static_cast<std::int64_t>(2 * sum > p);  // balanced again
    sum += p & -static_cast<std::int64_t>(2 * sum < -p);
  }
  return values;
}

}  // namespace fcn::nn
