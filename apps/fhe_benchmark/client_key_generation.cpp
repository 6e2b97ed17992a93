// Stage: the client's keys, for the built-in model in its quickest layout.
#include "../fcn/files.h"
#include "../fcn/plans.h"
#include "stage.h"

namespace fcn::apps {
namespace {

platform::Status generate_keys(const StagePaths& paths) {
  FCN_ASSIGN_OR_RETURN(nn::ClientSpec spec, find_spec("", layout_names()[0], ""));
  FCN_ASSIGN_OR_RETURN(nn::Client client, nn::Client::create(std::move(spec)));
  FCN_ASSIGN_OR_RETURN(const auto secret, nn::serialize_client_key(client));
  FCN_RETURN_IF_ERROR(
      platform::write_file(paths.secret, {secret.data(), secret.size()}, platform::FileAccess::kOwnerOnly));
  FCN_ASSIGN_OR_RETURN(const fv::Bytes keys, client.evaluation_keys());
  return write_message_file(paths.keys, keys);
}

}  // namespace
}  // namespace fcn::apps

int main(int count, char** words) {
  return fcn::apps::run_stage(count, words, fcn::apps::generate_keys);
}
