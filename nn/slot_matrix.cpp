#include "slot_matrix.h"

#include <algorithm>

namespace fcn::nn {
namespace {

// The residue of x modulo m in (-m/2, m/2].
std::int64_t balanced(std::int64_t x, std::int64_t m) {
  const std::int64_t rest = ((x % m) + m) % m;
  return 2 * rest > m ? rest - m : rest;
}

std::uint32_t step(std::int64_t rotation, std::size_t slots) {
  const auto period = static_cast<std::int64_t>(slots);
  return static_cast<std::uint32_t>(((rotation % period) + period) % period);
}

}  // namespace

std::vector<std::vector<Tap>> all_taps(const Layer& layer) {
  std::vector<std::vector<Tap>> rows(layer.out.size());
  for (std::size_t o = 0; o < rows.size(); ++o) rows[o] = taps(layer, o);
  return rows;
}

SlotMatrix::SlotMatrix(const std::vector<std::vector<Tap>>& rows, const SlotLayout& input,
                       const OutputLayout& output, std::size_t slots)
    : slots_(slots) {
  std::size_t count = 0, outputs = 0;
  for (const auto& values : input.values) {
    for (const std::int32_t value : values) count = std::max(count, static_cast<std::size_t>(value + 1));
  }
  for (const SlotPlace& base : output.base) outputs = std::max<std::size_t>(outputs, base.ciphertext + 1);
  const auto places = input.places(count);
  const auto period = static_cast<std::int64_t>(slots), width = static_cast<std::int64_t>(output.width);
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::vector<std::uint32_t> known(outputs * input.ciphertexts() * slots,
                                   kNone);  // the number of each diagonal
  for (std::size_t o = 0; o < rows.size(); ++o) {
    const SlotPlace base = output.base[o];
    for (const Tap& tap : rows[o]) {
      // Of all places of the input, the one with the smallest rotation.
      SlotPlace source{};
      std::int64_t rotation = period;
      for (const SlotPlace& place : places[tap.input]) {
        const std::int64_t distance = static_cast<std::int64_t>(place.slot) - base.slot;
        std::int64_t candidate = balanced(distance, period);
        if (output.fold == OutputLayout::Fold::kPeriodic) candidate = balanced(distance, width);
        if (output.fold == OutputLayout::Fold::kStrided)
          candidate = balanced(distance - ((distance % width) + width) % width, period);
        if (std::abs(candidate) < std::abs(rotation)) {
          rotation = candidate;
          source = place;
        }
      }
      std::uint32_t& number =
          known[(base.ciphertext * input.ciphertexts() + source.ciphertext) * slots + step(rotation, slots)];
      if (number == kNone) {
        number = static_cast<std::uint32_t>(diagonals_.size());
        diagonals_.push_back({base.ciphertext, source.ciphertext, static_cast<std::int32_t>(rotation)});
      }
      entries_.push_back(
          {number, step(static_cast<std::int64_t>(source.slot) - rotation, slots), tap.weight});
    }
  }
}

SplitRotation split_rotation(std::int32_t rotation, std::size_t split) noexcept {
  const auto baby = static_cast<std::int32_t>(balanced(rotation, static_cast<std::int64_t>(split)));
  return {rotation - baby, baby};
}

std::vector<fv::RotatedProduct> SlotMatrix::products(std::size_t split) const {
  std::vector<fv::RotatedProduct> products;
  for (const Diagonal& diagonal : diagonals_) {
    const SplitRotation parts = split_rotation(diagonal.rotation, split);
    products.push_back({diagonal.output, diagonal.input, step(parts.giant, slots_), step(parts.baby, slots_),
                        std::vector<std::int64_t>(slots_, 0)});
  }
  for (const Entry& entry : entries_) {
    // A giant rotation brings slot p + giant to slot p.
    fv::RotatedProduct& product = products[entry.diagonal];
    product.weights[(entry.slot + product.giant) % slots_] += entry.weight;
  }
  return products;
}

StepCount count_steps(std::span<const Diagonal> diagonals, std::size_t split, std::size_t slots) {
  std::uint32_t inputs = 0, outputs = 0;
  for (const Diagonal& diagonal : diagonals) {
    inputs = std::max(inputs, diagonal.input + 1);
    outputs = std::max(outputs, diagonal.output + 1);
  }
  std::vector<bool> babies(inputs * slots), giants(outputs * slots), hoisted(inputs);
  for (const Diagonal& diagonal : diagonals) {
    const SplitRotation parts = split_rotation(diagonal.rotation, split);
    const std::size_t baby = step(parts.baby, slots), giant = step(parts.giant, slots);
    if (giant != 0) giants[diagonal.output * slots + giant] = true;
    if (baby == 0) continue;
    babies[diagonal.input * slots + baby] = true;
    hoisted[diagonal.input] = true;
  }
  const auto count = [](const std::vector<bool>& set) {
    return static_cast<std::size_t>(std::count(set.begin(), set.end(), true));
  };
  return {count(babies), count(giants), count(hoisted)};
}

}  // namespace fcn::nn
