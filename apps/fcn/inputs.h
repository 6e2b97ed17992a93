// What a client encrypts: pictures, or texts of numbers.
#pragma once

#include <string>
#include <vector>

#include "../../nn/client_spec.h"

namespace fcn::apps {

// The inputs in a file ("-": stdin) as the integers that the network of spec reads: one from a PGM or PNG picture
// (28 x 28 after mnist_normalize), one or more from a text of numbers (pixel_text.h). Errors: each names path.
platform::Result<std::vector<std::vector<std::int64_t>>> read_inputs(const std::string& path,
                                                                     const nn::ClientSpec& spec);

}  // namespace fcn::apps
