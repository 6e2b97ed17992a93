// fcn query: encrypt, ask a server, decrypt.
#include <cstdio>

#include "commands.h"
#include "files.h"
#include "inputs.h"
#include "remote_server.h"
#include "scores.h"
#include "sockets.h"

namespace fcn::apps {

using platform::concat;
using platform::Status;

namespace {

struct QueryFlags {
  std::string secret, keys, server;
  std::vector<std::string> inputs;
  std::uint64_t threads = 1, timeout = 60;
  bool json = false, shared_secret = false;
};

Status query(const QueryFlags& flags) {
  FCN_ASSIGN_OR_RETURN(
      nn::Client client,
      load_client(flags.secret, flags.shared_secret ? SecretAccess::kShared : SecretAccess::kOwnerOnly));
  std::vector<std::vector<std::int64_t>> images;
  const platform::WipeAtExit wipe_images(images);
  for (const std::string& path : flags.inputs) {
    FCN_ASSIGN_OR_RETURN(auto more, read_inputs(path, client.spec()));
    images.insert(images.end(), more.begin(), more.end());
  }
  fv::Bytes keys;
  if (flags.keys.empty()) {
    FCN_ASSIGN_OR_RETURN(keys, client.evaluation_keys());
  } else {
    FCN_ASSIGN_OR_RETURN(keys, read_message_file(flags.keys, nn::MessageKind::kEvaluationKeys, kMaxKeyBytes));
  }
  const std::chrono::milliseconds limit = std::chrono::seconds(flags.timeout);
  FCN_ASSIGN_OR_RETURN(Descriptor socket, connect_to(flags.server, limit));
  SocketConnection connection(std::move(socket));
  RemoteServer server(connection, limit);
  if (const Status status = server.send_keys(keys); !status.ok()) return status.with_context(flags.server);
  platform::ThreadPool pool(flags.threads);
  const std::size_t longest = nn::message_sizes(client.spec()).answer;
  for (const auto& image : images) {
    FCN_ASSIGN_OR_RETURN(const fv::Bytes request, client.encrypt(image, pool));
    const auto answer = server.infer(request, longest);
    if (!answer.ok()) return answer.status().with_context(flags.server);
    const auto scores = client.decrypt(answer.value(), pool);
    if (!scores.ok()) return scores.status().with_context(concat(flags.server, ": its answer"));
    std::fputs(format_scores(scores.value(), client.spec(), flags.json).c_str(), stdout);
    std::fflush(stdout);
  }
  return {};
}

}  // namespace

int run_query(std::span<const std::string> arguments) {
  QueryFlags values;
  FlagSet flags(
      "query [flags] --secret FILE --server ADDRESS --input FILE",
      "Encrypts inputs, sends them to fcn serve, and prints the decrypted scores, a line for each input.");
  flags.add_text("secret", "FILE", &values.secret, "the client's secret key file");
  flags.add_text("keys", "FILE", &values.keys, "its evaluation keys (default: made anew)");
  flags.add_text("server", "ADDRESS", &values.server, "host:port or unix:path");
  flags.add_list("input", "FILE", &values.inputs, "a picture, or a text of numbers, as for fcn encrypt");
  flags.add_integer("threads", &values.threads, 0, 1024, "threads; 0: one for each processor");
  flags.add_integer("timeout", &values.timeout, 1, 3600, "seconds to wait for the server, for each message");
  flags.add_switch("allow-shared-secret", &values.shared_secret, kSharedSecretHelp);
  flags.add_switch("json", &values.json, "a JSON object a line, with the exact integers");
  return run_command(flags, "fcn query", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"secret", "server", "input"}));
    return query(values);
  });
}

}  // namespace fcn::apps
