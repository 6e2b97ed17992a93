// fcn-mnist train: MNIST -> a model file.
#include "../nn/training.h"

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "../nn/accuracy.h"
#include "../nn/model_file.h"
#include "../nn/range_analysis.h"
#include "../platform/thread_pool.h"
#include "commands.h"
#include "measure.h"
#include "mnist_folder.h"
#include "terminal.h"

namespace fcn::apps {
namespace {

using platform::concat;
using platform::Status;

struct TrainFlags {
  std::string mnist, out;
  std::uint64_t seed = 1, threads = 0, epochs = 0;
};

// An hour of work should not end at a folder that does not exist.
Status check_output(const std::string& path) {
  if (path.empty()) return platform::invalid_argument("--out FILE is needed: where to write the model");
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
    return platform::invalid_argument(concat("--out ", path, ": there is no folder ", folder.string()));
  }
  if (std::filesystem::is_directory(path, error)) {
    return platform::invalid_argument(concat("--out ", path, " is a folder"));
  }
  return {};
}

Status train(const TrainFlags& flags) {
  FCN_RETURN_IF_ERROR(check_output(flags.out));
  FCN_ASSIGN_OR_RETURN(const std::string folder, find_mnist_folder(flags.mnist));
  FCN_ASSIGN_OR_RETURN(const nn::Dataset training, nn::load_mnist(folder, true));
  FCN_ASSIGN_OR_RETURN(const nn::Dataset test, nn::load_mnist(folder, false));

  nn::TrainOptions options = nn::faster_cryptonets_options(flags.seed, static_cast<int>(flags.epochs));
  options.threads = flags.threads;
  const Stopwatch watch;
  const auto report = [&](const nn::EpochReport& epoch) {
    std::fprintf(stderr, "epoch %d of %d  %-20s loss %.4f  held out %.2f %%  %zu weights  %s\n", epoch.epoch,
                 epoch.epochs, epoch.stage.c_str(), epoch.loss, 100 * epoch.held_out_accuracy,
                 epoch.nonzero_weights, format_seconds(watch.seconds()).c_str());
  };
  FCN_ASSIGN_OR_RETURN(const nn::TrainedModel model, nn::train_faster_cryptonets(training, options, report));
  platform::ThreadPool pool(flags.threads);
  FCN_ASSIGN_OR_RETURN(const std::size_t correct,
                       nn::count_correct(model.network, test, 0, test.count(), pool));
  FCN_RETURN_IF_ERROR(nn::save_model(model.network, flags.out));
  std::printf(
      "%s: the integer network reads %zu of %zu test images (%.2f %%); trained in %s with seed %" PRIu64 "\n",
      flags.out.c_str(), correct, test.count(),
      100 * static_cast<double>(correct) / static_cast<double>(test.count()),
      format_seconds(watch.seconds()).c_str(), flags.seed);
  const Status ranges = nn::analyze_ranges(model.network).status();
  if (!ranges.ok()) std::fprintf(stderr, "it is too large to run encrypted: %s\n", ranges.message().c_str());
  return {};
}

}  // namespace

int run_train(std::span<const std::string> arguments) {
  TrainFlags values;
  FlagSet flags(
      "train --out FILE [flags]",
      "Trains the network on MNIST's 60,000 training images, prunes it, moves its weights to powers of two\n"
      "and writes it as an integer network. The same seed gives the same file, for any number of threads.");
  flags.add_text("mnist", "DIR", &values.mnist,
                 "the folder with the MNIST files (default: FCN_MNIST_DIR or data/mnist)");
  flags.add_text("out", "FILE", &values.out, "the model file to write");
  flags.add_integer("seed", &values.seed, 0, UINT64_MAX, "what all randomness comes from");
  flags.add_integer("threads", &values.threads, 0, 1024, "threads; 0: one for each processor");
  flags.add_integer("epochs", &values.epochs, 0, 1000, "passes over the images; 0: the recommended number");
  int exit_code = kExitOk;
  if (!parse_or_help(flags, "train", arguments, exit_code)) return exit_code;
  return exit_code_of("train", train(values));
}

}  // namespace fcn::apps
