#include "support/secret_operations.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "fv/encoding.h"
#include "fv/encryption.h"
#include "fv/internal/sampling.h"
#include "fv/serialization.h"
#include "nn/client_stream.h"
#include "nn/internal/client_access.h"
#include "nn/quantize_pixels.h"
#include "nn/server.h"
#include "support/toy_network.h"

// The system's randomness, the same in every run: public seeds decide which candidates are rejected.
extern "C" ssize_t getrandom(void* out, std::size_t bytes, unsigned) noexcept {
  std::memset(out, 0x5a, bytes);
  return static_cast<ssize_t>(bytes);
}

namespace fcn::test {
namespace {

// Comparisons that refuse values out of range: for an input of a network, for a value that is encoded, for a
// number that a decoder of X - 2 returns with whether it is one. Each is a branch that valid values never take.
constexpr unsigned kInputChecks = 2, kEncoderChecks = 2, kDecoderChecks = 1, kWideDecoderChecks = 1;
constexpr unsigned kKeyDraws = 3;  // at most, of the one seed here

template <class T>
T must(platform::Result<T> result) {
  if (!result.ok()) {
    std::printf("unexpected error: %s\n", result.status().message().c_str());
    std::exit(1);
  }
  return std::move(result).value();
}
void must(const platform::Status& status) {
  if (status.ok()) return;
  std::printf("unexpected error: %s\n", status.message().c_str());
  std::exit(1);
}

// 1 and 2 by the variant, from a sequence that does not repeat soon.
std::int64_t secret_value(const Secrets& secrets, std::size_t i, std::int64_t count) {
  std::uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u + (secrets.variant + 1) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 31)) * 0x94d049bb133111ebu;
  return static_cast<std::int64_t>((x >> 33) % static_cast<std::uint64_t>(count));
}

platform::Seed public_seed(std::uint8_t first) {
  platform::Seed seed{};
  seed[0] = first;
  return seed;
}

// A generator that comes from a secret seed makes the key; those that also draw public seeds are public here,
// and their errors are covered by sample_error and by encryption under the public key.
std::shared_ptr<platform::ChaCha20> secret_rng(const Secrets& secrets) {
  platform::Seed seed = public_seed(1);
  seed[1] = static_cast<std::uint8_t>(secrets.variant);
  secrets.mark(seed.data(), seed.size());
  return std::make_shared<platform::ChaCha20>(seed);
}

std::shared_ptr<fv::SecretKey> secret_key(const fv::Params& params, const Secrets& secrets) {
  platform::Seed seed = public_seed(1);
  seed[1] = static_cast<std::uint8_t>(secrets.variant);
  platform::ChaCha20 rng(seed);
  auto key = std::make_shared<fv::SecretKey>(must(fv::SecretKey::generate(params, rng)));
  secrets.mark(key->coefficients(), params.n());
  secrets.mark(key->transformed(), params.key_limbs() * params.n());
  return key;
}

std::shared_ptr<fv::Plaintext> secret_plaintext(const fv::Params& params, const Secrets& secrets) {
  auto m = std::make_shared<fv::Plaintext>(must(fv::Plaintext::create(params)));
  for (std::size_t i = 0; i < params.n(); ++i) m->coefficients()[i] = secret_value(secrets, i, 3) - 1;
  m->set_used_rows(params.t().digits());
  secrets.mark(m->coefficients(), params.n());
  return m;
}

// A number that every decoder of the parameters takes.
std::shared_ptr<fv::Plaintext> secret_number(const fv::Params& params, const Secrets& secrets) {
  if (params.t().residue_modulus() != 0) return secret_plaintext(params, secrets);
  const std::int64_t value = secret_value(secrets, 9, 1 << 20) - (1 << 19);
  auto m = std::make_shared<fv::Plaintext>(must(fv::encode_integer(params, value)));
  secrets.mark(m->coefficients(), params.n());
  return m;
}

std::vector<std::int64_t> secret_values(const Secrets& secrets, std::size_t count, std::int64_t below) {
  std::vector<std::int64_t> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = secret_value(secrets, i, below);
  secrets.mark(values.data(), values.size());
  return values;
}

