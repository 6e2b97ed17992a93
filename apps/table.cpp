// fcn-mnist table: the paper's table, each system run encrypted here.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <utility>

#include "../nn/accuracy.h"
#include "../nn/idx_file.h"
#include "../platform/file.h"
#include "commands.h"
#include "mnist_folder.h"
#include "model_source.h"
#include "output_guard.h"
#include "table_report.h"
#include "terminal.h"
#include "trial.h"

namespace fcn::apps {
namespace {

using platform::concat;
using platform::Status;

// Networks above this many operations run on one image, and --quick does not run them.
constexpr std::uint64_t kLargeNetwork = 20'000'000;
constexpr std::size_t kQuickImages = 1000;  // whose accuracy --quick measures

struct TableFlags {
  std::string mnist, models, markdown;
  std::uint64_t images = 10, threads = 0;
  bool json = false, quick = false;
};

std::string describe_key_switching(const fv::Params& params) {
  const fv::ParamsSpec& spec = params.spec();
  if (spec.special_prime != 0)
    return concat("a special prime of ", std::bit_width(spec.special_prime), " bits");
  return concat("digits of ", params.digit_bits(), " bits");
}

// Encrypts, runs and decrypts the first images.
Status run_encrypted(const nn::Network& network, const nn::Plan& plan, const nn::Dataset& images,
                     std::size_t count, platform::ThreadPool& pool, ProgressLine& line,
                     SystemResult& result) {
  FCN_ASSIGN_OR_RETURN(nn::Client client, nn::Client::create(plan.spec()));
  FCN_ASSIGN_OR_RETURN(const fv::Bytes keys, client.evaluation_keys());
  FCN_ASSIGN_OR_RETURN(const nn::Server server, nn::Server::create(plan, keys));
  TrialSummary trials;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string stage = concat(result.system.name, ", encrypted image ", i + 1, " of ", count);
    const nn::Progress progress = [&](const std::string&, std::size_t done, std::size_t total) {
      line.update(stage, done, total);
    };
    FCN_ASSIGN_OR_RETURN(const Trial trial,
                         run_trial(network, client, server, images.image(i), pool, progress));
    trials.add(trial);
  }
  result.counts = trials.last.counts;
  result.images = trials.images;
  result.exact = trials.exact;
  result.encrypt_seconds = median(trials.encrypt_seconds);
  result.infer_seconds = median(trials.infer_seconds);
  result.decrypt_seconds = median(trials.decrypt_seconds);
  result.upload_bytes = trials.last.upload_bytes;
  result.download_bytes = trials.last.download_bytes;
  result.key_bytes = keys.size();
  return {};
}

platform::Result<SystemResult> measure(const nn::System& system, const nn::Network& network,
                                       const TableFlags& flags, const nn::Dataset& images,
                                       platform::ThreadPool& pool, ProgressLine& line) {
  SystemResult result;
  result.system = system;
  line.update(system.name + ", parameters", 0, 1);
  FCN_ASSIGN_OR_RETURN(const nn::Plan plan, nn::Plan::create(network, nn::Layout::kPixel));
  const fv::Params& params = plan.params();
  result.counts = plan.counts();
  result.n = params.n();
  result.primes = params.q_count();
  result.log2_q = params.log2_q();
  result.key_switching = describe_key_switching(params);
  result.log2_failure = plan.log2_failure();
  result.isa = params.kernels().name;
  result.threads = pool.size();

  const bool large = plan.counts().total() > kLargeNetwork;
  std::size_t count = std::min<std::size_t>(flags.images, images.count());
  if (large || flags.quick) count = std::min<std::size_t>(count, 1);
  if (!(large && flags.quick)) {
    FCN_RETURN_IF_ERROR(run_encrypted(network, plan, images, count, pool, line, result));
  }
  result.test_images = flags.quick ? std::min(kQuickImages, images.count()) : images.count();
  const nn::Progress progress = [&](const std::string&, std::size_t done, std::size_t total) {
    line.update(system.name + ", accuracy of the integer network", done, total);
  };
  FCN_ASSIGN_OR_RETURN(result.correct,
                       nn::count_correct(network, images, 0, result.test_images, pool, progress));
  result.peak_rss_bytes = peak_rss_bytes();
  return result;
}

std::vector<std::string> remarks_on(const std::vector<SystemResult>& results, const TableFlags& flags) {
  std::vector<std::string> remarks;
  std::string proven;
  for (const SystemResult& result : results) {
    if (result.images == 0) continue;
    proven +=
        concat(proven.empty() ? "" : ", ", result.system.name, " ", result.exact, " of ", result.images);
  }
  remarks.push_back(concat(
      "Accuracy: the integer network on ", flags.quick ? "the first 1,000" : "all 10,000",
      " test images. The encrypted network equals it: images run encrypted whose every score is the integer ",
      "network's, to the last bit: ", proven.empty() ? "none" : proven, "."));
  if (!results.empty()) {
    remarks.push_back(concat("Inference: medians, ", results[0].threads,
                             results[0].threads == 1 ? " thread, " : " threads, ", results[0].isa,
                             " kernels. Messages: what is sent and what comes back. Relinearizations are ",
                             "no part of the total."));
  }
  for (const SystemResult& result : results) {
    if (!flags.quick && !result.reaches_aim()) {  // 1,000 images do not tell
      char text[160];
      std::snprintf(text, sizeof text, "%s is less accurate than its aim of %.2f %%.",
                    result.system.name.c_str(), result.system.least_accuracy_percent);
      remarks.push_back(text);
    }
  }
  if (!flags.quick) return remarks;
  std::string left_out =
      "--quick left out: all but 1,000 test images; all but one encrypted image of each system";
  for (const SystemResult& result : results) {
    if (result.images == 0)
      left_out += concat("; any encrypted image of ", result.system.name, " (its operations are the plan's)");
  }
  remarks.push_back(left_out + ".");
  return remarks;
}

// wrong: an encrypted result differed.
Status make_table(const TableFlags& flags, bool& wrong) {
  if (!flags.markdown.empty()) FCN_RETURN_IF_ERROR(refuse_secret_key(flags.markdown));
  FCN_ASSIGN_OR_RETURN(const std::string folder, find_mnist_folder(flags.mnist));
  FCN_ASSIGN_OR_RETURN(const nn::Dataset images, nn::load_mnist(folder, false));
  std::vector<std::pair<nn::System, nn::Network>> systems;
  std::vector<std::string> missing;
  for (nn::System& system : nn::table_systems()) {
    auto network = load_system(system, flags.models);
    if (network.status().code() == platform::StatusCode::kUnavailable && flags.models.empty()) {
      missing.push_back(system.name + " is left out: " + network.status().message() + ".");
      continue;
    }
    if (!network.ok()) return network.status();
    systems.emplace_back(std::move(system), std::move(network).value());
  }
  platform::ThreadPool pool(flags.threads);
  ProgressLine line;
  std::vector<SystemResult> results;
  for (const auto& [system, network] : systems) {
    auto result = measure(system, network, flags, images, pool, line);
    if (!result.ok()) return result.status().with_context(system.name);
    wrong = wrong || result.value().exact != result.value().images;
    results.push_back(std::move(result).value());
  }
  line.clear();
  std::vector<std::string> remarks = remarks_on(results, flags);
  remarks.insert(remarks.end(), missing.begin(), missing.end());
  std::fputs((flags.json ? table_json(results, remarks) : table_text(results, remarks)).c_str(), stdout);
  if (!flags.markdown.empty())
    FCN_RETURN_IF_ERROR(platform::write_file(flags.markdown, table_markdown(results, remarks)));
  return {};
}

}  // namespace

int run_table(std::span<const std::string> arguments) {
  TableFlags values;
  FlagSet flags(
      "table [flags]",
      "Runs every system of the paper's table encrypted on MNIST test images, compares every score with the\n"
      "integer network, and prints the paper's row and the measured one of each. Networks of more than 20\n"
      "million operations run on one image.");
  flags.add_integer("images", &values.images, 1, 10000, "how many test images run encrypted (default 10)");
  flags.add_integer("threads", &values.threads, 0, 1024, "threads; 0: one for each processor");
  flags.add_switch("quick", &values.quick,
                   "one encrypted image, 1,000 for the accuracy, the largest network not run");
  flags.add_text("mnist", "DIR", &values.mnist,
                 "the folder with the MNIST files (default: FCN_MNIST_DIR or data/mnist)");
  flags.add_text("models", "DIR", &values.models,
                 "model files in this folder instead of the built-in models");
  flags.add_text("markdown", "FILE", &values.markdown, "write the table into this file, too");
  flags.add_switch("json", &values.json, "print the results as JSON");
  return run_checked_command(flags, "fcn-mnist table", arguments,
                             [&](bool& wrong) { return make_table(values, wrong); });
}

}  // namespace fcn::apps
