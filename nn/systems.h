// The four systems of the paper's table: what the table says of each, and the network that stands for it here.
//
// Their papers give operation counts and accuracies, not every detail. The shapes below are our reading of the counts:
//
// faster-cryptonets  5 maps of 5x5, stride 2 | dense 100 | dense 10. Every weight 0 or +-2^e, most of them 0.
//
// cryptonets  The same shape with squares as activations; every weight an integer. The table counts the network before
//   its linear layers are merged: convolution to 5x13x13 = 845 values, sums over 3x3, convolution to 50x5x5 = 1250,
//   sums over 3x3, dense 100, dense 10. That gives its 2,205 = 845 + 1250 + 100 + 10 plaintext additions, and its
//   312,137 - 296,842 = 15,295 = 5 (3*13 - 2)^2 + 50 (3*5 - 2)^2 additions without a product: one for each value that
//   the two sums read. So it counts one product for each tap of a linear layer whose weight is not 0, whatever the
//   integer: 302,730 taps, of which 1.9 % were 0. We count the same way, on the merged network, which is what the
//   CryptoNets paper runs.
//
// cryptodl-1  The counts are close to LeNet's: 20 maps of 5x5, sums over 2x2, 50 maps of 5x5, sums over 2x2, dense 500,
//   dense 10 has 2.29e6 taps. Ours has the 1.6e3 ciphertext products, too: 48 maps | sums | 20 maps | square | sums |
//   dense 320 | square | dense 10, with 1,280 + 320 squares and 2.33e6 taps.
//
// cryptodl-2  64,512 ciphertext products and 716 times as many taps. A convolutional network that reads 25 x 25 pixels:
//   62 maps of 5x5, stride 2 | square | 108 maps of 5x5, stride 2 | square | dense 72 | square | dense 10. It is slid
//   over the image (slide_over): the scores of all 4 x 4 places add up. 35,712 + 27,648 + 1,152 = 64,512 squares and
//   4.57e7 taps, while training costs 2.9e6 taps an image.
#pragma once

#include <string>
#include <vector>

#include "network.h"
#include "op_counter.h"

namespace fcn::nn {

// A row of the table in the Faster CryptoNets paper. What a row leaves out is 0.
struct PaperRow {
  OpCounts counts;
  std::uint64_t total = 0;  // as printed: parts of the CryptoDL rows are rounded to three digits
  double encrypt_decrypt_seconds = 0, inference_seconds = 0;
  double accuracy_percent = 0;
  double message_megabytes = 0;
  const char* scheme = "";
};

enum class WeightKind {
  kPowersOfTwo,  // 0 or +-2^e, pruned
  kIntegers,     // any integers of weight_bits bits, sign included
};

struct System {
  std::string name;       // "cryptodl-1"
  std::string file_name;  // of its model: "cryptodl_1.fcn"
  PaperRow paper;
  double least_accuracy_percent =
      0;        // that the network which stands for it here must reach on MNIST's test images
  Shape input;  // what the trained network reads: the 28 x 28 image, or a window that slides over it
  // The layers' geometry: weights, biases and coefficients are empty. Every polynomial layer is `activation`.
  std::vector<Layer> layers;
  // Real coefficients, a_0 first. Each is a multiple of the square of x + h (h = a_1 / 2 a_2) plus a constant; where the
  // constant is 0, an integer network needs no coefficient but 1: h goes into the bias before, the factor into the scale.
  std::vector<double> activation;
  WeightKind weights = WeightKind::kIntegers;
  int weight_bits = 0;
  // Whether the last layer has biases. Without, scales that pass 62 bits there do no harm.
  bool last_bias = true;
};

// In the order of the paper's table.
std::vector<System> table_systems();
// Errors: kInvalidArgument naming those that there are.
platform::Result<System> find_system(const std::string& name);

// The network that adds up the scores of `network` over all places of its window in a larger image: strides become
// dilations (zeros in kernels), dense layers become convolutions, and a sum pool ends it. For every image it equals
// the sum of the network's outputs on all windows. An image of the window's own size gives the same values by
// convolutions. output_scale grows by the number of places, so that real scores are means. Errors: those of
// validate(); kInvalidArgument naming the layer: an image or window that is no square, or the image smaller; a layer
// with padding, or one that leaves some of its input unread; a sum pool with a stride, or after one.
platform::Result<Network> slide_over(const Network& network, const Shape& image);

}  // namespace fcn::nn
