#include "scores.h"

#include <cstdio>

#include "../../nn/plain_run.h"

namespace fcn::apps {

using platform::concat;

std::string format_scores(std::span<const std::int64_t> scores, const nn::ClientSpec& spec, bool json) {
  std::string text = json ? concat("{\"label\": ", nn::argmax(scores), ", \"scores\": [")
                          : concat(nn::argmax(scores), "  scores");
  char number[64];
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (json) {
      text += concat(i == 0 ? "" : ", ", scores[i]);
    } else {
      std::snprintf(number, sizeof number, " %.2f", static_cast<double>(scores[i]) / spec.output_scale);
      text += number;
    }
  }
  if (json) {
    std::snprintf(number, sizeof number, "], \"scale\": %.17g}", spec.output_scale);
    text += number;
  }
  return text + "\n";
}

}  // namespace fcn::apps
