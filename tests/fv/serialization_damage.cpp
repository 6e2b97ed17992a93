// Damaged, forged and misplaced bytes: one clear error, or an object that is whole; never a crash.
#include <gtest/gtest.h>

#include <functional>

#include "fv/serialization.h"
#include "platform/bytes.h"
#include "support/ciphertext_lab.h"

namespace fcn::test {
namespace {

using fv::Bytes;
using fv::ByteSpan;
using platform::StatusCode;

constexpr std::size_t kHeader = fv::kFrameHeaderBytes;

// One object of every kind, small enough to try every bit.
class Damage : public testing::Test {
 protected:
  struct Kind {
    const char* name;
    Bytes bytes;
    std::function<platform::Status(ByteSpan)> read;
  };

  Damage()
      : lab(params_of({"", 8, 2, 16, {20, 18}, 21, 0}), 91),
        pixel(must(fv::Params::create(must(fv::pixel_spec())))) {
    const auto secret = must(fv::serialize_secret_key(lab.key));
    std::vector<fv::Ciphertext> ciphertexts;
    ciphertexts.push_back(lab.encrypt(lab.model.random_residues(lab.random)));
    ciphertexts.push_back(lab.encrypt_long(lab.model.random_residues(lab.random), 3, 1));
    const auto seeded = must(
        fv::encrypt(lab.key, lab.plaintext(lab.model.random_residues(lab.random)), lab.rng, lab.workspace));
    const fv::Params& p = lab.params;
    kinds = {
        {"parameters", fv::serialize(pixel), [](ByteSpan b) { return fv::deserialize_params(b).status(); }},
        {"a secret key", Bytes(secret.begin(), secret.end()),
         [&p](ByteSpan b) { return fv::deserialize_secret_key(p, b).status(); }},
        {"a public key", fv::serialize(must(fv::PublicKey::generate(lab.key, lab.rng))),
         [&p](ByteSpan b) { return fv::deserialize_public_key(p, b).status(); }},
        {"relinearization keys", fv::serialize(must(fv::RelinKeys::generate(lab.key, lab.rng))),
         [&p](ByteSpan b) { return fv::deserialize_relin_keys(p, b).status(); }},
        {"Galois keys", fv::serialize(must(fv::GaloisKeys::generate(lab.key, lab.rng, {9}))),
         [&p](ByteSpan b) { return fv::deserialize_galois_keys(p, b).status(); }},
        {"ciphertexts", fv::serialize(ciphertexts),
         [&p](ByteSpan b) { return fv::deserialize_ciphertexts(p, b).status(); }},
        {"seeded ciphertexts", fv::serialize({&seeded, 1}),
         [&p](ByteSpan b) { return fv::deserialize_seeded_ciphertexts(p, b).status(); }},
    };
  }

  // The checksum that belongs to the bytes before it.
  static void fix_checksum(Bytes& bytes) {
    platform::store_u64(bytes.data() + bytes.size() - 8,
                        platform::checksum64(ByteSpan(bytes).first(bytes.size() - 8)));
  }
  static void expect(const platform::Status& status, StatusCode code, const std::string& part) {
    EXPECT_EQ(status.code(), code) << status.message() << " / " << part;
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message() << " / " << part;
  }
  Kind& kind(const char* name) {
    return *std::find_if(kinds.begin(), kinds.end(),
                         [&](const Kind& k) { return std::string(k.name) == name; });
  }

  CiphertextLab lab;
  fv::Params pixel;
  std::vector<Kind> kinds;
};

TEST_F(Damage, EverySingleBitIsNoticed) {
  for (const Kind& k : kinds) {
    ASSERT_TRUE(k.read(k.bytes).ok()) << k.name;
    Bytes bytes = k.bytes;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1u << (bit % 8));
      ASSERT_EQ(k.read(bytes).code(), StatusCode::kCorrupt) << k.name << " bit " << bit;
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1u << (bit % 8));
    }
  }
}

