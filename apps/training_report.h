// How a trained network came to be, as a picture.
#pragma once

#include <string>

#include "../nn/training.h"

namespace fcn::apps {

// An SVG: the held-out accuracy and the non-zero weights over the epochs and stages; how many weights of each linear
// layer are +-2^e (or lie between 2^e and 2^(e+1)); the filters of the first convolution, if there is one, as
// pictures.
std::string training_report(const nn::TrainedModel& model);

}  // namespace fcn::apps
