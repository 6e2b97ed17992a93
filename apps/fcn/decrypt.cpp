// fcn decrypt: answers to scores.
#include <array>

#include "../output_guard.h"
#include "commands.h"
#include "files.h"
#include "scores.h"

namespace fcn::apps {

using platform::concat;
using platform::Status;

int run_decrypt(std::span<const std::string> arguments) {
  std::string secret, in, out = "-";
  bool json = false, shared_secret = false;
  FlagSet flags("decrypt [flags] --secret FILE --in FILE",
                "Decrypts answers: for each a line with the digit and all scores.");
  flags.add_text("secret", "FILE", &secret, "the client's secret key file");
  flags.add_text("in", "FILE", &in, "answers, one after another");
  flags.add_text("out", "FILE", &out, "the text (default: stdout)");
  flags.add_switch("allow-shared-secret", &shared_secret, kSharedSecretHelp);
  flags.add_switch("json", &json, "a JSON object a line, with the exact integers");
  return run_command(flags, "fcn decrypt", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"secret", "in"}));
    FCN_RETURN_IF_ERROR(check_apart(std::array{NamedFile{"--out", out}},
                                    std::array{NamedFile{"--secret", secret}, NamedFile{"--in", in}}));
    FCN_ASSIGN_OR_RETURN(
        const nn::Client client,
        load_client(secret, shared_secret ? SecretAccess::kShared : SecretAccess::kOwnerOnly));
    FCN_ASSIGN_OR_RETURN(InputFile file, InputFile::open(in));
    FCN_ASSIGN_OR_RETURN(OutputFile text, OutputFile::create(out, platform::FileAccess::kPublic));
    platform::ThreadPool pool;
    for (std::size_t i = 0;; ++i) {
      const auto answer =
          read_message(file, nn::MessageKind::kAnswer, nn::message_sizes(client.spec()).answer);
      if (!answer.ok()) return name_file(in, answer.status());
      if (!answer.value().has_value()) {
        if (i == 0) return platform::corrupt(concat(input_name(in), " is empty"));
        return text.commit();
      }
      auto scores = client.decrypt(*answer.value(), pool);
      if (!scores.ok()) return name_file(in, scores.status());
      std::string line;
      const platform::WipeAtExit wipe_scores(scores.value());
      const platform::WipeAtExit wipe_line(line);
      line = format_scores(scores.value(), client.spec(), json);
      FCN_RETURN_IF_ERROR(text.write({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()}));
    }
  });
}

}  // namespace fcn::apps
