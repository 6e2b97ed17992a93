#include "pixel_engine.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "../fv/encoding.h"
#include "../fv/evaluation.h"
#include "../fv/key_switching.h"
#include "../fv/monomial_sum.h"
#include "../fv/product.h"
#include "internal/for_each_on.h"

namespace fcn::nn {
namespace {

using fv::Ciphertext;
using fv::Correlation;
using fv::MonomialSum;
using fv::Params;
using platform::concat;
using platform::Result;
using platform::Status;

// What one thread needs to compute values of a stage.
class Worker {
 public:
  static Result<Worker> create(const Params& params, const fv::RelinKeys& keys, PixelMemory::Thread& memory) {
    FCN_ASSIGN_OR_RETURN(auto sum, MonomialSum::create(params, params.q_count(), Correlation::kIndependent));
    FCN_ASSIGN_OR_RETURN(auto powers, MonomialSum::create(params, params.q_count(), Correlation::kAny));
    return Worker(params, keys, std::move(sum), std::move(powers), memory);
  }

  const OpCounts& counts() const { return counts_; }

  // The given outputs of a stage whose inputs are `values`, each into its place of `outputs`. last: nothing follows.
  Status compute(const PixelStage& stage, std::span<const std::uint32_t> wanted,
                 std::span<const Ciphertext> values, bool last, std::span<Ciphertext> outputs) {
    for (const std::uint32_t o : wanted) {
      const auto& row = stage.rows[o];
      if (o != wanted.front()) sum_.next_row();
      for (const MonomialTerm& term : row) {
        FCN_RETURN_IF_ERROR(sum_.add(values[term.input], term.exponent, term.negate));
      }
      if (row.empty()) continue;
      if (stage.weighted) counts_.pt_ct_mults += row.size();
      counts_.ct_ct_adds += row.size() - 1;
    }
    std::vector<Ciphertext>& sums = memory_->sums;
    FCN_RETURN_IF_ERROR(sum_.finish(sums));
    for (std::size_t i = 0; i < sums.size(); ++i) {
      Ciphertext &x = sums[i], &out = outputs[wanted[i]];
      FCN_RETURN_IF_ERROR(relinearize(x));
      if (stage.bias[wanted[i]] != 0) FCN_RETURN_IF_ERROR(add_constant(x, stage.bias[wanted[i]]));
      x.set_noise(stage.noise_sum);  // the plan's bound holds for every output
      if (stage.polynomial.empty()) {
        std::swap(out, x);
      } else {
        FCN_RETURN_IF_ERROR(apply_polynomial(out, x, stage.polynomial));
      }
      if (last) FCN_RETURN_IF_ERROR(relinearize(out));
    }
    return {};
  }

 private:
  Status relinearize(Ciphertext& x) {
    if (x.components() == 2) return {};
    ++counts_.relinearizations;
    return fv::relinearize_inplace(x, keys_, memory_->workspace);
  }

  Worker(const Params& params, const fv::RelinKeys& keys, MonomialSum sum, MonomialSum powers,
         PixelMemory::Thread& memory)
      : params_(params), keys_(keys), sum_(std::move(sum)), powers_(std::move(powers)), memory_(&memory) {}

  Status add_constant(Ciphertext& x, std::int64_t value) {
    FCN_ASSIGN_OR_RETURN(const fv::Plaintext constant, fv::encode_integer(params_, value));
    ++counts_.pt_ct_adds;
    return fv::add_plain_inplace(x, constant, memory_->workspace);
  }

  // out = sum of a_i x^i, powers by halving; those that are factors again are relinearized. x may be moved away.
  Status apply_polynomial(Ciphertext& out, Ciphertext& x, const std::vector<std::int64_t>& a) {
    fv::Workspace& workspace = memory_->workspace;
    const std::size_t degree = a.size() - 1;
    if (degree == 2 && a[1] == 0 && a[2] == 1) {
      ++counts_.ct_ct_mults;
      FCN_RETURN_IF_ERROR(fv::square(out, x, workspace));
      return a[0] == 0 ? Status() : add_constant(out, a[0]);
    }
    const std::vector<bool> reused = reused_powers(degree);
    std::vector<Ciphertext> power;  // x^(i+1) at i
    power.push_back(std::move(x));
    for (std::size_t i = 2; i <= degree; ++i) {
      FCN_ASSIGN_OR_RETURN(Ciphertext next, Ciphertext::create_uninitialized(params_, 2, params_.q_count()));
      ++counts_.ct_ct_mults;
      const Ciphertext& half = power[i / 2 - 1];
      FCN_RETURN_IF_ERROR(i % 2 == 0 ? fv::square(next, half, workspace)
                                     : fv::multiply(next, power[i - i / 2 - 1], half, workspace));
      if (reused[i]) FCN_RETURN_IF_ERROR(relinearize(next));
      power.push_back(std::move(next));
    }
    const auto base = static_cast<std::int64_t>(params_.t().base());
    std::size_t nonzero = 0;
    for (std::size_t i = 1; i <= degree; ++i) nonzero += a[i] != 0;
    if (nonzero == 1 && a[degree] == 1) {
      out = std::move(power.back());
    } else {
      std::vector<MonomialTerm> terms;  // input: the power, less one
      for (std::size_t i = 1; i <= degree; ++i)
        append_weight(terms, static_cast<std::uint32_t>(i - 1), a[i], base);
      for (const MonomialTerm& term : terms)
        FCN_RETURN_IF_ERROR(powers_.add(power[term.input], term.exponent, term.negate));
      counts_.pt_ct_mults += terms.size();
      counts_.ct_ct_adds += terms.empty() ? 0 : terms.size() - 1;
      FCN_RETURN_IF_ERROR(powers_.finish(out));
    }
    return a[0] == 0 ? Status() : add_constant(out, a[0]);
  }

