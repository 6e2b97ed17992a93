// IDX files of images and labels: the first two bytes say how long the images' file is, the rest is both files.
#include "nn/idx_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace {

// A file in memory with a path.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* data, std::size_t size) : descriptor_(memfd_create("fuzz", 0)) {
    if (write(descriptor_, data, size) != static_cast<ssize_t>(size)) __builtin_trap();
  }
  ~MemoryFile() { close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t rest = size - 2, images = std::min<std::size_t>(data[0] + 256u * data[1], rest);
  const MemoryFile image_file(data + 2, images), label_file(data + 2 + images, rest - images);
  const auto set = fcn::nn::load_idx(image_file.path(), label_file.path());
  if (set.ok() && set->pixels.size() != set->count() * static_cast<std::size_t>(set->height * set->width))
    __builtin_trap();
  return 0;
}
