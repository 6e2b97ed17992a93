// From labelled images to an exact integer network: sparse with power-of-two weights, or dense with integer weights.
//
// The road is a list of stages. Every linear layer first trains freely, then loses its smallest weights step
// by step, then has its remaining weights fixed to their grid, while the biases and the weights not yet fixed
// still learn. Training sees exactly the pixels the integer network will see. Of the epochs that end with
// every weight fixed, the one that does best on held-out images becomes the network.
// Results depend on the seed, the images, the options and the kernels of the processor, not on the number of
// threads, nor on whether the training was stopped and resumed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "augment.h"
#include "float_network.h"
#include "idx_file.h"
#include "network.h"
#include "op_counter.h"
#include "progress.h"
#include "systems.h"

namespace fcn::nn {

struct TrainStage {
  std::string name;
  int epochs = 1;
  float rate_begin = 1e-3f, rate_end = 1e-4f;  // Adam's step size, falling along a half cosine
  bool augment = true;                         // distort the images
  bool prune = false;                          // move every layer to its final share of weights
  float fix = 0;      // at the start put this share of the remaining weights on the grid, the largest first
  float distill = 0;  // share of the target that is the teachers' answer
  bool straight_through = false;  // fixed weights still learn behind their projection
};

// What a linear layer becomes.
struct LayerRecipe {
  float keep = 1;        // share of the weights (or groups of weights) that pruning leaves
  int levels = 4;        // powers of two in use
  int integer_bits = 0;  // instead: integers of so many bits, sign included
  bool bias = true;
  std::vector<std::uint32_t>
      groups{};  // of each weight: groups are pruned as a whole; empty: weights one by one
};

// A network that is trained first, in floats, for its answers.
struct TeacherRecipe {
  std::vector<Layer> geometry;
  bool batch_norm = true;
  int input_max = 255;
  std::vector<TrainStage> stages;
};

struct TrainOptions {
  std::uint64_t seed = 1;
  std::size_t threads = 0;      // 0: all there are
  std::size_t held_out = 5000;  // the last images: never trained on, measured after every epoch
  int input_max = 3;            // pixels become integers in [0, input_max]
  Distortion distortion{.shift = 1.2f, .rotation = 0.17f, .scale = 0.1f, .shear = 0.12f};
  std::vector<float> activation{std::begin(kSwishAq), std::end(kSwishAq)};  // a_0 first; of all networks
  bool batch_norm = false;          // in the first stage; its end folds it into the weights
  std::vector<LayerRecipe> layers;  // one for each linear layer
  std::vector<TrainStage> stages;
  // The stages' teachers, whose answers are averaged. None: the network as it is after its first stage.
  std::vector<TeacherRecipe> teachers;
  std::string checkpoint;  // a file written after every epoch; empty: none
  bool resume = false;     // go on from that file
};

struct EpochReport {
  std::string stage;
  int epoch = 0, epochs = 0;  // over all stages, teachers included; epoch counts from 1
  double loss = 0;            // mean over the epoch's images
  double held_out_accuracy = 0;
  std::size_t nonzero_weights = 0;
  OpCounts counts;  // of the network as it is, with one product for each tap that is not 0
};
using EpochCallback = std::function<void(const EpochReport&)>;

struct TrainedModel {
  Network network;
  double held_out_accuracy = 0;              // of the integer network
  std::vector<std::size_t> nonzero_weights;  // of each linear layer
  std::vector<EpochReport> epochs;           // since the training began, whoever stopped and resumed it
};

// Trains the chain of conv2d, dense, sum pool (a mean) and polynomial layers and turns it into integers. Images may be
// larger than the network's input: it then learns from windows at random places.
// Errors: kInvalidArgument (options, geometry, images that do not fit), kOutOfRange (the loss is no longer a
// number: names stage and epoch; a scale too large), kMismatch (a checkpoint of another network, other options or
// images), kCorrupt (a damaged checkpoint), kUnavailable (it cannot be read or written; the last one stays).
platform::Result<TrainedModel> train_network(const std::string& name, const std::vector<Layer>& geometry,
                                             const Dataset& images, const TrainOptions& options,
                                             const EpochCallback& callback = {},
                                             const Progress& progress = {});

// The recipe by which a system of the paper's table is trained. epochs: about that many over all stages, at least
// one each; 0: the recommended number. Errors: kInvalidArgument when there is no recipe for it.
platform::Result<TrainOptions> system_options(const System& system, std::uint64_t seed, int epochs = 0);

inline constexpr int kDiagonals = 128;        // of the hidden layer of faster-cryptonets in the packed layout
inline constexpr int kDiagonalsTogether = 8;  // how many of them are pruned at once

// faster-cryptonets for the packed layout, where any integer costs as much as a power of two, 128 hidden units as much as
// 100, but a diagonal without weights nothing: weights of 4 bits, and a hidden layer that loses generalised diagonals, of
// which `keep` of kDiagonals stay, in runs of kDiagonalsTogether, which share baby steps. keep: a multiple of these.
void prune_diagonals(System& system, TrainOptions& options, std::uint64_t keep);

// The group of each weight of a dense layer behind `in`: input (c, y, x) lies in slot c * 14 * 14 + y * 14 + x of the
// packed layout, weights of the same (slot - output) modulo kDiagonals form one generalised diagonal, neighbouring
// ones a group.
std::vector<std::uint32_t> diagonal_groups(const Shape& in, int outputs);

}  // namespace fcn::nn
