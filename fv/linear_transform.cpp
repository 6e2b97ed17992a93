#include "linear_transform.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "../platform/floating_point.h"
#include "evaluation.h"
#include "internal/key_switch.h"
#include "internal/rotation_noise.h"
#include "internal/scaling.h"

namespace fcn::fv {

using platform::AlignedBuffer;
using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;
using platform::StatusCode;

namespace {

// dst = a plaintext modulo each of the first rows primes of q and P, or times P modulo those of q: (rows, n), transform
// order.
void transform_weights(std::uint64_t* dst, const Plaintext& plaintext, const KeySwitch& key_switch,
                       std::size_t rows, bool times_special) {
  const Params& params = plaintext.params();
  const std::size_t n = params.n();
  for (std::size_t l = 0; l < rows; ++l) {
    const ntt::NttTables& table = params.table(key_switch.prime(l));
    std::uint64_t* row = dst + l * n;
    params.kernels().reduce_accumulator(table.modulus(), row, plaintext.coefficients(), n);
    table.forward(row);
    if (times_special) {
      const std::uint64_t special = ntt::reduce(params.spec().special_prime, table.modulus());
      params.kernels().scalar_multiply(table.modulus(), row, row, special, n);
    }
  }
}

}  // namespace

Result<LinearTransform> LinearTransform::create(const SlotEncoder& encoder, std::size_t limbs,
                                                std::size_t inputs, std::size_t outputs,
                                                std::span<const RotatedProduct> products,
                                                const std::vector<std::vector<std::int64_t>>& bias) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = encoder.params();
  if (!params.has_special()) {
    return Status(StatusCode::kUnsupported,
                  "a linear transform of slots needs parameters with a special prime");
  }
  FCN_RETURN_IF_ERROR(check_shape(params, 2, limbs));
  const std::size_t period = params.t().is_integer() ? encoder.slots() / 2 : encoder.slots();
  LinearTransform result(params);
  result.limbs_ = limbs;
  result.inputs_ = inputs;
  result.outputs_ = outputs;
  std::vector<std::size_t> order(products.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const RotatedProduct& product = products[i];
    if (product.input >= inputs || product.output >= outputs || product.giant >= period ||
        product.baby >= period) {
      return invalid_argument(concat("product ", i, ": input ", product.input, ", output ", product.output,
                                     ", giant step ", product.giant, " or baby step ", product.baby,
                                     " is out of range"));
    }
    order[i] = i;
    result.extended_ = result.extended_ || product.baby != 0;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(products[a].output, products[a].giant) <
           std::pair(products[b].output, products[b].giant);
  });

  const KeySwitch key_switch(params, limbs);
  const std::size_t rows = result.extended_ ? key_switch.total() : limbs;
  result.stride_ = rows * params.n() + kSkew;
  FCN_ASSIGN_OR_RETURN(result.weights_,
                       AlignedBuffer<std::uint64_t>::create_uninitialized(order.size() * result.stride_));
  FCN_ASSIGN_OR_RETURN(RotationNoise rotation_noise, RotationNoise::create(params));
  for (const std::size_t i : order) {
    const RotatedProduct& product = products[i];
    if (result.giants_.empty() || result.giants_.back().output != product.output ||
        result.giants_.back().steps != product.giant) {
      result.giants_.push_back({product.output, product.giant, rotation_element(params, product.giant),
                                result.products_.size(), result.products_.size()});
    }
    Giant& giant = result.giants_.back();
    auto baby = std::find_if(result.babies_.begin(), result.babies_.end(), [&](const Baby& known) {
      return known.input == product.input && known.steps == product.baby;
    });
    if (baby == result.babies_.end())
      baby =
          result.babies_.insert(baby, {product.input, product.baby, rotation_element(params, product.baby)});
    const bool times_special = result.extended_ && product.baby == 0;
    std::uint64_t* weights = result.weights_.data() + result.products_.size() * result.stride_;
    FCN_ASSIGN_OR_RETURN(const Plaintext plaintext, encoder.encode(product.weights));
    transform_weights(weights, plaintext, key_switch, times_special ? limbs : rows, times_special);
    while (result.sums_.size() < product.output) result.sums_.push_back(rotation_noise.finish());
    rotation_noise.add(product.input, giant.element, baby->element, plaintext.coefficients());
    result.products_.push_back(static_cast<std::size_t>(baby - result.babies_.begin()));
    giant.last = result.products_.size();
  }
  while (result.sums_.size() < outputs) result.sums_.push_back(rotation_noise.finish());
  for (const Giant& giant : result.giants_) {
    if (giant.steps != 0) ++result.sums_[giant.output].rotated_giants;
  }
  for (const Baby& baby : result.babies_) {
    if (baby.steps == 0) continue;
    ++result.rotations_;
    result.elements_.push_back(baby.element);
  }
  for (const Giant& giant : result.giants_) {
    if (giant.steps == 0) continue;
    ++result.rotations_;
    result.elements_.push_back(giant.element);
  }
  std::sort(result.elements_.begin(), result.elements_.end());
  result.elements_.erase(std::unique(result.elements_.begin(), result.elements_.end()),
                         result.elements_.end());

  if (!bias.empty() && bias.size() != outputs)
    return invalid_argument(concat(bias.size(), " biases for ", outputs, " outputs"));
  FCN_ASSIGN_OR_RETURN(auto scratch, AlignedBuffer<std::uint64_t>::create(2 * params.n()));
  for (const auto& values : bias) {
    FCN_ASSIGN_OR_RETURN(const Plaintext plaintext, encoder.encode(values));
    FCN_ASSIGN_OR_RETURN(auto scaled, AlignedBuffer<std::uint64_t>::create(limbs * params.n()));
    add_scaled_up(params, limbs, scaled.data(), plaintext.coefficients(), plaintext.used_rows(),
                  scratch.data());
    result.bias_.push_back(std::move(scaled));
  }
  return result;
}

