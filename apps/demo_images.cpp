#include "demo_images.h"

#include "digit_renderer.h"
#include "image_file.h"
#include "mnist_normalize.h"

namespace fcn::apps {

platform::Result<std::vector<DemoImage>> read_demo_images(const std::vector<std::string>& paths) {
  std::vector<DemoImage> images;
  for (const std::string& path : paths) {
    FCN_ASSIGN_OR_RETURN(const GrayImage picture, read_image(path));
    FCN_ASSIGN_OR_RETURN(const Digit pixels, mnist_normalize(picture, path));
    images.push_back({path, -1, pixels});
  }
  return images;
}

std::vector<DemoImage> draw_demo_images(std::size_t count, std::uint64_t seed) {
  std::vector<DemoImage> images;
  for (const DrawnDigit& drawn : draw_digits(count, seed)) {
    images.push_back(
        {platform::concat("drawn ", drawn.label, ", ", digit_variant_name(drawn.label, drawn.variant)),
         drawn.label, drawn.pixels});
  }
  return images;
}

}  // namespace fcn::apps
