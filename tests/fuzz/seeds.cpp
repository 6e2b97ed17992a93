// seeds FOLDER: an example of every format, FOLDER/<target>/<name>, for the fuzzers to begin with.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fv/encryption.h"
#include "nn/client.h"
#include "nn/model_file.h"
#include "nn/server.h"
#include "support/packed_set.h"
#include "support/toy_network.h"

namespace {

using namespace fcn;

std::filesystem::path root;

void write(const char* target, const char* name, fv::ByteSpan bytes) {
  std::filesystem::create_directories(root / target);
  std::ofstream file(root / target / name, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void write(const char* target, const char* name, std::string_view text) {
  write(target, name, fv::ByteSpan(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void write_fv_objects(const std::string& set, const fv::ParamsSpec& spec) {
  const fv::Params params = fv::Params::create(spec).value();
  const auto write_object = [&](const char* name, fv::ByteSpan bytes) {
    write("fv_objects", (set + "_" + name).c_str(), bytes);
  };
  platform::ChaCha20 rng{platform::Seed{}};
  const fv::SecretKey key = fv::SecretKey::generate(params, rng).value();
  write_object("params", fv::serialize(params));
  write_object("public", fv::serialize(fv::PublicKey::generate(key, rng).value()));
  write_object("relin", fv::serialize(fv::RelinKeys::generate(key, rng).value()));
  const std::size_t rotation = fv::rotation_element(params, 1);
  if (rotation != 1)
    write_object("galois", fv::serialize(fv::GaloisKeys::generate(key, rng, {rotation}).value()));
  const auto secret = fv::serialize_secret_key(key).value();
  write_object("secret", fv::ByteSpan(secret.data(), secret.size()));
  fv::Workspace workspace;
  const fv::Plaintext zero = fv::Plaintext::create(params).value();
  std::vector<fv::SeededCiphertext> seeded;
  seeded.push_back(fv::encrypt(key, zero, rng, workspace).value());
  write_object("seeded", fv::serialize(std::span<const fv::SeededCiphertext>(seeded)));
  std::vector<fv::Ciphertext> ciphertexts;
  ciphertexts.push_back(fv::Ciphertext::create(params, 2, 1).value());
  ciphertexts.push_back(fv::Ciphertext::create(params, 3, params.q_count(), fv::Form::kTransformed).value());
  write_object("ciphertexts", fv::serialize(std::span<const fv::Ciphertext>(ciphertexts)));
}

void write_messages() {
  const nn::Network network = test::toy_network();
  const nn::Plan plan = nn::Plan::create(network, nn::Layout::kPixel).value();
  nn::Client client = nn::Client::create_from_seed(plan.spec(), platform::Seed{}).value();
  platform::ThreadPool pool;
  const fv::Bytes keys = client.evaluation_keys().value();
  const fv::Bytes request = client.encrypt(std::vector<std::int64_t>{0, 15, 6, 1}, pool).value();
  write("messages", "keys", keys);
  write("messages", "request", request);
  write("messages", "answer", nn::Server::create(plan, keys).value().infer(request, pool).value());
  const auto secret = nn::serialize_client_key(client).value();
  write("messages", "secret", fv::ByteSpan(secret.data(), secret.size()));
  write("client_spec", "pixel", nn::serialize(plan.spec()));
  nn::ClientSpec packed(fv::Params::create(fv::packed_spec().value()).value());
  packed.layout = nn::Layout::kPacked;
  packed.input = {1, 2, 2};
  packed.input_max = 3;
  packed.outputs = 1;
  packed.slot_inputs.assign(1, std::vector<std::int32_t>(packed.slots(), -1));
  packed.output_slots = {0};
  packed.galois_elements = {17};
  write("client_spec", "packed", nn::serialize(packed));
  write("model_file", "toy", nn::format_model(network));
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fputs("usage: seeds FOLDER\n", stderr);
    return 2;
  }
  root = words[1];
  write_fv_objects("pixel", fv::pixel_spec(32).value());
  write_fv_objects("packed", test::tiny_packed_spec());
  write_messages();
  write("idx_file", "two",
        std::string_view("\x14\0\0\0\x08\x03\0\0\0\x01\0\0\0\x02\0\0\0\x02"
                         "abcd\0\0\x08\x01\0\0\0\x01\x07",
                         31));
  write("pictures", "raw", std::string_view("P5\n2 2\n255\nabcd"));
  write("pictures", "plain", std::string_view("P2\n# c\n2 2\n9\n0 1 2 9\n"));
  write("pictures", "text", std::string_view("-0.4242 2.8215 0 1e-3\n"));
  return 0;
}
