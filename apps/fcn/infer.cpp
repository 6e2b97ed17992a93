// fcn infer: requests to answers, as they come.
#include <array>

#include "../../nn/server.h"
#include "../output_guard.h"
#include "../terminal.h"
#include "commands.h"
#include "files.h"
#include "plans.h"

namespace fcn::apps {

using platform::concat;
using platform::Result;
using platform::Status;

namespace {

struct InferFlags {
  std::string model, keys, in, out;
  std::uint64_t threads = 1;
};

// An answer for each request of the stream. Memory: one request and one answer at a time.
Status answer_all(const InferFlags& values, const nn::Server& server) {
  const std::uint64_t limit = nn::message_sizes(server.plan().spec()).request;
  FCN_ASSIGN_OR_RETURN(InputFile in, InputFile::open(values.in));
  FCN_ASSIGN_OR_RETURN(OutputFile out, OutputFile::create(values.out, platform::FileAccess::kPublic));
  platform::ThreadPool pool(values.threads);
  ProgressLine line;
  const bool live = detect_style(stderr).live;
  for (std::size_t i = 0;; ++i) {
    const auto named = [&](const Status& status) {
      return name_file(values.in, i == 0 ? status : status.with_context(concat("request ", i + 1)));
    };
    const auto request = read_message(in, nn::MessageKind::kRequest, limit);
    if (!request.ok()) return named(request.status());
    if (!request.value().has_value()) {
      if (i == 0) return platform::corrupt(concat(input_name(values.in), " is empty"));
      break;
    }
    nn::Progress progress;
    if (live) {
      progress = [&](const std::string& stage, std::size_t done, std::size_t total) {
        line.update(concat("request ", i + 1, ", ", stage), done, total);
      };
    }
    const auto answer = server.infer(*request.value(), pool, nullptr, progress);
    if (!answer.ok()) return named(answer.status());
    FCN_RETURN_IF_ERROR(out.write(answer.value()));
  }
  line.clear();
  return out.commit();
}

Status infer(const InferFlags& values) {
  FCN_RETURN_IF_ERROR(check_apart(std::array{NamedFile{"--out", values.out}},
                                  std::array{NamedFile{"--keys", values.keys}, NamedFile{"--in", values.in},
                                             NamedFile{"--model", values.model}}));
  FCN_ASSIGN_OR_RETURN(const fv::Bytes keys,
                       read_message_file(values.keys, nn::MessageKind::kEvaluationKeys, kMaxKeyBytes));
  FCN_ASSIGN_OR_RETURN(const nn::MessageHeader header, nn::read_message_header(keys));
  FCN_ASSIGN_OR_RETURN(nn::Plan plan, find_plan(values.model, header.fingerprint,
                                                concat(input_name(values.keys), ": evaluation keys")));
  auto server = nn::Server::create(std::move(plan), keys);
  if (!server.ok()) return name_file(values.keys, server.status());
  return answer_all(values, server.value());
}

}  // namespace

int run_infer(std::span<const std::string> arguments) {
  InferFlags values;
  FlagSet flags(
      "infer [flags] --keys FILE --in FILE --out FILE",
      "Runs the network on encrypted requests. Needs the model and the client's evaluation keys, no secret.\n"
      "The layout is the one that the keys were made for.");
  flags.add_text("model", "FILE", &values.model, "a model file (default: the built-in model)");
  flags.add_text("keys", "FILE", &values.keys, "the client's evaluation keys");
  flags.add_text("in", "FILE", &values.in, "requests, one after another");
  flags.add_text("out", "FILE", &values.out, "the answers, in the same order");
  flags.add_integer("threads", &values.threads, 0, 1024, "threads; 0: one for each processor");
  return run_command(flags, "fcn infer", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"keys", "in", "out"}));
    return infer(values);
  });
}

}  // namespace fcn::apps
