// The table's systems: shapes that chain, operation counts near the paper's, and networks that slide over an image.
#include "nn/systems.h"

#include <gtest/gtest.h>

#include "nn/plain_run.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;

// The system's network with every weight 1 and every bias 0, slid over the image.
Network network_of(const System& system) {
  Network network;
  network.name = system.name;
  network.input = system.input;
  network.input_max = 1;
  network.layers = system.layers;
  for (Layer& layer : network.layers) {
    const auto outputs = static_cast<std::size_t>(layer.out.channels);
    if (layer.kind == LayerKind::kPolynomial) {
      layer.coefficients = {0, 0, 1};
    } else if (layer.kind != LayerKind::kSumPool) {
      const auto row =
          static_cast<std::size_t>(layer.in.channels) *
          static_cast<std::size_t>(layer.kind == LayerKind::kDense ? layer.in.height * layer.in.width
                                                                   : layer.kernel * layer.kernel);
      layer.weights.assign(outputs * row, 1);
      layer.bias.assign(outputs, 0);
    }
  }
  if (network.input == Shape{1, 28, 28}) return network;
  auto slid = slide_over(network, {1, 28, 28});
  EXPECT_TRUE(slid.ok()) << slid.status().message();
  return std::move(slid).value();
}

struct Counted {
  std::size_t taps = 0, squares = 0;
};
Counted count(const Network& network) {
  Counted counted;
  for (const Layer& layer : network.layers) {
    if (layer.kind == LayerKind::kPolynomial) counted.squares += layer.out.size();
    if (layer.kind != LayerKind::kConv2d && layer.kind != LayerKind::kDense) continue;
    for (std::size_t o = 0; o < layer.out.size(); ++o) counted.taps += taps(layer, o).size();
  }
  return counted;
}

TEST(Systems, AreTheFourRowsOfThePaper) {
  const std::vector<System> systems = table_systems();
  ASSERT_EQ(systems.size(), 4u);
  const char* names[] = {"faster-cryptonets", "cryptonets", "cryptodl-1", "cryptodl-2"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(systems[i].name, names[i]);
    const auto found = find_system(names[i]);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found.value().file_name, systems[i].file_name);
    // The printed totals, to three digits; CryptoNets' leaves its 945 squares out of their column.
    const double parts = static_cast<double>(systems[i].paper.counts.total());
    EXPECT_NEAR(parts / static_cast<double>(systems[i].paper.total), 1, 0.006) << names[i];
    const Network network = network_of(systems[i]);
    ASSERT_TRUE(validate(network).ok()) << validate(network).message();
    EXPECT_EQ(network.layers.back().out, (Shape{10, 1, 1}));
  }
  const auto unknown = find_system("cryptodl");
  EXPECT_EQ(unknown.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(unknown.status().message().find("faster-cryptonets, cryptonets, cryptodl-1, cryptodl-2"),
            std::string::npos);
}

TEST(Systems, CountsAreNearThePapers) {
  const std::vector<System> systems = table_systems();
  const Counted cryptonets = count(network_of(systems[1]));
  EXPECT_EQ(cryptonets.squares, 945u);
  EXPECT_EQ(cryptonets.taps, 5u * 64 * 64 + 84500 + 1000);
  const Counted first = count(network_of(systems[2])), second = count(network_of(systems[3]));
  EXPECT_EQ(first.squares, 1600u);
  EXPECT_EQ(second.squares, 64512u);
  EXPECT_EQ(second.taps, 45749376u);
  for (const auto& [counted, paper] :
       {std::pair{first, systems[2].paper}, std::pair{second, systems[3].paper}}) {
    EXPECT_NEAR(static_cast<double>(counted.taps) / static_cast<double>(paper.counts.pt_ct_mults), 1, 0.02);
    EXPECT_NEAR(static_cast<double>(counted.squares) / static_cast<double>(paper.counts.ct_ct_mults), 1,
                0.02);
  }
}

