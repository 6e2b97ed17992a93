// Where the MNIST files are, for tests that need them and skip visibly where they are absent.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace fcn::test {

// FCN_MNIST_DIR, or ../shared/data/mnist beside source_folder; empty when neither holds the files.
inline std::string mnist_folder(const std::string& source_folder) {
  const char* chosen = std::getenv("FCN_MNIST_DIR");
  const std::string folder = chosen != nullptr ? chosen : source_folder + "/../shared/data/mnist";
  return std::filesystem::exists(folder + "/t10k-images-idx3-ubyte") ? folder : std::string();
}

}  // namespace fcn::test
