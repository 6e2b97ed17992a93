#include "systems.h"

#include <utility>

#include "internal/layer_check.h"

namespace fcn::nn {
namespace {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;

constexpr Shape kImage{1, 28, 28};

OpCounts counts(std::uint64_t pt_ct_adds, std::uint64_t ct_ct_adds, std::uint64_t pt_ct_mults,
                std::uint64_t ct_ct_mults) {
  OpCounts counts;
  counts.pt_ct_adds = pt_ct_adds;
  counts.ct_ct_adds = ct_ct_adds;
  counts.pt_ct_mults = pt_ct_mults;
  counts.ct_ct_mults = ct_ct_mults;
  return counts;
}

// A chain of layers, each on the output of the one before.
class Chain {
 public:
  explicit Chain(Shape input) : shape_(input) {}
  Chain& conv(int maps, int kernel, int stride, int padding) {
    return append(make_conv2d(shape_, maps, kernel, stride, padding));
  }
  Chain& sums(int kernel) { return append(make_sum_pool(shape_, kernel, kernel, 0)); }
  Chain& activation() { return append(make_polynomial(shape_, {})); }
  Chain& dense(int outputs) { return append(make_dense(shape_, outputs)); }
  std::vector<Layer> layers() { return std::move(layers_); }

 private:
  Chain& append(Layer layer) {
    shape_ = layer.out;
    layers_.push_back(std::move(layer));
    return *this;
  }
  Shape shape_;
  std::vector<Layer> layers_;
};

System faster_cryptonets() {
  System system;
  system.name = "faster-cryptonets";
  system.file_name = "faster_cryptonets.fcn";
  system.paper = {counts(3995, 38302, 23952, 945), 67194, 6.7, 39.1, 99.13, 411.1, "FV-RNS"};
  system.least_accuracy_percent = 99.13;
  system.input = kImage;
  system.layers = Chain(kImage).conv(5, 5, 2, 1).activation().dense(100).activation().dense(10).layers();
  system.activation = {0.25, 0.5, 0.125};  // Swish-AQ
  system.weights = WeightKind::kPowersOfTwo;
  return system;
}

System cryptonets() {
  System system;
  system.name = "cryptonets";
  system.file_name = "cryptonets.fcn";
  // The row's total is 611,184 plus the 945 squares that its column for them leaves out.
  system.paper = {counts(2205, 312137, 296842, 0), 612129, 47.5, 249.6, 99.13, 367.5, "YASHE"};
  system.least_accuracy_percent = 98.95;
  system.input = kImage;
  system.layers = Chain(kImage).conv(5, 5, 2, 1).activation().dense(100).activation().dense(10).layers();
  system.activation = {0, 0, 1};
  system.weight_bits = 6;
  return system;
}

System cryptodl_1() {
  System system;
  system.name = "cryptodl-1";
  system.file_name = "cryptodl_1.fcn";
  system.paper = {counts(30750, 2310000, 2310000, 1600), 4650000, 16.7, 148.9, 98.52, 336.7, "BGV"};
  system.least_accuracy_percent = 98.52;
  system.input = kImage;
  system.layers = Chain(kImage)
                      .conv(48, 5, 1, 0)
                      .sums(2)
                      .conv(20, 5, 1, 0)
                      .activation()
                      .sums(2)
                      .dense(320)
                      .activation()
                      .dense(10)
                      .layers();
  system.activation = {0.5, 0.5, 0.125};  // (x + 2)^2 / 8: Swish-AQ and 1/4
  system.weight_bits = 5;
  system.last_bias = false;
  return system;
}

System cryptodl_2() {
  System system;
  system.name = "cryptodl-2";
  system.file_name = "cryptodl_2.fcn";
  system.paper = {counts(161546, 46100000, 46200000, 64512), 92700000, 16.7, 320.0, 99.52, 336.7, "BGV"};
  system.least_accuracy_percent = 99.52;
  system.input = {1, 25, 25};
  system.layers = Chain(system.input)
                      .conv(62, 5, 2, 0)
                      .activation()
                      .conv(108, 5, 2, 0)
                      .activation()
                      .dense(72)
                      .activation()
                      .dense(10)
                      .layers();
  system.activation = {0.5, 0.5, 0.125};  // (x + 2)^2 / 8
  system.weight_bits = 5;
  system.last_bias = false;
  return system;
}

// The layers of slide_over, one after the other.
class Slider {
 public:
  Slider(Shape window, Shape image) : window_(window), shape_(image) {}

