#include "packed_engine.h"

#include <algorithm>
#include <utility>

#include "../fv/encoding.h"
#include "../fv/evaluation.h"
#include "../fv/key_switching.h"
#include "../fv/modulus_switch.h"
#include "../fv/product.h"
#include "../platform/floating_point.h"
#include "../platform/secure_wipe.h"
#include "internal/for_each_on.h"

namespace fcn::nn {

using fv::Ciphertext;
using platform::concat;
using platform::mismatch;
using platform::Result;
using platform::Status;

namespace {

Status drop_to(Ciphertext& x, std::size_t limbs, fv::Workspace& workspace) {
  while (x.limbs() > limbs) FCN_RETURN_IF_ERROR(fv::modulus_switch_inplace(x, workspace));
  return {};
}

}  // namespace

Status PackedEngine::activate(Ciphertext& x, const std::vector<std::int64_t>& a, const fv::RelinKeys& relin,
                              PackedMemory& memory, platform::ThreadPool& pool) const {
  fv::Workspace& workspace = memory.workspace;
  if (a.size() > 2) {
    if (!memory.squared) {
      FCN_ASSIGN_OR_RETURN(memory.squared, Ciphertext::create_uninitialized(x.params(), 3, x.limbs()));
    }
    Ciphertext& squared = *memory.squared;
    FCN_RETURN_IF_ERROR(fv::square(squared, x, workspace, &pool));
    FCN_RETURN_IF_ERROR(fv::relinearize_inplace(squared, relin, workspace, &pool));
    if (a[2] != 1) FCN_RETURN_IF_ERROR(fv::multiply_scalar_inplace(squared, a[2]));
    if (a[1] != 0) {
      FCN_RETURN_IF_ERROR(fv::multiply_scalar_inplace(x, a[1]));
      FCN_RETURN_IF_ERROR(fv::add_inplace(squared, x));
    }
    std::swap(x, squared);
  } else {
    FCN_RETURN_IF_ERROR(fv::multiply_scalar_inplace(x, a[1]));
  }
  if (a[0] == 0) return {};
  FCN_ASSIGN_OR_RETURN(const fv::Plaintext constant,
                       fv::encode_integer(x.params(), a[0]));  // the same in every slot
  return fv::add_plain_inplace(x, constant, workspace);
}

// A uniform number for every slot of the answer, such that those of the slots of one output add up to 0; as ciphertexts
// without errors.
Status PackedEngine::make_masks(const platform::Seed& blinding, PackedMemory& memory) const {
  const fv::SlotEncoder& encoder = plan_.encoder();
  const auto p = static_cast<std::int64_t>(encoder.modulus());
  platform::ChaCha20 rng(blinding);
  const auto balanced = [p](std::int64_t x) { return 2 * x > p ? x - p : 2 * x < -p ? x + p : x; };
  const std::size_t ciphertexts = plan_.stages().back().transform.outputs();
  FCN_ASSIGN_OR_RETURN(auto masks,
                       platform::SecretBuffer<std::int64_t>::create(ciphertexts * encoder.slots()));
  // Multiples of p up to 2^64 are equally many for each residue; what is above is drawn again.
  const std::uint64_t up = encoder.modulus(), limit = ~std::uint64_t{0} - ~std::uint64_t{0} % up;
  for (std::int64_t& mask : masks) {
    std::uint64_t word = rng.next_u64();
    while (word >= limit) word = rng.next_u64();
    mask = balanced(static_cast<std::int64_t>(word % up));
  }
  const std::vector<std::uint32_t>& slots = plan_.output_slots();
  const std::size_t each = slots.size() / plan_.network().layers.back().out.size();
  for (std::size_t first = 0; first < slots.size(); first += each) {
    std::int64_t sum = 0;
    for (std::size_t j = 1; j < each; ++j) sum = balanced(sum + masks[slots[first + j]]);
    masks[slots[first]] = -sum;
  }
  FCN_RETURN_IF_ERROR(Ciphertext::resize(memory.masks, ciphertexts, plan_.params(), 1));
  for (std::size_t c = 0; c < ciphertexts; ++c) {
    FCN_ASSIGN_OR_RETURN(const fv::Plaintext plaintext,
                         encoder.encode({masks.data() + c * encoder.slots(), encoder.slots()}));
    Ciphertext& mask = memory.masks[c];
    std::fill_n(mask.component(0), mask.words(), 0);
    mask.set_noise({});
    FCN_RETURN_IF_ERROR(fv::add_plain_inplace(mask, plaintext, memory.mask_workspace));
  }
  return {};
}

Result<std::span<const Ciphertext>> PackedEngine::infer(
    std::span<const fv::SeededCiphertext> pixels, const fv::RelinKeys& relin, const fv::GaloisKeys& galois,
    const platform::Seed& blinding, PackedMemory& memory, platform::ThreadPool& pool, OpCounts* counts,
    const Progress& progress, double (*clock)(), std::vector<PackedStageTimes>* times) const {
  const platform::FloatingPointEnvironment nearest;
  const fv::Params& params = plan_.params();
  if (pixels.size() != plan_.input().ciphertexts()) {
    return platform::invalid_argument(
        concat("the plan reads ", plan_.input().ciphertexts(), " ciphertexts, not ", pixels.size()));
  }
  if (!(relin.params() == params) || !(galois.params() == params))
    return mismatch("the evaluation keys have other parameters than the network's plan");
  for (const std::size_t g : plan_.galois_elements()) {
    if (galois.find(g) == nullptr)
      return mismatch(
          concat("no key for ", fv::describe_galois_element(params, g), ", which the plan needs"));
  }
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    if (!(pixels[i].params == params))
      return mismatch(concat("ciphertext ", i, " has other parameters than the network's plan"));
  }
  // The masks need no input: made beside the inputs, as one task more.
  FCN_RETURN_IF_ERROR(Ciphertext::resize(memory.inputs, pixels.size(), params, params.q_count()));
  const auto prepare = [&](std::size_t i, std::size_t) {
    return i == 0 ? make_masks(blinding, memory) : pixels[i - 1].expand(memory.inputs[i - 1]);
  };
  FCN_RETURN_IF_ERROR(internal::for_each_on(pool, 1 + pixels.size(), prepare));
  fv::Workspace& workspace = memory.workspace;
  double last = clock == nullptr ? 0 : clock();
  const auto lap = [&](double& into) {
    if (clock == nullptr) return;
    const double now = clock();
    into += now - last;
    last = now;
  };
  if (times != nullptr) times->assign(plan_.stages().size(), {});
  for (std::size_t i = 0; i < plan_.stages().size(); ++i) {
    const PackedStage& stage = plan_.stages()[i];
    PackedStageTimes spent;
    if (progress) progress(stage.name, i, plan_.stages().size());
    std::vector<Ciphertext>& inputs = i == 0 ? memory.inputs : memory.values;
    for (Ciphertext& x : inputs) FCN_RETURN_IF_ERROR(drop_to(x, stage.limbs, workspace));
    FCN_RETURN_IF_ERROR(
        stage.transform.apply(memory.sums, inputs, galois, workspace, &pool, &stage.noise_transform));
    std::swap(memory.sums, memory.values);
    lap(spent.linear);
    for (Ciphertext& x : memory.values) {
      for (const auto& fold : stage.folds)
        FCN_RETURN_IF_ERROR(fv::add_rotations_inplace(x, fold, galois, workspace, &pool));
    }
    lap(spent.fold);
    for (Ciphertext& x : memory.values) {
      FCN_RETURN_IF_ERROR(drop_to(x, stage.activation_limbs, workspace));
      if (!stage.polynomial.empty()) FCN_RETURN_IF_ERROR(activate(x, stage.polynomial, relin, memory, pool));
    }
    lap(spent.activation);
    if (times != nullptr) (*times)[i] = spent;
  }
  for (Ciphertext& x : memory.values) FCN_RETURN_IF_ERROR(drop_to(x, 1, workspace));
  for (std::size_t c = 0; c < memory.values.size(); ++c) {
    Ciphertext& mask = memory.masks[c];
    FCN_RETURN_IF_ERROR(fv::add_inplace(memory.values[c], mask));
    platform::secure_wipe(mask.component(0), mask.words() * sizeof(std::uint64_t));
  }
  if (progress) progress("answer", plan_.stages().size(), plan_.stages().size());
  if (counts != nullptr) *counts = plan_.counts();
  return std::span<const Ciphertext>(memory.values);
}

}  // namespace fcn::nn
