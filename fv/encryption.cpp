#include "encryption.h"

#include <cstring>

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

// dst += e over every limb, e freshly sampled. scratch: (limbs + 1, n), wiped.
void add_error(const Params& params, std::uint64_t* dst, ChaCha20& rng, std::uint64_t* scratch) noexcept {
  const std::size_t n = params.n(), limbs = params.q_count();
  auto* integers = reinterpret_cast<std::int64_t*>(scratch + limbs * n);
  sample_error(integers, n, rng);
  to_residues(params, scratch, limbs, integers);
  for (std::size_t i = 0; i < limbs; ++i) {
    params.kernels().add(params.modulus(i), dst + i * n, dst + i * n, scratch + i * n, n);
  }
  platform::secure_wipe(scratch, (limbs + 1) * n * sizeof *scratch);
}

// dst += round(q m / t) over every limb. scratch: (limbs + 1, n), wiped.
void add_message(const Params& params, std::uint64_t* dst, const std::int64_t* m, std::size_t used_rows,
                 std::uint64_t* scratch) noexcept {
  const std::size_t n = params.n(), limbs = params.q_count();
  scale_up(params, limbs, scratch, m, used_rows, reinterpret_cast<std::int64_t*>(scratch + limbs * n));
  for (std::size_t i = 0; i < limbs; ++i) {
    params.kernels().add(params.modulus(i), dst + i * n, dst + i * n, scratch + i * n, n);
  }
  platform::secure_wipe(scratch, (limbs + 1) * n * sizeof *scratch);
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
  FCN_RETURN_IF_ERROR(check_shape(params, components, limbs));
  Ciphertext ciphertext(params, components, limbs, form);
  FCN_ASSIGN_OR_RETURN(ciphertext.data_, AlignedBuffer<std::uint64_t>::create(ciphertext.words()));
  return ciphertext;
}

Result<Ciphertext> Ciphertext::clone() const {
  Ciphertext copy(params_, components_, limbs_, form_);
  FCN_ASSIGN_OR_RETURN(copy.data_, data_.clone());
  copy.noise_ = noise_;
  return copy;
}

Result<Ciphertext> SeededCiphertext::expand() const {
  FCN_ASSIGN_OR_RETURN(Ciphertext whole, Ciphertext::create(params, 2, params.q_count()));
  std::memcpy(whole.component(0), c0.data(), c0.size() * sizeof c0[0]);
  expand_uniform(params, whole.component(1), params.q_count(), seed, 0);
  whole.set_noise(NoiseModel(params).fresh_secret_key());
  return whole;
}

Result<SeededCiphertext> encrypt(const SecretKey& key, const Plaintext& plaintext, ChaCha20& rng,
                                 Workspace& workspace) {
  const Params& params = key.params();
  FCN_RETURN_IF_ERROR(check_same(params, plaintext.params(), "the plaintext"));
  const std::size_t n = params.n(), limbs = params.q_count();
  FCN_ASSIGN_OR_RETURN(std::uint64_t * scratch, workspace.words((limbs + 1) * n));
  FCN_ASSIGN_OR_RETURN(auto c0, AlignedBuffer<std::uint64_t>::create(limbs * n));
  platform::Seed seed;
  encrypt_into(key, plaintext.coefficients(), plaintext.used_rows(), rng, seed, c0.data(), scratch);
  return SeededCiphertext{params, seed, std::move(c0)};
}

void encrypt_into(const SecretKey& key, const std::int64_t* m, std::size_t used_rows, ChaCha20& rng,
                  platform::Seed& seed, std::uint64_t* c0, std::uint64_t* scratch) noexcept {
  const Params& params = key.params();
  const std::size_t n = params.n(), limbs = params.q_count();
  rng.fill(seed);
  expand_uniform(params, c0, limbs, seed, 0);
  for (std::size_t i = 0; i < limbs; ++i) {  // c_0 = -c_1 s
    const ntt::Modulus& q = params.modulus(i);
    std::uint64_t* c = c0 + i * n;
    params.table(i).forward(c);
    params.kernels().multiply(q, c, c, key.transformed() + i * n, n);
    params.table(i).inverse(c);
    params.kernels().negate(q, c, c, n);
  }
  add_error(params, c0, rng, scratch);
  add_message(params, c0, m, used_rows, scratch);
}

