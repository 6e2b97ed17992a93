// What the streaming half of the client shares with client.cpp.
#pragma once

#include "../client.h"

namespace fcn::nn::internal {

struct ClientAccess {
  static const Fingerprint& fingerprint(const Client& client) noexcept { return client.fingerprint_; }
  static const fv::SecretKey& secret(const Client& client) noexcept { return client.secret_; }
  static platform::RandomChain& chain(Client& client) noexcept { return client.chain_; }
  static void remember(Client& client, const RequestId& request) { client.remember(request); }
  static void forget(Client& client, const RequestId& answered, const platform::Status& status) noexcept {
    client.forget(answered, status);
  }
  static platform::Status check_request(const Client& client, const RequestId* request,
                                        const RequestId& answered) {
    return client.check_request(request, answered);
  }
};

// Errors: kInvalidArgument (their number, or the first that is not in [0, input_max]).
platform::Status check_inputs(const ClientSpec& spec, std::span<const std::int64_t> inputs);

}  // namespace fcn::nn::internal
