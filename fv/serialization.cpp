#include "serialization.h"

#include <algorithm>
#include <cmath>

#include "../platform/bytes.h"
#include "../platform/secure_wipe.h"
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

enum class Kind : std::uint8_t {
  kParams = 1,
  kSecretKey,
  kPublicKey,
  kRelinKeys,
  kGaloisKeys,
  kCiphertexts,
  kSeededCiphertexts,
};

constexpr const char* kKindNames[] = {nullptr,        "parameters",           "a secret key",
                                      "a public key", "relinearization keys", "Galois keys",
                                      "ciphertexts",  "seeded ciphertexts"};
constexpr std::size_t kHeaderBytes = 24, kChecksumBytes = 8;
constexpr double kNoiseUnit = 1.0 / 256;  // log2 sigma is stored in these, rounded up
constexpr std::int32_t kNoNoise = -(1 << 30);

const char* kind_name(std::uint8_t kind) {
  return kind >= 1 && kind <= static_cast<std::uint8_t>(Kind::kSeededCiphertexts) ? kKindNames[kind]
                                                                                  : nullptr;
}

void write_header(ByteWriter& out, Kind kind, std::uint64_t fingerprint, std::uint64_t payload_bytes) {
  for (char c : {'F', 'C', 'N'}) out.u8(static_cast<std::uint8_t>(c));
  out.u8(static_cast<std::uint8_t>(kind));
  out.u32(kFormatVersion);
  out.u64(fingerprint);
  out.u64(payload_bytes);
}

Bytes frame(Kind kind, const Params& params, const ByteWriter& payload) {
  ByteWriter out;
  write_header(out, kind, params.fingerprint(), payload.size());
  out.bytes(payload.data());
  out.u64(platform::checksum64(out.data()));
  return std::move(out).take();
}

Result<std::uint8_t> read_kind(ByteReader& in) {
  std::uint8_t letters[3] = {}, kind = 0;
  FCN_RETURN_IF_ERROR(in.bytes(letters, "header"));
  FCN_RETURN_IF_ERROR(in.u8(kind, "header"));
  if (letters[0] != 'F' || letters[1] != 'C' || letters[2] != 'N')
    return corrupt("not an fcn file: it does not begin with FCN");
  if (kind_name(kind) == nullptr) return corrupt(concat("unknown kind ", static_cast<unsigned>(kind)));
  return kind;
}

// The payload of a frame of the expected kind, after every check that does not need its content.
Result<ByteSpan> open_frame(ByteSpan bytes, Kind expected, const Params* params) {
  ByteReader in(bytes);
  FCN_ASSIGN_OR_RETURN(const std::uint8_t kind, read_kind(in));
  if (kind != static_cast<std::uint8_t>(expected)) {
    return corrupt(
        concat("this is ", kind_name(kind), ", not ", kind_name(static_cast<std::uint8_t>(expected))));
  }
  std::uint32_t version = 0;
  std::uint64_t fingerprint = 0, length = 0, checksum = 0;
  FCN_RETURN_IF_ERROR(in.u32(version, "version"));
  if (version != kFormatVersion) return corrupt(concat("version ", version, " is not ", kFormatVersion));
  FCN_RETURN_IF_ERROR(in.u64(fingerprint, "fingerprint"));
  FCN_RETURN_IF_ERROR(in.u64(length, "length"));
  if (in.remaining() < kChecksumBytes || length != in.remaining() - kChecksumBytes) {
    return corrupt(concat("the header promises a payload of ", length, " bytes; ",
                          in.remaining() < kChecksumBytes ? 0 : in.remaining() - kChecksumBytes,
                          " are there"));
  }
  ByteReader tail(bytes.subspan(bytes.size() - kChecksumBytes));
  FCN_RETURN_IF_ERROR(tail.u64(checksum, "checksum"));
  if (checksum != platform::checksum64(bytes.first(bytes.size() - kChecksumBytes))) {
    return corrupt("the checksum does not match: the bytes are damaged");
  }
  if (params != nullptr && fingerprint != params->fingerprint()) {
    return platform::mismatch(concat(kind_name(kind), " of other parameters"));
  }
  return bytes.subspan(kHeaderBytes, static_cast<std::size_t>(length));
}

// (limbs, n) residues; limb i modulo the prime of table i.
void write_residues(ByteWriter& out, const Params& params, const std::uint64_t* x, std::size_t limbs) {
  for (std::size_t i = 0; i < limbs; ++i)
    out.packed({x + i * params.n(), params.n()}, params.modulus(i).bits());
}

Status read_residues(ByteReader& in, const Params& params, std::uint64_t* x, std::size_t limbs) {
  for (std::size_t i = 0; i < limbs; ++i) {
    const ntt::Modulus& q = params.modulus(i);
    std::uint64_t* limb = x + i * params.n();
    FCN_RETURN_IF_ERROR(in.packed({limb, params.n()}, q.bits(), "residues"));
    std::uint64_t too_large = 0;
    for (std::size_t j = 0; j < params.n(); ++j) too_large |= (q.value() - 1 - limb[j]) >> 63;
    if (too_large != 0) return corrupt(concat("a residue is not below its prime ", q.value()));
  }
  return {};
}

