// Pictures as text: numbers separated by spaces or line ends, row by row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../platform/status.h"

namespace fcn::apps {

inline constexpr std::size_t kMaxPixelTextBytes = std::size_t{1} << 28;

// Mean and deviation that MNIST's pixels in 0..1 are commonly normalised with.
inline constexpr double kMnistMean = 0.1307, kMnistDeviation = 0.3081;

enum class PixelScale { kUnit, kNormalized, kBytes };

// Which numbers these are, from their range: any negative one: normalised; none above 1: 0..1; any above what white
// normalises to (2.82): 0..255. Errors: kInvalidArgument (no scale holds them, or more than one might).
platform::Result<PixelScale> detect_scale(double lowest, double highest);

// Images of pixels_each grey values, one scale for the whole text. Errors: kInvalidArgument naming source and the
// number (what is no number, how many there are, a scale that cannot be told).
platform::Result<std::vector<std::vector<std::uint8_t>>> parse_pixel_text(std::string_view text,
                                                                          std::size_t pixels_each,
                                                                          const std::string& source);

}  // namespace fcn::apps
