// Labelled images in MNIST's IDX format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../platform/status.h"

namespace fcn::nn {

// Grey images of one size with a digit each.
struct Dataset {
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> pixels;  // (count, height, width)
  std::vector<std::uint8_t> labels;  // (count), each in [0, 9]

  std::size_t count() const noexcept { return labels.size(); }
  std::span<const std::uint8_t> image(std::size_t index) const noexcept {
    const std::size_t size = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    return std::span(pixels).subspan(index * size, size);
  }
};

// Errors: kUnavailable (a file cannot be read), kCorrupt (wrong magic number, truncated, trailing bytes, no
// images, an image side not in [1, 4096], a label above 9), kMismatch (label count differs from image count).
// Every message names the file.
platform::Result<Dataset> load_idx(const std::string& images_path, const std::string& labels_path);

// The training or the test set under its original file names (train-images-idx3-ubyte,
// t10k-images-idx3-ubyte, ...).
platform::Result<Dataset> load_mnist(const std::string& folder, bool training);

}  // namespace fcn::nn
