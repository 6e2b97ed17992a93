// Stage: answers to scores.
#include "../fcn/files.h"
#include "stage.h"

namespace fcn::apps {
namespace {

platform::Status decrypt(const StagePaths& paths) {
  FCN_ASSIGN_OR_RETURN(const nn::Client client, load_client(paths.secret));
  FCN_ASSIGN_OR_RETURN(InputFile in, InputFile::open(paths.download));
  platform::ThreadPool pool(0);
  const std::size_t longest = nn::message_sizes(client.spec()).answer;
  std::vector<std::vector<std::int64_t>> rows;
  for (;;) {
    const auto answer = read_message(in, nn::MessageKind::kAnswer, longest);
    if (!answer.ok()) return name_file(paths.download, answer.status());
    if (!answer.value().has_value()) return write_rows(paths.scores, rows);
    auto scores = client.decrypt(*answer.value(), pool);
    if (!scores.ok()) return name_file(paths.download, scores.status());
    rows.push_back(std::move(scores).value());
  }
}

}  // namespace
}  // namespace fcn::apps

int main(int count, char** words) {
  return fcn::apps::run_stage(count, words, fcn::apps::decrypt);
}
