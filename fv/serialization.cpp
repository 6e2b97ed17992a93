#include "serialization.h"

#include "../platform/bytes.h"
#include "../platform/floating_point.h"
#include "frame.h"
#include "noise_model.h"

namespace fcn::fv {
namespace {

using platform::AlignedBuffer;
using platform::ByteReader;
using platform::ByteWriter;
using platform::concat;
using platform::corrupt;
using platform::Result;
using platform::Seed;
using platform::Status;

Bytes frame(FrameKind kind, const Params& params, const ByteWriter& payload) {
  std::uint8_t header[kFrameHeaderBytes];
  write_frame_header(header, {kind, params.fingerprint(), payload.size()});
  ByteWriter out;
  out.bytes(header);
  out.bytes(payload.data());
  out.u64(platform::checksum64(out.data()));
  return std::move(out).take();
}

// The payload of a frame of the expected kind, after every check that does not need its content.
Result<ByteSpan> open_frame(ByteSpan bytes, FrameKind expected, const Params* params,
                            Integrity integrity = Integrity::kUnknown) {
  ByteReader in(bytes);
  FrameHeader header{};
  FCN_RETURN_IF_ERROR(read_frame_header(in, expected, header));
  if (in.remaining() < kFrameChecksumBytes || header.payload_bytes != in.remaining() - kFrameChecksumBytes) {
    return corrupt(concat("the header promises a payload of ", header.payload_bytes, " bytes; ",
                          in.remaining() < kFrameChecksumBytes ? 0 : in.remaining() - kFrameChecksumBytes,
                          " are there"));
  }
  std::uint64_t checksum = 0;
  ByteReader tail(bytes.subspan(bytes.size() - kFrameChecksumBytes));
  FCN_RETURN_IF_ERROR(tail.u64(checksum, "checksum"));
  if (integrity == Integrity::kUnknown &&
      checksum != platform::checksum64(bytes.first(bytes.size() - kFrameChecksumBytes))) {
    return corrupt("the checksum does not match: the bytes are damaged");
  }
  if (params != nullptr && header.fingerprint != params->fingerprint()) {
    return platform::mismatch(
        concat(frame_kind_name(static_cast<std::uint8_t>(expected)), " of other parameters"));
  }
  return bytes.subspan(kFrameHeaderBytes, static_cast<std::size_t>(header.payload_bytes));
}

void write_residues(ByteWriter& out, const Params& params, const std::uint64_t* x, std::size_t limbs) {
  for (std::size_t i = 0; i < limbs; ++i)
    out.packed({x + i * params.n(), params.n()}, params.modulus(i).bits());
}

// A count that `bytes_each` bytes at least must follow: a huge one cannot make the reader allocate.
Status read_count(ByteReader& in, std::uint32_t& count, std::size_t limit, std::size_t bytes_each,
                  const char* what) {
  FCN_RETURN_IF_ERROR(in.u32(count, what));
  if (count > limit) return corrupt(concat(what, " ", count, " is above ", limit));
  if (in.remaining() / bytes_each < count) {
    return corrupt(
        concat(what, " ", count, " needs ", bytes_each, " bytes each; ", in.remaining(), " bytes are left"));
  }
  return {};
}

void write_switch_key(ByteWriter& out, const Params& params, const KeySwitchKey& key) {
  out.bytes(key.seed());
  const std::size_t pairs = params.q_count() * params.digits_per_limb(),
                    stride = params.key_limbs() * params.n();
  for (std::size_t p = 0; p < pairs; ++p)
    write_residues(out, params, key.b() + p * stride, params.key_limbs());
}

Result<KeySwitchKey> read_switch_key(ByteReader& in, const Params& params) {
  Seed seed;
  FCN_RETURN_IF_ERROR(in.bytes(seed, "seed"));
  FCN_ASSIGN_OR_RETURN(auto b,
                       AlignedBuffer<std::uint64_t>::create_uninitialized(KeySwitchKey::words(params)));
  const std::size_t pairs = params.q_count() * params.digits_per_limb(),
                    stride = params.key_limbs() * params.n();
  for (std::size_t p = 0; p < pairs; ++p) {
    FCN_RETURN_IF_ERROR(read_residues(in, params, b.data() + p * stride, params.key_limbs()));
  }
  return KeySwitchKey::from_parts(params, seed, std::move(b));
}

std::size_t switch_key_bytes(const Params& params) {
  return sizeof(Seed) +
         params.q_count() * params.digits_per_limb() * residue_bytes(params, params.key_limbs());
}

}  // namespace

Result<std::string> describe_kind(ByteSpan bytes) {
  ByteReader in(bytes);
  std::uint8_t kind = 0;
  FCN_RETURN_IF_ERROR(read_frame_kind(in, kind));
  return std::string(frame_kind_name(kind));
}

Bytes serialize(const Params& params) {
  const ParamsSpec& spec = params.spec();
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(spec.n));
  out.u8(spec.t.is_integer() ? 0 : 1);
  out.u64(spec.t.length());
  out.u64(spec.t.base());
  out.u64(spec.special_prime);
  out.u32(spec.digit_bits);
  out.u32(static_cast<std::uint32_t>(spec.q_primes.size()));
  for (std::uint64_t q : spec.q_primes) out.u64(q);
  return frame(FrameKind::kParams, params, out);
}

