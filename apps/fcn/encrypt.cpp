// fcn encrypt: inputs to requests, one message each, one after another.
#include <array>

#include "../output_guard.h"
#include "commands.h"
#include "files.h"
#include "inputs.h"

namespace fcn::apps {

using platform::Status;

int run_encrypt(std::span<const std::string> arguments) {
  std::string secret, out;
  bool shared_secret = false;
  std::vector<std::string> inputs;
  std::uint64_t threads = 1;
  FlagSet flags("encrypt [flags] --secret FILE --input FILE --out FILE",
                "Encrypts pictures of digits (PGM, PNG) or texts of grey values (0..255, 0..1, or normalised "
                "as MNIST's\n"
                "are; a text may hold several images), one request each.");
  flags.add_text("secret", "FILE", &secret, "the client's secret key file");
  flags.add_list("input", "FILE", &inputs, "a picture, or a text of numbers");
  flags.add_text("out", "FILE", &out, "the requests");
  flags.add_switch("allow-shared-secret", &shared_secret, kSharedSecretHelp);
  flags.add_integer("threads", &threads, 0, 1024, "threads; 0: one for each processor");
  return run_command(flags, "fcn encrypt", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"secret", "input", "out"}));
    std::vector<NamedFile> read{{"--secret", secret}};
    for (const std::string& path : inputs) read.push_back({"--input", path});
    FCN_RETURN_IF_ERROR(check_apart(std::array{NamedFile{"--out", out}}, read));
    FCN_ASSIGN_OR_RETURN(nn::Client client, load_client(secret, shared_secret ? SecretAccess::kShared
                                                                              : SecretAccess::kOwnerOnly));
    platform::ThreadPool pool(threads);
    FCN_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(out, platform::FileAccess::kPublic));
    for (const std::string& path : inputs) {
      FCN_ASSIGN_OR_RETURN(auto images, read_inputs(path, client.spec()));
      const platform::WipeAtExit wipe(images);
      for (const auto& image : images) {
        FCN_ASSIGN_OR_RETURN(const fv::Bytes request, client.encrypt(image, pool));
        FCN_RETURN_IF_ERROR(file.write(request));
      }
    }
    return file.commit();
  });
}

}  // namespace fcn::apps
