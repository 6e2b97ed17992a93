// Model files. What is accepted is a valid network that writes and reads back as itself.
#include "nn/model_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fcn;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto network = nn::parse_model(text, "fuzz");
  if (!network.ok()) return 0;
  if (!nn::validate(network.value()).ok()) __builtin_trap();
  const auto again = nn::parse_model(nn::format_model(network.value()), "fuzz");
  if (!again.ok() || again.value() != network.value()) __builtin_trap();
  return 0;
}
