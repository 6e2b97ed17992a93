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

// The answers to as many images, from the first, as the server answered. Whoever sends answers, the server or
// somebody on the way, must not learn what they decrypt to: a forged one whose decryption shows, be it by a
// request that does not follow, tells about the secret key. So nothing here decrypts; the keys and requests
// that are sent, and when, depend on the images' number alone, and what may end the conversation early is
// what everybody on the way can check. Memory: one request, and all answers.
Status ask(const QueryFlags& flags, nn::Client& client, fv::ByteSpan keys,
           const std::vector<std::vector<std::int64_t>>& images, platform::ThreadPool& pool,
           std::vector<fv::Bytes>& answers) {
  const nn::Fingerprint fingerprint = nn::fingerprint(client.spec());
  const std::size_t longest = nn::message_sizes(client.spec()).answer;
  const std::chrono::milliseconds limit = std::chrono::seconds(flags.timeout);
  FCN_ASSIGN_OR_RETURN(Descriptor socket, connect_to(flags.server, limit));
  SocketConnection connection(std::move(socket));
  RemoteServer server(connection, limit);
  if (const Status status = server.send_keys(keys); !status.ok()) return status.with_context(flags.server);
  for (const auto& image : images) {
    FCN_ASSIGN_OR_RETURN(const fv::Bytes request, client.encrypt(image, pool));
    auto answer = server.infer(request, longest);
    if (!answer.ok()) return answer.status().with_context(flags.server);
    const auto frame =
        nn::open_message(answer.value(), nn::MessageKind::kAnswer, fingerprint, &client.key_id());
    if (!frame.ok()) return frame.status().with_context(concat(flags.server, ": its answer"));
    FCN_ASSIGN_OR_RETURN(const nn::RequestId asked, nn::request_id(request));
    FCN_ASSIGN_OR_RETURN(const nn::RequestId answered, nn::request_id(answer.value()));
    if (asked != answered)
      return platform::mismatch(concat(flags.server, ": its answer is to another request"));
    answers.push_back(std::move(answer).value());
  }
  return {};
}  // the connection is closed

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
  platform::ThreadPool pool(flags.threads);
  std::vector<fv::Bytes> answers;
  const Status asked = ask(flags, client, keys, images, pool, answers);
  std::size_t failures = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    // ask() has compared the ids, of more requests than a client remembers.
    FCN_ASSIGN_OR_RETURN(const nn::RequestId id, nn::request_id(answers[i]));
    auto line = decrypt_to_line(client, &id, answers[i], pool, flags.json);
    if (line.ok()) {
      const platform::WipeAtExit wipe_line(line.value());
      std::fputs(line->c_str(), stdout);
    } else {
      ++failures;
      std::fflush(stdout);
      std::fprintf(stderr, "fcn query: input %zu: %s\n", i + 1, line.status().message().c_str());
    }
  }
  FCN_RETURN_IF_ERROR(asked);
  if (failures == 0) return {};
  return {platform::StatusCode::kCorrupt,
          concat(flags.server, ": ", failures, " of its ", answers.size(), " answers hold no scores")};
}

}  // namespace

int run_query(std::span<const std::string> arguments) {
  QueryFlags values;
  FlagSet flags(
      "query [flags] --secret FILE --server ADDRESS --input FILE",
      "Encrypts inputs, sends them to fcn serve, and prints the decrypted scores, a line for each input. "
      "The\n"
      "answers are kept, and decrypted after the connection is closed: the server learns nothing of them.");
  flags.add_text("secret", "FILE", &values.secret, "the client's secret key file");
  flags.add_text("keys", "FILE", &values.keys, "its evaluation keys (default: made anew)");
  flags.add_text("server", "ADDRESS", &values.server, "host:port or unix:path");
  flags.add_list("input", "FILE", &values.inputs, "a picture, or a text of numbers, as for fcn encrypt");
  flags.add_integer("threads", &values.threads, 0, 1024, "threads; 0: one for each processor");
  flags.add_integer("timeout", &values.timeout, 1, 3600,
                    "seconds that the server may be silent: no byte taken or sent");
  flags.add_switch("allow-shared-secret", &values.shared_secret, kSharedSecretHelp);
  flags.add_switch("json", &values.json, "a JSON object a line, with the exact integers");
  return run_command(flags, "fcn query", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"secret", "server", "input"}));
    return query(values);
  });
}

}  // namespace fcn::apps