// Residues modulo the first prime without their lowest bits, which become their middle, but no more than q - 1.
Status read_shortened(ByteReader& in, const Params& params, std::uint64_t* x, unsigned dropped_bits) {
  const std::uint64_t last = params.modulus(0).value() - 1, half = std::uint64_t{1} << (dropped_bits - 1);
  FCN_RETURN_IF_ERROR(in.packed({x, params.n()}, params.modulus(0).bits() - dropped_bits, "residues"));
  for (std::size_t j = 0; j < params.n(); ++j) {
    if (x[j] > last >> dropped_bits) return corrupt(concat("a residue is not below its prime ", last + 1));
    x[j] = std::min((x[j] << dropped_bits) + half, last);
  }
  return {};
}

std::size_t residue_bytes(const Params& params, std::size_t limbs) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < limbs; ++i)
    bytes += platform::packed_bytes(params.n(), params.modulus(i).bits());
  return bytes;
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

std::int32_t noise_to_units(Noise noise) {
  const double units = std::ceil(noise.log2_sigma / kNoiseUnit);
  return units < kNoNoise ? kNoNoise : static_cast<std::int32_t>(units);
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
  FCN_ASSIGN_OR_RETURN(auto b, AlignedBuffer<std::uint64_t>::create(KeySwitchKey::words(params)));
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
  FCN_ASSIGN_OR_RETURN(const std::uint8_t kind, read_kind(in));
  return std::string(kind_name(kind));
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
  return frame(Kind::kParams, params, out);
}

Result<Params> deserialize_params(ByteSpan bytes, const ntt::KernelTable& kernels) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, Kind::kParams, nullptr));
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
  FCN_ASSIGN_OR_RETURN(spec.t, binomial == 1 ? PlaintextModulus::binomial(n, static_cast<std::size_t>(length), base)
                                             : PlaintextModulus::integer(n, base));
  FCN_ASSIGN_OR_RETURN(Params params, Params::create(spec, kernels));
  // The header's fingerprint must be the one these parameters have.
  FCN_RETURN_IF_ERROR([&]() -> Status {
    auto checked = open_frame(bytes, Kind::kParams, &params);
    return checked.ok() ? Status() : checked.status();
  }());
  return params;
}

Result<platform::SecretBuffer<std::uint8_t>> serialize_secret_key(const SecretKey& key) {
  const Params& params = key.params();
  const std::size_t n = params.n(), payload = platform::packed_bytes(n, 2);
  ByteWriter header;
  write_header(header, Kind::kSecretKey, params.fingerprint(), payload);
  FCN_ASSIGN_OR_RETURN(auto out,
                       platform::SecretBuffer<std::uint8_t>::create(kHeaderBytes + payload + kChecksumBytes));
  for (std::size_t i = 0; i < kHeaderBytes; ++i) out[i] = header.data()[i];
  for (std::size_t j = 0; j < n; ++j) {  // s + 1 in {0, 1, 2}, four to a byte
    const auto digit = static_cast<unsigned>(key.coefficients()[j] + 1);
    out[kHeaderBytes + j / 4] = static_cast<std::uint8_t>(out[kHeaderBytes + j / 4] | digit << (2 * (j % 4)));
  }
  const std::uint64_t checksum = platform::checksum64({out.data(), kHeaderBytes + payload});
  for (unsigned i = 0; i < kChecksumBytes; ++i) {
    out[kHeaderBytes + payload + i] = static_cast<std::uint8_t>(checksum >> (8 * i));
  }
  return out;
}

Result<SecretKey> deserialize_secret_key(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, Kind::kSecretKey, &params));
  ByteReader in(payload);
  FCN_ASSIGN_OR_RETURN(auto digits, platform::SecretBuffer<std::uint64_t>::create(params.n()));
  FCN_RETURN_IF_ERROR(in.packed({digits.data(), digits.size()}, 2, "secret key"));
  FCN_RETURN_IF_ERROR(in.finish("secret key"));
  FCN_ASSIGN_OR_RETURN(auto s, platform::SecretBuffer<std::int64_t>::create(params.n()));
  for (std::size_t j = 0; j < s.size(); ++j) s[j] = static_cast<std::int64_t>(digits[j]) - 1;
  return SecretKey::from_coefficients(params, s.data());
}

Bytes serialize(const PublicKey& key) {
  ByteWriter out;
  out.bytes(key.seed());
  write_residues(out, key.params(), key.b(), key.params().q_count());
  return frame(Kind::kPublicKey, key.params(), out);
}

Result<PublicKey> deserialize_public_key(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, Kind::kPublicKey, &params));
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
  return frame(Kind::kRelinKeys, keys.params(), out);
}

Result<RelinKeys> deserialize_relin_keys(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, Kind::kRelinKeys, &params));
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
  return frame(Kind::kGaloisKeys, keys.params(), out);
}