TEST_F(Damage, EveryTruncationAndExtensionIsNoticed) {
  for (const Kind& k : kinds) {
    for (std::size_t size = 0; size < k.bytes.size(); ++size) {
      // Copied, so that a read past the end is seen by a sanitizer.
      const Bytes bytes(k.bytes.begin(), k.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(k.read(bytes).code(), StatusCode::kCorrupt) << k.name << " of " << size;
    }
    Bytes longer = k.bytes;
    longer.push_back(0);
    expect(k.read(longer), StatusCode::kCorrupt, "promises a payload of");
  }
}

// With a right checksum: every bit of header and payload changed leads to an error or an object that is valid.
TEST_F(Damage, ForgedFieldsAreChecked) {
  for (const Kind& k : kinds) {
    for (std::size_t bit = 0; bit < 8 * (k.bytes.size() - 8); ++bit) {
      Bytes bytes = k.bytes;
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1u << (bit % 8));
      fix_checksum(bytes);
      const platform::Status status = k.read(bytes);
      if (bit / 8 < kHeader) {
        const bool fingerprint = bit / 8 >= fv::kFrameFingerprintAt && bit / 8 < fv::kFrameLengthAt;
        ASSERT_EQ(status.code(), fingerprint ? StatusCode::kMismatch : StatusCode::kCorrupt)
            << k.name << " bit " << bit;
      } else if (!status.ok()) {
        ASSERT_FALSE(status.message().empty());
      }
    }
    Bytes shorter(k.bytes.begin(), k.bytes.end() - 1);
    platform::store_u64(shorter.data() + fv::kFrameLengthAt, shorter.size() - kHeader - 8);
    fix_checksum(shorter);
    ASSERT_FALSE(k.read(shorter).ok()) << k.name;
    Bytes longer = k.bytes;
    longer.insert(longer.end() - 8, 0);
    platform::store_u64(longer.data() + fv::kFrameLengthAt, longer.size() - kHeader - 8);
    fix_checksum(longer);
    ASSERT_FALSE(k.read(longer).ok()) << k.name;
  }
}

// Bytes whose checksum was checked already are not checked again; everything else still is.
TEST_F(Damage, CheckedBytesNeedNoChecksum) {
  Bytes bytes = kind("seeded ciphertexts").bytes;
  bytes.back() ^= 1;
  const auto read = [&](fv::Integrity integrity) {
    return fv::deserialize_seeded_ciphertexts(lab.params, bytes, nullptr, integrity).status();
  };
  expect(read(fv::Integrity::kUnknown), StatusCode::kCorrupt, "checksum");
  EXPECT_TRUE(read(fv::Integrity::kChecked).ok());
  std::fill(bytes.end() - 16, bytes.end() - 8, 0xff);
  expect(read(fv::Integrity::kChecked), StatusCode::kCorrupt, "not below its prime");
  bytes.pop_back();
  expect(read(fv::Integrity::kChecked), StatusCode::kCorrupt, "promises a payload of");
}

// k = 2^32 + 1 is not 1, on machines of 32 bits too.
TEST_F(Damage, WideFieldsAreNotCut) {
  Bytes bytes = kind("parameters").bytes;
  ASSERT_EQ(platform::load_u64(bytes.data() + kHeader + 5), 1u);
  bytes[kHeader + 5 + 4] = 1;
  fix_checksum(bytes);
  expect(fv::deserialize_params(bytes).status(), StatusCode::kCorrupt, "k = 4294967297 is above n = 2048");
}

TEST_F(Damage, KindsAreNotConfused) {
  for (const Kind& reader : kinds) {
    for (const Kind& file : kinds) {
      if (&reader == &file) continue;
      expect(reader.read(file.bytes), StatusCode::kCorrupt,
             std::string("this is ") + file.name + ", not " + reader.name);
    }
    expect(reader.read(Bytes(100, 7)), StatusCode::kCorrupt, "not an fcn file");
    Bytes unknown = reader.bytes;
    unknown[3] = 8;
    expect(reader.read(unknown), StatusCode::kCorrupt, "unknown kind 8");
    for (const unsigned version : {1u, 3u}) {
      Bytes other = reader.bytes;
      other[4] = static_cast<std::uint8_t>(version);
      fix_checksum(other);
      expect(reader.read(other), StatusCode::kCorrupt,
             platform::concat("of version ", version, "; this program reads version 2"));
    }
  }
  expect(fv::describe_kind(Bytes{'F', 'C'}).status(), StatusCode::kCorrupt, "header");
}

