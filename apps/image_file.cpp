#include "image_file.h"

#include <algorithm>

#include "../platform/file.h"

#if defined(FCN_HAVE_PNG)
#include <png.h>
#endif

namespace fcn::apps {
namespace {

using platform::concat;
using platform::corrupt;
using platform::Result;
using platform::Status;
using platform::StatusCode;

Status check_size(std::uint64_t width, std::uint64_t height, const std::string& source) {
  if (width == 0 || height == 0) {
    return corrupt(concat(source, ": the image is ", width, " x ", height, " pixels"));
  }
  if (width > kMaxImagePixels || height > kMaxImagePixels || width * height > kMaxImagePixels) {
    return platform::out_of_range(concat(source, ": ", width, " x ", height, " pixels are more than the ",
                                         kMaxImagePixels, " this program reads"));
  }
  return {};
}

bool is_space(std::uint8_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// The tokens of a PGM file: decimal numbers between white space and # comments.
class PgmReader {
 public:
  PgmReader(std::span<const std::uint8_t> bytes, const std::string& source)
      : bytes_(bytes), source_(source) {}

  Status number(std::uint32_t& value, const char* what) {
    skip_space_and_comments();
    if (offset_ == bytes_.size()) return corrupt(concat(source_, ": the PGM file ends before its ", what));
    const std::size_t start = offset_;
    std::uint64_t number = 0;
    while (offset_ < bytes_.size() && bytes_[offset_] >= '0' && bytes_[offset_] <= '9') {
      number = number * 10 + (bytes_[offset_++] - '0');
      if (number > 0xffffffffu) return corrupt(concat(source_, ": the PGM file's ", what, " passes 2^32"));
    }
    if (offset_ == start ||
        (offset_ < bytes_.size() && !is_space(bytes_[offset_]) && bytes_[offset_] != '#')) {
      return corrupt(concat(source_, ": byte ", offset_, " of the PGM file is not part of its ", what,
                            ", a decimal number"));
    }
    value = static_cast<std::uint32_t>(number);
    return {};
  }

  // After the header of a raw file: one byte of white space, then the samples.
  std::span<const std::uint8_t> raw_samples() const {
    return bytes_.subspan(std::min(offset_ + 1, bytes_.size()));
  }
  std::size_t remaining() const { return bytes_.size() - offset_; }

 private:
  void skip_space_and_comments() {
    while (offset_ < bytes_.size()) {
      if (bytes_[offset_] == '#') {
        while (offset_ < bytes_.size() && bytes_[offset_] != '\n' && bytes_[offset_] != '\r') ++offset_;
      } else if (is_space(bytes_[offset_])) {
        ++offset_;
      } else {
        return;
      }
    }
  }

  std::span<const std::uint8_t> bytes_;
  const std::string& source_;
  std::size_t offset_ = 2;  // after "P2" or "P5"
};

Result<GrayImage> parse_pgm(std::span<const std::uint8_t> bytes, bool raw, const std::string& source) {
  PgmReader reader(bytes, source);
  std::uint32_t width = 0, height = 0, max_value = 0;
  FCN_RETURN_IF_ERROR(reader.number(width, "width"));
  FCN_RETURN_IF_ERROR(reader.number(height, "height"));
  FCN_RETURN_IF_ERROR(reader.number(max_value, "maxval"));
  FCN_RETURN_IF_ERROR(check_size(width, height, source));
  if (max_value == 0 || max_value > 65535) {
    return corrupt(concat(source, ": the PGM file's maxval is ", max_value, ", not from 1 to 65535"));
  }
  const std::size_t count = std::size_t{width} * height, sample_bytes = max_value > 255 ? 2 : 1;
  // A plain sample takes a digit and a space, but for the last.
  const std::size_t needed = raw ? count * sample_bytes : 2 * count - 1;
  const std::size_t present = raw ? reader.raw_samples().size() : reader.remaining();
  if (present < needed) {
    return corrupt(concat(source, ": the PGM file is truncated: ", width, " x ", height,
                          " pixels take at least ", needed, " bytes after the header, ", present,
                          " are there"));
  }
  GrayImage image{static_cast<int>(width), static_cast<int>(height), {}};
  image.pixels.reserve(count);
  const std::span<const std::uint8_t> samples = reader.raw_samples();
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t sample = 0;
    if (!raw) {
      FCN_RETURN_IF_ERROR(reader.number(sample, "samples"));
    } else if (sample_bytes == 1) {
      sample = samples[i];
    } else {
      sample = static_cast<std::uint32_t>(samples[2 * i] << 8 | samples[2 * i + 1]);
    }
    if (sample > max_value) {
      return corrupt(
          concat(source, ": sample ", i, " of the PGM file is ", sample, ", above its maxval ", max_value));
    }
    image.pixels.push_back(static_cast<std::uint8_t>((sample * 255 + max_value / 2) / max_value));
  }
  return image;
}

#if defined(FCN_HAVE_PNG)
Result<GrayImage> parse_png(std::span<const std::uint8_t> bytes, const std::string& source) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const auto failure = [&] {
    Status status = corrupt(concat(source, ": libpng says: ", static_cast<const char*>(png.message)));
    png_image_free(&png);
    return status;
  };
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) return failure();
  Status size = check_size(png.width, png.height, source);
  if (!size.ok()) {
    png_image_free(&png);
    return size;
  }
  png.format = PNG_FORMAT_GRAY;
  GrayImage image{static_cast<int>(png.width), static_cast<int>(png.height), {}};
  image.pixels.resize(std::size_t{png.width} * png.height);
  const png_color white{255, 255, 255};
  if (png_image_finish_read(&png, &white, image.pixels.data(), 0, nullptr) == 0) return failure();
  return image;
}
#else
Result<GrayImage> parse_png(std::span<const std::uint8_t>, const std::string& source) {
  return Status(StatusCode::kUnsupported,
                concat(source,
                       ": this program was built without libpng and reads PGM files only; "
                       "install libpng-dev and build again, or convert the image to PGM"));
}
#endif

constexpr std::uint8_t kPngSignature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

}  // namespace

bool can_read_png() noexcept {
#if defined(FCN_HAVE_PNG)
  return true;
#else
  return false;
#endif
}

Result<GrayImage> parse_image(std::span<const std::uint8_t> bytes, const std::string& source) {
  if (bytes.empty()) return corrupt(concat(source, ": the file is empty"));
  if (bytes.size() >= 3 && bytes[0] == 'P' && (bytes[1] == '2' || bytes[1] == '5') &&
      (is_space(bytes[2]) || bytes[2] == '#')) {
    return parse_pgm(bytes, bytes[1] == '5', source);
  }
  if (bytes.size() >= sizeof kPngSignature &&
      std::equal(std::begin(kPngSignature), std::end(kPngSignature), bytes.begin())) {
    return parse_png(bytes, source);
  }
  return corrupt(concat(source, ": not a known image format; PGM (P2 or P5) and PNG files are read"));
}

Result<GrayImage> read_image(const std::string& path) {
  FCN_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, platform::read_file(path, kMaxImageBytes));
  return parse_image(bytes, path);
}

}  // namespace fcn::apps