Result<Params> deserialize_params(ByteSpan bytes, const ntt::KernelTable& kernels) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, FrameKind::kParams, nullptr));
  ByteReader in(payload);
  ParamsSpec spec;
  std::uint32_t n = 0, digit_bits = 0, q_count = 0;
  std::uint8_t binomial = 0;
  std::uint64_t length = 0, base = 0;
  FCN_RETURN_IF_ERROR(in.u32(n, "n"));
  FCN_RETURN_IF_ERROR(in.u8(binomial, "kind of t"));
  FCN_RETURN_IF_ERROR(in.u64(length, "k"));
  FCN_RETURN_IF_ERROR(in.u64(base, "b"));
  FCN_RETURN_IF_ERROR(in.u64(spec.special_prime, "special prime"));
  FCN_RETURN_IF_ERROR(in.u32(digit_bits, "digit width"));
  FCN_RETURN_IF_ERROR(read_count(in, q_count, kMaxLimbs, sizeof(std::uint64_t), "the number of primes"));
  for (std::uint32_t i = 0; i < q_count; ++i) {
    std::uint64_t q = 0;
    FCN_RETURN_IF_ERROR(in.u64(q, "prime"));
    spec.q_primes.push_back(q);
  }
  FCN_RETURN_IF_ERROR(in.finish("parameters"));
  if (binomial > 1 || (binomial == 0 && length != n)) return corrupt("unknown kind of plaintext modulus");
  if (length > n) return corrupt(concat("k = ", length, " is above n = ", n));
  spec.n = n;
  spec.digit_bits = digit_bits;
  FCN_ASSIGN_OR_RETURN(spec.t, binomial == 1
                                   ? PlaintextModulus::binomial(n, static_cast<std::size_t>(length), base)
                                   : PlaintextModulus::integer(n, base));
  FCN_ASSIGN_OR_RETURN(Params params, Params::create(spec, kernels));
  // The header's fingerprint must be the one these parameters have.
  FCN_RETURN_IF_ERROR([&]() -> Status {
    auto checked = open_frame(bytes, FrameKind::kParams, &params);
    return checked.ok() ? Status() : checked.status();
  }());
  return params;
}

Result<platform::SecretBuffer<std::uint8_t>> serialize_secret_key(const SecretKey& key) {
  const Params& params = key.params();
  const std::size_t n = params.n(), payload = platform::packed_bytes(n, 2);
  FCN_ASSIGN_OR_RETURN(auto out, platform::SecretBuffer<std::uint8_t>::create(kFrameHeaderBytes + payload +
                                                                              kFrameChecksumBytes));
  write_frame_header(std::span<std::uint8_t, kFrameHeaderBytes>(out.data(), kFrameHeaderBytes),
                     {FrameKind::kSecretKey, params.fingerprint(), payload});
  for (std::size_t j = 0; j < n; ++j) {  // s + 1 in {0, 1, 2}, four to a byte
    const auto digit = static_cast<unsigned>(key.coefficients()[j] + 1);
    out[kFrameHeaderBytes + j / 4] =
        static_cast<std::uint8_t>(out[kFrameHeaderBytes + j / 4] | digit << (2 * (j % 4)));
  }
  const std::uint64_t checksum = platform::checksum64({out.data(), kFrameHeaderBytes + payload});
  for (unsigned i = 0; i < kFrameChecksumBytes; ++i) {
    out[kFrameHeaderBytes + payload + i] = static_cast<std::uint8_t>(checksum >> (8 * i));
  }
  return out;
}

