// How many images an integer network classifies correctly.
#pragma once

#include "../platform/thread_pool.h"
#include "idx_file.h"
#include "network.h"
#include "progress.h"

namespace fcn::nn {

// The number of images first .. first + count - 1 whose largest score is that of their label.
// Exact, whatever the size of the network's values (exact_classifier.h). A network that reads less than an image slides
// over it (systems.h). Errors: kInvalidArgument (images missing or of another size), those of ExactClassifier,
// slide_over.
platform::Result<std::size_t> count_correct(const Network& network, const Dataset& images, std::size_t first,
                                            std::size_t count, platform::ThreadPool& pool,
                                            const Progress& progress = {});

}  // namespace fcn::nn