// The inputs' noises; those of the key switches of baby steps; those of giant steps, and of the last division.
Noise LinearTransform::bound(const Params& params, std::size_t limbs, const Noise& in, Correlation inputs,
                             const OutputSum& sum) noexcept {
  const NoiseModel model(params);
  const double norm2 = inputs == Correlation::kAny ? sum.related_norm2 : sum.norm2;
  const Noise key_switch = model.key_switch({}, 1, limbs);
  Noise out =
      model.sum_of(key_switch, static_cast<double>(sum.rotated_giants + 1), Correlation::kIndependent);
  if (norm2 > 0) {
    const double terms = sum.terms * sum.norm2 / norm2;
    out = model.sum(out, model.sum_of_rotations(in, std::sqrt(norm2), sum.places, terms),
                    Correlation::kIndependent);
  }
  if (sum.baby_norm2 > 0) {
    out = model.sum(out, model.multiply_random(key_switch, std::sqrt(sum.baby_norm2), sum.places),
                    Correlation::kIndependent);
  }
  return out;
}

Noise LinearTransform::noise(const Noise& in, Correlation inputs) const noexcept {
  const platform::FloatingPointEnvironment nearest;
  Noise largest;
  for (const OutputSum& sum : sums_) {
    const Noise one = bound(params_, limbs_, in, inputs, sum);
    largest = NoiseModel::larger(largest, one);
  }
  return bias_.empty() ? largest : NoiseModel(params_).add_plain(largest);
}

// One application: memory, and the phases of the work.
class LinearTransform::Run {
 public:
  Run(const LinearTransform& transform, std::span<const Ciphertext> in, const GaloisKeys& keys,
      platform::ThreadPool* pool)
      : transform_(transform),
        params_(transform.params_),
        in_(in),
        keys_(keys),
        pool_(pool),
        key_switch_(params_, transform.limbs_, params_.t().length()),
        n_(params_.n()),
        limbs_(transform.limbs_),
        total_(key_switch_.total()),
        rows_(transform.extended_ ? total_ : limbs_),
        workers_(pool == nullptr ? 1 : pool->size()) {
    for (const Giant& giant : transform_.giants_) {
      std::size_t count = 0;
      for (const Giant& other : transform_.giants_) count += other.output == giant.output;
      most_giants_ = std::max(most_giants_, count);
    }
  }

  std::size_t words() const {
    return in_.size() * input_words() +
           (transform_.giants_.size() * rows_ + transform_.outputs_ * 2 * total_) * n_ +
           most_giants_ * key_switch_.digit_words() + workers_ * worker_words();
  }

  void start(std::uint64_t* memory) {
    inputs_ = memory;
    inner_ = inputs_ + in_.size() * input_words();
    sums_ = inner_ + transform_.giants_.size() * rows_ * n_;
    digits_ = sums_ + transform_.outputs_ * 2 * total_ * n_;
    workers_memory_ = digits_ + most_giants_ * key_switch_.digit_words();
  }