Result<Ciphertext> encrypt(const PublicKey& key, const Plaintext& plaintext, ChaCha20& rng,
                           Workspace& workspace) {
  const Params& params = key.params();
  FCN_RETURN_IF_ERROR(check_same(params, plaintext.params(), "the plaintext"));
  const std::size_t n = params.n(), limbs = params.q_count();
  FCN_ASSIGN_OR_RETURN(std::uint64_t * scratch, workspace.words((2 * limbs + 1) * n));
  FCN_ASSIGN_OR_RETURN(Ciphertext out, Ciphertext::create(params, 2, limbs));
  std::uint64_t* u = scratch + (limbs + 1) * n;  // (limbs, n)
  auto* integers = reinterpret_cast<std::int64_t*>(scratch);
  sample_ternary(integers, n, rng);
  to_residues(params, u, limbs, integers);
  for (std::size_t i = 0; i < limbs; ++i) {
    const ntt::Modulus& q = params.modulus(i);
    std::uint64_t* ui = u + i * n;
    params.table(i).forward(ui);
    params.kernels().multiply(q, out.limb(0, i), ui, key.b() + i * n, n);
    params.kernels().multiply(q, out.limb(1, i), ui, key.a() + i * n, n);
    params.table(i).inverse(out.limb(0, i));
    params.table(i).inverse(out.limb(1, i));
  }
  platform::secure_wipe(u, limbs * n * sizeof *u);
  add_error(params, out.component(0), rng, scratch);
  add_message(params, out.component(0), plaintext.coefficients(), plaintext.used_rows(), scratch);
  add_error(params, out.component(1), rng, scratch);
  out.set_noise(NoiseModel(params).fresh_public_key());
  return out;
}

Result<Plaintext> decrypt(const SecretKey& key, const Ciphertext& ciphertext, Workspace& workspace) {
  const Params& params = key.params();
  FCN_RETURN_IF_ERROR(check_same(params, ciphertext.params(), "the ciphertext"));
  FCN_RETURN_IF_ERROR(NoiseModel(params).check(ciphertext.noise(), ciphertext.limbs(), "evaluation"));
  FCN_ASSIGN_OR_RETURN(Plaintext plaintext, Plaintext::create(params));
  FCN_ASSIGN_OR_RETURN(std::uint64_t * scratch, workspace.words((ciphertext.limbs() + 1) * params.n()));
  decrypt_into(key, ciphertext.component(0), ciphertext.components(), ciphertext.limbs(), ciphertext.form(),
               plaintext.coefficients(), scratch);
  plaintext.set_used_rows(params.t().digits());
  return plaintext;
}

void decrypt_into(const SecretKey& key, const std::uint64_t* c, std::size_t components, std::size_t limbs,
                  Form form, std::int64_t* m, std::uint64_t* sum) noexcept {
  const Params& params = key.params();
  const std::size_t n = params.n();
  std::uint64_t* term = sum + limbs * n;
  const bool transformed = form == Form::kTransformed;
  for (std::size_t i = 0; i < limbs; ++i) {  // Horner's rule in s: sum = c_last, then sum * s + c_j
    const ntt::Modulus& q = params.modulus(i);
    std::uint64_t* x = sum + i * n;
    std::memset(x, 0, n * sizeof *x);
    for (std::size_t j = components; j-- > 0;) {
      std::memcpy(term, c + (j * limbs + i) * n, n * sizeof *term);
      if (!transformed && j != 0) params.table(i).forward(term);
      if (!transformed && j == 0) params.table(i).inverse(x);  // c_0 joins after the way back
      params.kernels().add(q, x, x, term, n);
      if (j != 0) params.kernels().multiply(q, x, x, key.transformed() + i * n, n);
    }
    if (transformed) params.table(i).inverse(x);
  }
  scale_down(params, limbs, m, sum, term);
  platform::secure_wipe(sum, (limbs + 1) * n * sizeof *sum);
}

}  // namespace fcn::fv