// An encryption of a small number of either sign, as an answer holds it.
std::shared_ptr<fv::Ciphertext> encrypted_number(const fv::SecretKey& key, const Secrets& secrets) {
  platform::ChaCha20 rng(public_seed(3));
  fv::Workspace workspace;
  const fv::Plaintext m = must(fv::encode_integer(key.params(), secret_value(secrets, 7, 15) - 7));
  return std::make_shared<fv::Ciphertext>(must(must(fv::encrypt(key, m, rng, workspace)).expand()));
}

}  // namespace

std::vector<fv::Params> tiny_parameters(const ntt::KernelTable& kernels) {
  struct Set {
    std::size_t n, k;
    std::uint64_t b;
    std::vector<unsigned> q_bits;
    unsigned special_bits, digit_bits;
  };
  const Set sets[] = {
      {64, 1, 2, {50}, 0, 13}, {64, 8, 132, {50, 45}, 50, 0}, {32, 0, 65537, {50, 40}, 0, 10}};
  std::vector<fv::Params> all;
  for (const Set& set : sets) {
    const auto t = must(set.k == 0 ? fv::PlaintextModulus::integer(set.n, set.b)
                                   : fv::PlaintextModulus::binomial(set.n, set.k, set.b));
    fv::ParamsSpec spec = must(fv::make_spec(set.n, t, set.q_bits, set.special_bits, set.digit_bits));
    spec.security = fv::Security::kInsecureForTests;
    all.push_back(must(fv::Params::create(spec, kernels)));
  }
  return all;
}

std::vector<SecretOperation> scheme_operations(const fv::Params& params) {
  std::vector<SecretOperation> operations;
  operations.push_back({"a secret key", [params](const Secrets& secrets) {
                          return [params, rng = secret_rng(secrets)] {
                            (void)must(fv::SecretKey::generate(params, *rng));
                            std::vector<std::int64_t> error(params.n());
                            fv::sample_error(error.data(), error.size(), *rng);
                          };
                        }});
  operations.push_back({"the other keys", [params](const Secrets& secrets) {
                          return [params, key = secret_key(params, secrets)] {
                            platform::ChaCha20 rng(public_seed(2));
                            (void)must(fv::PublicKey::generate(*key, rng));
                            (void)must(fv::RelinKeys::generate(*key, rng));
                            const std::size_t g = fv::rotation_element(params, 1);
                            if (g != 1) (void)must(fv::GaloisKeys::generate(*key, rng, {g}));
                            (void)must(fv::serialize_secret_key(*key));
                          };
                        }});
  operations.push_back(
      {"encryption", [params](const Secrets& secrets) {
         const auto key = secret_key(params, secrets);
         platform::ChaCha20 rng(public_seed(2));
         auto public_key = std::make_shared<fv::PublicKey>(must(fv::PublicKey::generate(*key, rng)));
         return [key, public_key, m = secret_plaintext(params, secrets), errors = secret_rng(secrets)] {
           fv::Workspace workspace;
           platform::ChaCha20 publics(public_seed(4));
           (void)must(must(fv::encrypt(*key, *m, publics, workspace)).expand());
           (void)must(fv::encrypt(*public_key, *m, *errors, workspace));
         };
       }});
  operations.push_back({"decryption", [params](const Secrets& secrets) {
                          const auto plain = secret_key(params, {secrets.variant, nullptr});
                          const auto c = encrypted_number(*plain, secrets);
                          auto zero = std::make_shared<fv::Ciphertext>(must(
                              fv::Ciphertext::create(params, 3, params.q_count(), fv::Form::kTransformed)));
                          return [c, zero, key = secret_key(params, secrets)] {
                            fv::Workspace workspace;
                            (void)must(fv::decrypt(*key, *c, workspace));
                            (void)must(fv::decrypt(*key, *zero, workspace));
                          };
                        }});

  const bool words = params.t().residue_modulus() != 0;
  auto slots = std::make_shared<platform::Result<fv::SlotEncoder>>(fv::SlotEncoder::create(params));
  const std::size_t length = params.t().length(), slot_count = slots->ok() ? (*slots)->slots() : 0;
  const auto encoded = static_cast<unsigned>(1 + (words ? length : 0) + slot_count);
  operations.push_back({"encoding",
                        [=](const Secrets& secrets) {
                          const std::vector<std::int64_t> values = secret_values(secrets, length, 16);
                          return [=] {
                            (void)must(fv::encode_integer(params, values[0]));
                            if (words) (void)must(fv::encode_coefficients(params, values));
                            if (slots->ok()) (void)must((*slots)->encode(values));
                          };
                        },
                        encoded * kEncoderChecks});
  operations.push_back({"decoding",
                        [=](const Secrets& secrets) {
                          return [=, m = secret_number(params, secrets)] {
                            (void)must(fv::decode_integer(*m));
                            std::vector<std::uint64_t> wide(4);
                            must(fv::decode_wide_integer(*m, wide));
                            if (words) (void)must(fv::decode_coefficients(*m));
                            if (slots->ok()) (void)must((*slots)->decode(*m));
                          };
                        },
                        words ? 0u : kDecoderChecks + kWideDecoderChecks});
  return operations;
}