  // Both components of every input in transform order, and the digits of the second.
  void decompose_inputs() {
    platform::parallel_for(pool_, in_.size() * 2 * limbs_, [&](std::size_t task, std::size_t) {
      const std::size_t input = task / (2 * limbs_), part = task / limbs_ % 2, l = task % limbs_;
      std::uint64_t* row = component(input, part) + l * n_;
      std::memcpy(row, in_[input].limb(part, l), n_ * sizeof *row);
      params_.table(l).forward(row);
    });
    if (!transform_.extended_) return;
    const std::size_t each = key_switch_.digits() * total_;
    platform::parallel_for(pool_, in_.size() * each, [&](std::size_t task, std::size_t) {
      const std::size_t input = task / each, d = task % each / total_, l = task % total_;
      key_switch_.decompose(digits(input) + (d * total_ + l) * n_, d, l, in_[input].component(1),
                            component(input, 1));
    });
  }

  // The inner sums of all giant steps, tile by tile: every rotated input, times P, modulo q P; then all products. What
  // needs no key joins the sum of its output at once: the first part of an inner sum, rotated, or both where the step
  // does not rotate.
  void multiply() {
    const std::size_t tile = key_switch_.tile();
    platform::parallel_for(pool_, key_switch_.tiles() * total_, [&](std::size_t task, std::size_t worker) {
      const std::size_t offset = task / total_ * tile, l = task % total_;
      std::uint64_t *babies = worker_memory(worker), *scratch = babies + babies_words();
      for (std::size_t baby = 0; l < rows_ && baby < transform_.babies_.size(); ++baby) {
        if (transform_.babies_[baby].steps != 0) rotate_input(babies, baby, l, offset, scratch);
      }
      std::size_t g = 0;
      for (std::size_t output = 0; output < transform_.outputs_; ++output) {
        for (std::size_t part = 0; part < 2; ++part)
          std::memset(sum_row(output, part, l) + offset, 0, tile * sizeof *sums_);
        for (; g < transform_.giants_.size() && transform_.giants_[g].output == output; ++g) {
          if (l < rows_) sum_products(g, l, offset, babies, scratch);
        }
        if (transform_.extended_ || l >= limbs_) continue;
        for (std::size_t part = 0; part < 2; ++part) {
          std::uint64_t* sum = sum_row(output, part, l) + offset;
          params_.kernels().scalar_multiply(modulus(l), sum, sum, special_modulo(l), tile);
        }
      }
    });
  }

  // The digits, rotated, of the second part of each inner sum of the giant steps first .. last, but for steps that do
  // not rotate. The sums are lost.
  void decompose_sums(std::size_t first, std::size_t last) {
    platform::parallel_for(pool_, last - first, [&](std::size_t at, std::size_t worker) {
      const GaloisKey* key = giant_key(first + at);
      if (key == nullptr) return;
      std::uint64_t *second = inner_row(first + at, 0), *digit = worker_memory(worker), *scratch = digit + n_;
      const auto rotate = [&](std::size_t d, std::size_t l, const std::uint64_t* row) {
        params_.kernels().permute(giant_digits(at) + (d * total_ + l) * n_, row, key->permutation, 0, n_);
      };
      // Undivided limbs that are digits are known in transform order.
      const auto known = [&](std::size_t d, std::size_t l) {
        return !transform_.extended_ && key_switch_.is_limb(d, l);
      };
      if (transform_.extended_) {
        key_switch_.divide(second, scratch);
      } else {
        for (std::size_t l = 0; l < limbs_; ++l) {
          if (known(l, l)) rotate(l, l, second + l * n_);
          params_.table(l).inverse(second + l * n_);
        }
      }
      for (std::size_t d = 0; d < key_switch_.digits(); ++d) {
        for (std::size_t l = 0; l < total_; ++l) {
          if (known(d, l)) continue;
          key_switch_.decompose(digit, d, l, second, nullptr);
          rotate(d, l, digit);
        }
      }
    });
  }

  // The sum of those giant steps' digits times their keys joins that of the output, tile by tile.
  void multiply_by_keys(std::size_t output, std::size_t first, std::size_t last) {
    const std::size_t tile = key_switch_.tile();
    platform::parallel_for(pool_, key_switch_.tiles() * total_, [&](std::size_t task, std::size_t worker) {
      const std::size_t offset = task / total_ * tile, l = task % total_;
      std::uint64_t *next_b = worker_memory(worker), *next_a = next_b + tile, *scratch = next_a + tile;
      PairSum products(params_.kernels(), modulus(l), next_b, next_a, tile, ntt::Fetch::kAll, scratch);
      for (std::size_t at = 0; at < last - first; ++at) {
        if (const GaloisKey* key = giant_key(first + at))
          key_switch_.add_products(products, l, offset, giant_digits(at) + l * n_ + offset, total_ * n_,
                                   key->key);
      }
      products.finish();
      add(sum_row(output, 0, l) + offset, next_b, l);
      add(sum_row(output, 1, l) + offset, next_a, l);
    });
  }

