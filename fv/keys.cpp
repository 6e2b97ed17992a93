#include "keys.h"

#include <algorithm>

#include "../ntt/automorphism.h"
#include "../platform/floating_point.h"
#include "../platform/secure_wipe.h"
#include "internal/places.h"
#include "internal/sampling.h"
#include "noise_tail.h"

namespace fcn::fv {
namespace {

using platform::AlignedBuffer;
using platform::ChaCha20;
using platform::concat;
using platform::invalid_argument;
using platform::KeyBuffer;
using platform::Result;
using platform::SecretBuffer;
using platform::Seed;

// A seed that becomes public, drawn from the secret generator's stream.
Seed draw_seed(ChaCha20& rng) {
  Seed seed;
  rng.fill(seed);
  return seed;
}

// b = -a s + e modulo `limbs` primes of a key, transform order. Shape: b, a, s (limbs, n); scratch (2, n), wiped.
void encrypt_zero(const SecretKey& key, std::uint64_t* b, const std::uint64_t* a, std::size_t limbs,
                  ChaCha20& rng, std::uint64_t* scratch) noexcept {
  const Params& params = key.params();
  const std::size_t n = params.n();
  const ntt::KernelTable& kernels = params.kernels();
  auto* error = reinterpret_cast<std::int64_t*>(scratch);
  std::uint64_t* product = scratch + n;
  sample_error(error, n, rng);
  to_residues(params, b, limbs, error);
  for (std::size_t i = 0; i < limbs; ++i) {
    const ntt::Modulus& q = params.modulus(i);
    params.table(i).forward(b + i * n);
    kernels.multiply(q, product, a + i * n, key.transformed() + i * n, n);
    kernels.subtract(q, b + i * n, b + i * n, product, n);
  }
  platform::secure_wipe(scratch, 2 * n * sizeof *scratch);
}

}  // namespace

Result<SecretKey> SecretKey::from_ternary(const Params& params, KeyBuffer<std::int64_t> s) {
  const platform::FloatingPointEnvironment nearest;
  const std::size_t n = params.n();
  SecretKey key(params);
  key.coefficients_ = std::move(s);
  FCN_ASSIGN_OR_RETURN(key.transformed_, KeyBuffer<std::uint64_t>::create(params.key_limbs() * n));
  to_residues(params, key.transformed_.data(), params.key_limbs(), key.coefficients());
  for (std::size_t i = 0; i < params.key_limbs(); ++i)
    params.table(i).forward(key.transformed_.data() + i * n);
  return key;
}

// Whether a key is no larger in any place than noise_tail.h counts on. What it tells of a key that is drawn again is
// nothing about the key that is used.
Result<bool> SecretKey::is_usable(const Params& params, const std::int64_t* s) {
  if (params.spec().security != Security::kTable128) return true;
  const platform::FloatingPointEnvironment nearest;
  FCN_ASSIGN_OR_RETURN(Places places, Places::create(params.n()));
  const double limit = largest_key_place(params.n()) * 2 / 3 * static_cast<double>(params.n());
  return largest_value(places.squared_moduli(s)) <= limit;
}

Result<SecretKey> SecretKey::generate(const Params& params, ChaCha20& rng) {
  FCN_ASSIGN_OR_RETURN(auto s, KeyBuffer<std::int64_t>::create(params.n()));
  for (bool usable = false; !usable;) {  // 1.4 keys are drawn on average
    sample_ternary(s.data(), params.n(), rng);
    FCN_ASSIGN_OR_RETURN(usable, is_usable(params, s.data()));
  }
  return from_ternary(params, std::move(s));
}

Result<SecretKey> SecretKey::from_coefficients(const Params& params, const std::int64_t* s) {
  FCN_ASSIGN_OR_RETURN(auto copy, KeyBuffer<std::int64_t>::create(params.n()));
  const auto excess = [](std::int64_t x) {  // 0 for -1, 0 and 1
    const std::uint64_t shifted = static_cast<std::uint64_t>(x) + 1;
    return shifted >> 2 | (shifted & shifted >> 1 & 1);
  };
  std::uint64_t any_excess = 0;
  for (std::size_t i = 0; i < params.n(); ++i) {
    copy[i] = s[i];
    any_excess |= excess(s[i]);
  }
  if (any_excess != 0) {  // then it is no key, and nothing is secret
    std::size_t i = 0;
    while (excess(s[i]) == 0) ++i;
    return platform::corrupt(concat("coefficient ", i, " of the secret key is not ternary"));
  }
  FCN_ASSIGN_OR_RETURN(const bool usable, is_usable(params, copy.data()));
  if (!usable) return platform::corrupt("the secret key is larger in one place than any key that is made");
  return from_ternary(params, std::move(copy));
}

Result<PublicKey> PublicKey::from_parts(const Params& params, const Seed& seed,
                                        AlignedBuffer<std::uint64_t> b) {
  PublicKey key(params);
  key.seed_ = seed;
  key.b_ = std::move(b);
  FCN_ASSIGN_OR_RETURN(key.a_, AlignedBuffer<std::uint64_t>::create(params.q_count() * params.n()));
  expand_uniform(params, key.a_.data(), params.q_count(), seed, 0);
  return key;
}

Result<PublicKey> PublicKey::generate(const SecretKey& secret, ChaCha20& rng) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = secret.params();
  FCN_ASSIGN_OR_RETURN(auto b, AlignedBuffer<std::uint64_t>::create(params.q_count() * params.n()));
  FCN_ASSIGN_OR_RETURN(PublicKey key, from_parts(params, draw_seed(rng), std::move(b)));
  FCN_ASSIGN_OR_RETURN(auto scratch, SecretBuffer<std::uint64_t>::create(2 * params.n()));
  encrypt_zero(secret, key.b_.data(), key.a_.data(), params.q_count(), rng, scratch.data());
  return key;
}

