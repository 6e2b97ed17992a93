#include "encryption.h"

#include <cstring>

#include "../platform/floating_point.h"
#include "../platform/secure_wipe.h"
#include "internal/sampling.h"
#include "internal/scaling.h"

namespace fcn::fv {
namespace {

using platform::AlignedBuffer;
using platform::ChaCha20;
using platform::Result;
using platform::Status;

Status check_same(const Params& key, const Params& other, const char* what) {
  if (key == other) return {};
  return platform::mismatch(platform::concat(what, " has other parameters than the key"));
}

// dst += e modulo every prime of q, e freshly sampled. Shape: scratch (2, n), wiped.
void add_error(const Params& params, std::uint64_t* dst, ChaCha20& rng, std::uint64_t* scratch) noexcept {
  const std::size_t n = params.n();
  const ntt::KernelTable& kernels = params.kernels();
  auto* error = reinterpret_cast<std::int64_t*>(scratch);
  std::uint64_t* residues = scratch + n;
  sample_error(error, n, rng);
  for (std::size_t i = 0; i < params.q_count(); ++i) {
    kernels.reduce_accumulator(params.modulus(i), residues, error, n);
    kernels.add(params.modulus(i), dst + i * n, dst + i * n, residues, n);
  }
  platform::secure_wipe(scratch, 2 * n * sizeof *scratch);
}

}  // namespace

Result<Plaintext> Plaintext::create(const Params& params) {
  FCN_ASSIGN_OR_RETURN(auto coefficients, platform::SecretBuffer<std::int64_t>::create(params.n()));
  return Plaintext(params, std::move(coefficients));
}

Status check_shape(const Params& params, std::size_t components, std::size_t limbs) {
  if (components < 2 || components > kMaxComponents) {
    return platform::invalid_argument(
        platform::concat("a ciphertext of ", components, " components: not 2 to ", kMaxComponents));
  }
  if (limbs < 1 || limbs > params.q_count()) {
    return platform::invalid_argument(
        platform::concat("a ciphertext of ", limbs, " primes: not 1 to ", params.q_count()));
  }
  return {};
}

Result<Ciphertext> Ciphertext::create(const Params& params, std::size_t components, std::size_t limbs,
                                      Form form) {
  auto ciphertext = create_uninitialized(params, components, limbs, form);
  if (ciphertext.ok()) std::memset(ciphertext->component(0), 0, ciphertext->words() * sizeof(std::uint64_t));
  return ciphertext;
}

Result<Ciphertext> Ciphertext::create_uninitialized(const Params& params, std::size_t components,
                                                    std::size_t limbs, Form form) {
  FCN_RETURN_IF_ERROR(check_shape(params, components, limbs));
  Ciphertext ciphertext(params, components, limbs, form);
  FCN_RETURN_IF_ERROR(ciphertext.reserve(ciphertext.words()));
  return ciphertext;
}

Result<Ciphertext> Ciphertext::clone() const {
  Ciphertext copy(params_, components_, limbs_, form_);
  FCN_RETURN_IF_ERROR(copy.reserve(words()));
  std::memcpy(copy.component(0), component(0), words() * sizeof(std::uint64_t));
  copy.noise_ = noise_;
  return copy;
}

Status Ciphertext::reserve(std::size_t count) {
  if (data_.size() >= count) return {};
  FCN_ASSIGN_OR_RETURN(auto data, AlignedBuffer<std::uint64_t>::create_uninitialized(count));
  if (!data_.empty()) std::memcpy(data.data(), data_.data(), words() * sizeof(std::uint64_t));
  data_ = std::move(data);
  return {};
}

void Ciphertext::set_shape(const Params& params, std::size_t components, std::size_t limbs,
                           Form form) noexcept {
  FCN_CHECK(components * limbs * params.n() <= data_.size());
  params_ = params;
  components_ = components;
  limbs_ = limbs;
  form_ = form;
}

Status Ciphertext::resize(std::vector<Ciphertext>& ciphertexts, std::size_t count, const Params& params,
                          std::size_t limbs) {
  while (ciphertexts.size() > count) ciphertexts.pop_back();
  for (Ciphertext& c : ciphertexts) {
    FCN_RETURN_IF_ERROR(c.reserve(2 * limbs * params.n()));
    c.set_shape(params, 2, limbs, Form::kCoefficients);
  }
  while (ciphertexts.size() < count) {
    FCN_ASSIGN_OR_RETURN(Ciphertext c, create_uninitialized(params, 2, limbs));
    ciphertexts.push_back(std::move(c));
  }
  return {};
}

Status SeededCiphertext::expand(Ciphertext& out) const {
  const platform::FloatingPointEnvironment nearest;
  FCN_RETURN_IF_ERROR(out.reserve(2 * c0.size()));
  out.set_shape(params, 2, params.q_count(), Form::kCoefficients);
  std::memcpy(out.component(0), c0.data(), c0.size() * sizeof c0[0]);
  expand_uniform(params, out.component(1), params.q_count(), seed, 0);
  out.set_noise(NoiseModel(params).fresh_secret_key());
  return {};
}

Result<Ciphertext> SeededCiphertext::expand() const {
  FCN_ASSIGN_OR_RETURN(Ciphertext whole, Ciphertext::create_uninitialized(params, 2, params.q_count()));
  FCN_RETURN_IF_ERROR(expand(whole));
  return whole;
}

Status encrypt(SeededCiphertext& out, const SecretKey& key, const Plaintext& plaintext, ChaCha20& rng,
               Workspace& workspace) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = key.params();
  FCN_RETURN_IF_ERROR(check_same(params, plaintext.params(), "the plaintext"));
  const std::size_t n = params.n(), limbs = params.q_count();
  FCN_ASSIGN_OR_RETURN(std::uint64_t * scratch, workspace.words((limbs + 1) * n));
  if (out.c0.size() != limbs * n) {
    FCN_ASSIGN_OR_RETURN(out.c0, AlignedBuffer<std::uint64_t>::create_uninitialized(limbs * n));
  }
  out.params = params;
  encrypt_into(key, plaintext.coefficients(), plaintext.used_rows(), rng, out.seed, out.c0.data(), scratch);
  return {};
}

