// fcn decrypt: answers to scores.
#include <array>
#include <cstdio>

#include "../output_guard.h"
#include "commands.h"
#include "files.h"
#include "scores.h"

namespace fcn::apps {

using platform::concat;
using platform::Result;
using platform::Status;

namespace {

// The requests that answers must belong to, in their order; or none, where none are known.
class Requests {
 public:
  static Result<Requests> open(const std::string& path, std::uint64_t longest) {
    Requests requests(path, longest);
    if (path.empty()) return requests;
    FCN_ASSIGN_OR_RETURN(InputFile file, InputFile::open(path));
    requests.file_.emplace(std::move(file));
    return requests;
  }

  // The id that the next answer must have; without requests the one that it has.
  Result<nn::RequestId> next(std::size_t index, const fv::Bytes& answer) {
    if (!file_.has_value()) return nn::request_id(answer);
    FCN_ASSIGN_OR_RETURN(const auto request, read());
    if (!request.has_value())
      return platform::mismatch(concat("answer ", index + 1, " has no request in ", input_name(path_)));
    return nn::request_id(*request);
  }

  // Errors: kMismatch when requests are left.
  Status finish(std::size_t answers) {
    if (!file_.has_value()) {
      std::fputs("fcn decrypt: the answers were not checked against requests (--request FILE)\n", stderr);
      return {};
    }
    FCN_ASSIGN_OR_RETURN(const auto request, read());
    if (!request.has_value()) return {};
    return platform::mismatch(concat("request ", answers + 1, " of ", input_name(path_), " has no answer"));
  }

 private:
  Requests(std::string path, std::uint64_t longest) : path_(std::move(path)), longest_(longest) {}
  Result<std::optional<fv::Bytes>> read() {
    auto request = read_message(*file_, nn::MessageKind::kRequest, longest_);
    if (!request.ok()) return name_file(path_, request.status());
    return request;
  }

  std::string path_;
  std::uint64_t longest_;
  std::optional<InputFile> file_;
};

}  // namespace

int run_decrypt(std::span<const std::string> arguments) {
  std::string secret, request, in, out = "-";
  bool json = false, shared_secret = false;
  FlagSet flags(
      "decrypt [flags] --secret FILE --in FILE",
      "Decrypts answers: for each a line with the digit and all scores. With --request, only answers to\n"
      "those requests in their order.");
  flags.add_text("secret", "FILE", &secret, "the client's secret key file");
  flags.add_text("request", "FILE", &request, "the requests, as fcn encrypt wrote them");
  flags.add_text("in", "FILE", &in, "answers, one after another");
  flags.add_text("out", "FILE", &out, "the text (default: stdout)");
  flags.add_switch("allow-shared-secret", &shared_secret, kSharedSecretHelp);
  flags.add_switch("json", &json, "a JSON object a line, with the exact integers");
  return run_command(flags, "fcn decrypt", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"secret", "in"}));
    FCN_RETURN_IF_ERROR(check_apart(
        std::array{NamedFile{"--out", out}},
        std::array{NamedFile{"--secret", secret}, NamedFile{"--request", request}, NamedFile{"--in", in}}));
    FCN_ASSIGN_OR_RETURN(nn::Client client, load_client(secret, shared_secret ? SecretAccess::kShared
                                                                              : SecretAccess::kOwnerOnly));
    const nn::MessageSizes sizes = nn::message_sizes(client.spec());
    FCN_ASSIGN_OR_RETURN(Requests requests, Requests::open(request, sizes.request));
    FCN_ASSIGN_OR_RETURN(InputFile file, InputFile::open(in));
    FCN_ASSIGN_OR_RETURN(OutputFile text, OutputFile::create(out, platform::FileAccess::kPublic));
    platform::ThreadPool pool;
    for (std::size_t i = 0;; ++i) {
      const auto answer = read_message(file, nn::MessageKind::kAnswer, sizes.answer);
      if (!answer.ok()) return name_file(in, answer.status());
      if (!answer.value().has_value()) {
        if (i == 0) return platform::corrupt(concat(input_name(in), " is empty"));
        FCN_RETURN_IF_ERROR(name_file(in, requests.finish(i)));
        return text.commit();
      }
      const auto id = requests.next(i, *answer.value());
      if (!id.ok()) return name_file(in, id.status());
      auto line = decrypt_to_line(client, &id.value(), *answer.value(), pool, json);
      if (!line.ok()) return name_file(in, line.status());
      const platform::WipeAtExit wipe_line(line.value());
      FCN_RETURN_IF_ERROR(text.write({reinterpret_cast<const std::uint8_t*>(line->data()), line->size()}));
    }
  });
}

}  // namespace fcn::apps
