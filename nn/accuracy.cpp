#include "accuracy.h"

#include "exact_classifier.h"
#include "quantize_pixels.h"
#include "systems.h"

namespace fcn::nn {

platform::Result<std::size_t> count_correct(const Network& network, const Dataset& images, std::size_t first,
                                            std::size_t count, platform::ThreadPool& pool,
                                            const Progress& progress) {
  if (first > images.count() || count > images.count() - first) {
    return platform::invalid_argument(
        platform::concat("images ", first, " to ", first + count, " of only ", images.count()));
  }
  if (const Shape image{1, images.height, images.width};
      network.input.height < image.height || network.input.width < image.width) {
    FCN_ASSIGN_OR_RETURN(const Network slid, slide_over(network, image));
    return count_correct(slid, images, first, count, pool, progress);
  }
  FCN_ASSIGN_OR_RETURN(const ExactClassifier classifier, ExactClassifier::create(network));
  std::vector<std::int64_t> pixels;
  for (std::size_t i = first; i < first + count; ++i) {
    const std::vector<std::int64_t> image = quantize_pixels(images.image(i), network.input_max);
    pixels.insert(pixels.end(), image.begin(), image.end());
  }
  std::vector<std::size_t> answers(count);
  FCN_RETURN_IF_ERROR(classifier.classify(pixels, answers, pool, nullptr, progress));
  std::size_t correct = 0;
  for (std::size_t i = 0; i < count; ++i) correct += answers[i] == images.labels[first + i];
  return correct;
}

}  // namespace fcn::nn
