// How decrypted scores are shown.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "../../nn/client_spec.h"

namespace fcn::apps {

// "7  scores 12.1 -3.4 ..." in a line: the index of the largest score, then all, divided by the spec's scale. As JSON:
// {"label": 7, "scores": [integers], "scale": s}.
std::string format_scores(std::span<const std::int64_t> scores, const nn::ClientSpec& spec, bool json);

}  // namespace fcn::apps
