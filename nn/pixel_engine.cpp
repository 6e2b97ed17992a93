#include "pixel_engine.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "../fv/encoding.h"
#include "../fv/evaluation.h"
#include "../fv/key_switching.h"
#include "../fv/monomial_sum.h"
#include "../fv/product.h"
#include "../platform/floating_point.h"
#include "internal/for_each_on.h"
#include "internal/pixel_circuit.h"
#include "internal/value_store.h"

namespace fcn::nn {
namespace {

using fv::Ciphertext;
using fv::Correlation;
using fv::MonomialSum;
using fv::Params;
using internal::CircuitStage;
using internal::OutputGroup;
using internal::ValueStore;
using platform::concat;
using platform::Result;
using platform::Status;

// What one thread needs to compute values of a stage.
class Worker {
 public:
  static Result<Worker> create(const PixelPlan& plan, const fv::RelinKeys& keys,
                               PixelMemory::Thread& memory) {
    const Params& params = plan.params();
    FCN_ASSIGN_OR_RETURN(auto sum, MonomialSum::create(params, params.q_count(), Correlation::kIndependent));
    FCN_ASSIGN_OR_RETURN(auto powers, MonomialSum::create(params, params.q_count(), Correlation::kAny));
    return Worker(plan, keys, std::move(sum), std::move(powers), memory);
  }

  const OpCounts& counts() const { return counts_; }

  // The outputs of a group of stage s whose inputs are in `from`, each into its place of `to`.
  Status compute(std::size_t s, const OutputGroup& group, const ValueStore& from, ValueStore& to) {
    const CircuitStage& stage = plan_.circuit().stages()[s];
    const PixelStage& planned = plan_.stages()[s];
    for (const std::uint32_t o : group.outputs) {
      if (o != group.outputs.front()) sum_.next_row();
      FCN_RETURN_IF_ERROR(add_row(stage, o, from));
    }
    std::vector<Ciphertext>& sums = memory_->sums;
    FCN_RETURN_IF_ERROR(sum_.finish(sums));
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const std::uint32_t o = group.outputs[i];
      Ciphertext& x = sums[i];
      FCN_ASSIGN_OR_RETURN(Ciphertext * out, to.room_for(o, params_));
      FCN_RETURN_IF_ERROR(relinearize(x));
      if (const std::int64_t bias = plan_.circuit().bias(stage, o); bias != 0)
        FCN_RETURN_IF_ERROR(add_constant(x, bias));
      x.set_noise(planned.noise_sum);  // the plan's bound holds for every output
      if (stage.polynomial.empty()) {
        std::swap(*out, x);
      } else {
        FCN_RETURN_IF_ERROR(apply_polynomial(*out, x, stage.polynomial));
      }
      if (planned.relinearize_output) FCN_RETURN_IF_ERROR(relinearize(*out));
      out->set_noise(planned.noise_out);
    }
    return {};
  }

 private:
  Worker(const PixelPlan& plan, const fv::RelinKeys& keys, MonomialSum sum, MonomialSum powers,
         PixelMemory::Thread& memory)
      : plan_(plan),
        params_(plan.params()),
        keys_(keys),
        sum_(std::move(sum)),
        powers_(std::move(powers)),
        memory_(&memory) {}

  Status add_row(const CircuitStage& stage, std::size_t output, const ValueStore& from) {
    std::uint64_t weights = 0;
    Status status;
    plan_.circuit().for_each_weight(stage, output, [&](std::uint32_t input, std::int64_t weight) {
      ++weights;
      const Ciphertext& x = *from.values[input];
      internal::for_each_digit(weight, plan_.circuit().base(), [&](std::uint16_t exponent, bool negate) {
        if (status.ok()) status = sum_.add(x, exponent, negate);
      });
    });
    if (weights == 0) return {};
    if (stage.weighted) counts_.pt_ct_mults += weights;
    counts_.ct_ct_adds += weights - 1;
    return status;
  }

  Status relinearize(Ciphertext& x) {
    if (x.components() == 2) return {};
    ++counts_.relinearizations;
    return fv::relinearize_inplace(x, keys_, memory_->workspace);
  }

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
    const std::vector<bool> reused = internal::reused_powers(degree);
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
    std::uint64_t nonzero = 0;
    for (std::size_t i = 1; i <= degree; ++i) nonzero += a[i] != 0;
    if (nonzero == 1 && a[degree] == 1) {
      out = std::move(power.back());
    } else {
      Status status;
      for (std::size_t i = 1; i <= degree; ++i) {
        internal::for_each_digit(a[i], plan_.circuit().base(), [&](std::uint16_t exponent, bool negate) {
          if (status.ok()) status = powers_.add(power[i - 1], exponent, negate);
        });
      }
      FCN_RETURN_IF_ERROR(status);
      counts_.pt_ct_mults += nonzero;
      counts_.ct_ct_adds += nonzero == 0 ? 0 : nonzero - 1;
      FCN_RETURN_IF_ERROR(powers_.finish(out));
    }
    return a[0] == 0 ? Status() : add_constant(out, a[0]);
  }

  const PixelPlan& plan_;
  const Params& params_;
  const fv::RelinKeys& keys_;
  MonomialSum sum_, powers_;
  PixelMemory::Thread* memory_;
  OpCounts counts_;
};

