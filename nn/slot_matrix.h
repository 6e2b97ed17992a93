// A linear layer between two slot layouts, as rotations and plaintexts (generalised diagonals).
//
// The tap (o, i, w) becomes weight w in a slot p of output o, of the diagonal r = slot of i - p: rotating the input
// by r to the left brings i under p. Diagonals without weights cost nothing. A rotation r = giant + baby is shared:
// babies by all giants, giants by all babies.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../fv/linear_transform.h"
#include "slot_layout.h"

namespace fcn::nn {

// One diagonal of the block from one input ciphertext to one output ciphertext.
struct Diagonal {
  std::uint32_t output, input;
  std::int32_t rotation;  // in (-slots/2, slots/2]
};

class SlotMatrix {
 public:
  // Which diagonals the layer has under these layouts. rows: the taps of each output (see all_taps). Bounds: every input
  // that a tap reads has a place.
  SlotMatrix(const std::vector<std::vector<Tap>>& rows, const SlotLayout& input, const OutputLayout& output,
             std::size_t slots);

  const std::vector<Diagonal>& diagonals() const noexcept { return diagonals_; }  // in no order

  // The products of the whole layer with baby steps in (-split/2, split/2]; split 1: every rotation is a giant step.
  std::vector<fv::RotatedProduct> products(std::size_t split) const;

 private:
  struct Entry {
    std::uint32_t diagonal, slot;
    std::int64_t weight;
  };
  std::size_t slots_;
  std::vector<Diagonal> diagonals_;
  std::vector<Entry> entries_;
};

// The nonzero taps of every output of a layer.
std::vector<std::vector<Tap>> all_taps(const Layer& layer);

// rotation = giant + baby, baby in (-split/2, split/2].
struct SplitRotation {
  std::int32_t giant, baby;
};
SplitRotation split_rotation(std::int32_t rotation, std::size_t split) noexcept;

// Key switches of a layer for one split: babies of all inputs, giants of all outputs, and inputs that have babies.
struct StepCount {
  std::size_t babies = 0, giants = 0, hoisted_inputs = 0;
};
StepCount count_steps(std::span<const Diagonal> diagonals, std::size_t split, std::size_t slots);

}  // namespace fcn::nn
