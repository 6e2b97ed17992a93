// Pictures (PGM, PNG) and pixels as text, up to the 28 x 28 digit that is encrypted.
#include "apps/image_file.h"
#include "apps/mnist_normalize.h"
#include "apps/pixel_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fcn::apps;
  const auto image = parse_image({data, size}, "fuzz");
  if (image.ok()) {
    if (image->pixels.size() !=
        static_cast<std::size_t>(image->width) * static_cast<std::size_t>(image->height))
      __builtin_trap();
    (void)mnist_normalize(image.value(), "fuzz");
  }
  (void)parse_pixel_text({reinterpret_cast<const char*>(data), size}, 4, "fuzz");
  return 0;
}
