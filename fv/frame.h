// The pieces that serialized objects are made of, for serialization.h and for whoever streams an object piece by piece
// without holding it. Writing allocates nothing; reading nothing but the message of an error.
#pragma once

#include <cstdint>
#include <span>

#include "../platform/bytes.h"
#include "ciphertext.h"

namespace fcn::fv {

inline constexpr std::uint32_t kFormatVersion = 2;
// Of the header's fields, from the start of the frame; and of header and checksum.
inline constexpr std::size_t kFrameFingerprintAt = 8, kFrameLengthAt = 40;
inline constexpr std::size_t kFrameHeaderBytes = 48, kFrameChecksumBytes = 8;
inline constexpr std::size_t kNoiseBytes = 5;
inline constexpr std::size_t kNoiseBoundBytes = 5 + 2 * 2 * NoiseTail::kOrders.size();
inline constexpr std::size_t kCiphertextHeaderBytes = 3 + kNoiseBytes;

enum class FrameKind : std::uint8_t {
  kParams = 1,
  kSecretKey,
  kPublicKey,
  kRelinKeys,
  kGaloisKeys,
  kCiphertexts,
  kSeededCiphertexts,
};
// "relinearization keys"; null for a number that is no kind.
const char* frame_kind_name(std::uint8_t kind) noexcept;

// "FCN", kind, version, fingerprint of the parameters, length of the payload.
struct FrameHeader {
  FrameKind kind;
  Fingerprint fingerprint;
  std::uint64_t payload_bytes;
};
void write_frame_header(std::span<std::uint8_t, kFrameHeaderBytes> out, const FrameHeader& header) noexcept;
// Errors: kCorrupt (no frame, another kind than expected, another version, truncated).
platform::Status read_frame_header(platform::ByteReader& in, FrameKind expected, FrameHeader& header);
// The kind alone. Errors: kCorrupt.
platform::Status read_frame_kind(platform::ByteReader& in, std::uint8_t& kind);

// What a ciphertext says of its noise: the deviation in 1/256 bits, the degree in s and a number of factors (noise_tail.h),
// all rounded up. Errors: kCorrupt (truncated).
void write_noise(std::span<std::uint8_t, kNoiseBytes> out, const Noise& noise) noexcept;
platform::Status read_noise(platform::ByteReader& in, Noise& noise);
// The least bound not below noise that survives write_bound and read_bound: deviation in 1/256 bits, degree, and moments in
// 1/16 bits.
Noise storable_bound(const Noise& noise) noexcept;
// Errors of read_bound: kCorrupt (truncated; a deviation that write_bound does not write).
void write_bound(std::span<std::uint8_t, kNoiseBoundBytes> out, const Noise& noise) noexcept;
platform::Status read_bound(platform::ByteReader& in, Noise& noise);

// What stands before the residues of each ciphertext.
struct CiphertextHeader {
  std::size_t components, limbs;
  Form form;
  unsigned
      dropped_bits;  // lowest ones that residues are without; only in coefficients form, modulo one prime
  Noise noise;
};
void write_ciphertext_header(std::span<std::uint8_t, kCiphertextHeaderBytes> out,
                             const CiphertextHeader& header) noexcept;
// Errors: kCorrupt (truncated, or a shape that the parameters do not have), naming the ciphertext by its index.
platform::Status read_ciphertext_header(platform::ByteReader& in, const Params& params, std::size_t index,
                                        CiphertextHeader& header);

// Bytes of one component, and the component itself: (limbs, n). Dropped bits become their middle, but no residue more
// than q - 1. Errors: kCorrupt (truncated, a residue that is not below its prime).
std::size_t component_bytes(const Params& params, const CiphertextHeader& header) noexcept;
platform::Status read_component(platform::ByteReader& in, const Params& params,
                                const CiphertextHeader& header, std::uint64_t* x);

// (limbs, n) residues, limb i modulo the prime of table i, packed to the width of that prime.
std::size_t residue_bytes(const Params& params, std::size_t limbs) noexcept;
void pack_residues(std::uint8_t* out, const Params& params, const std::uint64_t* x,
                   std::size_t limbs) noexcept;
// Errors: kCorrupt (truncated, a residue that is not below its prime).
platform::Status read_residues(platform::ByteReader& in, const Params& params, std::uint64_t* x,
                               std::size_t limbs);

}  // namespace fcn::fv
