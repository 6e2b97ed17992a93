#include "mnist_folder.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace fcn::apps {
namespace {

using platform::concat;
using platform::Status;
using platform::StatusCode;

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

}  // namespace

platform::Result<std::string> find_mnist_folder(const std::string& folder) {
  std::string named = folder, origin = "--mnist";
  if (named.empty()) {
    const char* variable = std::getenv("FCN_MNIST_DIR");
    named = variable == nullptr ? "" : variable;
    origin = "FCN_MNIST_DIR";
  }
  if (!named.empty()) {
    if (is_folder(named)) return named;
    return Status(StatusCode::kUnavailable, concat(origin, " names ", named, ", which is not a folder; ",
                                                   "apps/download_mnist.sh downloads MNIST"));
  }
  std::error_code error;
  std::filesystem::path above = std::filesystem::current_path(error);
  while (!above.empty()) {
    const std::filesystem::path candidate = above / "data" / "mnist";
    if (is_folder(candidate)) return candidate.string();
    if (above == above.parent_path()) break;
    above = above.parent_path();
  }
  return Status(
      StatusCode::kUnavailable,
      "the MNIST files were not found: there is no data/mnist in this folder or one above it, and neither "
      "--mnist nor FCN_MNIST_DIR is given; apps/download_mnist.sh downloads them");
}

}  // namespace fcn::apps
