#include "idx_file.h"

#include <utility>

#include "../platform/file.h"

namespace fcn::nn {
namespace {

using platform::concat;
using platform::corrupt;
using platform::Result;
using platform::Status;

// Magic numbers: two zero bytes, the type (8: unsigned byte), the number of dimensions.
constexpr std::uint32_t kImagesMagic = 0x00000803;
constexpr std::uint32_t kLabelsMagic = 0x00000801;
constexpr std::uint32_t kMaxSide = 4096;
constexpr std::size_t kMaxIdxBytes = std::size_t{1} << 30;

// A file's bytes: a magic number and `dimensions` sizes, big-endian, then the data.
struct IdxFile {
  std::string path;
  std::vector<std::uint8_t> bytes;

  std::uint32_t word(std::size_t index) const noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | bytes[4 * index + i];
    return value;
  }
  Status error(const std::string& what) const { return corrupt(concat(path, ": ", what)); }
};

std::string hex(std::uint32_t value) {
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[value >> shift & 15];
  return text;
}

Result<IdxFile> open_idx(const std::string& path, std::uint32_t magic) {
  FCN_ASSIGN_OR_RETURN(std::vector<std::uint8_t> bytes, platform::read_file(path, kMaxIdxBytes));
  IdxFile file{path, std::move(bytes)};
  const std::size_t header_bytes = 4 + 4 * (magic & 0xff);
  if (file.bytes.size() >= 4 && file.word(0) != magic) {
    return file.error(concat("magic number ", hex(file.word(0)), " where ", hex(magic), " belongs"));
  }
  if (file.bytes.size() < header_bytes) {
    return file.error(
        concat("truncated: a header has ", header_bytes, " bytes, the file ", file.bytes.size()));
  }
  return file;
}

// The file is its header and data_bytes, neither less nor more.
Status check_length(const IdxFile& file, std::size_t header_bytes, std::uint64_t data_bytes) {
  const std::uint64_t expected = header_bytes + data_bytes, found = file.bytes.size();
  if (found < expected)
    return file.error(concat("truncated: ", expected, " bytes expected, ", found, " found"));
  if (found > expected) {
    return file.error(
        concat(found - expected, " trailing bytes: ", expected, " expected, ", found, " found"));
  }
  return {};
}

}  // namespace

Result<Dataset> load_idx(const std::string& images_path, const std::string& labels_path) {
  FCN_ASSIGN_OR_RETURN(const IdxFile images, open_idx(images_path, kImagesMagic));
  FCN_ASSIGN_OR_RETURN(const IdxFile labels, open_idx(labels_path, kLabelsMagic));
  const std::uint32_t count = images.word(1), height = images.word(2), width = images.word(3);
  if (height < 1 || height > kMaxSide || width < 1 || width > kMaxSide) {
    return images.error(
        concat("images of ", height, "x", width, " pixels; a side must be in [1, ", kMaxSide, "]"));
  }
  if (count == 0) return images.error("no images");
  FCN_RETURN_IF_ERROR(check_length(images, 16, std::uint64_t{count} * height * width));
  FCN_RETURN_IF_ERROR(check_length(labels, 8, labels.word(1)));
  if (labels.word(1) != count) {
    return platform::mismatch(
        concat(labels_path, ": ", labels.word(1), " labels for the ", count, " images of ", images_path));
  }
  Dataset data;
  data.height = static_cast<int>(height);
  data.width = static_cast<int>(width);
  data.pixels.assign(images.bytes.begin() + 16, images.bytes.end());
  data.labels.assign(labels.bytes.begin() + 8, labels.bytes.end());
  for (std::size_t i = 0; i < data.count(); ++i) {
    if (data.labels[i] > 9)
      return labels.error(concat("label ", i, " is ", data.labels[i], ", which is no digit"));
  }
  return data;
}

Result<Dataset> load_mnist(const std::string& folder, bool training) {
  const std::string prefix = concat(folder, "/", training ? "train" : "t10k");
  return load_idx(prefix + "-images-idx3-ubyte", prefix + "-labels-idx1-ubyte");
}

}  // namespace fcn::nn