// One run. Values are made on demand: a group of a stage first has the groups made that it reads. So what is in memory is
// the rows of values that a window still moves over, not whole layers.
class Run {
 public:
  Run(const PixelPlan& plan, std::span<const fv::SeededCiphertext> pixels, platform::ThreadPool& pool,
      const Progress& progress, PixelMemory& memory)
      : plan_(plan), pixels_(pixels), pool_(pool), progress_(progress), memory_(memory) {
    stores_.push_back(ValueStore::of_inputs(pixels.size()));
    for (const CircuitStage& stage : plan.circuit().stages()) {
      ValueStore store = ValueStore::of_stage(plan.circuit(), stage, pool.size(), stores_.back());
      stores_.push_back(std::move(store));
    }
  }

  Result<std::vector<Ciphertext>> answers(const fv::RelinKeys& keys) {
    if (memory_.threads.size() < pool_.size()) memory_.threads.resize(pool_.size());
    for (std::size_t w = 0; w < pool_.size(); ++w) {
      FCN_ASSIGN_OR_RETURN(Worker worker, Worker::create(plan_, keys, memory_.threads[w]));
      workers_.push_back(std::move(worker));
    }
    report();
    std::vector<std::uint32_t> all(stores_.back().groups.size());
    std::iota(all.begin(), all.end(), 0u);
    FCN_RETURN_IF_ERROR(make(stores_.size() - 1, all));
    std::vector<Ciphertext> values;
    for (auto& value : stores_.back().values) values.push_back(std::move(*value));
    stores_.pop_back();
    for (ValueStore& store : stores_) store.keep_memory(memory_.spare);
    return values;
  }

  OpCounts counts() const {
    OpCounts counts;
    for (const Worker& worker : workers_) counts += worker.counts();
    return counts;
  }

 private:
  // The values of groups of store `level`, none of them made yet.
  Status make(std::size_t level, std::span<const std::uint32_t> wanted) {
    // Few at a time: each batch frees inputs before the next one asks for more.
    const std::size_t batch_size = 4 * pool_.size();
    for (std::size_t first = 0; first < wanted.size(); first += batch_size) {
      const auto batch = wanted.subspan(first, std::min(batch_size, wanted.size() - first));
      if (level > 0) FCN_RETURN_IF_ERROR(make_inputs(level, batch));
      for (const std::uint32_t g : batch) stores_[level].take_memory(stores_[level].groups[g], memory_.spare);
      FCN_RETURN_IF_ERROR(internal::for_each_on(pool_, batch.size(), [&](std::size_t i, std::size_t w) {
        return level > 0 ? workers_[w].compute(level - 1, stores_[level].groups[batch[i]], stores_[level - 1],
                                               stores_[level])
                         : expand(batch[i]);
      }));
      for (const std::uint32_t g : batch) {
        OutputGroup& group = stores_[level].groups[g];
        group.made = true;
        if (level == 0) continue;
        stores_[level - 1].release(group, memory_.spare);
        done_ += plan_.stages()[level - 1].cost * static_cast<double>(group.outputs.size()) /
                 static_cast<double>(plan_.circuit().stages()[level - 1].live_count);
      }
      if (level > 0) report();
    }
    return {};
  }

  Status make_inputs(std::size_t level, std::span<const std::uint32_t> batch) {
    const ValueStore& from = stores_[level - 1];
    std::vector<std::uint32_t> missing;
    for (const std::uint32_t g : batch) {
      for (const std::uint32_t input : stores_[level].groups[g].inputs) {
        const std::uint32_t maker = from.group_of[input];
        if (!from.groups[maker].made) missing.push_back(maker);
      }
    }
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    return make(level - 1, missing);
  }

  Status expand(std::size_t i) {
    FCN_ASSIGN_OR_RETURN(Ciphertext * pixel, stores_[0].room_for(i, plan_.params()));
    return pixels_[i].expand(*pixel);
  }

  void report() const {
    constexpr std::size_t kSteps = 1000;
    const double share = std::min(done_ / plan_.cost(), 1.0);
    if (progress_) progress_("inference", static_cast<std::size_t>(share * kSteps + 0.5), kSteps);
  }

  const PixelPlan& plan_;
  std::span<const fv::SeededCiphertext> pixels_;
  platform::ThreadPool& pool_;
  const Progress& progress_;
  PixelMemory& memory_;
  std::vector<ValueStore> stores_;  // the pixels, then the values after each stage
  std::vector<Worker> workers_;
  double done_ = 0;  // of the plan's cost
};

}  // namespace

Result<std::vector<Ciphertext>> PixelEngine::infer(std::span<const fv::SeededCiphertext> pixels,
                                                   const fv::RelinKeys& keys, platform::ThreadPool& pool,
                                                   OpCounts* counts, const Progress& progress,
                                                   PixelMemory* memory) const {
  const platform::FloatingPointEnvironment nearest;
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
  Run run(plan_, pixels, pool, progress, memory != nullptr ? *memory : own);
  auto answers = run.answers(keys);
  if (answers.ok() && counts != nullptr) *counts = run.counts();
  return answers;
}

}  // namespace fcn::nn
