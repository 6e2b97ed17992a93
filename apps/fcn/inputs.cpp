#include "inputs.h"

#include <algorithm>

#include "../../nn/quantize_pixels.h"
#include "../../platform/secure_wipe.h"
#include "../image_file.h"
#include "../mnist_normalize.h"
#include "../pixel_text.h"
#include "files.h"

namespace fcn::apps {

using platform::concat;
using platform::Result;

namespace {

// The whole file, at most max_bytes. Somebody's picture: no piece of it is left behind when the vector grows.
Result<std::vector<std::uint8_t>> read_all(const std::string& path, std::size_t max_bytes) {
  FCN_ASSIGN_OR_RETURN(InputFile file, InputFile::open(path));
  std::vector<std::uint8_t> bytes, piece(std::size_t{1} << 16);
  const platform::WipeAtExit wipe_piece(piece), wipe_bytes(bytes);
  for (;;) {
    FCN_ASSIGN_OR_RETURN(const std::size_t got, file.read(piece));
    if (got == 0) return bytes;
    if (bytes.size() + got > max_bytes)
      return platform::out_of_range(concat(input_name(path), " is longer than ", max_bytes, " bytes"));
    if (bytes.size() + got > bytes.capacity()) {
      std::vector<std::uint8_t> larger;
      larger.reserve(2 * (bytes.size() + got));
      larger.insert(larger.end(), bytes.begin(), bytes.end());
      bytes.swap(larger);
      platform::secure_wipe(larger.data(), larger.size());
    }
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
  }
}

bool is_picture(const std::vector<std::uint8_t>& bytes) {
  const auto begins = [&](std::string_view magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](char c, std::uint8_t b) { return static_cast<std::uint8_t>(c) == b; });
  };
  return begins("P2") || begins("P5") || begins("\x89PNG");
}

}  // namespace

Result<std::vector<std::vector<std::int64_t>>> read_inputs(const std::string& path,
                                                           const nn::ClientSpec& spec) {
  FCN_ASSIGN_OR_RETURN(std::vector<std::uint8_t> bytes, read_all(path, kMaxPixelTextBytes));
  const std::string source = input_name(path);
  std::vector<std::vector<std::uint8_t>> images;
  const platform::WipeAtExit wipe_bytes(bytes);
  const platform::WipeAtExit wipe_images(images);
  if (is_picture(bytes)) {
    FCN_ASSIGN_OR_RETURN(GrayImage picture, parse_image(bytes, source));
    const platform::WipeAtExit wipe_picture(picture.pixels);
    FCN_ASSIGN_OR_RETURN(Digit digit, mnist_normalize(picture, source));
    const platform::WipeAtExit wipe_digit(digit);
    images.emplace_back(digit.begin(), digit.end());
    if (images[0].size() != spec.input.size()) {
      return platform::invalid_argument(concat(source, ": a picture becomes ", images[0].size(),
                                               " pixels; this network reads ", spec.input.size(),
                                               " numbers"));
    }
  } else {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    FCN_ASSIGN_OR_RETURN(images, parse_pixel_text(text, spec.input.size(), source));
  }
  std::vector<std::vector<std::int64_t>> inputs;
  for (const auto& image : images) inputs.push_back(nn::quantize_pixels(image, spec.input_max));
  return inputs;
}

}  // namespace fcn::apps
