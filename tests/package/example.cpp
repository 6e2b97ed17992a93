// An encrypted image in C++: the server never sees it. usage: example MODEL
#include <fcn/nn/client.h>
#include <fcn/nn/model_file.h>
#include <fcn/nn/plain_run.h>
#include <fcn/nn/server.h>

#include <cstdio>

namespace nn = fcn::nn;
using fcn::platform::Result;

// True when the encrypted run gave exactly the network's integers.
static Result<bool> run(const char* path) {
  // The server compiles the network and publishes what clients must know of it.
  FCN_ASSIGN_OR_RETURN(const nn::Network network, nn::load_model(path));
  FCN_ASSIGN_OR_RETURN(const nn::Plan plan, nn::Plan::create(network, nn::Layout::kPixel));
  const fcn::fv::Bytes spec = nn::serialize(plan.spec());

  // The client makes its keys and encrypts.
  fcn::platform::ThreadPool pool(0);
  FCN_ASSIGN_OR_RETURN(nn::ClientSpec parsed, nn::deserialize_client_spec(spec));
  FCN_ASSIGN_OR_RETURN(nn::Client client, nn::Client::create(std::move(parsed)));
  FCN_ASSIGN_OR_RETURN(const fcn::fv::Bytes keys, client.evaluation_keys());
  std::vector<std::int64_t> image(client.spec().input.size());
  for (std::size_t i = 0; i < image.size(); ++i)
    image[i] = static_cast<std::int64_t>(i * i) % (client.spec().input_max + 1);
  FCN_ASSIGN_OR_RETURN(const fcn::fv::Bytes request, client.encrypt(image, pool));

  // The server computes on what it cannot read; the client decrypts.
  FCN_ASSIGN_OR_RETURN(const nn::Server server, nn::Server::create(plan, keys));
  FCN_ASSIGN_OR_RETURN(const fcn::fv::Bytes answer, server.infer(request, pool));
  FCN_ASSIGN_OR_RETURN(const std::vector<std::int64_t> scores, client.decrypt(answer, pool));

  for (std::size_t i = 0; i < scores.size(); ++i)
    std::printf("output %zu: %.6g\n", i, static_cast<double>(scores[i]) / client.spec().output_scale);
  FCN_ASSIGN_OR_RETURN(const std::vector<std::int64_t> expected, nn::plain_run(network, image));
  return scores == expected;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: example MODEL\n", stderr);
    return 2;
  }
  const Result<bool> exact = run(argv[1]);
  if (!exact.ok()) {
    std::fprintf(stderr, "%s\n", exact.status().message().c_str());
    return 2;
  }
  std::printf("%s the integers of the network in the clear\n", exact.value() ? "equal to" : "NOT");
  return exact.value() ? 0 : 1;
}
