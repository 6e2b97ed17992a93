#include "scores.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "../../nn/plain_run.h"
#include "../../platform/secure_wipe.h"

namespace fcn::apps {

using nn::WideInteger;
using platform::concat;
using platform::Result;

namespace {

std::string decimal(const WideInteger& value) {
  // Long division of the magnitude by 10^9, 32 bits at a time; nine digits a round, the last ones first.
  constexpr std::uint64_t kBillion = 1000000000;
  WideInteger rest = value.negative() ? -value : value;
  std::string digits;
  do {
    std::uint64_t remainder = 0;
    for (std::size_t i = WideInteger::kWords; i-- > 0;) {
      std::uint64_t& word = rest.words()[i];
      const std::uint64_t high = remainder << 32 | word >> 32;
      const std::uint64_t low = high % kBillion << 32 | (word & 0xffffffff);
      word = high / kBillion << 32 | low / kBillion;
      remainder = low % kBillion;
    }
    for (int digit = 0; digit < 9; ++digit, remainder /= 10)
      digits += static_cast<char>('0' + remainder % 10);
  } while (!(rest == WideInteger(0)));
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  if (value.negative()) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

double to_double(const WideInteger& value) {
  const auto narrow = static_cast<std::int64_t>(value.words()[0]);
  if (value == WideInteger(narrow)) return static_cast<double>(narrow);
  const WideInteger magnitude = value.negative() ? -value : value;
  double result = 0;
  for (std::size_t i = WideInteger::kWords; i-- > 0;)
    result = std::ldexp(result, 64) + static_cast<double>(magnitude.words()[i]);
  return value.negative() ? -result : result;
}

}  // namespace

std::string format_scores(std::span<const WideInteger> scores, const nn::ClientSpec& spec, bool json) {
  std::string text = json ? concat("{\"label\": ", nn::argmax(scores), ", \"scores\": [")
                          : concat(nn::argmax(scores), "  scores");
  char number[512];  // %.2f of the largest double has 312 characters
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (json) {
      text += concat(i == 0 ? "" : ", ", decimal(scores[i]));
    } else {
      std::snprintf(number, sizeof number, " %.2f", to_double(scores[i]) / spec.output_scale);
      text += number;
    }
  }
  if (json) {
    std::snprintf(number, sizeof number, "], \"scale\": %.17g}", spec.output_scale);
    text += number;
  }
  return text + "\n";
}

std::string format_scores(std::span<const std::int64_t> scores, const nn::ClientSpec& spec, bool json) {
  return format_scores(std::vector<WideInteger>(scores.begin(), scores.end()), spec, json);
}

Result<std::string> decrypt_to_line(nn::Client& client, const nn::RequestId* request, fv::ByteSpan answer,
                                    platform::ThreadPool& pool, bool json) {
  auto scores = request == nullptr ? client.decrypt_wide(answer, pool)
                                   : client.decrypt_wide_for(*request, answer, pool);
  if (!scores.ok()) return scores.status();
  const platform::WipeAtExit wipe_scores(scores.value());
  return format_scores(scores.value(), client.spec(), json);
}

}  // namespace fcn::apps
