// The other side of client.c, with the whole library.
//   server spec MODEL SPEC WORST_SPEC            for the model; and the same with the largest parameters of the layout
//   server infer MODEL KEYS REQUEST ANSWER       and prints the scores that the network gives the test image in the clear
#include <fcn/fv/serialization.h>
#include <fcn/nn/model_file.h>
#include <fcn/nn/plain_run.h>
#include <fcn/nn/server.h>
#include <fcn/platform/file.h>

#include <cstdio>
#include <cstring>

using namespace fcn;

static platform::Status spec(char** path) {
  FCN_ASSIGN_OR_RETURN(const nn::Network network, nn::load_model(path[0]));
  FCN_ASSIGN_OR_RETURN(const nn::Plan plan, nn::Plan::create(network, nn::Layout::kPixel));
  nn::ClientSpec worst = plan.spec();
  FCN_ASSIGN_OR_RETURN(const fv::ParamsSpec largest, fv::pixel_spec(50));
  FCN_ASSIGN_OR_RETURN(worst.params, fv::Params::create(largest));
  FCN_RETURN_IF_ERROR(platform::write_file(path[1], nn::serialize(plan.spec())));
  return platform::write_file(path[2], nn::serialize(worst));
}

static platform::Status infer(char** path) {
  FCN_ASSIGN_OR_RETURN(const nn::Network network, nn::load_model(path[0]));
  FCN_ASSIGN_OR_RETURN(const nn::Plan plan, nn::Plan::create(network, nn::Layout::kPixel));
  FCN_ASSIGN_OR_RETURN(const auto keys, platform::read_file(path[1], 1 << 26));
  FCN_ASSIGN_OR_RETURN(const auto request, platform::read_file(path[2], 1 << 26));
  FCN_ASSIGN_OR_RETURN(const nn::Server server, nn::Server::create(plan, keys));
  platform::ThreadPool pool(0);
  FCN_ASSIGN_OR_RETURN(const auto answer, server.infer(request, pool));
  std::vector<std::int64_t> image(network.input.size());
  for (std::size_t i = 0; i < image.size(); ++i)
    image[i] = static_cast<std::int64_t>(i * i) % (network.input_max + 1);
  FCN_ASSIGN_OR_RETURN(const auto scores, nn::plain_run(network, image));
  for (const std::int64_t score : scores) std::printf("%lld\n", static_cast<long long>(score));
  return platform::write_file(path[3], answer);
}

int main(int argc, char** argv) {
  platform::Status status = platform::invalid_argument("usage: see server.cpp");
  if (argc == 5 && std::strcmp(argv[1], "spec") == 0) status = spec(argv + 2);
  if (argc == 6 && std::strcmp(argv[1], "infer") == 0) status = infer(argv + 2);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 2;
}
