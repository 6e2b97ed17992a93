// fcn spec and fcn keygen: what a model asks of its clients, and their keys.
#include <sys/stat.h>

#include <array>

#include "../../nn/client_stream.h"
#include "../output_guard.h"
#include "commands.h"
#include "files.h"
#include "plans.h"

namespace fcn::apps {

using platform::concat;
using platform::Status;

namespace {

struct KeygenFlags {
  std::string model, spec, layout = layout_names()[0], secret, keys;
  std::uint64_t max_bytes = 0;  // 0: the library's limits
};

// Where evaluation keys go, piece by piece, and what became of it.
struct KeysSink {
  OutputFile& file;
  Status status = {};
  nn::Sink sink() {
    return {[](void* user, fv::ByteSpan piece) {
              auto& self = *static_cast<KeysSink*>(user);
              self.status = self.file.write(piece);
              return self.status.ok();
            },
            this};
  }
};

// One key at a time is in memory, however many the spec asks for.
Status write_keys(nn::Client& client, OutputFile& file) {
  FCN_ASSIGN_OR_RETURN(auto workspace, platform::SecretBuffer<std::uint8_t>::create_uninitialized(
                                           nn::stream_workspace_bytes(client.spec())));
  KeysSink sink{file};
  const Status status = nn::write_evaluation_keys(client, {workspace.data(), workspace.size()}, sink.sink());
  return sink.status.ok() ? status : sink.status;
}

Status check_sizes(const nn::ClientSpec& spec, std::uint64_t max_bytes) {
  nn::MessageLimits limits;
  if (max_bytes != 0) limits = {max_bytes, max_bytes};
  const Status status = nn::check_message_sizes(spec, limits);
  if (status.ok()) return {};
  return platform::out_of_range(concat(status.message(), "; --max-bytes sets another"));
}

// Both files or none.
Status make_keys(const KeygenFlags& values) {
  FCN_RETURN_IF_ERROR(
      check_apart(std::array{NamedFile{"--secret", values.secret}, NamedFile{"--keys", values.keys}},
                  std::array{NamedFile{"--spec", values.spec}, NamedFile{"--model", values.model}}));
  struct stat about;
  if (values.secret != "-" && ::stat(values.secret.c_str(), &about) == 0 && S_ISREG(about.st_mode)) {
    return platform::invalid_argument(concat(
        values.secret, " exists already, and a lost secret key cannot be made again; remove it first"));
  }
  FCN_ASSIGN_OR_RETURN(nn::ClientSpec spec, find_spec(values.model, values.layout, values.spec));
  FCN_RETURN_IF_ERROR(check_sizes(spec, values.max_bytes));
  FCN_ASSIGN_OR_RETURN(nn::Client client, nn::Client::create(std::move(spec)));
  FCN_ASSIGN_OR_RETURN(
      OutputFile secret_file,
      OutputFile::create(values.secret, platform::FileAccess::kOwnerOnly, platform::IfExists::kRefuse));
  FCN_ASSIGN_OR_RETURN(OutputFile keys_file, OutputFile::create(values.keys, platform::FileAccess::kPublic));
  FCN_RETURN_IF_ERROR(write_keys(client, keys_file));
  FCN_ASSIGN_OR_RETURN(const auto secret, nn::serialize_client_key(client));
  FCN_RETURN_IF_ERROR(secret_file.write({secret.data(), secret.size()}));
  FCN_RETURN_IF_ERROR(secret_file.commit());
  const Status status = keys_file.commit();
  if (!status.ok()) secret_file.take_back();
  return status;
}

}  // namespace

int run_spec(std::span<const std::string> arguments) {
  std::string model, layout = layout_names()[0], out;
  FlagSet flags(
      "spec [flags] --out FILE",
      "Writes what a client must know to make keys for a model: parameters, shapes, slots. It says nothing\n"
      "of the weights but a fingerprint.");
  flags.add_text("model", "FILE", &model, "a model file (default: the built-in model)");
  flags.add_choice("layout", "NAME", &layout, layout_names(), "how values lie in ciphertexts");
  flags.add_text("out", "FILE", &out, "the client spec");
  return run_command(flags, "fcn spec", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"out"}));
    FCN_RETURN_IF_ERROR(
        check_apart(std::array{NamedFile{"--out", out}}, std::array{NamedFile{"--model", model}}));
    FCN_ASSIGN_OR_RETURN(const nn::ClientSpec spec, find_spec(model, layout, ""));
    return write_message_file(out, nn::serialize(spec));
  });
}

int run_keygen(std::span<const std::string> arguments) {
  KeygenFlags values;
  FlagSet flags(
      "keygen [flags] --secret FILE --keys FILE",
      "Makes a client's keys, from a spec file or from the model itself. The secret key file is for the\n"
      "client's eyes alone; the evaluation keys go to the server.");
  flags.add_text("model", "FILE", &values.model, "a model file (default: the built-in model)");
  flags.add_text("spec", "FILE", &values.spec, "a client spec, instead of the model");
  flags.add_choice("layout", "NAME", &values.layout, layout_names(),
                   "how values lie in ciphertexts, with a model");
  flags.add_text("secret", "FILE", &values.secret, "the secret key file, created for its owner only");
  flags.add_text("keys", "FILE", &values.keys, "the evaluation keys");
  flags.add_integer(
      "max-bytes", &values.max_bytes, 0, std::uint64_t{1} << 40,
      "most bytes of evaluation keys, and of a request, that a spec may ask for; 0: 1 GiB and 256 MiB");
  return run_command(flags, "fcn keygen", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"secret", "keys"}));
    return make_keys(values);
  });
}

}  // namespace fcn::apps
