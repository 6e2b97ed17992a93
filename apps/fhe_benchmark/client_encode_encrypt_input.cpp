// Stage: integers to requests, one a picture.
#include "../fcn/files.h"
#include "stage.h"

namespace fcn::apps {
namespace {

platform::Status encrypt(const StagePaths& paths) {
  FCN_ASSIGN_OR_RETURN(nn::Client client, load_client(paths.secret));
  FCN_ASSIGN_OR_RETURN(const auto inputs, read_rows(paths.input, client.spec().input.size()));
  platform::ThreadPool pool(0);
  FCN_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(paths.upload, platform::FileAccess::kPublic));
  for (const auto& input : inputs) {
    FCN_ASSIGN_OR_RETURN(const fv::Bytes request, client.encrypt(input, pool));
    FCN_RETURN_IF_ERROR(file.write(request));
  }
  return file.commit();
}

}  // namespace
}  // namespace fcn::apps

int main(int count, char** words) {
  return fcn::apps::run_stage(count, words, fcn::apps::encrypt);
}
