// From labelled images to an exact integer network with sparse power-of-two weights.
//
// The road is a list of stages. Every linear layer first trains freely, then loses its smallest weights step
// by step, then has its remaining weights fixed to 0 or +-2^e, while the biases and the weights not yet fixed
// still learn. Training sees exactly the pixels the integer network will see. Of the epochs that end with
// every weight fixed, the one that does best on held-out images becomes the network.
// Results depend on the seed, the images and the options, and not on the number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "augment.h"
#include "idx_file.h"
#include "network.h"

namespace fcn::nn {

struct TrainStage {
  std::string name;
  int epochs = 1;
  float rate_begin = 1e-3f, rate_end = 1e-4f;  // Adam's step size, falling along a half cosine
  bool augment = true;                         // distort the images
  bool prune = false;                          // move every layer to its final share of weights
  float fix = 0;      // at the start put this share of the remaining weights on the grid, the largest first
  float distill = 0;  // share of the target that is the unpruned network's answer
  bool straight_through = false;  // fixed weights still learn behind their projection
};

// What a linear layer becomes.
struct LayerRecipe {
  float keep = 1;  // share of the weights that pruning leaves
  int levels = 4;  // powers of two in use
};

struct TrainOptions {
  std::uint64_t seed = 1;
  std::size_t threads = 0;      // 0: all there are
  std::size_t held_out = 5000;  // the last images: never trained on, measured after every epoch
  int input_max = 3;            // pixels become integers in [0, input_max]
  AffineLimits distortion{.shift = 1.2f, .rotation = 0.17f, .scale = 0.1f, .shear = 0.12f};
  std::vector<LayerRecipe> layers;  // one for each linear layer
  std::vector<TrainStage> stages;
};

// The recipe of the committed model. epochs: about that many over all stages, at least one each; 0: the
// recommended number.
TrainOptions faster_cryptonets_options(std::uint64_t seed, int epochs = 0);

struct EpochReport {
  std::string stage;
  int epoch = 0, epochs = 0;  // over all stages; epoch counts from 1
  double loss = 0;            // mean over the epoch's images
  double held_out_accuracy = 0;
  std::size_t nonzero_weights = 0;
};
using EpochCallback = std::function<void(const EpochReport&)>;

struct TrainedModel {
  Network network;
  double held_out_accuracy = 0;              // of the integer network
  std::vector<std::size_t> nonzero_weights;  // of each linear layer
};

// Trains the chain of conv2d, dense and polynomial layers (Swish-AQ) and turns it into integers.
// Errors: kInvalidArgument (options, geometry, images that do not fit), kOutOfRange (the loss is no longer a
// number: names stage and epoch; a scale passes 2^60).
platform::Result<TrainedModel> train_network(const std::string& name, const std::vector<Layer>& geometry,
                                             const Dataset& images, const TrainOptions& options,
                                             const EpochCallback& callback = {});

// The paper's MNIST network: convolution of 5 maps (5x5, stride 2, padding 1), Swish-AQ, dense 100, Swish-AQ,
// dense 10.
std::vector<Layer> faster_cryptonets_layers();
platform::Result<TrainedModel> train_faster_cryptonets(const Dataset& images, const TrainOptions& options,
                                                       const EpochCallback& callback = {});

}  // namespace fcn::nn
