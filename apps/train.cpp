// fcn-mnist train: MNIST -> a model file and a picture of how it came to be.
#include "../nn/training.h"

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "../nn/accuracy.h"
#include "../nn/model_file.h"
#include "../nn/range_analysis.h"
#include "../platform/file.h"
#include "../platform/thread_pool.h"
#include "commands.h"
#include "measure.h"
#include "mnist_folder.h"
#include "output_guard.h"
#include "terminal.h"
#include "training_report.h"

namespace fcn::apps {
namespace {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;

struct TrainFlags {
  std::string system = "faster-cryptonets", structured = "none", mnist, out, report, checkpoint, activation;
  bool resume = false;
  std::uint64_t seed = 2, threads = 0, epochs = 0, diagonals = 40;
};

// An hour of work should not end at a folder that does not exist.
Status check_output(const std::string& flag, const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
    return invalid_argument(concat("--", flag, " ", path, ": there is no folder ", folder.string()));
  }
  if (std::filesystem::is_directory(path, error))
    return invalid_argument(concat("--", flag, " ", path, " is a folder"));
  return refuse_secret_key(path);
}

Status check_flags(const TrainFlags& flags) {
  if (flags.out.empty()) return invalid_argument("--out FILE is needed: where to write the model");
  FCN_RETURN_IF_ERROR(check_output("out", flags.out));
  FCN_RETURN_IF_ERROR(check_output("report", flags.report));
  if (!flags.checkpoint.empty()) FCN_RETURN_IF_ERROR(check_output("checkpoint", flags.checkpoint));
  if (flags.resume && flags.checkpoint.empty())
    return invalid_argument("--resume needs --checkpoint FILE to go on from");
  return {};
}

// "0.25,1/2,1/8": a_0 first, each exact as a float.
Result<std::vector<float>> parse_activation(const std::string& text) {
  std::vector<float> coefficients;
  const auto number = [](std::string_view word, double& value) {
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
    return code == std::errc{} && end == word.data() + word.size() && std::isfinite(value);
  };
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view word = std::string_view(text).substr(at, comma - at);
    at = comma + 1;
    const std::size_t slash = std::min(word.find('/'), word.size());
    double value = 0, divisor = 1;
    if (!number(word.substr(0, slash), value) ||
        (slash < word.size() && (!number(word.substr(slash + 1), divisor) || divisor == 0))) {
      return invalid_argument(
          concat("--activation ", text, ": \"", std::string(word), "\" is no number or fraction"));
    }
    const auto coefficient = static_cast<float>(value / divisor);
    if (static_cast<double>(coefficient) * divisor != value) {
      return invalid_argument(
          concat("--activation ", text, ": ", std::string(word), " is no sum of a few powers of two"));
    }
    coefficients.push_back(coefficient);
  }
  if (coefficients.size() < 3 || coefficients.size() > 4 || coefficients.back() == 0)
    return invalid_argument(concat("--activation ", text, ": a polynomial of degree 2 or 3 is needed"));
  return coefficients;
}

// Some flags change the system, too.
Result<nn::TrainOptions> options_of(const TrainFlags& flags, nn::System& system) {
  FCN_ASSIGN_OR_RETURN(nn::TrainOptions options,
                       nn::system_options(system, flags.seed, static_cast<int>(flags.epochs)));
  options.threads = flags.threads;
  options.checkpoint = flags.checkpoint;
  options.resume = flags.resume;
  if (!flags.activation.empty()) {
    FCN_ASSIGN_OR_RETURN(options.activation, parse_activation(flags.activation));
  }
  if (flags.structured == "diagonals") {
    if (system.name != "faster-cryptonets")
      return invalid_argument(concat("--structured diagonals is for faster-cryptonets, not ", system.name));
    if (flags.diagonals % nn::kDiagonalsTogether != 0)
      return invalid_argument(
          concat("--diagonals ", flags.diagonals, " is not a multiple of ", nn::kDiagonalsTogether));
    nn::prune_diagonals(system, options, flags.diagonals);
  }
  return options;
}

// Lines as epochs end, and in between how far it is and when it will be done.
class Talk {
 public:
  void epoch(const nn::EpochReport& report) {
    line_.clear();
    std::fprintf(
        stderr, "epoch %3d of %d  %-20s loss %.4f  held out %.2f %%  %8s weights  %11s HOPs  %s, %s left\n",
        report.epoch, report.epochs, report.stage.c_str(), report.loss, 100 * report.held_out_accuracy,
        format_count(report.nonzero_weights).c_str(), format_count(report.counts.total()).c_str(),
        format_seconds(watch_.seconds()).c_str(), format_seconds(left_).c_str());
  }
  void progress(const std::string& stage, std::size_t done, std::size_t total) {
    if (first_ > done) first_ = done;
    if (done > first_)
      left_ = watch_.seconds() * static_cast<double>(total - done) / static_cast<double>(done - first_);
    if (live_) line_.update(concat(stage, ", ", static_cast<long>(left_), " s left"), done, total);
  }
  double seconds() const { return watch_.seconds(); }

