// Stage: answers to scores, each the answer to the request at its place.
#include "../fcn/files.h"
#include "stage.h"

namespace fcn::apps {
namespace {

platform::Status decrypt(const StagePaths& paths) {
  FCN_ASSIGN_OR_RETURN(const nn::Client client, load_client(paths.secret));
  FCN_ASSIGN_OR_RETURN(InputFile in, InputFile::open(paths.download));
  FCN_ASSIGN_OR_RETURN(InputFile upload, InputFile::open(paths.upload));
  platform::ThreadPool pool(0);
  const nn::MessageSizes sizes = nn::message_sizes(client.spec());
  std::vector<std::vector<std::int64_t>> rows;
  for (;;) {
    const auto answer = read_message(in, nn::MessageKind::kAnswer, sizes.answer);
    if (!answer.ok()) return name_file(paths.download, answer.status());
    if (!answer.value().has_value()) return write_rows(paths.scores, rows);
    const auto request = read_message(upload, nn::MessageKind::kRequest, sizes.request);
    if (!request.ok()) return name_file(paths.upload, request.status());
    if (!request.value().has_value())
      return platform::mismatch(platform::concat(paths.download, ": more answers than requests"));
    FCN_ASSIGN_OR_RETURN(const nn::RequestId id, nn::request_id(*request.value()));
    auto scores = client.decrypt_for(id, *answer.value(), pool);
    if (!scores.ok()) return name_file(paths.download, scores.status());
    rows.push_back(std::move(scores).value());
  }
}

}  // namespace
}  // namespace fcn::apps

int main(int count, char** words) {
  return fcn::apps::run_stage(count, words, fcn::apps::decrypt);
}
