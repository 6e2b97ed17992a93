// fcn inspect: what is in a file, but no secret.
#include <cstdio>

#include "../../nn/model_file.h"
#include "../terminal.h"
#include "commands.h"
#include "files.h"

namespace fcn::apps {

using nn::MessageKind;
using platform::concat;
using platform::Result;
using platform::Status;

namespace {

std::string describe_params(const fv::Params& params) {
  const fv::PlaintextModulus& t = params.t();
  char log2_q[32];
  std::snprintf(log2_q, sizeof log2_q, "%.1f", params.log2_q());
  return concat("n = ", params.n(), ", q of ", log2_q, " bits in ", params.q_count(),
                params.q_count() == 1 ? " prime" : " primes",
                params.has_special() ? " and a special one, t = " : ", t = ",
                t.is_integer()
                    ? concat(t.base())
                    : concat(t.length() == 1 ? concat("X") : concat("X^", t.length()), " - ", t.base()),
                ", 128 bits of security");
}

std::string describe_spec(const nn::ClientSpec& spec) {
  const nn::MessageSizes sizes = nn::message_sizes(spec);
  char noise[64];
  std::snprintf(noise, sizeof noise, "2^%.1f, its limit 2^%.1f", spec.answer_noise.log2_sigma,
                spec.params.log2_q(spec.answer_limbs) - 1);
  return concat("  layout ", nn::layout_name(spec.layout), ", parameters ", describe_params(spec.params),
                "\n  inputs ", spec.input.channels, " x ", spec.input.height, " x ", spec.input.width,
                " in [0, ", spec.input_max, "] in ", spec.upload_ciphertexts(), " ciphertexts, ",
                spec.outputs, " outputs in ", spec.answer_ciphertexts(), "\n  answers modulo ",
                spec.answer_limbs, spec.answer_limbs == 1 ? " prime" : " primes",
                ", deviation of their noise ", noise, "\n  keys ", format_bytes(sizes.evaluation_keys),
                ", a request ", format_bytes(sizes.request), ", an answer at most ",
                format_bytes(sizes.answer), "\n  network ", nn::format_fingerprint(spec.network_fingerprint),
                ", ", spec.galois_elements.size(), " rotation keys needed\n");
}

// last: of count messages of one kind, key and model, of which header is the first.
std::string describe_header(const nn::MessageHeader& header, std::size_t count, const nn::RequestId& last) {
  std::string text = nn::message_kind_name(header.kind);
  if (count > 1) text += concat(" and ", count - 1, " more");
  text += concat(": ", format_bytes(static_cast<std::size_t>(header.total_bytes())), count > 1 ? " each" : "",
                 ", client spec ", nn::format_fingerprint(header.fingerprint));
  if (header.key_id != nn::KeyId{}) text += concat(", key ", nn::format_key_id(header.key_id));
  if (header.request_id != nn::RequestId{}) {
    text += concat(count > 1 ? ", ids " : ", id ", nn::format_request_id(header.request_id));
    if (count > 1) text += concat(" ... ", nn::format_request_id(last));
  }
  return text + "\n";
}

// The text about a client spec or a secret key file, with what is in it.
Result<std::string> describe_whole(const std::string& path, const nn::MessageHeader& header,
                                   SecretAccess access) {
  if (header.kind == MessageKind::kClientKey) {
    FCN_ASSIGN_OR_RETURN(const nn::Client client, load_client(path, access));
    return describe_header(header, 1, {}) + describe_spec(client.spec());
  }
  FCN_ASSIGN_OR_RETURN(const fv::Bytes bytes, read_message_file(path, header.kind, nn::kMaxSpecBytes));
  const auto spec = nn::deserialize_client_spec(bytes);
  if (!spec.ok()) return name_file(path, spec.status());
  return describe_header(header, 1, {}) + describe_spec(spec.value());
}

// Messages of one kind and size, one after another, each checked for damage.
Result<std::string> describe_messages(const std::string& path, const nn::MessageHeader& first) {
  FCN_ASSIGN_OR_RETURN(InputFile file, InputFile::open(path));
  std::size_t count = 0;
  nn::RequestId last;
  for (;; ++count) {
    const auto bytes = read_message(file, first.kind, kMaxMessageBytes);
    if (!bytes.ok()) return name_file(path, bytes.status());
    if (!bytes.value().has_value()) break;
    const auto message = nn::open_message(*bytes.value(), first.kind);
    if (!message.ok()) return name_file(path, message.status());
    const nn::MessageHeader& header = message->header;
    last = header.request_id;
    if (header.fingerprint != first.fingerprint || header.key_id != first.key_id ||
        header.payload_bytes != first.payload_bytes) {
      return platform::corrupt(concat(path, ": message ", count + 1, " belongs to another key or model"));
    }
  }
  return describe_header(first, count, last);
}

Result<std::string> describe_file(const std::string& path, SecretAccess access) {
  if (path == "-") return platform::invalid_argument("inspect reads files, not stdin");
  fv::Bytes front(nn::kMessageHeaderBytes);
  {
    FCN_ASSIGN_OR_RETURN(InputFile file, InputFile::open(path));
    FCN_ASSIGN_OR_RETURN(const std::size_t got, read_up_to(file, front));
    front.resize(got);
  }
  constexpr std::string_view kModel = "fcn-model ";
  if (std::string_view(reinterpret_cast<const char*>(front.data()), front.size()).starts_with(kModel)) {
    FCN_ASSIGN_OR_RETURN(const nn::Network network, nn::load_model(path));
    return concat("a model in plain text, \"", network.name, "\", of ", network.layers.size(),
                  network.salt.empty() ? " layers" : " layers, with a salt",
                  "; fcn-mnist inspect shows more\n");
  }
  const auto claim = nn::describe_bytes(front);
  if (!claim.ok()) return name_file(path, claim.status());
  if (nn::message_kind_name(static_cast<MessageKind>(front[3])) == nullptr)
    return concat(claim.value(), " in fv's own format, without the frame that this program uses\n");
  const auto header = nn::read_message_header(front);
  if (!header.ok()) return name_file(path, header.status());
  const bool whole = header->kind == MessageKind::kClientSpec || header->kind == MessageKind::kClientKey;
  return whole ? describe_whole(path, header.value(), access) : describe_messages(path, header.value());
}

}  // namespace

int run_inspect_file(std::span<const std::string> arguments) {
  std::vector<std::string> paths;
  FlagSet flags("inspect FILE...",
                "Says what each file is, whom and which model it belongs to, and its parameters and sizes; "
                "checks that\n"
                "it is not damaged. Shows no secret.");
  bool shared_secret = false;
  flags.take_words(&paths);
  flags.add_switch("allow-shared-secret", &shared_secret, kSharedSecretHelp);
  return run_command(flags, "fcn inspect", arguments, [&]() -> Status {
    for (const std::string& path : paths) {
      FCN_ASSIGN_OR_RETURN(
          const std::string text,
          describe_file(path, shared_secret ? SecretAccess::kShared : SecretAccess::kOwnerOnly));
      std::printf("%s: %s", path.c_str(), text.c_str());
    }
    return {};
  });
}

}  // namespace fcn::apps
