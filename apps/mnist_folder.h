// Where the MNIST files are.
#pragma once

#include <string>

#include "../platform/status.h"

namespace fcn::apps {

// folder unless it is empty; else the variable FCN_MNIST_DIR; else data/mnist in the current folder or the
// nearest folder above it that has one. Errors: kUnavailable, naming what was looked for and
// apps/download_mnist.sh.
platform::Result<std::string> find_mnist_folder(const std::string& folder);

}  // namespace fcn::apps
