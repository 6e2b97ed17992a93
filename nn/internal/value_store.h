// The encrypted values between two stages: made in groups, each freed when the last group that reads it is done.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "../../fv/ciphertext.h"
#include "pixel_circuit.h"

namespace fcn::nn::internal {

// Outputs of a stage that are computed together, since they share most of what they read.
struct OutputGroup {
  std::vector<std::uint32_t> outputs;
  std::vector<std::uint32_t> inputs;  // what they read, each once
  bool made = false;
};

struct ValueStore {
  std::vector<std::optional<fv::Ciphertext>> values;
  std::vector<std::uint32_t> readers;  // groups of the next stage that still have to read a value
  std::vector<OutputGroup> groups;     // of the stage that makes the values
  std::vector<std::uint32_t> group_of;

  // Values that are given one by one: each a group.
  static ValueStore of_inputs(std::size_t count) {
    ValueStore store;
    store.values.resize(count);
    store.readers.assign(count, 0);
    store.groups.resize(count);
    store.group_of.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      store.groups[i].outputs = {static_cast<std::uint32_t>(i)};
      store.group_of[i] = static_cast<std::uint32_t>(i);
    }
    return store;
  }

  // The values of a stage, in groups of all channels at neighbouring places, or of some channels at one place. As many
  // groups as keep `threads` threads busy alike. Counts itself among the readers of `from`.
  static ValueStore of_stage(const PixelCircuit& circuit, const CircuitStage& stage, std::size_t threads,
                             ValueStore& from) {
    constexpr std::size_t kLargestGroup = 128;
    const auto channels = static_cast<std::size_t>(stage.out.channels);
    const std::size_t count = stage.out.size(), plane = count / channels;
    ValueStore store;
    store.values.resize(count);
    store.readers.assign(count, 0);
    store.group_of.resize(count);
    const std::size_t rounds = (count - 1) / (kLargestGroup * threads) + 1;
    const std::size_t wanted = std::min(rounds * threads, count);
    const std::size_t place_groups = std::min(wanted, plane);
    const std::size_t channel_groups = std::min((wanted - 1) / place_groups + 1, channels);
    std::vector<std::uint32_t> seen(from.values.size(), ~std::uint32_t{0});
    for (std::size_t p = 0; p < place_groups; ++p) {
      for (std::size_t c = 0; c < channel_groups; ++c) {
        const auto index = static_cast<std::uint32_t>(store.groups.size());
        OutputGroup group;
        for (std::size_t place = p * plane / place_groups; place < (p + 1) * plane / place_groups; ++place) {
          for (std::size_t channel = c * channels / channel_groups;
               channel < (c + 1) * channels / channel_groups; ++channel) {
            const auto output = static_cast<std::uint32_t>(channel * plane + place);
            if (!stage.live[output]) continue;
            group.outputs.push_back(output);
            store.group_of[output] = index;
            circuit.for_each_weight(stage, output, [&](std::uint32_t input, std::int64_t) {
              if (seen[input] == index) return;
              seen[input] = index;
              group.inputs.push_back(input);
              ++from.readers[input];
            });
          }
        }
        if (!group.outputs.empty()) store.groups.push_back(std::move(group));
      }
    }
    return store;
  }

  // The group is done with its inputs; the memory of those that no group has still to read goes to spare.
  void release(const OutputGroup& reader, std::vector<fv::Ciphertext>& spare) {
    for (const std::uint32_t input : reader.inputs) {
      if (--readers[input] != 0) continue;
      spare.push_back(std::move(*values[input]));
      values[input].reset();
    }
  }
  // Lets the outputs of a group be written where spare memory is.
  void take_memory(const OutputGroup& group, std::vector<fv::Ciphertext>& spare) {
    for (const std::uint32_t output : group.outputs) {
      if (spare.empty()) return;
      values[output] = std::move(spare.back());
      spare.pop_back();
    }
  }
  void keep_memory(std::vector<fv::Ciphertext>& spare) {
    for (std::optional<fv::Ciphertext>& value : values) {
      if (value) spare.push_back(std::move(*value));
    }
  }
  // Where a value is written: any shape and content.
  platform::Result<fv::Ciphertext*> room_for(std::size_t index, const fv::Params& params) {
    if (!values[index]) {
      FCN_ASSIGN_OR_RETURN(values[index], fv::Ciphertext::create_uninitialized(params, 2, params.q_count()));
    }
    return &*values[index];
  }
};

}  // namespace fcn::nn::internal
