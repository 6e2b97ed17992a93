// The model file: a text that a person can read and diff, and a program must check.
//
//   fcn-model 1
//   name two dense layers with a square between
//   input 1 2 2 max 15
//   scale 0.5
//   salt 6f1c0d5e8a92b34477d1c2f0e5a6b798
//   dense in 1 2 2 out 3 1 1
//   bias -7 weights 1 0 -4 2
//   bias 0 weights 0*3 8
//   bias 1 weights -1*4
//   polynomial in 3 1 1 out 3 1 1 coefficients 0 0 1
//   dense in 3 1 1 out 1 1 1
//   bias 0 weights 1 -2 0
//   end
//
// Shapes are C H W. conv2d and sum_pool add `kernel K stride S padding P`. conv2d and dense are followed by a line for
// each output channel, its weights in the order of network.h; `0*3` stands for three zeros in a row. The line with the
// salt, 16 to 64 bytes in hexadecimal, may be missing. Clients get a hash of the whole text (network_fingerprint,
// plan.h): who knows all weights but a few could try them until the hash fits, unless there is a salt that nobody
// knows.
#pragma once

#include <string>

#include "network.h"

namespace fcn::nn {

inline constexpr int kModelVersion = 1;
inline constexpr std::size_t kMaxModelBytes = std::size_t{256} << 20;

// The network, which validate() must accept, as text that parse_model reads back to an equal network.
// Same network, same text.
std::string format_model(const Network& network);

// Errors: kCorrupt naming the line and what is wrong with it. source names the text in messages.
platform::Result<Network> parse_model(const std::string& text, const std::string& source);

// The file at path. Errors: as above, and kUnavailable when it cannot be read.
platform::Result<Network> load_model(const std::string& path);
// Written aside and renamed. Errors: those of validate(), kUnavailable.
platform::Status save_model(const Network& network, const std::string& path);

}  // namespace fcn::nn