 private:
  Stopwatch watch_;
  ProgressLine line_;
  const bool live_ = detect_style(stderr).live;
  std::size_t first_ = SIZE_MAX;  // where a resumed training goes on
  double left_ = 0;
};

Status print_ranges(const nn::Network& network) {
  FCN_ASSIGN_OR_RETURN(const std::vector<nn::RangeBound> ranges, nn::bound_ranges(network));
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    std::printf("  layer %zu (%s): %s\n", i + 1, nn::layer_kind_name(network.layers[i].kind),
                format_range(ranges[i].low, ranges[i].high, ranges[i].bits).c_str());
  }
  return {};
}

Status train(TrainFlags flags) {
  if (flags.report.empty() && !flags.out.empty()) flags.report = flags.out + ".svg";
  FCN_RETURN_IF_ERROR(check_flags(flags));
  FCN_ASSIGN_OR_RETURN(nn::System system, nn::find_system(flags.system));
  FCN_ASSIGN_OR_RETURN(const nn::TrainOptions options, options_of(flags, system));
  FCN_ASSIGN_OR_RETURN(const std::string folder, find_mnist_folder(flags.mnist));
  FCN_ASSIGN_OR_RETURN(const nn::Dataset training, nn::load_mnist(folder, true));
  FCN_ASSIGN_OR_RETURN(const nn::Dataset test, nn::load_mnist(folder, false));

  Talk talk;
  FCN_ASSIGN_OR_RETURN(const nn::TrainedModel model,
                       nn::train_network(
                           system.name, system.layers, training, options,
                           [&](const nn::EpochReport& report) { talk.epoch(report); },
                           [&](const std::string& stage, std::size_t done, std::size_t total) {
                             talk.progress(stage, done, total);
                           }));
  const double seconds = talk.seconds();
  FCN_RETURN_IF_ERROR(nn::save_model(model.network, flags.out));
  FCN_RETURN_IF_ERROR(platform::write_file(flags.report, training_report(model)));
  platform::ThreadPool pool(flags.threads);
  FCN_ASSIGN_OR_RETURN(const std::size_t correct,
                       nn::count_correct(model.network, test, 0, test.count(), pool));
  std::printf(
      "%s: the integer network reads %.2f %% of the held-out images and %zu of %zu test images (%.2f %%); "
      "trained in %s with seed %" PRIu64 "\n",
      flags.out.c_str(), 100 * model.held_out_accuracy, correct, test.count(),
      100 * static_cast<double>(correct) / static_cast<double>(test.count()), format_seconds(seconds).c_str(),
      flags.seed);
  return print_ranges(model.network);
}

}  // namespace

int run_train(std::span<const std::string> arguments) {
  TrainFlags values;
  std::vector<std::string> systems;
  for (const nn::System& system : nn::table_systems()) systems.push_back(system.name);
  FlagSet flags(
      "train --out FILE [flags]",
      "Trains a network on MNIST's 60,000 training images, prunes it, moves its weights to powers of two "
      "(or\n"
      "integers of a few bits), and writes it as an integer network with a report as SVG. The same seed "
      "gives the\n"
      "same file on the same kind of processor, for any number of threads, stopped and resumed or not.");
  flags.add_choice("system", "NAME", &values.system, systems, "which network of the paper's table");
  flags.add_choice("structured", "KIND", &values.structured, {"none", "diagonals"},
                   "how the hidden layer is pruned: single weights, or whole diagonals of the packed layout");
  flags.add_integer("diagonals", &values.diagonals, nn::kDiagonalsTogether, nn::kDiagonals,
                    "how many of 128 diagonals stay, a multiple of 8");
  flags.add_text(
      "activation", "A0,A1,A2[,A3]", &values.activation,
      "the polynomial between layers, constant first (see fcn-mnist activation); default: the system's");
  flags.add_text("mnist", "DIR", &values.mnist,
                 "the folder with the MNIST files (default: FCN_MNIST_DIR or data/mnist)");
  flags.add_text("out", "FILE", &values.out, "the model file to write");
  flags.add_text("report", "FILE", &values.report,
                 "the SVG to write (default: the model file's name and .svg)");
  flags.add_text("checkpoint", "FILE", &values.checkpoint, "where to keep the state after every epoch");
  flags.add_switch("resume", &values.resume, "go on from the checkpoint");
  flags.add_integer("seed", &values.seed, 0, UINT32_MAX,
                    "what all randomness comes from (default: that of the committed model)");
  flags.add_integer("threads", &values.threads, 0, 1024, "threads; 0: one for each processor");
  flags.add_integer("epochs", &values.epochs, 0, 1000, "passes over the images; 0: the recommended number");
  return run_command(flags, "fcn-mnist train", arguments, [&] { return train(values); });
}

}  // namespace fcn::apps
