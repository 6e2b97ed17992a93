// Stage: scores to labels.
#include "../../nn/plain_run.h"
#include "../fcn/files.h"
#include "stage.h"

namespace fcn::apps {
namespace {

platform::Status postprocess(const StagePaths& paths) {
  FCN_ASSIGN_OR_RETURN(const nn::Client client, load_client(paths.secret));
  FCN_ASSIGN_OR_RETURN(const auto scores, read_rows(paths.scores, client.spec().outputs));
  std::vector<std::vector<std::int64_t>> labels;
  for (const auto& row : scores) labels.push_back({static_cast<std::int64_t>(nn::argmax(row))});
  return write_rows(paths.predictions, labels);
}

}  // namespace
}  // namespace fcn::apps

int main(int count, char** words) {
  return fcn::apps::run_stage(count, words, fcn::apps::postprocess);
}
