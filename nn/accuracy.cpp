#include "accuracy.h"

#include <numeric>

#include "plain_run.h"
#include "quantize_pixels.h"

namespace fcn::nn {

platform::Result<std::size_t> count_correct(const Network& network, const Dataset& images, std::size_t first,
                                            std::size_t count, platform::ThreadPool& pool) {
  if (first > images.count() || count > images.count() - first) {
    return platform::invalid_argument(
        platform::concat("images ", first, " to ", first + count, " of only ", images.count()));
  }
  std::vector<std::uint8_t> correct(count, 0);
  std::vector<platform::Status> errors(count);
  pool.parallel_for(count, [&](std::size_t i, std::size_t) {
    const auto scores = plain_run(network, quantize_pixels(images.image(first + i), network.input_max));
    errors[i] = scores.status();
    if (scores.ok()) correct[i] = argmax(scores.value()) == images.labels[first + i];
  });
  for (platform::Status& error : errors) {
    if (!error.ok()) return std::move(error);
  }
  return std::accumulate(correct.begin(), correct.end(), std::size_t{0});
}

}  // namespace fcn::nn