// The table's count of CryptoNets, as systems.h reads it.
TEST(Systems, CryptonetsRowIsTheUnmergedNetwork) {
  const OpCounts paper = table_systems()[1].paper.counts;
  EXPECT_EQ(paper.pt_ct_adds, 845u + 1250 + 100 + 10);
  EXPECT_EQ(paper.ct_ct_adds - paper.pt_ct_mults, 5u * 37 * 37 + 50 * 13 * 13);
  const std::size_t taps = 5u * 64 * 64 + 1250 * 125 + 1250 * 100 + 100 * 10;
  EXPECT_EQ(taps, 302730u);
  EXPECT_NEAR(1 - static_cast<double>(paper.pt_ct_mults) / static_cast<double>(taps), 0.019, 0.001);
}

// A window of the image, flat.
std::vector<std::int64_t> window(const std::vector<std::int64_t>& image, int width, int side, int top,
                                 int left) {
  std::vector<std::int64_t> pixels;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x)
      pixels.push_back(image[static_cast<std::size_t>((top + y) * width + left + x)]);
  }
  return pixels;
}

// Two strides, dense layers, a biased last layer; a sum pool before the strides.
Network small_network(test::Random& random, bool pool) {
  Network network;
  network.name = "slid";
  network.input = {1, pool ? 10 : 9, pool ? 10 : 9};
  network.input_max = 3;
  Shape shape = network.input;
  const auto append = [&](Layer layer) {
    if (layer.kind == LayerKind::kConv2d || layer.kind == LayerKind::kDense)
      test::randomize_weights(random, layer);
    shape = layer.out;
    network.layers.push_back(std::move(layer));
  };
  if (pool) append(make_sum_pool(shape, 2, 1, 0));
  append(make_conv2d(shape, 2, 3, 2, 0));
  append(make_polynomial(shape, {1, -2, 1}));
  append(make_conv2d(shape, 3, 2, 2, 0));
  append(make_flatten(shape));
  append(make_dense(shape, 4));
  append(make_polynomial(shape, {0, 0, 1}));
  append(make_dense(shape, 3));
  return network;
}

TEST(SlideOver, AddsUpTheScoresOfAllWindows) {
  test::Random random(20);
  for (const bool pool : {false, true}) {
    for (int larger = 0; larger < 4; ++larger) {
      const Network network = small_network(random, pool);
      const int side = network.input.width, width = side + larger;
      const auto slid = slide_over(network, {1, width, width});
      ASSERT_TRUE(slid.ok()) << slid.status().message();
      EXPECT_EQ(slid->output_scale, network.output_scale * (larger + 1) * (larger + 1));
      const std::vector<std::int64_t> image = test::random_image(random, slid.value());
      std::vector<std::int64_t> sums(3, 0);
      for (int top = 0; top <= larger; ++top) {
        for (int left = 0; left <= larger; ++left) {
          const auto scores = plain_run(network, window(image, width, side, top, left));
          ASSERT_TRUE(scores.ok());
          for (std::size_t i = 0; i < 3; ++i) sums[i] += scores.value()[i];
        }
      }
      EXPECT_EQ(plain_run(slid.value(), image).value(), sums);
    }
  }
}

TEST(SlideOver, RefusesWhatCannotSlide) {
  test::Random random(21);
  const auto message = [](const Network& network, Shape image) {
    const auto slid = slide_over(network, image);
    EXPECT_EQ(slid.status().code(), StatusCode::kInvalidArgument);
    return slid.status().message();
  };
  const Network network = small_network(random, false);
  EXPECT_NE(message(network, {1, 8, 8}).find("1x9x9 cannot slide over an image of 1x8x8"), std::string::npos);
  EXPECT_NE(message(network, {1, 9, 10}).find("1x9x10"), std::string::npos);
  EXPECT_NE(message(network, {2, 9, 9}).find("2x9x9"), std::string::npos);
  Network padded = network;
  padded.layers = {make_conv2d(padded.input, 1, 3, 1, 1)};
  test::randomize_weights(random, padded.layers[0]);
  EXPECT_NE(message(padded, {1, 9, 9}).find("layer 1 (conv2d): a layer with padding"), std::string::npos);
  Network unread = network;
  unread.layers = {make_sum_pool(unread.input, 2, 2, 0)};
  EXPECT_NE(message(unread, {1, 9, 9}).find("leave some of the input 1x9x9 unread"), std::string::npos);
  unread.layers = {make_sum_pool(unread.input, 3, 3, 0)};
  EXPECT_NE(message(unread, {1, 9, 9}).find("sum pool with a stride"), std::string::npos);
}

}  // namespace
}  // namespace fcn::nn
