// How answers become scores, and how scores are shown.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "../../nn/client.h"

namespace fcn::apps {

// "7  scores 12.1 -3.4 ..." in a line: the index of the largest score, then all, divided by the spec's scale. As JSON:
// {"label": 7, "scores": [integers], "scale": s}; integers have all their digits, up to 77, and stay numbers. Readers
// that take doubles for numbers round those beyond 2^53.
std::string format_scores(std::span<const nn::WideInteger> scores, const nn::ClientSpec& spec, bool json);
std::string format_scores(std::span<const std::int64_t> scores, const nn::ClientSpec& spec, bool json);

// The line of an answer, exact however large the scores are. request: of whom the answer must be; null: of one that the
// client waits for. Errors: those of nn::Client::decrypt_wide and decrypt_wide_for.
platform::Result<std::string> decrypt_to_line(nn::Client& client, const nn::RequestId* request,
                                              fv::ByteSpan answer, platform::ThreadPool& pool, bool json);

}  // namespace fcn::apps
