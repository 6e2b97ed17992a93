// Layouts and generalised diagonals in the clear: rotations and products of plain slot vectors give what the layer's
// definition gives, for every pair of layouts and every kind of split.
#include "nn/slot_matrix.h"

#include <gtest/gtest.h>

#include <set>

#include "nn/slot_layout.h"
#include "support/network_reference.h"
#include "support/random_network.h"

namespace fcn::nn {
namespace {

using Slots = std::vector<std::int64_t>;
constexpr std::int64_t kGarbage = 1000003;  // in slots that hold nothing

Slots rotated(const Slots& x, std::size_t steps) {
  Slots y(x.size());
  for (std::size_t j = 0; j < x.size(); ++j) y[j] = x[(j + steps) % x.size()];
  return y;
}

std::vector<Slots> lay_out(const SlotLayout& layout, const test::Values& values, std::size_t slots) {
  std::vector<Slots> out(layout.ciphertexts(), Slots(slots, kGarbage));
  for (std::size_t c = 0; c < layout.ciphertexts(); ++c) {
    EXPECT_EQ(layout.values[c].size(), slots);
    for (std::size_t s = 0; s < slots; ++s) {
      if (layout.values[c][s] >= 0) out[c][s] = values[static_cast<std::size_t>(layout.values[c][s])];
    }
  }
  return out;
}

std::vector<Slots> apply(const std::vector<fv::RotatedProduct>& products, const std::vector<Slots>& in,
                         std::size_t outputs, std::size_t slots) {
  std::vector<Slots> out(outputs, Slots(slots, 0));
  for (const fv::RotatedProduct& product : products) {
    Slots inner = rotated(in[product.input], product.baby);
    for (std::size_t s = 0; s < slots; ++s) inner[s] *= product.weights[s];
    inner = rotated(inner, product.giant);
    for (std::size_t s = 0; s < slots; ++s) out[product.output][s] += inner[s];
  }
  return out;
}

// Every layout of the layer's output under this one of its input, with several splits, folded and not.
void check_layer(const Layer& layer, const SlotLayout& input, std::size_t slots, test::Random& random) {
  test::Values values(layer.in.size());
  for (std::int64_t& x : values) x = test::pick(random, -20, 20);
  Layer unbiased = layer;
  std::fill(unbiased.bias.begin(), unbiased.bias.end(), 0);
  const test::Values want = test::run_layer_ref(unbiased, values);
  const std::vector<Slots> in = lay_out(input, values, slots);
  for (const OutputLayout& output : output_layouts(layer, input, slots)) {
    const SlotMatrix matrix(all_taps(layer), input, output, slots);
    const std::size_t ciphertexts = output.layout.ciphertexts();
    for (const std::size_t split : {std::size_t{1}, std::size_t{3}, std::size_t{8}, slots}) {
      const auto products = matrix.products(split);
      const StepCount steps = count_steps(matrix.diagonals(), split, slots);
      std::set<std::pair<std::uint32_t, std::uint32_t>> babies, giants, pairs;
      for (const auto& product : products) {
        if (product.baby != 0) babies.emplace(product.input, product.baby);
        if (product.giant != 0) giants.emplace(product.output, product.giant);
      }
      EXPECT_EQ(steps.babies, babies.size());
      EXPECT_EQ(steps.giants, giants.size());
      EXPECT_TRUE(split != 1 || steps.babies == 0);
      std::vector<Slots> sums = apply(products, in, ciphertexts, slots);
      for (std::size_t o = 0; o < want.size(); ++o) {
        const SlotPlace base = output.base[o];
        std::int64_t sum = 0;
        for (const std::size_t slot : output.partial_slots(base.slot, slots))
          sum += sums[base.ciphertext][slot];
        ASSERT_EQ(sum, want[o]) << input.name << " -> " << output.layout.name << ", split " << split
                                << ", output " << o;
      }
      for (Slots& x : sums) {
        for (const std::size_t step : output.fold_steps(slots)) {
          const Slots moved = rotated(x, step);
          for (std::size_t s = 0; s < slots; ++s) x[s] += moved[s];
        }
      }
      for (std::size_t c = 0; c < ciphertexts; ++c) {
        for (std::size_t s = 0; s < slots; ++s) {
          const std::int32_t value = output.layout.values[c][s];
          if (value < 0) continue;
          ASSERT_EQ(sums[c][s], want[static_cast<std::size_t>(value)]) << output.layout.name << " slot " << s;
        }
      }
    }
  }
}

TEST(SlotMatrix, ComputesRandomLayersUnderEveryLayout) {
  test::Random random(71);
  std::set<std::string> seen;
  for (int trial = 0; trial < 60; ++trial) {
    const Shape in{static_cast<int>(test::pick(random, 1, 3)), static_cast<int>(test::pick(random, 3, 8)),
                   static_cast<int>(test::pick(random, 3, 8))};
    Layer layer;
    do layer = test::random_layer(random, in);
    while (layer.kind == LayerKind::kPolynomial || layer.kind == LayerKind::kFlatten);
    for (const std::size_t slots : {std::size_t{64}, std::size_t{256}}) {
      for (const SlotLayout& input : input_layouts(layer, slots)) {
        seen.insert(input.name);
        const auto places = input.places(layer.in.size());
        for (const auto& place : places) ASSERT_FALSE(place.empty()) << input.name;
        check_layer(layer, input, slots, random);
      }
    }
  }
  EXPECT_TRUE(seen.contains("4 phases in one ciphertext"));
  EXPECT_TRUE(seen.contains("4 phases of 2 copies"));
  EXPECT_TRUE(seen.contains("grid"));
}

// A second layer reads what a first one left, in each of its layouts.
TEST(SlotMatrix, LayersChain) {
  test::Random random(72);
  for (int trial = 0; trial < 15; ++trial) {
    Layer first = make_conv2d({1, 9, 9}, 2, 3, 2, 1), pool = make_sum_pool(first.out, 2, 2, 0),
          dense = make_dense(first.out, 5);
    test::randomize_weights(random, first);
    test::randomize_weights(random, dense);
    for (const SlotLayout& input : input_layouts(first, 128)) {
      for (const OutputLayout& between : output_layouts(first, input, 128)) {
        check_layer(pool, between.layout, 128, random);
        check_layer(dense, between.layout, 128, random);
      }
    }
  }
}

TEST(SlotMatrix, MnistNeedsFewRotations) {
  Layer convolution = make_conv2d({1, 28, 28}, 5, 5, 2, 1);
  convolution.weights.assign(125, 1);
  convolution.bias.assign(5, 0);
  Layer dense = make_dense(convolution.out, 100);
  dense.weights.assign(84500, 1);
  dense.bias.assign(100, 0);
  const SlotLayout phases = phase_layout(convolution, 5, true, 1024);
  EXPECT_EQ(phases.ciphertexts(), 4u);
  const OutputLayout grid = output_layouts(convolution, phases, 1024).front();
  EXPECT_EQ(grid.layout.name, "grid");
  const SlotMatrix first(all_taps(convolution), phases, grid, 1024);
  EXPECT_EQ(first.diagonals().size(), 25u);
  for (const OutputLayout& output : output_layouts(dense, grid.layout, 1024)) {
    const SlotMatrix second(all_taps(dense), grid.layout, output, 1024);
    EXPECT_EQ(second.diagonals().size(), output.fold == OutputLayout::Fold::kNone ? 1024u : 128u)
        << output.layout.name;
  }
}

TEST(SplitRotation, IsBalancedAndAddsUp) {
  for (std::int32_t rotation = -40; rotation <= 40; ++rotation) {
    for (const std::size_t split : {1u, 2u, 5u, 8u}) {
      const SplitRotation parts = split_rotation(rotation, split);
      EXPECT_EQ(parts.giant + parts.baby, rotation);
      EXPECT_EQ(parts.giant % static_cast<std::int32_t>(split), 0);
      EXPECT_LE(2 * parts.baby, static_cast<std::int32_t>(split));
      EXPECT_GT(2 * parts.baby, -static_cast<std::int32_t>(split));
    }
  }
}

}  // namespace
}  // namespace fcn::nn
