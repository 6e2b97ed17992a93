// Stage: the model is in the program, and compiling it takes a fraction of a second, so the later stages do that
// themselves. This one makes sure that they can, and says what they will run.
#include <cstdio>

#include "../fcn/plans.h"
#include "../flags.h"
#include "../model_source.h"

namespace fcn::apps {
namespace {

platform::Status check_model() {
  FCN_ASSIGN_OR_RETURN(const nn::Network network, load_network(""));
  FCN_ASSIGN_OR_RETURN(const nn::Plan plan, nn::Plan::create(network, kLayouts[0]));
  std::fprintf(stderr,
               "%s, %s layout: n = %zu, q of %.0f bits, a wrong answer with a probability below 2^%.0f\n",
               network.name.c_str(), nn::layout_name(plan.spec().layout), plan.params().n(),
               plan.params().log2_q(), plan.log2_failure());
  return {};
}

}  // namespace
}  // namespace fcn::apps

int main() {
  const fcn::platform::Status status = fcn::apps::check_model();
  if (status.ok()) return fcn::apps::kExitOk;
  std::fprintf(stderr, "server_preprocess_model: %s\n", status.message().c_str());
  return fcn::apps::kExitBadInput;
}