namespace {

// A client whose secret key depends on the variant, and whose randomness, the system's, does not.
std::shared_ptr<nn::Client> secret_client(const nn::ClientSpec& spec, const Secrets& secrets) {
  platform::Seed seed = public_seed(1);
  seed[1] = static_cast<std::uint8_t>(secrets.variant);
  const auto file = must(nn::serialize_client_key(must(nn::Client::create_from_seed(spec, seed))));
  auto client = std::make_shared<nn::Client>(
      must(nn::deserialize_client_key({file.data(), file.size()}, {}, spec.params.kernels())));
  const fv::SecretKey& key = nn::internal::ClientAccess::secret(*client);
  secrets.mark(key.coefficients(), spec.params.n());
  secrets.mark(key.transformed(), spec.params.key_limbs() * spec.params.n());
  return client;
}

struct Exchange {
  nn::RequestId id;
  fv::Bytes answer;
};
std::shared_ptr<Exchange> exchange(const nn::Plan& plan, nn::Client& client, const Secrets& secrets) {
  platform::ThreadPool pool;
  const auto inputs = secret_values({secrets.variant, nullptr}, plan.spec().input.size(), 16);
  const nn::Server server = must(nn::Server::create(plan, must(client.evaluation_keys())));
  const fv::Bytes request = must(client.encrypt(inputs, pool));
  return std::make_shared<Exchange>(
      Exchange{must(nn::request_id(request)), must(server.infer(request, pool))});
}

// Discards what is written, and reads from bytes.
nn::Sink nowhere() {
  return {[](void*, std::span<const std::uint8_t>) { return true; }, nullptr};
}
struct Tape {
  const fv::Bytes& bytes;
  std::size_t at = 0;
  nn::Source source() {
    return {[](void* user, std::span<std::uint8_t> piece) {
              auto& tape = *static_cast<Tape*>(user);
              std::memcpy(piece.data(), tape.bytes.data() + tape.at, piece.size());
              tape.at += piece.size();
              return true;
            },
            this};
  }
};

void add_client_operations(std::vector<SecretOperation>& operations, const nn::Plan& plan) {
  const std::string layout = nn::layout_name(plan.spec().layout);
  const bool pixel = plan.spec().layout == nn::Layout::kPixel;
  const std::size_t inputs = plan.spec().input.size(), outputs = plan.spec().outputs;
  std::size_t encoded = inputs;  // numbers, or slots that hold an input
  if (!pixel) {
    encoded = 0;
    for (const auto& slots : plan.spec().slot_inputs)
      encoded +=
          static_cast<std::size_t>(std::count_if(slots.begin(), slots.end(), [](auto i) { return i >= 0; }));
  }
  const auto input_checks = static_cast<unsigned>(inputs * kInputChecks + encoded * kEncoderChecks),
             score_checks = static_cast<unsigned>(pixel ? outputs * kDecoderChecks : 0),
             wide_score_checks = static_cast<unsigned>(pixel ? outputs * kWideDecoderChecks : 0);

  operations.push_back({layout + " request",
                        [=](const Secrets& secrets) {
                          return [client = secret_client(plan.spec(), secrets),
                                  values = secret_values(secrets, inputs, 16)] {
                            platform::ThreadPool pool;
                            (void)must(client->encrypt(values, pool));
                          };
                        },
                        input_checks});
  operations.push_back({layout + " scores",
                        [=](const Secrets& secrets) {
                          const auto client = secret_client(plan.spec(), {secrets.variant, nullptr});
                          const auto done = exchange(plan, *client, secrets);
                          const fv::SecretKey& key = nn::internal::ClientAccess::secret(*client);
                          secrets.mark(key.coefficients(), plan.params().n());
                          secrets.mark(key.transformed(), plan.params().key_limbs() * plan.params().n());
                          return [=] {
                            platform::ThreadPool pool;
                            (void)must(client->decrypt(done->answer, pool));
                            (void)must(client->decrypt_wide_for(done->id, done->answer, pool));
                          };
                        },
                        score_checks + wide_score_checks});
  operations.push_back({layout + " key file", [=](const Secrets& secrets) {
                          return [client = secret_client(plan.spec(), secrets)] {
                            (void)must(nn::serialize_client_key(*client));
                          };
                        }});
  if (!pixel) return;
  // Keys of real parameters are drawn until one is usable; how many is public, and few.
  operations.push_back({"usable secret key",
                        [=](const Secrets& secrets) {
                          return [params = plan.params(), rng = secret_rng(secrets)] {
                            (void)must(fv::SecretKey::generate(params, *rng));
                          };
                        },
                        kKeyDraws});
  operations.push_back({"evaluation keys", [=](const Secrets& secrets) {
                          return [client = secret_client(plan.spec(), secrets)] {
                            (void)must(client->evaluation_keys());
                            std::vector<std::uint8_t> space(nn::stream_workspace_bytes(client->spec()));
                            must(nn::write_evaluation_keys(*client, space, nowhere()));
                          };
                        }});
  operations.push_back({"streamed request",
                        [=](const Secrets& secrets) {
                          return [client = secret_client(plan.spec(), secrets),
                                  values = secret_values(secrets, inputs, 16)] {
                            std::vector<std::uint8_t> space(nn::stream_workspace_bytes(client->spec()));
                            must(nn::write_request(*client, values, space, nowhere()));
                          };
                        },
                        input_checks});
  operations.push_back({"streamed scores",
                        [=](const Secrets& secrets) {
                          const auto client = secret_client(plan.spec(), {secrets.variant, nullptr});
                          const auto done = exchange(plan, *client, secrets);
                          const fv::SecretKey& key = nn::internal::ClientAccess::secret(*client);
                          secrets.mark(key.coefficients(), plan.params().n());
                          secrets.mark(key.transformed(), plan.params().key_limbs() * plan.params().n());
                          return [=] {
                            std::vector<std::uint8_t> space(nn::stream_workspace_bytes(client->spec()));
                            std::vector<std::int64_t> scores(outputs);
                            Tape tape{done->answer};
                            must(nn::read_answer(*client, tape.source(), space, scores));
                          };
                        },
                        score_checks});
}

}  // namespace

std::vector<SecretOperation> client_operations(const ntt::KernelTable& kernels) {
  std::vector<SecretOperation> operations;
  operations.push_back({"quantised pixels", [](const Secrets& secrets) {
                          std::vector<std::uint8_t> pixels(64);
                          for (std::size_t i = 0; i < pixels.size(); ++i)
                            pixels[i] = static_cast<std::uint8_t>(secret_value(secrets, i, 256));
                          secrets.mark(pixels.data(), pixels.size());
                          return [pixels] { (void)nn::quantize_pixels(pixels, 15); };
                        }});
  for (const nn::Layout layout : {nn::Layout::kPixel, nn::Layout::kPacked})
    add_client_operations(operations, must(nn::Plan::create(toy_network(), layout, kernels)));
  return operations;
}

}  // namespace fcn::test
