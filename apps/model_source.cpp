#include "model_source.h"

#include <algorithm>

#include "../nn/model_file.h"

namespace fcn::apps {
namespace {

using platform::concat;
using platform::Result;

constexpr nn::Shape kImage{1, 28, 28};

Result<nn::Network> built_in(const std::string& file_name) {
  for (std::size_t i = 0; i < kEmbeddedModelCount; ++i) {
    const EmbeddedModel& model = kEmbeddedModels[i];
    if (model.file_name != file_name) continue;
    std::string text;
    for (std::size_t p = 0; p < model.count; ++p) text += model.pieces[p];
    return nn::parse_model(text, concat("the built-in model ", file_name));
  }
  return platform::Status(
      platform::StatusCode::kUnavailable,
      concat("no model ", file_name, " is built into this program; fcn-mnist train makes it"));
}

// The file name of a network's model: "cryptodl-1" to "cryptodl_1.fcn".
std::string file_name_of(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name + ".fcn";
}

bool is_built_in(const std::string& file_name) {
  return std::any_of(kEmbeddedModels, kEmbeddedModels + kEmbeddedModelCount,
                     [&](const EmbeddedModel& model) { return model.file_name == file_name; });
}

Result<nn::Network> over_image(Result<nn::Network> network) {
  if (!network.ok()) return network;
  const nn::Shape& input = network.value().input;
  const bool window = input.channels == 1 && input.height == input.width && input.height < kImage.height &&
                      2 * input.height > kImage.height;
  return window ? nn::slide_over(network.value(), kImage) : std::move(network);
}

}  // namespace

Result<nn::Network> load_network(const std::string& path) {
  if (path.empty()) return load_system(nn::table_systems().front(), "");
  const std::string file_name = file_name_of(path);
  return over_image(is_built_in(file_name) ? built_in(file_name) : nn::load_model(path));
}

Result<nn::Network> load_system(const nn::System& system, const std::string& folder) {
  return over_image(folder.empty() ? built_in(system.file_name)
                                   : nn::load_model(folder + "/" + system.file_name));
}

}  // namespace fcn::apps