Result<SecretKey> deserialize_secret_key(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, FrameKind::kSecretKey, &params));
  ByteReader in(payload);
  FCN_ASSIGN_OR_RETURN(auto s, platform::SecretBuffer<std::int64_t>::create(params.n()));
  auto* digits = reinterpret_cast<std::uint64_t*>(s.data());
  FCN_RETURN_IF_ERROR(in.packed({digits, s.size()}, 2, "secret key"));
  FCN_RETURN_IF_ERROR(in.finish("secret key"));
  for (std::int64_t& coefficient : s) --coefficient;
  return SecretKey::from_coefficients(params, s.data());
}

Bytes serialize(const PublicKey& key) {
  ByteWriter out;
  out.bytes(key.seed());
  write_residues(out, key.params(), key.b(), key.params().q_count());
  return frame(FrameKind::kPublicKey, key.params(), out);
}

Result<PublicKey> deserialize_public_key(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, FrameKind::kPublicKey, &params));
  ByteReader in(payload);
  Seed seed;
  FCN_RETURN_IF_ERROR(in.bytes(seed, "seed"));
  FCN_ASSIGN_OR_RETURN(auto b, AlignedBuffer<std::uint64_t>::create(params.q_count() * params.n()));
  FCN_RETURN_IF_ERROR(read_residues(in, params, b.data(), params.q_count()));
  FCN_RETURN_IF_ERROR(in.finish("public key"));
  return PublicKey::from_parts(params, seed, std::move(b));
}

Bytes serialize(const RelinKeys& keys) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(keys.count()));
  for (std::size_t p = 2; p < keys.max_components(); ++p) write_switch_key(out, keys.params(), keys.power(p));
  return frame(FrameKind::kRelinKeys, keys.params(), out);
}

Result<RelinKeys> deserialize_relin_keys(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, FrameKind::kRelinKeys, &params));
  ByteReader in(payload);
  std::uint32_t count = 0;
  FCN_RETURN_IF_ERROR(
      read_count(in, count, kMaxComponents - 2, switch_key_bytes(params), "the number of keys"));
  if (count == 0) return corrupt("there is no relinearization key");
  std::vector<KeySwitchKey> keys;
  for (std::uint32_t i = 0; i < count; ++i) {
    FCN_ASSIGN_OR_RETURN(KeySwitchKey key, read_switch_key(in, params));
    keys.push_back(std::move(key));
  }
  FCN_RETURN_IF_ERROR(in.finish("relinearization keys"));
  return RelinKeys(params, std::move(keys));
}

Bytes serialize(const GaloisKeys& keys) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(keys.keys().size()));
  for (const GaloisKey& key : keys.keys()) {
    out.u32(static_cast<std::uint32_t>(key.element));
    write_switch_key(out, keys.params(), key.key);
  }
  return frame(FrameKind::kGaloisKeys, keys.params(), out);
}

Result<GaloisKeys> deserialize_galois_keys(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, FrameKind::kGaloisKeys, &params));
  ByteReader in(payload);
  std::uint32_t count = 0;
  FCN_RETURN_IF_ERROR(read_count(in, count, params.n(), 4 + switch_key_bytes(params), "the number of keys"));
  std::vector<std::pair<std::size_t, KeySwitchKey>> keys;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t element = 0;
    FCN_RETURN_IF_ERROR(in.u32(element, "Galois element"));
    if (element == 1 || !is_galois_element(params, element))
      return corrupt(concat("Galois element ", element, " is not one that needs a key"));
    FCN_ASSIGN_OR_RETURN(KeySwitchKey key, read_switch_key(in, params));
    keys.emplace_back(element, std::move(key));
  }
  FCN_RETURN_IF_ERROR(in.finish("Galois keys"));
  return GaloisKeys::from_parts(params, std::move(keys));
}