  Params params_;
  const fv::RelinKeys& keys_;
  MonomialSum sum_, powers_;
  PixelMemory::Thread* memory_;
  OpCounts counts_;
};

// The outputs of a stage such that those that read the same inputs are neighbours.
std::vector<std::uint32_t> neighbours_in_input(const PixelStage& stage) {
  std::vector<std::uint32_t> order(stage.rows.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto first_input = [&](std::uint32_t o) {
    return stage.rows[o].empty() ? 0 : stage.rows[o].front().input;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return first_input(a) < first_input(b); });
  return order;
}

// At least count ciphertexts, of any shape and value.
Status make_room(std::vector<Ciphertext>& ciphertexts, std::size_t count, const Params& params) {
  ciphertexts.reserve(count);
  while (ciphertexts.size() < count) {
    FCN_ASSIGN_OR_RETURN(Ciphertext fresh, Ciphertext::create_uninitialized(params, 2, params.q_count()));
    ciphertexts.push_back(std::move(fresh));
  }
  return {};
}

}  // namespace

Result<std::vector<Ciphertext>> PixelEngine::infer(std::span<const fv::SeededCiphertext> pixels,
                                                   const fv::RelinKeys& keys, platform::ThreadPool& pool,
                                                   OpCounts* counts, const Progress& progress,
                                                   PixelMemory* memory) const {
  const Params& params = plan_.params();
  const std::size_t inputs = plan_.network().input.size();
  if (pixels.size() != inputs) {
    return platform::invalid_argument(
        concat("the network reads ", inputs, " encrypted pixels, not ", pixels.size()));
  }
  if (!(keys.params() == params))
    return platform::mismatch("the relinearization keys have other parameters than the network's plan");
  for (std::size_t i = 0; i < inputs; ++i) {
    if (!(pixels[i].params == params))
      return platform::mismatch(
          concat("encrypted pixel ", i, " has other parameters than the network's plan"));
  }
  PixelMemory own;
  PixelMemory& room = memory != nullptr ? *memory : own;
  if (room.threads.size() < pool.size()) room.threads.resize(pool.size());
  std::vector<Worker> workers;
  for (std::size_t w = 0; w < pool.size(); ++w) {
    FCN_ASSIGN_OR_RETURN(Worker worker, Worker::create(params, keys, room.threads[w]));
    workers.push_back(std::move(worker));
  }

  FCN_RETURN_IF_ERROR(make_room(room.values, inputs, params));
  FCN_RETURN_IF_ERROR(internal::for_each_on(
      pool, inputs, [&](std::size_t i, std::size_t) -> Status { return pixels[i].expand(room.values[i]); }));
  std::size_t count = inputs;  // of room.values
  for (const PixelStage& stage : plan_.stages()) {
    FCN_RETURN_IF_ERROR(make_room(room.outputs, stage.rows.size(), params));
    const bool last = &stage == &plan_.stages().back();
    // Outputs go in groups, which share their reads of the inputs; a whole number of groups for each thread.
    constexpr std::size_t kLargestGroup = 128;
    const std::vector<std::uint32_t> order = neighbours_in_input(stage);
    const std::size_t rounds = (order.size() - 1) / (kLargestGroup * pool.size()) + 1;
    const std::size_t group = (order.size() - 1) / (rounds * pool.size()) + 1;
    const std::size_t groups = (order.size() - 1) / group + 1;
    FCN_RETURN_IF_ERROR(internal::for_each_on(pool, groups, [&](std::size_t g, std::size_t w) -> Status {
      if (progress && w == 0) progress(stage.name, g * group, order.size());
      const std::size_t size = std::min(group, order.size() - g * group);
      return workers[w].compute(stage, std::span(order).subspan(g * group, size),
                                std::span(room.values).first(count), last, room.outputs);
    }));
    if (progress) progress(stage.name, order.size(), order.size());
    count = stage.rows.size();
    std::swap(room.values, room.outputs);
  }
  if (counts != nullptr) {
    *counts = OpCounts{};
    for (const Worker& worker : workers) *counts += worker.counts();
  }
  const auto end = room.values.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Ciphertext> scores(std::make_move_iterator(room.values.begin()), std::make_move_iterator(end));
  room.values.erase(room.values.begin(), end);
  return scores;
}

}  // namespace fcn::nn
