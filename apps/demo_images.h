// The digits that the demo classifies: drawn by the program, or read from picture files.
#pragma once

#include <string>
#include <vector>

#include "../platform/status.h"
#include "gray_image.h"

namespace fcn::apps {

struct DemoImage {
  std::string source;  // "drawn 7, with bar", or the file's path
  int label = -1;      // -1: unknown
  Digit pixels = {};
};

// Every file, normalised as MNIST does. Errors: those of read_image and mnist_normalize, for the first bad
// file.
platform::Result<std::vector<DemoImage>> read_demo_images(const std::vector<std::string>& paths);

// count digits as draw_digits makes them.
std::vector<DemoImage> draw_demo_images(std::size_t count, std::uint64_t seed);

}  // namespace fcn::apps