Result<KeySwitchKey> KeySwitchKey::from_parts(const Params& params, const Seed& seed,
                                              AlignedBuffer<std::uint64_t> b) {
  KeySwitchKey key;
  key.seed_ = seed;
  key.b_ = std::move(b);
  FCN_ASSIGN_OR_RETURN(key.a_, AlignedBuffer<std::uint64_t>::create_uninitialized(words(params)));
  const std::size_t pairs = params.q_count() * params.digits_per_limb(),
                    stride = params.key_limbs() * params.n();
  for (std::size_t p = 0; p < pairs; ++p) expand_pair(params, seed, p, key.a_.data() + p * stride);
  return key;
}

Result<KeySwitchKey> KeySwitchKey::generate(const SecretKey& secret, const std::uint64_t* s_from,
                                            ChaCha20& rng) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = secret.params();
  FCN_ASSIGN_OR_RETURN(auto b, AlignedBuffer<std::uint64_t>::create_uninitialized(words(params)));
  FCN_ASSIGN_OR_RETURN(KeySwitchKey key, from_parts(params, draw_seed(rng), std::move(b)));
  FCN_ASSIGN_OR_RETURN(auto scratch, SecretBuffer<std::uint64_t>::create(2 * params.n()));
  const std::size_t pairs = params.q_count() * params.digits_per_limb(),
                    stride = params.key_limbs() * params.n();
  for (std::size_t p = 0; p < pairs; ++p) {
    make_pair(secret, s_from, p, key.a_.data() + p * stride, rng, key.b_.data() + p * stride, scratch.data());
  }
  return key;
}

void KeySwitchKey::expand_pair(const Params& params, const Seed& seed, std::size_t pair,
                               std::uint64_t* a) noexcept {
  expand_uniform(params, a, params.key_limbs(), seed, pair * params.key_limbs());
}

void KeySwitchKey::make_pair(const SecretKey& secret, const std::uint64_t* s_from, std::size_t pair,
                             const std::uint64_t* a, ChaCha20& rng, std::uint64_t* b,
                             std::uint64_t* scratch) noexcept {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = secret.params();
  const std::size_t n = params.n(), i = pair / params.digits_per_limb(), j = pair % params.digits_per_limb();
  encrypt_zero(secret, b, a, params.key_limbs(), rng, scratch);
  const ntt::Modulus& q = params.modulus(i);
  const std::uint64_t width = ntt::reduce(std::uint64_t{1} << params.digit_bits(), q);
  std::uint64_t gadget = ntt::power_mod_vartime(width, j, q);
  if (params.has_special())
    gadget = ntt::multiply_mod(gadget, ntt::reduce(params.spec().special_prime, q), q);
  params.kernels().scalar_multiply_add(q, b + i * n, s_from + i * n, gadget, n);
}