Result<GaloisKeys> deserialize_galois_keys(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, Kind::kGaloisKeys, &params));
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
  if (ciphertexts.empty()) return {};
  ByteWriter out;
  std::vector<std::uint64_t> kept(dropped_bits == 0 ? 0 : ciphertexts.front().params().n());
  out.u32(static_cast<std::uint32_t>(ciphertexts.size()));
  for (const Ciphertext& c : ciphertexts) {
    FCN_CHECK(c.params() == ciphertexts.front().params());
    out.u8(static_cast<std::uint8_t>(c.components()));
    out.u8(static_cast<std::uint8_t>(c.limbs()));
    FCN_CHECK(dropped_bits == 0 || (c.limbs() == 1 && c.form() == Form::kCoefficients));
    const Noise noise = NoiseModel(c.params()).drop_bits(c.noise(), dropped_bits, c.components());
    out.u8(static_cast<std::uint8_t>((c.form() == Form::kTransformed ? 1 : 0) | dropped_bits << 1));
    out.u8(static_cast<std::uint8_t>(std::min(noise.s_degree, 255u)));
    out.u32(static_cast<std::uint32_t>(noise_to_units(noise)));
    for (std::size_t i = 0; i < c.components(); ++i) {
      if (dropped_bits == 0) {
        write_residues(out, c.params(), c.component(i), c.limbs());
        continue;
      }
      for (std::size_t j = 0; j < kept.size(); ++j) kept[j] = c.component(i)[j] >> dropped_bits;
      out.packed(kept, c.params().modulus(0).bits() - dropped_bits);
    }
  }
  return frame(Kind::kCiphertexts, ciphertexts.front().params(), out);
}

Result<std::vector<Ciphertext>> deserialize_ciphertexts(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, Kind::kCiphertexts, &params));
  ByteReader in(payload);
  std::uint32_t count = 0;
  FCN_RETURN_IF_ERROR(read_count(in, count, kMaxCiphertexts, 8 + 2 * platform::packed_bytes(params.n(), 1),
                                 "the number of ciphertexts"));
  std::vector<Ciphertext> ciphertexts;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint8_t components = 0, limbs = 0, form = 0, s_degree = 0;
    std::uint32_t noise = 0;
    FCN_RETURN_IF_ERROR(in.u8(components, "components"));
    FCN_RETURN_IF_ERROR(in.u8(limbs, "primes"));
    FCN_RETURN_IF_ERROR(in.u8(form, "form"));
    FCN_RETURN_IF_ERROR(in.u8(s_degree, "noise"));
    FCN_RETURN_IF_ERROR(in.u32(noise, "noise"));
    const unsigned dropped_bits = form >> 1;
    if (components < 2 || components > kMaxComponents || limbs < 1 || limbs > params.q_count() ||
        (dropped_bits != 0 && (limbs != 1 || form % 2 != 0 || dropped_bits >= params.modulus(0).bits()))) {
      return corrupt(concat("ciphertext ", i, " claims ", static_cast<unsigned>(components), " components, ",
                            static_cast<unsigned>(limbs), " primes and form ", static_cast<unsigned>(form)));
    }
    FCN_ASSIGN_OR_RETURN(
        Ciphertext c,
        Ciphertext::create(params, components, limbs, form % 2 == 1 ? Form::kTransformed : Form::kCoefficients));
    c.set_noise({static_cast<double>(static_cast<std::int32_t>(noise)) * kNoiseUnit, s_degree});
    for (std::size_t j = 0; j < components; ++j) {
      FCN_RETURN_IF_ERROR(dropped_bits == 0 ? read_residues(in, params, c.component(j), limbs)
                                            : read_shortened(in, params, c.component(j), dropped_bits));
    }
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
  return frame(Kind::kSeededCiphertexts, ciphertexts.front().params, out);
}

Result<std::vector<SeededCiphertext>> deserialize_seeded_ciphertexts(const Params& params, ByteSpan bytes) {
  FCN_ASSIGN_OR_RETURN(const ByteSpan payload, open_frame(bytes, Kind::kSeededCiphertexts, &params));
  ByteReader in(payload);
  std::uint32_t count = 0;
  FCN_RETURN_IF_ERROR(read_count(in, count, kMaxCiphertexts,
                                 sizeof(Seed) + residue_bytes(params, params.q_count()),
                                 "the number of ciphertexts"));
  std::vector<SeededCiphertext> ciphertexts;
  for (std::uint32_t i = 0; i < count; ++i) {
    Seed seed;
    FCN_RETURN_IF_ERROR(in.bytes(seed, "seed"));
    FCN_ASSIGN_OR_RETURN(auto c0, AlignedBuffer<std::uint64_t>::create(params.q_count() * params.n()));
    FCN_RETURN_IF_ERROR(read_residues(in, params, c0.data(), params.q_count()));
    ciphertexts.push_back(SeededCiphertext{params, seed, std::move(c0)});
  }
  FCN_RETURN_IF_ERROR(in.finish("seeded ciphertexts"));
  return ciphertexts;
}

}  // namespace fcn::fv
