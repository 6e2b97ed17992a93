#include "slot_layout.h"

#include <algorithm>
#include <bit>

#include "../platform/status.h"

namespace fcn::nn {
namespace {

using platform::concat;

std::vector<std::vector<std::int32_t>> empty_slots(std::size_t ciphertexts, std::size_t slots) {
  return std::vector<std::vector<std::int32_t>>(ciphertexts, std::vector<std::int32_t>(slots, -1));
}

std::size_t divide_up(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

// A tensor on the given grid, `channels` of them in each ciphertext.
SlotLayout on_grid(const Shape& shape, std::size_t block, std::size_t pitch_y, std::size_t pitch_x,
                   std::size_t slots) {
  const std::size_t each = slots / block;  // channels in a ciphertext
  SlotLayout layout;
  layout.block = block;
  layout.pitch_y = pitch_y;
  layout.pitch_x = pitch_x;
  layout.values = empty_slots(divide_up(static_cast<std::size_t>(shape.channels), each), slots);
  std::int32_t value = 0;
  for (std::size_t c = 0; c < static_cast<std::size_t>(shape.channels); ++c) {
    for (std::size_t y = 0; y < static_cast<std::size_t>(shape.height); ++y) {
      for (std::size_t x = 0; x < static_cast<std::size_t>(shape.width); ++x) {
        layout.values[c / each][c % each * block + y * pitch_y + x * pitch_x] = value++;
      }
    }
  }
  return layout;
}

// The own slot of each value: its first.
std::vector<SlotPlace> first_places(const SlotLayout& layout, std::size_t count) {
  std::vector<SlotPlace> first;
  for (const auto& places : layout.places(count)) first.push_back(places.front());
  return first;
}

OutputLayout unfolded(SlotLayout layout, std::size_t count) {
  OutputLayout output;
  output.base = first_places(layout, count);
  output.layout = std::move(layout);
  return output;
}

}  // namespace

std::vector<std::vector<SlotPlace>> SlotLayout::places(std::size_t count) const {
  std::vector<std::vector<SlotPlace>> places(count);
  for (std::uint32_t c = 0; c < values.size(); ++c) {
    for (std::uint32_t s = 0; s < values[c].size(); ++s) {
      if (values[c][s] >= 0) places[static_cast<std::size_t>(values[c][s])].push_back({c, s});
    }
  }
  return places;
}

SlotLayout contiguous_layout(std::size_t count, std::size_t slots) {
  SlotLayout layout;
  layout.name = "contiguous";
  layout.values = empty_slots(divide_up(count, slots), slots);
  for (std::size_t v = 0; v < count; ++v) layout.values[v / slots][v % slots] = static_cast<std::int32_t>(v);
  return layout;
}

SlotLayout grid_layout(const Shape& shape, std::size_t slots) {
  const auto width = static_cast<std::size_t>(shape.width);
  SlotLayout layout = on_grid(shape, static_cast<std::size_t>(shape.height) * width, width, 1, slots);
  layout.name = "grid";
  return layout;
}

SlotLayout phase_layout(const Layer& first, std::size_t copies, bool separate, std::size_t slots) {
  SlotLayout layout;
  if (first.in.channels != 1 || first.stride < 1) return layout;
  const int stride = first.stride, padding = first.padding;
  // Position i of a side lies at place (i + P) / S, counted from the first there is, of phase (i + P) mod S.
  const auto place = [&](int i, int phase) {
    const int first_index = (padding - phase + stride - 1) / stride;
    return (i + padding) / stride - std::max(first_index, 0);
  };
  const auto side = [&](int length) {
    int longest = 0;
    for (int i = 0; i < length; ++i) longest = std::max(longest, place(i, (i + padding) % stride) + 1);
    return static_cast<std::size_t>(longest);
  };
  const std::size_t rows = side(first.in.height), columns = side(first.in.width),
                    phases = static_cast<std::size_t>(stride * stride);
  const std::size_t block = rows * columns;
  if (separate ? copies * block > slots : phases * block > slots) return layout;
  layout.name = separate ? concat(phases, " phases of ", copies, " copies")
                         : concat(phases, " phases in one ciphertext");
  layout.block = block;
  layout.pitch_y = columns;
  layout.pitch_x = 1;
  layout.by_phase = true;
  layout.values = empty_slots(separate ? phases : 1, slots);
  for (int y = 0; y < first.in.height; ++y) {
    for (int x = 0; x < first.in.width; ++x) {
      const int phase_y = (y + padding) % stride, phase_x = (x + padding) % stride;
      const auto phase = static_cast<std::size_t>(phase_y * stride + phase_x);
      const std::size_t at =
          static_cast<std::size_t>(place(y, phase_y)) * columns + static_cast<std::size_t>(place(x, phase_x));
      for (std::size_t copy = 0; copy < (separate ? copies : 1); ++copy) {
        layout.values[separate ? phase : 0][(separate ? copy : phase) * block + at] = y * first.in.width + x;
      }
    }
  }
  return layout;
}

std::vector<std::size_t> OutputLayout::partial_slots(std::size_t own, std::size_t slots) const {
  std::vector<std::size_t> partial;
  switch (fold) {
    case Fold::kNone:
      partial.push_back(own);
      break;
    case Fold::kPeriodic:
      for (std::size_t s = own % width; s < slots; s += width) partial.push_back(s);
      break;
    case Fold::kStrided:
      for (std::size_t j = 0; j < width; ++j) partial.push_back(own + j);
      break;
  }
  return partial;
}

std::vector<std::size_t> OutputLayout::fold_steps(std::size_t slots) const {
  std::vector<std::size_t> steps;
  if (fold == Fold::kPeriodic) {
    for (std::size_t step = width; step < slots; step *= 2) steps.push_back(step);
  } else if (fold == Fold::kStrided) {
    for (std::size_t step = 1; step < width; step *= 2) steps.push_back(step);
  }
  return steps;
}

std::vector<OutputLayout> output_layouts(const Layer& layer, const SlotLayout& input, std::size_t slots) {
  std::vector<OutputLayout> outputs;
  const std::size_t count = layer.out.size();
  if (layer.kind != LayerKind::kDense && input.block != 0) {
    const std::size_t stride = input.by_phase ? 1 : static_cast<std::size_t>(layer.stride);
    const std::size_t last = static_cast<std::size_t>(layer.out.height - 1) * stride * input.pitch_y +
                             static_cast<std::size_t>(layer.out.width - 1) * stride * input.pitch_x;
    if (last < input.block) {
      SlotLayout grid =
          on_grid(layer.out, input.block, stride * input.pitch_y, stride * input.pitch_x, slots);
      grid.name = "grid";
      outputs.push_back(unfolded(std::move(grid), count));
    }
  }
  outputs.push_back(unfolded(contiguous_layout(count, slots), count));
  const std::size_t width = std::bit_ceil(count);
  if (width >= slots) return outputs;
  OutputLayout periodic, strided;
  periodic.fold = OutputLayout::Fold::kPeriodic;
  periodic.width = width;
  periodic.layout.name = concat("period ", width);
  periodic.layout.values = empty_slots(1, slots);
  strided.fold = OutputLayout::Fold::kStrided;
  strided.width = slots / width;
  strided.layout.name = concat("stride ", strided.width);
  strided.layout.values = empty_slots(1, slots);
  for (std::size_t v = 0; v < count; ++v) {
    for (std::size_t s = v; s < slots; s += width)
      periodic.layout.values[0][s] = static_cast<std::int32_t>(v);
    strided.layout.values[0][v * strided.width] = static_cast<std::int32_t>(v);
    periodic.base.push_back({0, static_cast<std::uint32_t>(v)});
    strided.base.push_back({0, static_cast<std::uint32_t>(v * strided.width)});
  }
  outputs.push_back(std::move(periodic));
  outputs.push_back(std::move(strided));
  return outputs;
}

std::vector<SlotLayout> input_layouts(const Layer& first, std::size_t slots) {
  std::vector<SlotLayout> layouts;
  if (first.kind != LayerKind::kDense) {
    const auto channels = static_cast<std::size_t>(first.out.channels);
    for (const bool separate : {true, false}) {
      SlotLayout phases = phase_layout(first, channels, separate, slots);
      if (!phases.values.empty()) layouts.push_back(std::move(phases));
    }
    if (static_cast<std::size_t>(first.in.height) * static_cast<std::size_t>(first.in.width) <= slots)
      layouts.push_back(grid_layout(first.in, slots));
  }
  layouts.push_back(contiguous_layout(first.in.size(), slots));
  return layouts;
}

}  // namespace fcn::nn