TEST_F(Damage, OtherParametersAreRefused) {
  const fv::Params other = params_of({"", 8, 2, 16, {20, 18}, 21, 9});
  const std::pair<const char*, std::function<platform::Status(ByteSpan)>> readers[] = {
      {"a secret key", [&](ByteSpan b) { return fv::deserialize_secret_key(other, b).status(); }},
      {"a public key", [&](ByteSpan b) { return fv::deserialize_public_key(other, b).status(); }},
      {"relinearization keys", [&](ByteSpan b) { return fv::deserialize_relin_keys(other, b).status(); }},
      {"Galois keys", [&](ByteSpan b) { return fv::deserialize_galois_keys(other, b).status(); }},
      {"ciphertexts", [&](ByteSpan b) { return fv::deserialize_ciphertexts(other, b).status(); }},
      {"seeded ciphertexts",
       [&](ByteSpan b) { return fv::deserialize_seeded_ciphertexts(other, b).status(); }},
  };
  for (const auto& [name, read] : readers)
    expect(read(kind(name).bytes), StatusCode::kMismatch, std::string(name) + " of other parameters");
  // Parameters that are fine but not those that the header names; and insecure ones.
  Bytes bytes = fv::serialize(pixel);
  bytes[fv::kFrameFingerprintAt + 31] ^= 1;
  fix_checksum(bytes);
  expect(fv::deserialize_params(bytes).status(), StatusCode::kMismatch, "parameters of other parameters");
  expect(fv::deserialize_params(fv::serialize(lab.params)).status(), StatusCode::kInvalidArgument,
         "security table");
}

// Counts that the bytes behind them cannot hold are refused before anything is allocated for them.
TEST_F(Damage, AbsurdCounts) {
  const auto with_count = [&](const char* name, std::uint32_t count) {
    Bytes bytes = kind(name).bytes;
    for (std::size_t i = 0; i < 4; ++i) bytes[kHeader + i] = static_cast<std::uint8_t>(count >> (8 * i));
    fix_checksum(bytes);
    return kind(name).read(bytes);
  };
  expect(with_count("relinearization keys", 0xffffffffu), StatusCode::kCorrupt,
         "the number of keys 4294967295 is above 3");
  expect(with_count("relinearization keys", 3), StatusCode::kCorrupt, "the number of keys 3 needs");
  expect(with_count("relinearization keys", 0), StatusCode::kCorrupt, "no relinearization key");
  expect(with_count("Galois keys", 0xffffffffu), StatusCode::kCorrupt, "is above 8");
  expect(with_count("Galois keys", 7), StatusCode::kCorrupt, "the number of keys 7 needs");
  expect(with_count("Galois keys", 0), StatusCode::kCorrupt, "bytes too many");
  expect(with_count("ciphertexts", 0xffffffffu), StatusCode::kCorrupt,
         "the number of ciphertexts 4294967295 is above");
  expect(with_count("ciphertexts", 1u << 20), StatusCode::kCorrupt, "bytes each");
  expect(with_count("ciphertexts", 1), StatusCode::kCorrupt, "bytes too many");
  expect(with_count("ciphertexts", 0), StatusCode::kCorrupt, "bytes too many");
  expect(with_count("seeded ciphertexts", 1u << 20), StatusCode::kCorrupt, "bytes each");
  expect(with_count("seeded ciphertexts", 2), StatusCode::kCorrupt, "the number of ciphertexts 2 needs");
}

