// Where the values of a layer lie in the slots of packed ciphertexts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "network.h"

namespace fcn::nn {

struct SlotPlace {
  std::uint32_t ciphertext, slot;
};

// values[c][s]: which value slot s of ciphertext c holds, or -1 (anything). A value may lie in several slots.
struct SlotLayout {
  std::string name;
  std::vector<std::vector<std::int32_t>> values;
  // A tensor on a grid: (c, y, x) at block (c / per ciphertext), slot (c mod per ciphertext) * block + y pitch_y + x
  // pitch_x; 0: no grid. The layout of a convolution's output follows from its input's.
  std::size_t block = 0, pitch_y = 0, pitch_x = 0;
  bool by_phase = false;  // neighbouring places are one stride apart, not one pixel

  std::size_t ciphertexts() const noexcept { return values.size(); }
  // Every place of each of count values.
  std::vector<std::vector<SlotPlace>> places(std::size_t count) const;
};

// Value v in slot v mod slots of ciphertext v / slots.
SlotLayout contiguous_layout(std::size_t count, std::size_t slots);

// A tensor on a grid of its own size, as many channels a ciphertext as there is room for.
// Bounds: height * width <= slots.
SlotLayout grid_layout(const Shape& shape, std::size_t slots);

// The inputs that one tap of a stride-S window reads at all its positions have the same phase: y + P and x + P modulo S.
// Each phase is a small image; a rotation moves it under the next tap. separate: a ciphertext for each phase, which
// repeats the image for each of copies output channels; otherwise the phases lie in one ciphertext, once. Empty
// values where it does not fit, or the input has several channels.
SlotLayout phase_layout(const Layer& first, std::size_t copies, bool separate, std::size_t slots);

// How a linear layer's outputs come to their slots. Sums are spread over several slots of an output, and then folded:
// rotations by fold_steps add those slots up.
struct OutputLayout {
  enum class Fold {
    kNone,      // an output is summed in its own slot
    kPeriodic,  // in all slots that are its own modulo `width`; afterwards it lies in all of them
    kStrided,   // in the `width` slots from its own on; afterwards it lies in the first
  };
  SlotLayout layout;  // of the folded outputs
  Fold fold = Fold::kNone;
  std::size_t width = 0;
  std::vector<SlotPlace> base;  // the own slot of each output

  // The slots that an output with this own slot is summed in.
  std::vector<std::size_t> partial_slots(std::size_t own, std::size_t slots) const;
  // The powers of two by which rotations fold, each the double of the one before.
  std::vector<std::size_t> fold_steps(std::size_t slots) const;
};

// The layouts worth trying for a layer whose input lies as it does.
std::vector<OutputLayout> output_layouts(const Layer& layer, const SlotLayout& input, std::size_t slots);
// The same for the encrypted input of the first layer.
std::vector<SlotLayout> input_layouts(const Layer& first, std::size_t slots);

}  // namespace fcn::nn