void encrypt_into(const SecretKey& key, const std::int64_t* m, std::size_t used_rows, ChaCha20& rng,
                  platform::Seed& seed, std::uint64_t* c0, std::uint64_t* scratch) noexcept {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = key.params();
  const std::size_t n = params.n(), limbs = params.q_count();
  const ntt::KernelTable& kernels = params.kernels();
  rng.fill(seed);
  expand_uniform(params, c0, limbs, seed, 0);
  for (std::size_t i = 0; i < limbs; ++i) {  // c_0 = -c_1 s
    const ntt::Modulus& q = params.modulus(i);
    std::uint64_t* c = c0 + i * n;
    params.table(i).forward(c);
    kernels.multiply(q, c, c, key.transformed() + i * n, n);
    params.table(i).inverse(c);
    kernels.negate(q, c, c, n);
  }
  add_error(params, c0, rng, scratch);
  add_scaled_up(params, limbs, c0, m, used_rows, scratch);
}

Status encrypt(Ciphertext& out, const PublicKey& key, const Plaintext& plaintext, ChaCha20& rng,
               Workspace& workspace) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = key.params();
  FCN_RETURN_IF_ERROR(check_same(params, plaintext.params(), "the plaintext"));
  const std::size_t n = params.n(), limbs = params.q_count();
  const ntt::KernelTable& kernels = params.kernels();
  FCN_ASSIGN_OR_RETURN(std::uint64_t * scratch, workspace.words(2 * n));
  FCN_RETURN_IF_ERROR(out.reserve(2 * limbs * n));
  out.set_shape(params, 2, limbs, Form::kCoefficients);
  auto* ternary = reinterpret_cast<std::int64_t*>(scratch);
  std::uint64_t* u = scratch + n;
  sample_ternary(ternary, n, rng);
  for (std::size_t i = 0; i < limbs; ++i) {
    const ntt::Modulus& q = params.modulus(i);
    kernels.reduce_accumulator(q, u, ternary, n);
    params.table(i).forward(u);
    kernels.multiply(q, out.limb(0, i), u, key.b() + i * n, n);
    kernels.multiply(q, out.limb(1, i), u, key.a() + i * n, n);
    params.table(i).inverse(out.limb(0, i));
    params.table(i).inverse(out.limb(1, i));
  }
  platform::secure_wipe(scratch, 2 * n * sizeof *scratch);
  add_error(params, out.component(0), rng, scratch);
  add_error(params, out.component(1), rng, scratch);
  add_scaled_up(params, limbs, out.component(0), plaintext.coefficients(), plaintext.used_rows(), scratch);
  out.set_noise(NoiseModel(params).fresh_public_key());
  return {};
}

