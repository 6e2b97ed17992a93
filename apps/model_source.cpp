#include "model_source.h"

#include "../nn/model_file.h"

namespace fcn::apps {

platform::Result<nn::Network> load_network(const std::string& path) {
  if (!path.empty()) return nn::load_model(path);
  std::string text;
  for (std::size_t i = 0; i < kEmbeddedModelPieces; ++i) text += kEmbeddedModel[i];
  return nn::parse_model(text, "the built-in model");
}

}  // namespace fcn::apps