  Status append(const Layer& layer) {
    FCN_RETURN_IF_ERROR(append_slid(layer));
    if (layer.kind != LayerKind::kFlatten) window_ = layer.out;
    return {};
  }

  // Adds up all places; returns how many there are.
  std::size_t finish(std::vector<Layer>& layers) {
    const std::size_t places = static_cast<std::size_t>(shape_.height) * shape_.width;
    if (places > 1) append_layer(make_sum_pool(shape_, shape_.height, 1, 0));
    layers = std::move(layers_);
    return places;
  }

 private:
  Status append_slid(const Layer& layer) {
    switch (layer.kind) {
      case LayerKind::kConv2d:
        FCN_RETURN_IF_ERROR(check_reads_all(layer));
        append_conv(layer, layer.kernel, dilation_);
        dilation_ *= layer.stride;
        return {};
      case LayerKind::kDense:
        append_conv(layer, window_.height, dilation_);
        dilation_ = 1;
        return {};
      case LayerKind::kSumPool:
        FCN_RETURN_IF_ERROR(check_reads_all(layer));
        if (layer.stride != 1 || dilation_ != 1)
          return invalid_argument("a sum pool with a stride, or after one, cannot slide");
        append_layer(make_sum_pool(shape_, layer.kernel, 1, 0));
        return {};
      case LayerKind::kPolynomial:
        append_layer(make_polynomial(shape_, layer.coefficients));
        return {};
      case LayerKind::kFlatten:
        return {};
    }
    return {};
  }

  // Windows of padding would read real pixels elsewhere; pixels that no window reads would make room for more places.
  static Status check_reads_all(const Layer& layer) {
    if (layer.padding != 0) return invalid_argument("a layer with padding cannot slide");
    if ((layer.in.height - layer.kernel) % layer.stride == 0) return {};
    return invalid_argument(concat("kernel ", layer.kernel, " and stride ", layer.stride,
                                   " leave some of the input ", internal::shape_text(layer.in), " unread"));
  }

  // The weights (O, C, K, K) of a layer as a convolution whose taps lie `dilation` apart.
  void append_conv(const Layer& layer, int taps, int dilation) {
    const int kernel = (taps - 1) * dilation + 1;
    Layer conv = make_conv2d(shape_, layer.out.channels, kernel, 1, 0);
    conv.bias = layer.bias;
    const auto side = static_cast<std::size_t>(taps), spread = static_cast<std::size_t>(kernel);
    const std::size_t planes = layer.weights.size() / (side * side);
    conv.weights.assign(planes * spread * spread, 0);
    for (std::size_t p = 0; p < planes; ++p) {
      for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x) {
          const std::size_t to = (p * spread + y * static_cast<std::size_t>(dilation)) * spread +
                                 x * static_cast<std::size_t>(dilation);
          conv.weights[to] = layer.weights[(p * side + y) * side + x];
        }
      }
    }
    append_layer(std::move(conv));
  }
  void append_layer(Layer layer) {
    shape_ = layer.out;
    layers_.push_back(std::move(layer));
  }

  Shape window_;      // what the trained network's next layer reads, not flat
  Shape shape_;       // what the slid network's next layer reads
  int dilation_ = 1;  // pixels between neighbours of the layer's input
  std::vector<Layer> layers_;
};

}  // namespace

std::vector<System> table_systems() {
  return {faster_cryptonets(), cryptonets(), cryptodl_1(), cryptodl_2()};
}

Result<System> find_system(const std::string& name) {
  std::string names;
  for (System& system : table_systems()) {
    if (system.name == name) return std::move(system);
    names += (names.empty() ? "" : ", ") + system.name;
  }
  return invalid_argument(concat("no system is called \"", name, "\"; there are ", names));
}

Result<Network> slide_over(const Network& network, const Shape& image) {
  FCN_RETURN_IF_ERROR(validate(network));
  const Shape& window = network.input;
  if (image.channels != window.channels || image.height < window.height || image.width < window.width ||
      image.height != image.width || window.height != window.width) {
    return invalid_argument(concat("a window of ", internal::shape_text(window),
                                   " cannot slide over an image of ", internal::shape_text(image)));
  }
  Network slid = network;
  slid.input = image;
  Slider slider(network.input, image);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    FCN_RETURN_IF_ERROR(slider.append(network.layers[i]).with_context(internal::layer_label(network, i)));
  }
  slid.output_scale *= static_cast<double>(slider.finish(slid.layers));
  FCN_RETURN_IF_ERROR(validate(slid));
  return slid;
}

}  // namespace fcn::nn