TEST_F(Damage, FieldsOfCiphertextsAndKeys) {
  const auto forged = [&](const char* name, std::size_t at, std::uint8_t value) {
    Bytes bytes = kind(name).bytes;
    bytes[kHeader + at] = value;
    fix_checksum(bytes);
    return kind(name).read(bytes);
  };
  expect(forged("ciphertexts", 4, 1), StatusCode::kCorrupt, "ciphertext 0 claims 1 components");
  expect(forged("ciphertexts", 4, 6), StatusCode::kCorrupt, "claims 6 components");
  expect(forged("ciphertexts", 4, 255), StatusCode::kCorrupt, "claims 255 components");
  expect(forged("ciphertexts", 5, 0), StatusCode::kCorrupt, "0 primes");
  expect(forged("ciphertexts", 5, 3), StatusCode::kCorrupt, "3 primes");
  expect(forged("ciphertexts", 6, 2), StatusCode::kCorrupt, "form 2");
  expect(forged("Galois keys", 4, 1), StatusCode::kCorrupt, "Galois element 1 ");
  expect(forged("Galois keys", 4, 8), StatusCode::kCorrupt, "Galois element 8 ");
  expect(forged("Galois keys", 4, 3), StatusCode::kCorrupt, "Galois element 3 ");
  expect(forged("Galois keys", 5, 1), StatusCode::kCorrupt, "Galois element 265 ");
  expect(forged("a secret key", 0, 0xff), StatusCode::kCorrupt,
         "coefficient 0 of the secret key is not ternary");
  expect(forged("a secret key", 1, 0xc0), StatusCode::kCorrupt,
         "coefficient 7 of the secret key is not ternary");
}

TEST_F(Damage, ResiduesBelowTheirPrimes) {
  // The first residue of each object: q and 2^bits - 1 are refused, q - 1 is not.
  const std::uint64_t q = lab.params.modulus(0).value();
  const std::pair<const char*, std::size_t> places[] = {{"a public key", 32},
                                                        {"relinearization keys", 36},
                                                        {"Galois keys", 40},
                                                        {"ciphertexts", 12},
                                                        {"seeded ciphertexts", 36}};
  for (const auto& [name, at] : places) {
    for (std::uint64_t value : {q - 1, q, q + 1, (std::uint64_t{1} << 20) - 1}) {
      Bytes bytes = kind(name).bytes;
      std::uint8_t* field = bytes.data() + kHeader + at;
      platform::store_partial(field, (platform::load_partial(field, 3) & 0xf00000) | value, 3);
      fix_checksum(bytes);
      const platform::Status status = kind(name).read(bytes);
      if (value == q - 1) {
        EXPECT_TRUE(status.ok()) << name << status.message();
      } else {
        expect(status, StatusCode::kCorrupt, "a residue is not below its prime " + std::to_string(q));
      }
    }
  }
}

// No public file contains a piece of the secret key's file: of 64 coefficients, none in a row of 32 or in the other
// order.
TEST_F(Damage, PublicBytesDoNotContainTheSecret) {
  CiphertextLab big(params_of({"", 64, 8, 132, {50}, 50, 0}), 92);
  const auto secret = must(fv::serialize_secret_key(big.key));
  const fv::Ciphertext c = big.encrypt(big.model.random_residues(big.random));
  const auto seeded = must(
      fv::encrypt(big.key, big.plaintext(big.model.random_residues(big.random)), big.rng, big.workspace));
  const Bytes files[] = {fv::serialize(big.params),
                         fv::serialize(must(fv::PublicKey::generate(big.key, big.rng))),
                         fv::serialize(must(fv::RelinKeys::generate(big.key, big.rng, 5))),
                         fv::serialize(must(fv::GaloisKeys::generate(big.key, big.rng, {17, 33}))),
                         fv::serialize({&c, 1}),
                         fv::serialize({&seeded, 1})};
  const Bytes payload(secret.data() + kHeader, secret.data() + secret.size() - 8);
  ASSERT_EQ(payload.size(), 16u);
  // Signs as words, too: how the key lies in memory.
  const auto* words = reinterpret_cast<const std::uint8_t*>(big.key.coefficients());
  const Bytes memory(words, words + 64);
  for (const Bytes& file : files) {
    for (std::size_t at = 0; at + 8 <= payload.size(); ++at) {
      EXPECT_EQ(std::search(file.begin(), file.end(), payload.begin() + static_cast<std::ptrdiff_t>(at),
                            payload.begin() + static_cast<std::ptrdiff_t>(at) + 8),
                file.end());
    }
    EXPECT_EQ(std::search(file.begin(), file.end(), memory.begin(), memory.end()), file.end());
  }
}

}  // namespace
}  // namespace fcn::test
