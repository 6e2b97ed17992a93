// Messages that reach a server and a client: evaluation keys, requests, answers, secret key files.
#include "nn/client.h"
#include "nn/server.h"
#include "repair.h"
#include "support/toy_network.h"

namespace {

using namespace fcn;

struct Roles {
  nn::Plan plan = nn::Plan::create(test::toy_network(), nn::Layout::kPixel).value();
  nn::Client client = nn::Client::create_from_seed(plan.spec(), platform::Seed{}).value();
  nn::Server server = nn::Server::create(plan, client.evaluation_keys().value()).value();
};

void read_all(Roles& roles, fv::ByteSpan bytes) {
  platform::ThreadPool pool;
  (void)nn::describe_bytes(bytes);
  (void)nn::read_message_header(bytes);
  (void)nn::Server::create(roles.plan, bytes);
  (void)roles.server.infer(bytes, pool);
  (void)roles.client.decrypt(bytes, pool);
  (void)nn::deserialize_client_key(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Roles roles;
  read_all(roles, {data, size});
  fuzz::Bytes forged = fuzz::repair(data, size, nn::kMessageHeaderBytes, 32);
  if (forged.size() < nn::kMessageHeaderBytes + 8) return 0;
  platform::store_u64(&forged[8], roles.plan.fingerprint());
  std::copy(roles.client.key_id().begin(), roles.client.key_id().end(), forged.begin() + 16);
  read_all(roles, fuzz::repair(forged.data(), forged.size(), nn::kMessageHeaderBytes, 32));
  return 0;
}