Status decrypt(Plaintext& out, const SecretKey& key, const Ciphertext& ciphertext, Workspace& workspace) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = key.params();
  FCN_RETURN_IF_ERROR(check_same(params, ciphertext.params(), "the ciphertext"));
  FCN_RETURN_IF_ERROR(check_same(params, out.params(), "the plaintext"));
  FCN_RETURN_IF_ERROR(NoiseModel(params).check(ciphertext.noise(), ciphertext.limbs(), "evaluation"));
  FCN_ASSIGN_OR_RETURN(std::uint64_t * scratch, workspace.words((ciphertext.limbs() + 1) * params.n()));
  decrypt_into(key, ciphertext.component(0), ciphertext.components(), ciphertext.limbs(), ciphertext.form(),
               out.coefficients(), scratch);
  out.set_used_rows(params.t().digits());
  return {};
}

// Horner's rule in s: x = c_last s, then (x + c_j) s, at last x + c_0.
void decrypt_into(const SecretKey& key, const std::uint64_t* c, std::size_t components, std::size_t limbs,
                  Form form, std::int64_t* m, std::uint64_t* sum) noexcept {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = key.params();
  const std::size_t n = params.n(), last = components - 1;
  const ntt::KernelTable& kernels = params.kernels();
  std::uint64_t* term = sum + limbs * n;
  const bool transformed = form == Form::kTransformed;
  for (std::size_t i = 0; i < limbs; ++i) {
    const ntt::Modulus& q = params.modulus(i);
    const std::uint64_t* s = key.transformed() + i * n;
    std::uint64_t* x = sum + i * n;
    const auto transform_of = [&](std::size_t j, std::uint64_t* memory) {
      const std::uint64_t* cj = c + (j * limbs + i) * n;
      if (transformed) return cj;
      std::memcpy(memory, cj, n * sizeof *memory);
      params.table(i).forward(memory);
      return static_cast<const std::uint64_t*>(memory);
    };
    kernels.multiply(q, x, transform_of(last, x), s, n);
    for (std::size_t j = last - 1; j != 0; --j) {
      kernels.add(q, x, x, transform_of(j, term), n);
      kernels.multiply(q, x, x, s, n);
    }
    if (!transformed) params.table(i).inverse(x);  // c_0 joins after the way back
    kernels.add(q, x, x, c + i * n, n);
    if (transformed) params.table(i).inverse(x);
  }
  scale_down(params, limbs, m, sum, term);
  platform::secure_wipe(sum, (limbs + 1) * n * sizeof *sum);
}

Result<SeededCiphertext> encrypt(const SecretKey& key, const Plaintext& plaintext, ChaCha20& rng,
                                 Workspace& workspace) {
  SeededCiphertext out{key.params(), {}, {}};
  FCN_RETURN_IF_ERROR(encrypt(out, key, plaintext, rng, workspace));
  return out;
}

Result<Ciphertext> encrypt(const PublicKey& key, const Plaintext& plaintext, ChaCha20& rng,
                           Workspace& workspace) {
  FCN_ASSIGN_OR_RETURN(Ciphertext out,
                       Ciphertext::create_uninitialized(key.params(), 2, key.params().q_count()));
  FCN_RETURN_IF_ERROR(encrypt(out, key, plaintext, rng, workspace));
  return out;
}

Result<Plaintext> decrypt(const SecretKey& key, const Ciphertext& ciphertext, Workspace& workspace) {
  FCN_ASSIGN_OR_RETURN(Plaintext out, Plaintext::create(key.params()));
  FCN_RETURN_IF_ERROR(decrypt(out, key, ciphertext, workspace));
  return out;
}

}  // namespace fcn::fv