  // The sum, divided by P, as a ciphertext. The sum is lost.
  void finish(Ciphertext& out, std::size_t output, const std::uint64_t* bias) {
    platform::parallel_for(pool_, 2, [&](std::size_t part, std::size_t worker) {
      std::uint64_t* sum = sum_row(output, part, 0);
      key_switch_.divide(sum, worker_memory(worker));
      for (std::size_t l = 0; l < limbs_; ++l) {
        if (part == 0 && bias != nullptr) {
          params_.kernels().add(modulus(l), out.limb(0, l), sum + l * n_, bias + l * n_, n_);
        } else {
          std::memcpy(out.limb(part, l), sum + l * n_, n_ * sizeof *sum);
        }
      }
    });
  }

 private:
  const ntt::Modulus& modulus(std::size_t l) const { return params_.modulus(key_switch_.prime(l)); }
  std::uint64_t special_modulo(std::size_t l) const {
    return ntt::reduce(params_.spec().special_prime, modulus(l));
  }
  std::size_t input_words() const { return 2 * limbs_ * n_ + key_switch_.digit_words(); }
  // Enough for any phase: rotated inputs, with the digits of one and two tiles, or three tiles and a row; a digit and a
  // division; four tiles.
  std::size_t worker_words() const {
    const std::size_t tile = key_switch_.tile();
    return std::max({babies_words() + std::max(key_switch_.rotated_words() + 2 * tile, 3 * tile + n_),
                     n_ + key_switch_.divide_words(), 4 * tile});
  }
  // Both parts of each rotated input, a tile each.
  std::size_t babies_words() const { return transform_.babies_.size() * 2 * (key_switch_.tile() + kSkew); }
  std::uint64_t* worker_memory(std::size_t worker) const { return workers_memory_ + worker * worker_words(); }
  std::uint64_t* component(std::size_t input, std::size_t part) const {
    return inputs_ + input * input_words() + part * limbs_ * n_;
  }
  std::uint64_t* digits(std::size_t input) const { return inputs_ + input * input_words() + 2 * limbs_ * n_; }
  // The second part of an inner sum.
  std::uint64_t* inner_row(std::size_t giant, std::size_t l) const {
    return inner_ + (giant * rows_ + l) * n_;
  }
  // Times P.
  std::uint64_t* sum_row(std::size_t output, std::size_t part, std::size_t l) const {
    return sums_ + ((2 * output + part) * total_ + l) * n_;
  }
  std::uint64_t* giant_digits(std::size_t at) const { return digits_ + at * key_switch_.digit_words(); }
  // Null: no rotation.
  const GaloisKey* giant_key(std::size_t g) const {
    const Giant& giant = transform_.giants_[g];
    return giant.steps == 0 ? nullptr : keys_.find(giant.element);
  }

