// Stage: pixels to the small integers that the network reads.
#include "../fcn/files.h"
#include "../fcn/inputs.h"
#include "stage.h"

namespace fcn::apps {
namespace {

platform::Status preprocess(const StagePaths& paths) {
  FCN_ASSIGN_OR_RETURN(const nn::Client client, load_client(paths.secret));
  FCN_ASSIGN_OR_RETURN(const auto inputs, read_inputs(paths.pixels, client.spec()));
  return write_rows(paths.input, inputs);
}

}  // namespace
}  // namespace fcn::apps

int main(int count, char** words) {
  return fcn::apps::run_stage(count, words, fcn::apps::preprocess);
}
