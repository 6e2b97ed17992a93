#include "trial.h"

#include "../nn/plain_run.h"
#include "../nn/quantize_pixels.h"

namespace fcn::apps {

using platform::Result;

Result<Trial> run_trial(const nn::Network& network, nn::Client& client, const nn::Server& server,
                        std::span<const std::uint8_t> image, platform::ThreadPool& pool,
                        const nn::Progress& progress) {
  if (image.size() != network.input.size()) {
    return platform::invalid_argument(
        platform::concat("the image has ", image.size(), " pixels, the model reads ", network.input.size()));
  }
  const std::vector<std::int64_t> pixels = nn::quantize_pixels(image, network.input_max);
  FCN_ASSIGN_OR_RETURN(const std::vector<nn::WideInteger> expected, nn::plain_run_wide(network, pixels));
  Trial trial;
  const Stopwatch encrypt_watch;
  FCN_ASSIGN_OR_RETURN(const fv::Bytes upload, client.encrypt(pixels, pool));
  trial.encrypt_seconds = encrypt_watch.seconds();
  const Stopwatch infer_watch;
  FCN_ASSIGN_OR_RETURN(const fv::Bytes download, server.infer(upload, pool, &trial.counts, progress));
  trial.infer_seconds = infer_watch.seconds();
  const Stopwatch decrypt_watch;
  FCN_ASSIGN_OR_RETURN(const std::vector<nn::WideInteger> scores, client.decrypt_wide(download, pool));
  trial.decrypt_seconds = decrypt_watch.seconds();
  trial.upload_bytes = upload.size();
  trial.download_bytes = download.size();
  trial.answer = nn::argmax(scores);
  trial.exact = scores == expected;
  return trial;
}

void TrialSummary::add(const Trial& trial) {
  ++images;
  exact += trial.exact;
  encrypt_seconds.push_back(trial.encrypt_seconds);
  infer_seconds.push_back(trial.infer_seconds);
  decrypt_seconds.push_back(trial.decrypt_seconds);
  last = trial;
}

}  // namespace fcn::apps