Bytes serialize(std::span<const Ciphertext> ciphertexts, unsigned dropped_bits) {
  const platform::FloatingPointEnvironment nearest;
  if (ciphertexts.empty()) return {};
  ByteWriter out;
  std::vector<std::uint64_t> kept(dropped_bits == 0 ? 0 : ciphertexts.front().params().n());
  out.u32(static_cast<std::uint32_t>(ciphertexts.size()));
  for (const Ciphertext& c : ciphertexts) {
    FCN_CHECK(c.params() == ciphertexts.front().params());
    FCN_CHECK(dropped_bits == 0 || (c.limbs() == 1 && c.form() == Form::kCoefficients));
    const Noise noise = NoiseModel(c.params()).drop_bits(c.noise(), dropped_bits, c.components());
    std::uint8_t header[kCiphertextHeaderBytes];
    write_ciphertext_header(header, {c.components(), c.limbs(), c.form(), dropped_bits, noise});
    out.bytes(header);
    for (std::size_t i = 0; i < c.components(); ++i) {
      if (dropped_bits == 0) {
        write_residues(out, c.params(), c.component(i), c.limbs());
        continue;
      }
      const std::uint64_t* residues = c.component(i);
      for (std::size_t j = 0; j < kept.size(); ++j) kept[j] = residues[j] >> dropped_bits;
      out.packed(kept, c.params().modulus(0).bits() - dropped_bits);
    }
  }
  return frame(FrameKind::kCiphertexts, ciphertexts.front().params(), out);
}

Result<std::vector<Ciphertext>> deserialize_ciphertexts(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, FrameKind::kCiphertexts, &params));
  ByteReader in(payload);
  std::uint32_t count = 0;
  FCN_RETURN_IF_ERROR(read_count(in, count, kMaxCiphertexts, 8 + 2 * platform::packed_bytes(params.n(), 1),
                                 "the number of ciphertexts"));
  std::vector<Ciphertext> ciphertexts;
  for (std::uint32_t i = 0; i < count; ++i) {
    CiphertextHeader header{};
    FCN_RETURN_IF_ERROR(read_ciphertext_header(in, params, i, header));
    FCN_ASSIGN_OR_RETURN(Ciphertext c,
                         Ciphertext::create(params, header.components, header.limbs, header.form));
    c.set_noise(header.noise);
    for (std::size_t j = 0; j < header.components; ++j)
      FCN_RETURN_IF_ERROR(read_component(in, params, header, c.component(j)));
    ciphertexts.push_back(std::move(c));
  }
  FCN_RETURN_IF_ERROR(in.finish("ciphertexts"));
  return ciphertexts;
}

Bytes serialize(std::span<const SeededCiphertext> ciphertexts) {
  if (ciphertexts.empty()) return {};
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(ciphertexts.size()));
  for (const SeededCiphertext& c : ciphertexts) {
    FCN_CHECK(c.params == ciphertexts.front().params);
    out.bytes(c.seed);
    write_residues(out, c.params, c.c0.data(), c.params.q_count());
  }
  return frame(FrameKind::kSeededCiphertexts, ciphertexts.front().params, out);
}

Result<std::vector<SeededCiphertext>> deserialize_seeded_ciphertexts(const Params& params, ByteSpan bytes,
                                                                     platform::ThreadPool* pool,
                                                                     Integrity integrity) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload,
                       open_frame(bytes, FrameKind::kSeededCiphertexts, &params, integrity));
  ByteReader in(payload);
  std::uint32_t count = 0;
  const std::size_t each = sizeof(Seed) + residue_bytes(params, params.q_count());
  FCN_RETURN_IF_ERROR(read_count(in, count, kMaxCiphertexts, each, "the number of ciphertexts"));
  std::vector<SeededCiphertext> ciphertexts;
  for (std::uint32_t i = 0; i < count; ++i) {
    FCN_ASSIGN_OR_RETURN(auto c0,
                         AlignedBuffer<std::uint64_t>::create_uninitialized(params.q_count() * params.n()));
    ciphertexts.push_back(SeededCiphertext{params, {}, std::move(c0)});
  }
  const auto read = [&](std::size_t i) -> Status {
    ByteReader at = in;
    FCN_RETURN_IF_ERROR(at.skip(i * each, "seeded ciphertexts"));
    FCN_RETURN_IF_ERROR(at.bytes(ciphertexts[i].seed, "seed"));
    return read_residues(at, params, ciphertexts[i].c0.data(), params.q_count());
  };
  std::vector<Status> errors(count);
  platform::parallel_for(pool, count, [&](std::size_t i, std::size_t) { errors[i] = read(i); });
  for (const Status& error : errors) FCN_RETURN_IF_ERROR(error);
  FCN_RETURN_IF_ERROR(in.skip(count * each, "seeded ciphertexts"));
  FCN_RETURN_IF_ERROR(in.finish("seeded ciphertexts"));
  return ciphertexts;
}

}  // namespace fcn::fv