  // What follows works on one tile of row l, from offset on. scratch: as it says.
  void add(std::uint64_t* sum, const std::uint64_t* a, std::size_t l) const {
    params_.kernels().add(modulus(l), sum, sum, a, key_switch_.tile());
  }
  // Both parts of a rotated input, times P, to their place in babies. scratch: rotated digits and two tiles.
  void rotate_input(std::uint64_t* babies, std::size_t baby, std::size_t l, std::size_t offset,
                    std::uint64_t* scratch) const {
    const auto [input, steps, element] = transform_.babies_[baby];
    const GaloisKey& key = *keys_.find(element);
    const std::size_t tile = key_switch_.tile();
    std::uint64_t* dst = babies + 2 * baby * (tile + kSkew);
    key_switch_.rotate(scratch, l, offset, digits(input), key.permutation);
    PairSum products(params_.kernels(), modulus(l), dst, dst + tile + kSkew, tile, ntt::Fetch::kAll,
                     scratch + key_switch_.rotated_words());
    key_switch_.add_products(products, l, offset, scratch, tile + kSkew, key.key);
    products.finish();
    if (l >= limbs_) return;
    params_.kernels().permute(scratch, component(input, 0) + l * n_, key.permutation, offset, offset + tile);
    params_.kernels().scalar_multiply_add(modulus(l), dst, scratch, special_modulo(l), tile);
  }
  // The inner sum of a giant step. scratch: three tiles and a row.
  void sum_products(std::size_t g, std::size_t l, std::size_t offset, const std::uint64_t* babies,
                    std::uint64_t* scratch) const {
    const std::size_t tile = key_switch_.tile();
    const Giant& giant = transform_.giants_[g];
    const GaloisKey* key = giant_key(g);
    std::uint64_t *row = scratch + 3 * tile, *first = row + offset;
    std::uint64_t* second = key == nullptr ? scratch + 2 * tile : inner_row(g, l) + offset;
    PairSum sums(params_.kernels(), modulus(l), first, second, tile, ntt::Fetch::kFactors, scratch);
    for (std::size_t p = giant.first; p < giant.last; ++p) {
      const std::uint64_t* weights = transform_.weights_.data() + p * transform_.stride_ + l * n_ + offset;
      const std::size_t at = transform_.products_[p];
      const Baby& baby = transform_.babies_[at];
      if (baby.steps != 0) {
        const std::uint64_t* rotated = babies + 2 * at * (tile + kSkew);
        sums.add(weights, rotated, rotated + tile + kSkew);
      } else if (l < limbs_) {  // else a multiple of P
        sums.add(weights, component(baby.input, 0) + l * n_ + offset,
                 component(baby.input, 1) + l * n_ + offset);
      }
    }
    sums.finish();
    if (key == nullptr) {
      add(sum_row(giant.output, 1, l) + offset, second, l);
    } else {  // within the tile
      params_.kernels().permute(scratch, row, key->permutation, offset, offset + tile);
      first = scratch;
    }
    add(sum_row(giant.output, 0, l) + offset, first, l);
  }

  const LinearTransform& transform_;
  const Params& params_;
  std::span<const Ciphertext> in_;
  const GaloisKeys& keys_;
  platform::ThreadPool* pool_;
  KeySwitch key_switch_;
  std::size_t n_, limbs_, total_, rows_, workers_, most_giants_ = 0;
  std::uint64_t *inputs_ = nullptr, *inner_ = nullptr, *sums_ = nullptr, *digits_ = nullptr,
                *workers_memory_ = nullptr;
};

Status LinearTransform::apply(std::vector<Ciphertext>& out, std::span<const Ciphertext> in,
                              const GaloisKeys& keys, Workspace& workspace, platform::ThreadPool* pool,
                              const Noise* proven) const {
  if (in.size() != inputs_)
    return invalid_argument(concat("the transform takes ", inputs_, " ciphertexts, not ", in.size()));
  if (!(keys.params() == params_))
    return platform::mismatch("the Galois keys have other parameters than the transform");
  Noise largest;
  for (const Ciphertext& c : in) {
    if (!(c.params() == params_) || c.limbs() != limbs_)
      return platform::mismatch("a ciphertext has other parameters or primes than the transform");
    if (c.components() != 2 || c.form() != Form::kCoefficients)
      return invalid_argument("a transform takes ciphertexts of two components in coefficients form");
    largest = NoiseModel::larger(largest, c.noise());
  }
  for (const std::size_t g : elements_) {
    if (keys.find(g) == nullptr)
      return platform::mismatch(concat("no key for ", describe_galois_element(params_, g)));
  }
  const NoiseModel model(params_);
  const Noise noise_out = proven != nullptr ? *proven : noise(largest, Correlation::kAny);
  FCN_RETURN_IF_ERROR(model.check(noise_out, limbs_, "a linear transform"));

  Run run(*this, in, keys, pool);
  FCN_ASSIGN_OR_RETURN(std::uint64_t * memory, workspace.words(run.words()));
  std::vector<Ciphertext> apart;  // for results that take the place of inputs
  const std::less<const Ciphertext*> before;
  const bool overlap =
      before(in.data(), out.data() + out.size()) && before(out.data(), in.data() + in.size());
  std::vector<Ciphertext>& result = overlap ? apart : out;
  FCN_RETURN_IF_ERROR(Ciphertext::resize(result, outputs_, params_, limbs_));
  for (Ciphertext& c : result) c.set_noise(noise_out);
  run.start(memory);
  run.decompose_inputs();
  run.multiply();
  std::size_t first = 0;
  for (std::uint32_t o = 0; o < outputs_; ++o) {
    std::size_t last = first;
    while (last < giants_.size() && giants_[last].output == o) ++last;
    run.decompose_sums(first, last);
    run.multiply_by_keys(o, first, last);
    run.finish(result[o], o, bias_.empty() ? nullptr : bias_[o].data());
    first = last;
  }
  if (&result != &out) out = std::move(result);
  return {};
}

}  // namespace fcn::fv