Result<RelinKeys> RelinKeys::generate(const SecretKey& secret, ChaCha20& rng, std::size_t max_components) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = secret.params();
  if (max_components < 3 || max_components > kMaxComponents) {
    return invalid_argument(
        concat("relinearization from ", max_components, " components: not 3 to ", kMaxComponents));
  }
  const std::size_t n = params.n(), limbs = params.key_limbs();
  FCN_ASSIGN_OR_RETURN(auto power, SecretBuffer<std::uint64_t>::create(limbs * n));
  std::copy(secret.transformed(), secret.transformed() + limbs * n, power.data());
  std::vector<KeySwitchKey> keys;
  for (std::size_t p = 2; p < max_components; ++p) {
    for (std::size_t i = 0; i < limbs; ++i) {
      params.kernels().multiply(params.modulus(i), power.data() + i * n, power.data() + i * n,
                                secret.transformed() + i * n, n);
    }
    FCN_ASSIGN_OR_RETURN(KeySwitchKey key, KeySwitchKey::generate(secret, power.data(), rng));
    keys.push_back(std::move(key));
  }
  return RelinKeys(params, std::move(keys));
}

Result<GaloisKeys> GaloisKeys::generate(const SecretKey& secret, ChaCha20& rng,
                                        const std::vector<std::size_t>& elements) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = secret.params();
  const std::size_t n = params.n(), limbs = params.key_limbs();
  FCN_ASSIGN_OR_RETURN(auto residues, SecretBuffer<std::uint64_t>::create(limbs * n));
  FCN_ASSIGN_OR_RETURN(auto image, SecretBuffer<std::uint64_t>::create(limbs * n));
  to_residues(params, residues.data(), limbs, secret.coefficients());
  std::vector<std::pair<std::size_t, KeySwitchKey>> keys;
  for (std::size_t g : elements) {
    if (g == 1 || !is_galois_element(params, g)) {
      return invalid_argument(concat("Galois element ", g, " is not 1 modulo ", 2 * params.t().digits(),
                                     " and in (1, ", 2 * n, ")"));
    }
    if (std::count(elements.begin(), elements.end(), g) > 1) {
      return invalid_argument(concat("Galois element ", g, " is asked for twice"));
    }
    for (std::size_t i = 0; i < limbs; ++i) {
      ntt::apply_automorphism(params.modulus(i), image.data() + i * n, residues.data() + i * n, g, n);
      params.table(i).forward(image.data() + i * n);
    }
    FCN_ASSIGN_OR_RETURN(KeySwitchKey key, KeySwitchKey::generate(secret, image.data(), rng));
    keys.emplace_back(g, std::move(key));
  }
  return from_parts(params, std::move(keys));
}

Result<GaloisKeys> GaloisKeys::from_parts(const Params& params,
                                          std::vector<std::pair<std::size_t, KeySwitchKey>> keys) {
  GaloisKeys result(params);
  for (auto& [element, key] : keys) {
    FCN_ASSIGN_OR_RETURN(auto permutation, ntt::NttPermutation::create(params.n(), element));
    result.keys_.push_back({element, std::move(key), std::move(permutation)});
  }
  return result;
}

const GaloisKey* GaloisKeys::find(std::size_t g) const noexcept {
  for (const GaloisKey& key : keys_) {
    if (key.element == g) return &key;
  }
  return nullptr;
}

bool is_galois_element(const Params& params, std::size_t g) noexcept {
  return g % (2 * params.t().digits()) == 1 && g < 2 * params.n();
}

std::size_t rotation_element(const Params& params, std::int64_t steps) noexcept {
  const std::size_t order = params.t().is_integer() ? params.n() / 2 : params.t().length();
  const auto cycle = static_cast<std::int64_t>(order);
  const std::size_t two_n = 2 * params.n();
  std::size_t g = 1, square = params.t().is_integer() ? 3 : 1 + 2 * params.t().digits();
  for (std::int64_t i = ((steps % cycle) + cycle) % cycle; i > 0; i >>= 1) {
    if (i & 1) g = g * square % two_n;
    square = square * square % two_n;
  }
  return g;
}

std::size_t row_swap_element(const Params& params) noexcept {
  return 2 * params.n() - 1;
}

std::string describe_galois_element(const Params& params, std::size_t g) {
  const std::size_t base = rotation_element(params, 1);
  std::size_t element = base, steps = 1;
  while (element != g && element != 1) {
    element = element * base % (2 * params.n());
    ++steps;
  }
  return element == g ? concat("Galois element ", g, ", the rotation by ", steps)
                      : concat("Galois element ", g);
}

}  // namespace fcn::fv
