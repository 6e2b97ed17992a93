// fcn-mnist eval: MNIST test images, encrypted, against the integer network.
#include <cinttypes>
#include <cstdio>

#include "../nn/idx_file.h"
#include "commands.h"
#include "json.h"
#include "mnist_folder.h"
#include "model_source.h"
#include "terminal.h"
#include "trial.h"

namespace fcn::apps {
namespace {

using platform::concat;
using platform::Status;

struct EvalFlags {
  std::string layout = "pixel", isa, mnist, model;
  std::uint64_t images = 100, threads = 1;
  bool json = false;
};

struct Report {
  TrialSummary trials;
  std::size_t correct = 0, key_bytes = 0, threads = 0;
};

void print_json(const Report& report, const nn::Plan& plan) {
  const TrialSummary& trials = report.trials;
  const nn::OpCounts& counts = trials.last.counts;
  JsonWriter json;
  json.add("layout", nn::layout_name(plan.spec().layout));
  json.add("images", trials.images);
  json.add("correct", report.correct);
  json.add("agree_with_integer", trials.exact);
  json.add("encrypt_ms", 1e3 * median(trials.encrypt_seconds));
  json.add("infer_ms", 1e3 * median(trials.infer_seconds));
  json.add("infer_p99_ms", 1e3 * percentile(trials.infer_seconds, 99));
  json.add("decrypt_ms", 1e3 * median(trials.decrypt_seconds));
  json.add("upload_bytes", trials.last.upload_bytes);
  json.add("download_bytes", trials.last.download_bytes);
  json.add("key_bytes", report.key_bytes);
  json.begin_object("hops");
  json.add("pt_ct_adds", counts.pt_ct_adds);
  json.add("ct_ct_adds", counts.ct_ct_adds);
  json.add("pt_ct_mults", counts.pt_ct_mults);
  json.add("ct_ct_mults", counts.ct_ct_mults);
  json.add("total", counts.total());
  json.add("relinearizations", counts.relinearizations);
  json.add("rotations", counts.rotations);
  json.end_object();
  json.add("n", plan.params().n());
  json.add("log2_q", plan.params().log2_q());
  json.add("log2_failure", plan.log2_failure());
  json.add("threads", report.threads);
  json.add("isa", plan.params().kernels().name);
  json.add("peak_rss_bytes", peak_rss_bytes());
  std::fputs(std::move(json).finish().c_str(), stdout);
}

void print_text(const Report& report, const nn::Plan& plan) {
  const TrialSummary& trials = report.trials;
  const nn::OpCounts& counts = trials.last.counts;
  std::printf("%zu of %zu encrypted results equal the integer network in every score\n", trials.exact,
              trials.images);
  std::printf("%zu of %zu digits are read as their labels say\n", report.correct, trials.images);
  std::printf("median per image: encrypt %s, infer %s (99 of 100 within %s), decrypt %s\n",
              format_seconds(median(trials.encrypt_seconds)).c_str(),
              format_seconds(median(trials.infer_seconds)).c_str(),
              format_seconds(percentile(trials.infer_seconds, 99)).c_str(),
              format_seconds(median(trials.decrypt_seconds)).c_str());
  std::printf("messages: %s up, %s down; keys once: %s\n", format_bytes(trials.last.upload_bytes).c_str(),
              format_bytes(trials.last.download_bytes).c_str(), format_bytes(report.key_bytes).c_str());
  std::printf(
      "HOPs: %s (%s plaintext and %s ciphertext additions, %s plaintext and %s ciphertext products), "
      "%s relinearizations, %s rotations\n",
      format_count(counts.total()).c_str(), format_count(counts.pt_ct_adds).c_str(),
      format_count(counts.ct_ct_adds).c_str(), format_count(counts.pt_ct_mults).c_str(),
      format_count(counts.ct_ct_mults).c_str(), format_count(counts.relinearizations).c_str(),
      format_count(counts.rotations).c_str());
  std::printf("n %zu, log2 q %.2f, failure below 2^%.0f, %zu threads, %s, peak memory %s\n",
              plan.params().n(), plan.params().log2_q(), plan.log2_failure(), report.threads,
              plan.params().kernels().name, format_bytes(peak_rss_bytes()).c_str());
}

// wrong: an encrypted result differed.
Status evaluate(const EvalFlags& flags, bool& wrong) {
  const ntt::KernelTable* kernels = &ntt::best_kernels();
  if (!flags.isa.empty()) {
    FCN_ASSIGN_OR_RETURN(kernels, ntt::find_kernels(flags.isa.c_str()));
  }
  FCN_ASSIGN_OR_RETURN(const nn::Network network, load_network(flags.model));
  FCN_ASSIGN_OR_RETURN(const std::string folder, find_mnist_folder(flags.mnist));
  FCN_ASSIGN_OR_RETURN(const nn::Dataset images, nn::load_mnist(folder, false));
  if (flags.images > images.count()) {
    return platform::invalid_argument(
        concat("--images ", flags.images, ": ", folder, " holds ", images.count(), " test images"));
  }
  const nn::Layout layout = flags.layout == "packed" ? nn::Layout::kPacked : nn::Layout::kPixel;
  FCN_ASSIGN_OR_RETURN(const nn::Plan plan, nn::Plan::create(network, layout, *kernels));
  FCN_ASSIGN_OR_RETURN(nn::Client client, nn::Client::create(plan.spec()));
  FCN_ASSIGN_OR_RETURN(const fv::Bytes keys, client.evaluation_keys());
  FCN_ASSIGN_OR_RETURN(const nn::Server server, nn::Server::create(plan, keys));

  platform::ThreadPool pool(flags.threads);
  Report report;
  report.key_bytes = keys.size();
  report.threads = pool.size();
  ProgressLine progress;
  for (std::size_t i = 0; i < flags.images; ++i) {
    progress.update("encrypted images", i, flags.images);
    FCN_ASSIGN_OR_RETURN(const Trial trial, run_trial(network, client, server, images.image(i), pool));
    report.trials.add(trial);
    report.correct += trial.answer == images.labels[i];
    if (!trial.exact) {
      progress.clear();
      std::fprintf(stderr, "image %zu: the encrypted scores differ from the integer network's\n", i);
    }
  }
  progress.update("encrypted images", flags.images, flags.images);
  progress.clear();
  flags.json ? print_json(report, plan) : print_text(report, plan);
  wrong = report.trials.exact != report.trials.images;
  return {};
}

}  // namespace

int run_eval(std::span<const std::string> arguments) {
  EvalFlags values;
  FlagSet flags("eval [flags]",
                "Encrypts MNIST test images, runs the network on the ciphertexts, decrypts the scores and "
                "compares them\n"
                "with those of the integer network. Times are medians per image and include serialisation.");
  flags.add_choice("layout", "NAME", &values.layout, {"pixel", "packed"}, "how values lie in ciphertexts");
  flags.add_integer("images", &values.images, 1, 1000000, "how many test images, from the first on");
  flags.add_integer("threads", &values.threads, 0, 1024, "threads; 0: one for each processor");
  flags.add_text("isa", "NAME", &values.isa,
                 "instruction set of the kernels (default: the fastest there is)");
  flags.add_text("mnist", "DIR", &values.mnist,
                 "the folder with the MNIST files (default: FCN_MNIST_DIR or data/mnist)");
  flags.add_text("model", "FILE", &values.model,
                 "a model file, or the name of a built-in one (default: faster-cryptonets)");
  flags.add_switch("json", &values.json, "print the results as JSON");
  return run_checked_command(flags, "fcn-mnist eval", arguments,
                             [&](bool& wrong) { return evaluate(values, wrong); });
}

}  // namespace fcn::apps
