// Messages that reach a server and a client: evaluation keys, requests, answers, secret key files. Bytes as
// they are; with a fitting header, length and checksum; and as each kind of message, with those of the
// objects inside it, too.
#include "nn/client.h"
#include "nn/server.h"
#include "repair.h"
#include "support/toy_network.h"

namespace {

using namespace fcn;

struct Roles {
  platform::ThreadPool pool;
  nn::Plan plan = nn::Plan::create(test::toy_network(), nn::Layout::kPixel).value();
  nn::Client client = nn::Client::create_from_seed(plan.spec(), platform::Seed{}).value();
  fv::Bytes keys = client.evaluation_keys().value();
  nn::Server server = nn::Server::create(plan, keys).value();
  fv::Bytes request = client.encrypt(std::vector<std::int64_t>{0, 15, 6, 1}, pool).value();
  fv::Bytes answer = server.infer(request, pool).value();
  platform::SecretBuffer<std::uint8_t> secret = nn::serialize_client_key(client).value();
  fv::Bytes frame = fv::serialize(plan.params());
};

void read_all(Roles& roles, fv::ByteSpan bytes) {
  (void)nn::describe_bytes(bytes);
  (void)nn::read_message_header(bytes);
  (void)nn::Server::create(roles.plan, bytes);
  (void)roles.server.infer(bytes, roles.pool);
  (void)roles.client.decrypt(bytes, roles.pool);
  const auto id = nn::request_id(bytes);
  if (id.ok()) (void)roles.client.decrypt_for(id.value(), bytes, roles.pool);
  (void)nn::deserialize_client_key(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Roles roles;
  read_all(roles, {data, size});
  if (size < nn::kMessageHeaderBytes + nn::kMessageChecksumBytes) return 0;
  const fv::ByteSpan kinds[] = {
      roles.keys, roles.request, roles.answer, {roles.secret.data(), roles.secret.size()}};
  fuzz::Bytes forged(data, data + size);
  fuzz::forge(forged, nn::kMessageHeaderBytes, kinds[0]);
  read_all(roles, forged);
  for (const fv::ByteSpan genuine : kinds) {
    if (genuine[fuzz::kKindAt] != data[fuzz::kKindAt]) continue;
    fuzz::forge_message(forged, genuine, roles.frame);
    read_all(roles, forged);
  }
  return 0;
}
