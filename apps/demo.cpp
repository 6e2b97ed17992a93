// fcn-mnist demo: digits that are classified without being seen.
#include <cstdio>

#include "commands.h"
#include "demo_images.h"
#include "model_source.h"
#include "terminal.h"
#include "trial.h"

namespace fcn::apps {
namespace {

using platform::concat;
using platform::Status;

struct DemoFlags {
  std::vector<std::string> images;
  std::string layout = "pixel";
  std::uint64_t count = 20, threads = 0, seed = 1;
};

// The digit, and beside it what became of it.
void print_card(const DemoImage& image, const Trial& trial, const Style& style) {
  std::string verdict = concat("read as ", trial.answer);
  if (image.label >= 0) {
    verdict += static_cast<int>(trial.answer) == image.label ? ", which is right"
                                                             : concat(", but it is a ", image.label);
  }
  print_beside(stdout, digit_rows(image.pixels, style), 3,
               {image.source, verdict, "",
                concat("encrypt ", format_seconds(trial.encrypt_seconds), ", ",
                       format_bytes(trial.upload_bytes), " sent to the server"),
                concat("infer   ", format_seconds(trial.infer_seconds), " on ciphertexts alone"),
                concat("decrypt ", format_seconds(trial.decrypt_seconds), ", ",
                       format_bytes(trial.download_bytes), " sent back"),
                trial.exact ? "every score equals the integer network's"
                            : "WRONG: the scores differ from the integer network's"});
  std::fflush(stdout);
}

void print_summary(const TrialSummary& trials, std::size_t labelled, std::size_t correct,
                   std::size_t key_bytes, const fv::Params& params, std::size_t threads) {
  if (labelled > 0) {
    std::printf("%zu of %zu digits read right (drawn by this program, not taken from MNIST); ", correct,
                labelled);
  }
  std::printf("%zu of %zu encrypted results equal the integer network's;\n", trials.exact, trials.images);
  std::printf(
      "a digit takes %s to encrypt, %s to infer, %s to decrypt (medians), %s up, %s down; keys, once: %s;\n",
      format_seconds(median(trials.encrypt_seconds)).c_str(),
      format_seconds(median(trials.infer_seconds)).c_str(),
      format_seconds(median(trials.decrypt_seconds)).c_str(), format_bytes(trials.last.upload_bytes).c_str(),
      format_bytes(trials.last.download_bytes).c_str(), format_bytes(key_bytes).c_str());
  std::printf("n = %zu, q of %.0f bits, %s kernels, %zu threads\n", params.n(), params.log2_q(),
              params.kernels().name, threads);
}

// wrong: an encrypted result differed.
Status demonstrate(const DemoFlags& flags, bool& wrong) {
  std::vector<DemoImage> images;
  if (flags.images.empty()) {
    std::fputs("The digits below are drawn by this program; none is taken from MNIST.\n", stderr);
    images = draw_demo_images(flags.count, flags.seed);
  } else {
    FCN_ASSIGN_OR_RETURN(images, read_demo_images(flags.images));
  }
  FCN_ASSIGN_OR_RETURN(const nn::Network network, load_network(""));
  FCN_ASSIGN_OR_RETURN(
      const nn::Plan plan,
      nn::Plan::create(network, flags.layout == "packed" ? nn::Layout::kPacked : nn::Layout::kPixel));
  FCN_ASSIGN_OR_RETURN(nn::Client client, nn::Client::create(plan.spec()));
  FCN_ASSIGN_OR_RETURN(const fv::Bytes keys, client.evaluation_keys());
  std::fprintf(stderr,
               "The client made its keys. The server gets the evaluation keys (%s) and the network, no "
               "secret key.\n\n",
               format_bytes(keys.size()).c_str());
  FCN_ASSIGN_OR_RETURN(const nn::Server server, nn::Server::create(plan, keys));

  platform::ThreadPool pool(flags.threads);
  const Style style = detect_style(stdout);
  TrialSummary trials;
  std::size_t labelled = 0, correct = 0;
  for (const DemoImage& image : images) {
    ProgressLine line;
    nn::Progress progress;
    if (detect_style(stderr).live) {
      progress = [&](const std::string& stage, std::size_t done, std::size_t total) {
        line.update(stage, done, total);
      };
    }
    FCN_ASSIGN_OR_RETURN(const Trial trial, run_trial(network, client, server, image.pixels, pool, progress));
    line.clear();
    trials.add(trial);
    labelled += image.label >= 0;
    correct += static_cast<int>(trial.answer) == image.label;
    print_card(image, trial, style);
  }
  print_summary(trials, labelled, correct, keys.size(), plan.params(), pool.size());
  wrong = trials.exact != trials.images;
  return {};
}

}  // namespace

int run_demo(std::span<const std::string> arguments) {
  DemoFlags values;
  FlagSet flags("[demo] [flags]",
                "Shows digits, encrypts each, classifies it on the ciphertexts alone and decrypts the "
                "answer. The digits\n"
                "are drawn by this program, not taken from MNIST; --image takes yours instead.");
  flags.add_list("image", "FILE", &values.images,
                 "a PGM or PNG picture of one digit, of any size from 8 x 8");
  flags.add_choice("layout", "NAME", &values.layout, {"pixel", "packed"}, "how values lie in ciphertexts");
  flags.add_integer("count", &values.count, 1, 1000, "how many digits to draw");
  flags.add_integer("seed", &values.seed, 0, UINT64_MAX / 2, "chooses the drawn digits");
  flags.add_integer("threads", &values.threads, 0, 1024, "threads; 0: one for each processor");
  return run_checked_command(flags, "fcn-mnist demo", arguments,
                             [&](bool& wrong) { return demonstrate(values, wrong); });
}

}  // namespace fcn::apps
