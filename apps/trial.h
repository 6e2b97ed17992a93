// One image through both roles, measured and compared with the integer network.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../nn/client.h"
#include "../nn/server.h"
#include "measure.h"

namespace fcn::apps {

struct Trial {
  std::size_t answer = 0;  // the digit with the largest decrypted score
  bool exact = false;      // every decrypted score equals the integer network's
  double encrypt_seconds = 0, infer_seconds = 0, decrypt_seconds = 0;  // serialisation included
  std::size_t upload_bytes = 0, download_bytes = 0;
  nn::OpCounts counts;
};

// Encrypts image (bytes as in MNIST), infers, decrypts. network: what the server was made from, in plain.
// Errors: kInvalidArgument (an image of another size), those of the roles and of nn::plain_run.
platform::Result<Trial> run_trial(const nn::Network& network, nn::Client& client, const nn::Server& server,
                                  std::span<const std::uint8_t> image, platform::ThreadPool& pool,
                                  const nn::Progress& progress = {});

// Many trials: medians of times, sums of successes.
struct TrialSummary {
  std::size_t images = 0, exact = 0;
  std::vector<double> encrypt_seconds, infer_seconds, decrypt_seconds;
  Trial last;

  void add(const Trial& trial);
};

}  // namespace fcn::apps
