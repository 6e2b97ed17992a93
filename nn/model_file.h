// The model file: a text that a person can read and diff, and a program must check.
#pragma once

#include <string>

#include "network.h"

namespace fcn::nn {

inline constexpr int kModelVersion = 1;
inline constexpr std::size_t kMaxModelBytes = std::size_t{256} << 20;

// The network as text; parse_model reads it back to an equal network. Same network, same text.
std::string format_model(const Network& network);

// Errors: kCorrupt naming the line and what is wrong with it, or those of validate(). source names the text in messages.
platform::Result<Network> parse_model(const std::string& text, const std::string& source);

// The file at path. Errors: as above, and kUnavailable when it cannot be read.
platform::Result<Network> load_model(const std::string& path);
// Written aside and renamed. Errors: kUnavailable.
platform::Status save_model(const Network& network, const std::string& path);

}  // namespace fcn::nn
