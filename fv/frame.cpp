#include "frame.h"

#include <algorithm>
#include <cmath>

#include "../platform/byte_order.h"
#include "../platform/floating_point.h"

namespace fcn::fv {
namespace {

using platform::ByteReader;
using platform::concat;
using platform::corrupt;
using platform::Status;

constexpr const char* kKindNames[] = {nullptr,        "parameters",           "a secret key",
                                      "a public key", "relinearization keys", "Galois keys",
                                      "ciphertexts",  "seeded ciphertexts"};
static_assert(kFrameFingerprintAt + sizeof(Fingerprint) == kFrameLengthAt &&
              kFrameLengthAt + 8 == kFrameHeaderBytes);
constexpr double kMomentUnit = 1.0 / 16;
constexpr double kNoiseUnit = 1.0 / 256;  // log2 sigma is stored in these, rounded up
constexpr std::int32_t kNoNoise = -(1 << 30), kMostNoise = 1 << 30;

std::int32_t noise_to_units(Noise noise) noexcept {
  const double units = std::ceil(noise.log2_sigma / kNoiseUnit);
  if (units < kNoNoise) return kNoNoise;
  return units < kMostNoise ? static_cast<std::int32_t>(units) : kMostNoise;  // so is what is no number
}

// The degree in s, and the number of factors that the tail is bounded by (noise_tail.h); noise that has more of either than
// fifteen is beyond any bound.
std::uint8_t shape_of_noise(const Noise& noise) noexcept {
  const unsigned factors = count_factors(larger_tail(noise.tail, noise.spread));
  return static_cast<std::uint8_t>(std::min(noise.s_degree, 15u) | std::min(factors, 15u) << 4);
}

Noise noise_of(std::int32_t units, std::uint8_t shape) noexcept {
  return {static_cast<double>(units) * kNoiseUnit, shape & 15u, tail_of_factors(shape >> 4), {}};
}

}  // namespace

const char* frame_kind_name(std::uint8_t kind) noexcept {
  return kind <= static_cast<std::uint8_t>(FrameKind::kSeededCiphertexts) ? kKindNames[kind] : nullptr;
}

void write_frame_header(std::span<std::uint8_t, kFrameHeaderBytes> out, const FrameHeader& header) noexcept {
  out[0] = 'F', out[1] = 'C', out[2] = 'N';
  out[3] = static_cast<std::uint8_t>(header.kind);
  platform::store_partial(&out[4], kFormatVersion, 4);
  std::copy(header.fingerprint.begin(), header.fingerprint.end(), &out[kFrameFingerprintAt]);
  platform::store_u64(&out[kFrameLengthAt], header.payload_bytes);
}

Status read_frame_kind(ByteReader& in, std::uint8_t& kind) {
  std::uint8_t letters[3] = {};
  FCN_RETURN_IF_ERROR(in.bytes(letters, "header"));
  FCN_RETURN_IF_ERROR(in.u8(kind, "header"));
  if (letters[0] != 'F' || letters[1] != 'C' || letters[2] != 'N')
    return corrupt("not an fcn file: it does not begin with FCN");
  if (frame_kind_name(kind) == nullptr) return corrupt(concat("unknown kind ", static_cast<unsigned>(kind)));
  return {};
}

Status read_frame_header(ByteReader& in, FrameKind expected, FrameHeader& header) {
  std::uint8_t kind = 0;
  std::uint32_t version = 0;
  FCN_RETURN_IF_ERROR(read_frame_kind(in, kind));
  if (kind != static_cast<std::uint8_t>(expected)) {
    return corrupt(concat("this is ", frame_kind_name(kind), ", not ",
                          frame_kind_name(static_cast<std::uint8_t>(expected))));
  }
  header.kind = expected;
  FCN_RETURN_IF_ERROR(in.u32(version, "version"));
  if (version != kFormatVersion) {
    return corrupt(concat(frame_kind_name(kind), " of version ", version, "; this program reads version ",
                          kFormatVersion));
  }
  FCN_RETURN_IF_ERROR(in.bytes(header.fingerprint, "fingerprint"));
  return in.u64(header.payload_bytes, "length");
}

void write_noise(std::span<std::uint8_t, kNoiseBytes> out, const Noise& noise) noexcept {
  const platform::FloatingPointEnvironment nearest;
  out[0] = shape_of_noise(noise);
  platform::store_partial(&out[1], static_cast<std::uint32_t>(noise_to_units(noise)), 4);
}

Status read_noise(ByteReader& in, Noise& noise) {
  const platform::FloatingPointEnvironment nearest;
  std::uint8_t shape = 0;
  std::uint32_t units = 0;
  FCN_RETURN_IF_ERROR(in.u8(shape, "noise"));
  FCN_RETURN_IF_ERROR(in.u32(units, "noise"));
  noise = noise_of(static_cast<std::int32_t>(units), shape);
  return {};
}

Noise storable_bound(const Noise& noise) noexcept {
  const platform::FloatingPointEnvironment nearest;
  Noise out = noise;
  out.log2_sigma = static_cast<double>(noise_to_units(noise)) * kNoiseUnit;
  out.s_degree = std::min(noise.s_degree, 255u);
  for (NoiseTail* tail : {&out.tail, &out.spread}) {
    for (double& moment : tail->log2_moments)
      moment = kMomentUnit * std::clamp(std::ceil(moment / kMomentUnit), 0.0, 65535.0);
  }
  return out;
}

void write_bound(std::span<std::uint8_t, kNoiseBoundBytes> out, const Noise& noise) noexcept {
  const platform::FloatingPointEnvironment nearest;
  const Noise bound = storable_bound(noise);
  out[0] = static_cast<std::uint8_t>(bound.s_degree);
  platform::store_partial(&out[1], static_cast<std::uint32_t>(noise_to_units(bound)), 4);
  std::uint8_t* to = &out[5];
  for (const NoiseTail* tail : {&bound.tail, &bound.spread}) {
    for (const double moment : tail->log2_moments) {
      platform::store_partial(to, static_cast<std::uint64_t>(moment / kMomentUnit), 2);
      to += 2;
    }
  }
}

Status read_bound(ByteReader& in, Noise& noise) {
  const platform::FloatingPointEnvironment nearest;
  std::uint8_t degree = 0;
  std::uint32_t units = 0;
  std::uint8_t moments[2 * 2 * NoiseTail::kOrders.size()];
  FCN_RETURN_IF_ERROR(in.u8(degree, "noise"));
  FCN_RETURN_IF_ERROR(in.u32(units, "noise"));
  FCN_RETURN_IF_ERROR(in.bytes(moments, "noise"));
  noise = {static_cast<double>(static_cast<std::int32_t>(units)) * kNoiseUnit, degree, {}, {}};
  if (noise_to_units(noise) != static_cast<std::int32_t>(units))
    return corrupt(concat("a bound on noise of ", static_cast<std::int32_t>(units), "/256 bits"));
  const std::uint8_t* from = moments;
  for (NoiseTail* tail : {&noise.tail, &noise.spread}) {
    for (double& moment : tail->log2_moments) {
      moment = kMomentUnit * static_cast<double>(platform::load_partial(from, 2));
      from += 2;
    }
  }
  return {};
}

void write_ciphertext_header(std::span<std::uint8_t, kCiphertextHeaderBytes> out,
                             const CiphertextHeader& header) noexcept {
  out[0] = static_cast<std::uint8_t>(header.components);
  out[1] = static_cast<std::uint8_t>(header.limbs);
  out[2] = static_cast<std::uint8_t>((header.form == Form::kTransformed ? 1 : 0) | header.dropped_bits << 1);
  write_noise(out.last<kNoiseBytes>(), header.noise);
}

Status read_ciphertext_header(ByteReader& in, const Params& params, std::size_t index,
                              CiphertextHeader& header) {
  std::uint8_t components = 0, limbs = 0, form = 0;
  Noise noise;
  FCN_RETURN_IF_ERROR(in.u8(components, "components"));
  FCN_RETURN_IF_ERROR(in.u8(limbs, "primes"));
  FCN_RETURN_IF_ERROR(in.u8(form, "form"));
  FCN_RETURN_IF_ERROR(read_noise(in, noise));
  const unsigned dropped_bits = form >> 1;
  if (components < 2 || components > kMaxComponents || limbs < 1 || limbs > params.q_count() ||
      (dropped_bits != 0 && (limbs != 1 || form % 2 != 0 || dropped_bits >= params.modulus(0).bits()))) {
    return corrupt(concat("ciphertext ", index, " claims ", static_cast<unsigned>(components),
                          " components, ", static_cast<unsigned>(limbs), " primes and form ",
                          static_cast<unsigned>(form)));
  }
  header = {components, limbs, form % 2 == 1 ? Form::kTransformed : Form::kCoefficients, dropped_bits, noise};
  return {};
}

std::size_t component_bytes(const Params& params, const CiphertextHeader& header) noexcept {
  if (header.dropped_bits == 0) return residue_bytes(params, header.limbs);
  return platform::packed_bytes(params.n(), params.modulus(0).bits() - header.dropped_bits);
}

Status read_component(ByteReader& in, const Params& params, const CiphertextHeader& header,
                      std::uint64_t* x) {
  const unsigned dropped_bits = header.dropped_bits;
  if (dropped_bits == 0) return read_residues(in, params, x, header.limbs);
  const std::uint64_t last = params.modulus(0).value() - 1, half = std::uint64_t{1} << (dropped_bits - 1);
  FCN_RETURN_IF_ERROR(in.packed({x, params.n()}, params.modulus(0).bits() - dropped_bits, "residues"));
  for (std::size_t j = 0; j < params.n(); ++j) {
    if (x[j] > last >> dropped_bits) return corrupt(concat("a residue is not below its prime ", last + 1));
    x[j] = std::min((x[j] << dropped_bits) + half, last);
  }
  return {};
}

std::size_t residue_bytes(const Params& params, std::size_t limbs) noexcept {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < limbs; ++i)
    bytes += platform::packed_bytes(params.n(), params.modulus(i).bits());
  return bytes;
}

void pack_residues(std::uint8_t* out, const Params& params, const std::uint64_t* x,
                   std::size_t limbs) noexcept {
  for (std::size_t i = 0; i < limbs; ++i) {
    const unsigned bits = params.modulus(i).bits();
    platform::pack_into(out, {x + i * params.n(), params.n()}, bits);
    out += platform::packed_bytes(params.n(), bits);
  }
}

Status read_residues(ByteReader& in, const Params& params, std::uint64_t* x, std::size_t limbs) {
  const std::size_t n = params.n();
  for (std::size_t i = 0; i < limbs; ++i) {
    const ntt::Modulus& q = params.modulus(i);
    const std::uint64_t* limb = x + i * n;
    FCN_RETURN_IF_ERROR(in.packed({x + i * n, n}, q.bits(), "residues"));
    const std::uint64_t last = q.value() - 1;
    std::uint64_t too_large = 0;  // bit 63
    for (std::size_t j = 0; j < n; ++j) too_large |= last - limb[j];
    if (too_large >> 63 != 0) return corrupt(concat("a residue is not below its prime ", q.value()));
  }
  return {};
}

}  // namespace fcn::fv
