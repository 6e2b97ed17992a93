// Stage: requests to answers, a picture on each processor at a time. Memory: one request and answer for each processor.
#include "../../nn/server.h"
#include "../fcn/files.h"
#include "../fcn/plans.h"
#include "stage.h"

namespace fcn::apps {
namespace {

using platform::concat;
using platform::Result;
using platform::Status;

Status compute(const StagePaths& paths) {
  FCN_ASSIGN_OR_RETURN(const fv::Bytes keys,
                       read_message_file(paths.keys, nn::MessageKind::kEvaluationKeys, kMaxKeyBytes));
  FCN_ASSIGN_OR_RETURN(const nn::MessageHeader header, nn::read_message_header(keys));
  FCN_ASSIGN_OR_RETURN(nn::Plan plan,
                       find_plan("", header.fingerprint, concat(paths.keys, ": evaluation keys")));
  const auto server = nn::Server::create(std::move(plan), keys);
  if (!server.ok()) return name_file(paths.keys, server.status());
  const std::size_t longest = nn::message_sizes(server->plan().spec()).request;
  FCN_ASSIGN_OR_RETURN(InputFile in, InputFile::open(paths.upload));
  FCN_ASSIGN_OR_RETURN(OutputFile out, OutputFile::create(paths.download, platform::FileAccess::kPublic));
  platform::ThreadPool pool(0);
  for (std::size_t done = 0;;) {
    std::vector<fv::Bytes> requests;
    while (requests.size() < pool.size()) {
      auto request = read_message(in, nn::MessageKind::kRequest, longest);
      if (!request.ok()) return name_file(paths.upload, request.status());
      if (!request.value().has_value()) break;
      requests.push_back(std::move(*request.value()));
    }
    if (requests.empty()) break;
    std::vector<std::optional<Result<fv::Bytes>>> answers(requests.size());
    pool.parallel_for(requests.size(), [&](std::size_t i, std::size_t) {
      platform::ThreadPool alone(1);
      answers[i] = server->infer(requests[i], alone);
    });
    for (const auto& answer : answers) {
      ++done;
      if (!answer->ok())
        return name_file(paths.upload, answer->status().with_context(concat("request ", done)));
      FCN_RETURN_IF_ERROR(out.write(answer->value()));
    }
  }
  return out.commit();
}

}  // namespace
}  // namespace fcn::apps

int main(int count, char** words) {
  return fcn::apps::run_stage(count, words, fcn::apps::compute);
}
