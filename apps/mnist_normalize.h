// Any picture of one digit -> the 28 x 28 form that MNIST gives its digits.
#pragma once

#include <string>

#include "../platform/status.h"
#include "gray_image.h"

namespace fcn::apps {

inline constexpr int kMinImageSide = 8;
inline constexpr int kMaxImageSide = 1 << 14;
inline constexpr int kMinInkContrast = 32;  // gray levels between paper and the strongest ink

// Light ink on dark paper, and 28 x 28, goes through unchanged. Dark ink on light paper (the paper is what
// the border shows) is inverted. Other sizes are cropped to the ink, scaled to fit 20 x 20 by area averaging
// with their aspect kept, and moved by whole pixels until the centre of mass lies on pixel (14, 14). Errors:
// kInvalidArgument for a side outside [kMinImageSide, kMaxImageSide] or a blank image; each names source.
platform::Result<Digit> mnist_normalize(const GrayImage& image, const std::string& source);

}  // namespace fcn::apps
