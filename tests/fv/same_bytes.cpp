// The files of one encrypted computation, from a fixed seed: the same bytes on every machine, whatever its byte
// order, word size and kernels. Each is known by its checksum, so that a file written by one machine is the file
// that every other would have written; and each is read again.
//
// The parts of a file are checked against an implementation of its own in serialization.cpp. A change of these
// checksums is a change of the format, of the scheme's arithmetic or of how randomness is used: on purpose or not.
#include <gtest/gtest.h>

#include "fv/encoding.h"
#include "fv/evaluation.h"
#include "fv/key_switching.h"
#include "fv/modulus_switch.h"
#include "fv/monomial_sum.h"
#include "fv/product.h"
#include "fv/serialization.h"
#include "platform/bytes.h"
#include "support/fv_sets.h"

namespace fcn::test {
namespace {

using fv::Bytes;
using fv::Ciphertext;

class SameBytes : public KernelTest {
 protected:
  static void expect(const char* what, fv::ByteSpan bytes, std::uint64_t checksum) {
    const std::uint64_t found = platform::checksum64(bytes);
    EXPECT_EQ(found, checksum) << what << ", " << bytes.size() << " bytes: 0x" << std::hex << found;
  }
  fv::Params read_back(const fv::ParamsSpec& spec, std::uint64_t checksum) {
    const Bytes file = fv::serialize(must(fv::Params::create(spec, kernels())));
    expect("parameters", file, checksum);
    return must(fv::deserialize_params(file, kernels()));
  }
  static fv::SecretKey read_back(const fv::SecretKey& key, std::uint64_t checksum) {
    const auto file = must(fv::serialize_secret_key(key));
    expect("secret key", {file.data(), file.size()}, checksum);
    return must(fv::deserialize_secret_key(key.params(), {file.data(), file.size()}));
  }
  static fv::RelinKeys read_back(const fv::RelinKeys& keys, std::uint64_t checksum) {
    const Bytes file = fv::serialize(keys);
    expect("relinearization keys", file, checksum);
    return must(fv::deserialize_relin_keys(keys.params(), file));
  }
  static Ciphertext read_back(const fv::SeededCiphertext& c, const fv::Params& params,
                              std::uint64_t checksum) {
    const Bytes file = fv::serialize({&c, 1});
    expect("upload", file, checksum);
    return must(must(fv::deserialize_seeded_ciphertexts(params, file)).front().expand());
  }
  static Ciphertext read_back(const Ciphertext& c, const fv::Params& params, std::uint64_t checksum) {
    const Bytes file = fv::serialize({&c, 1});
    expect("answer", file, checksum);
    return std::move(must(fv::deserialize_ciphertexts(params, file)).front());
  }
};

// (4 * 57 - 3)^2 in the pixel layout: shifts, a square, a relinearization.
TEST_P(SameBytes, Pixel) {
  platform::ChaCha20 rng = test_rng(21);
  fv::Workspace workspace;
  const fv::Params params = read_back(must(fv::pixel_spec()), 0xb76114643dbcbeb2);
  const fv::SecretKey key = read_back(must(fv::SecretKey::generate(params, rng)), 0xd1c21a119ac59dd4);
  const fv::RelinKeys relin = read_back(must(fv::RelinKeys::generate(key, rng)), 0x46e11dfde73d3640);
  const auto upload = [&](std::int64_t value, std::uint64_t checksum) {
    const fv::Plaintext m = must(fv::encode_integer(params, value));
    return read_back(must(fv::encrypt(key, m, rng, workspace)), params, checksum);
  };
  const Ciphertext x = upload(57, 0xdb81f8b0938323c9), y = upload(-3, 0x6a3a1011bc429982);
  fv::MonomialSum sum =
      must(fv::MonomialSum::create(params, params.q_count(), fv::Correlation::kIndependent));
  ASSERT_TRUE(sum.add(x, 2, false).ok() && sum.add(y, 0, false).ok());
  Ciphertext linear = must(Ciphertext::create(params, 2, params.q_count())),
             answer = must(Ciphertext::create(params, 2, params.q_count()));
  ASSERT_TRUE(sum.finish(linear).ok());
  ASSERT_TRUE(fv::square(answer, linear, workspace).ok());
  ASSERT_TRUE(fv::relinearize_inplace(answer, relin, workspace).ok());
  const Ciphertext returned = read_back(answer, params, 0xb528e528a0d511a);
  EXPECT_EQ(must(fv::decode_integer(must(fv::decrypt(key, returned, workspace)))), 225 * 225);
}

// (x + x rotated by one) * x in 1024 slots modulo 132^8 + 1, and the answer modulo one prime.
TEST_P(SameBytes, Packed) {
  platform::ChaCha20 rng = test_rng(22);
  fv::Workspace workspace;
  const fv::Params params = read_back(must(fv::packed_spec()), 0x6748166fe08bc387);
  const fv::SecretKey key = read_back(must(fv::SecretKey::generate(params, rng)), 0x9db706341ea41eae);
  const fv::RelinKeys relin = read_back(must(fv::RelinKeys::generate(key, rng)), 0x1b31325d9189c407);
  const Bytes galois_file =
      fv::serialize(must(fv::GaloisKeys::generate(key, rng, {fv::rotation_element(params, 1)})));
  expect("Galois keys", galois_file, 0xf51ac8a796f7bd8b);
  const fv::GaloisKeys galois = must(fv::deserialize_galois_keys(params, galois_file));
  const Bytes public_file = fv::serialize(must(fv::PublicKey::generate(key, rng)));
  expect("public key", public_file, 0x2aa9b035ef1f7c3f);
  const fv::PublicKey public_key = must(fv::deserialize_public_key(params, public_file));

  const fv::SlotEncoder encoder = must(fv::SlotEncoder::create(params));
  std::vector<std::int64_t> values(encoder.slots());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i * i % 1009) - 500;
  const fv::Plaintext m = must(encoder.encode(values));
  const Ciphertext x = read_back(must(fv::encrypt(key, m, rng, workspace)), params, 0x441d7aa18aed9045);
  Ciphertext turned = read_back(must(fv::encrypt(public_key, m, rng, workspace)), params, 0xa2bd51771c0f6a08);
  ASSERT_TRUE(fv::rotate_inplace(turned, 1, galois, workspace).ok());
  ASSERT_TRUE(fv::add_inplace(turned, x).ok());
  Ciphertext answer = must(Ciphertext::create(params, 2, params.q_count()));
  ASSERT_TRUE(fv::multiply(answer, turned, x, workspace).ok());
  ASSERT_TRUE(fv::relinearize_inplace(answer, relin, workspace).ok());
  read_back(answer, params, 0xc18ef815b14eb27e);
  ASSERT_TRUE(fv::modulus_switch_inplace(answer, workspace).ok());
  const Ciphertext returned = read_back(answer, params, 0xd9355331b3888d5b);
  const std::vector<std::int64_t> slots = must(encoder.decode(must(fv::decrypt(key, returned, workspace))));
  for (std::size_t i = 0; i < slots.size(); ++i) {
    ASSERT_EQ(slots[i], (values[i] + values[(i + 1) % slots.size()]) * values[i]) << i;
  }
}

FCN_ON_ALL_KERNELS(SameBytes);

}  // namespace
}  // namespace fcn::test
