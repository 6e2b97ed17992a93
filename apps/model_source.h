// Where a network comes from: a file, or the trained model compiled into the program.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "../nn/network.h"

namespace fcn::apps {

// The text of models/faster_cryptonets.fcn in pieces (written by embed_text.cmake at build time).
extern const std::string_view kEmbeddedModel[];
extern const std::size_t kEmbeddedModelPieces;

// The network in the file at path, or the built-in one when path is empty. Errors: those of nn::load_model.
platform::Result<nn::Network> load_network(const std::string& path);

}  // namespace fcn::apps
