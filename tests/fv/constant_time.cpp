// Runs key generation, encryption and decryption under Valgrind with every secret marked as undefined memory: memcheck
// then reports each branch and each memory address that depends on one. Exit 77 (skipped) without Valgrind, and in verify
// builds, whose checks branch on everything.
#include <cstdio>
#include <cstdlib>

#include "fv/encoding.h"
#include "fv/encryption.h"
#include "fv/internal/sampling.h"
#include "fv/serialization.h"
#include "ntt/kernels.h"

#if defined(FCN_VERIFY) || !__has_include(<valgrind/memcheck.h>)
int main() {
  std::puts("skipped: a verify build, or valgrind/memcheck.h is not installed");
  return 77;
}
#else
#include <valgrind/memcheck.h>

namespace fcn::test {
namespace {

template <class T>
T must(platform::Result<T> result) {
  if (!result.ok()) {
    std::printf("unexpected error: %s\n", result.status().message().c_str());
    std::exit(1);
  }
  return std::move(result).value();
}

template <class T>
void hide(const T* values, std::size_t count) {
  VALGRIND_MAKE_MEM_UNDEFINED(values, count * sizeof(T));
}

platform::ChaCha20 secret_rng(std::uint8_t first) {
  platform::Seed seed{};
  seed[0] = first;
  hide(seed.data(), seed.size());
  return platform::ChaCha20(seed);
}

platform::ChaCha20 public_rng(std::uint8_t first) {
  platform::Seed seed{};
  seed[0] = first;
  return platform::ChaCha20(seed);
}

fv::Plaintext secret_plaintext(const fv::Params& params) {
  fv::Plaintext m = must(fv::Plaintext::create(params));
  for (std::size_t i = 0; i < params.n(); ++i) m.coefficients()[i] = i % 2 == 0 ? 1 : -1;
  m.set_used_rows(params.t().digits());
  hide(m.coefficients(), params.n());
  return m;
}

// A generator that comes from a secret seed makes the key; those that also draw public seeds are public here, and their
// errors are covered by sample_error and by encryption under the public key.
void run(const fv::Params& params) {
  fv::Workspace workspace;
  platform::ChaCha20 from_secret = secret_rng(1), from_public = public_rng(2);
  const fv::SecretKey key = must(fv::SecretKey::generate(params, from_secret));
  std::vector<std::int64_t> error(params.n());
  fv::sample_error(error.data(), error.size(), from_secret);

  const fv::PublicKey public_key = must(fv::PublicKey::generate(key, from_public));
  const fv::RelinKeys relin = must(fv::RelinKeys::generate(key, from_public, 4));
  const std::size_t g = fv::rotation_element(params, 1);
  if (g != 1) (void)must(fv::GaloisKeys::generate(key, from_public, {g}));
  (void)must(fv::serialize_secret_key(key));

  const fv::Plaintext m = secret_plaintext(params);
  const fv::SeededCiphertext seeded = must(fv::encrypt(key, m, from_public, workspace));
  (void)must(fv::encrypt(public_key, m, from_secret, workspace));
  for (const fv::Form form : {fv::Form::kCoefficients, fv::Form::kTransformed}) {
    fv::Ciphertext c = must(fv::Ciphertext::create(params, 3, params.q_count(), form));
    fv::Plaintext decrypted = must(fv::decrypt(key, c, workspace));
    hide(decrypted.coefficients(), params.n());
    if (params.t().residue_modulus() != 0) {
      (void)must(fv::decode_coefficients(decrypted));
      params.t().set_residue(decrypted.coefficients(), 0, params.t().residue(decrypted.coefficients(), 1));
      auto slots = fv::SlotEncoder::create(params);
      if (slots.ok()) (void)must(slots->decode(decrypted));
    }
  }
  (void)must(seeded.expand());
}

int run_all() {
  if (RUNNING_ON_VALGRIND == 0) {
    std::puts("skipped: not running under Valgrind");
    return 77;
  }
  // The check itself: one branch on a hidden value must be seen.
  volatile int secret = 1, sink = 0;
  hide(const_cast<const int*>(&secret), 1);
  const auto before = VALGRIND_COUNT_ERRORS;
  if (secret != 0) sink = 1;
  if (VALGRIND_COUNT_ERRORS != before + 1 || sink != 1) {
    std::puts("memcheck does not report a branch on a hidden value");
    return 1;
  }
  struct Set {
    std::size_t n, k;
    std::uint64_t b;
    std::vector<unsigned> q_bits;
    unsigned special_bits, digit_bits;
  };
  const Set sets[] = {
      {64, 1, 2, {50}, 0, 13}, {64, 8, 132, {50, 45}, 50, 0}, {32, 0, 65537, {50, 40}, 0, 10}};
  for (const ntt::KernelTable* kernels : ntt::available_kernels()) {
    for (const Set& set : sets) {
      const auto t = must(set.k == 0 ? fv::PlaintextModulus::integer(set.n, set.b)
                                     : fv::PlaintextModulus::binomial(set.n, set.k, set.b));
      fv::ParamsSpec spec = must(fv::make_spec(set.n, t, set.q_bits, set.special_bits, set.digit_bits));
      spec.security = fv::Security::kInsecureForTests;
      const auto errors = VALGRIND_COUNT_ERRORS;
      run(must(fv::Params::create(spec, *kernels)));
      const auto found = VALGRIND_COUNT_ERRORS - errors;
      std::printf("%s, n = %zu, t of length %zu: %u branches or addresses on secrets\n", kernels->name, set.n,
                  t.length(), found);
      if (found != 0) return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace fcn::test

int main() {
  return fcn::test::run_all();
}
#endif
