// Where a network comes from: a file, or the trained models compiled into the program.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "../nn/systems.h"

namespace fcn::apps {

// A file of models/ in pieces (written by embed_text.cmake at build time).
struct EmbeddedModel {
  std::string_view file_name;  // "faster_cryptonets.fcn"
  const std::string_view* pieces;
  std::size_t count;
};
extern const EmbeddedModel kEmbeddedModels[];
extern const std::size_t kEmbeddedModelCount;

// The network that reads a 28 x 28 image: in the file at path, or the built-in one of that name ("cryptonets",
// "faster-cryptonets-diagonals"), or faster-cryptonets when path is empty. One that reads a smaller square, of more
// than half an image's side, slides over the image (nn::slide_over). Errors: those of nn::load_model and
// nn::slide_over.
platform::Result<nn::Network> load_network(const std::string& path);

// The system's network: in the folder, or the built-in one when that is empty.
// Errors: those of load_network; kUnavailable when no such model is built in.
platform::Result<nn::Network> load_system(const nn::System& system, const std::string& folder);

}  // namespace fcn::apps
