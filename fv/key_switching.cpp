#include "key_switching.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "../platform/floating_point.h"
#include "evaluation.h"
#include "internal/key_switch.h"

namespace fcn::fv {
namespace {

using platform::concat;
using platform::mismatch;
using platform::parallel_for;
using platform::Status;

// A key to add, and how it rotates the digits: null for not at all.
struct SwitchTerm {
  const KeySwitchKey* key;
  const ntt::NttPermutation* rotation;
};

// Key switches of one ciphertext, added up modulo q P and divided once. Memory is the caller's.
class Switcher {
 public:
  // most_terms: of one accumulate().
  Switcher(const Params& params, std::size_t limbs, std::size_t most_terms, platform::ThreadPool* pool)
      : params_(params),
        key_switch_(params, limbs),
        n_(params.n()),
        most_terms_(most_terms),
        pool_(pool),
        workers_(pool == nullptr ? 1 : pool->size()) {}

  std::size_t words() const {
    return key_switch_.digit_words() + key_switch_.sum_words() + key_switch_.limbs() * n_ +
           workers_ * worker_words();
  }
  void start(std::uint64_t* memory) {
    digits_ = memory;
    sums_ = digits_ + key_switch_.digit_words();
    c0_ = sums_ + key_switch_.sum_words();
    scratch_ = c0_ + key_switch_.limbs() * n_;
    empty_ = true;
  }

  // x, and c0, which rotates with it, or null: (limbs, n), coefficients. c0 comes first: the thread that begins there is
  // the one that wrote it (finish).
  void decompose(const std::uint64_t* x, const std::uint64_t* c0) {
    const std::size_t total = key_switch_.total(), c0_rows = c0 == nullptr ? 0 : key_switch_.limbs();
    parallel_for(pool_, c0_rows + key_switch_.digits() * total, [&](std::size_t task, std::size_t) {
      if (task < c0_rows) {
        std::memcpy(c0_ + task * n_, c0 + task * n_, n_ * sizeof *c0);
        params_.table(task).forward(c0_ + task * n_);
      } else {
        const std::size_t row = task - c0_rows;
        key_switch_.decompose(digits_ + row * n_, row / total, row % total, x, nullptr);
      }
    });
    has_c0_ = c0 != nullptr;
  }

  // + for each term the digits, rotated, times its key, and P times c0, rotated, if there is one.
  void accumulate(std::span<const SwitchTerm> terms) {
    const std::size_t total = key_switch_.total(), tile = key_switch_.tile();
    parallel_for(pool_, key_switch_.tiles() * total, [&](std::size_t task, std::size_t worker) {
      const std::size_t offset = task / total * tile, l = task % total;
      const ntt::Modulus& q = params_.modulus(key_switch_.prime(l));
      std::uint64_t *next_b = scratch_ + worker * worker_words(), *next_a = next_b + tile;
      std::uint64_t *scratch = next_a + tile, *rotated = scratch + 2 * tile;
      std::uint64_t *sum_b = sums_ + l * n_ + offset, *sum_a = sum_b + total * n_;
      PairSum sum(params_.kernels(), q, empty_ ? sum_b : next_b, empty_ ? sum_a : next_a, tile,
                  ntt::Fetch::kAll, scratch);
      for (const SwitchTerm& term : terms) {
        const std::uint64_t* digits = digits_ + l * n_ + offset;
        std::size_t stride = total * n_;
        if (term.rotation != nullptr) {
          key_switch_.rotate(rotated, l, offset, digits_, *term.rotation);
          digits = rotated;
          stride = tile + kSkew;
          rotated += key_switch_.rotated_words();
        }
        key_switch_.add_products(sum, l, offset, digits, stride, *term.key);
      }
      sum.finish();
      if (!empty_) {
        params_.kernels().add(q, sum_b, sum_b, next_b, tile);
        params_.kernels().add(q, sum_a, sum_a, next_a, tile);
      }
      if (!has_c0_ || l >= key_switch_.limbs()) return;
      const std::uint64_t factor = params_.has_special() ? ntt::reduce(params_.spec().special_prime, q) : 1;
      for (const SwitchTerm& term : terms) {
        params_.kernels().permute(next_b, c0_ + l * n_, *term.rotation, offset, offset + tile);
        params_.kernels().scalar_multiply_add(q, sum_b, next_b, factor, tile);
      }
    });
    empty_ = false;
  }

  // dst = c + part 0 or 1 of the sums, divided by P, where c0 and c1 (null: nothing) are in coefficients. dst may be c.
  // The sums are lost.
  void finish(Ciphertext& dst, const std::uint64_t* c0, const std::uint64_t* c1) {
    const std::size_t total = key_switch_.total(), limbs = key_switch_.limbs();
    parallel_for(pool_, 2, [&](std::size_t part, std::size_t worker) {
      std::uint64_t* sum = sums_ + part * total * n_;
      key_switch_.divide(sum, scratch_ + worker * worker_words());
      const std::uint64_t* c = part == 0 ? c0 : c1;
      for (std::size_t l = 0; l < limbs; ++l) {
        if (c == nullptr) {
          std::memcpy(dst.limb(part, l), sum + l * n_, n_ * sizeof *sum);
        } else {
          params_.kernels().add(params_.modulus(l), dst.limb(part, l), c + l * n_, sum + l * n_, n_);
        }
      }
    });
  }

 private:
  std::size_t worker_words() const {
    return std::max(4 * key_switch_.tile() + most_terms_ * key_switch_.rotated_words(),
                    key_switch_.divide_words());
  }

  const Params& params_;
  KeySwitch key_switch_;
  std::size_t n_, most_terms_;
  platform::ThreadPool* pool_;
  std::size_t workers_;
  bool empty_ = true;  // nothing is in sums_ yet
  bool has_c0_ = false;
  std::uint64_t *digits_ = nullptr, *sums_ = nullptr, *c0_ = nullptr, *scratch_ = nullptr;
};

// key: that of g. Errors: see apply_galois_inplace.
Status find_key(const GaloisKey*& key, const Ciphertext& a, std::size_t g, const GaloisKeys& keys) {
  const Params& params = a.params();
  if (!(params == keys.params()))
    return mismatch("the Galois keys have other parameters than the ciphertext");
  if (!is_galois_element(params, g)) {
    return platform::invalid_argument(concat("Galois element ", g, " is not 1 modulo ",
                                             2 * params.t().digits(), " and below ", 2 * params.n()));
  }
  if (a.components() != 2) {
    return platform::invalid_argument(
        concat("a rotation of ", a.components(), " components; relinearize first"));
  }
  key = keys.find(g);
  if (key == nullptr && g != 1) return mismatch(concat("no Galois key for element ", g));
  return {};
}

}  // namespace

Status relinearize_inplace(Ciphertext& a, const RelinKeys& keys, Workspace& workspace,
                           platform::ThreadPool* pool) {
  const platform::FloatingPointEnvironment nearest;
  if (!(a.params() == keys.params()))
    return mismatch("the relinearization keys have other parameters than the ciphertext");
  if (a.components() == 2) {
    to_coefficients(a);
    return {};
  }
  if (a.components() > keys.max_components()) {
    return mismatch(concat("no relinearization key for s^", a.components() - 1, ": the keys serve up to ",
                           keys.max_components(), " components"));
  }
  const Params& params = a.params();
  const NoiseModel model(params);
  const Noise noise = model.key_switch(a.noise(), a.components() - 2, a.limbs());
  FCN_RETURN_IF_ERROR(model.check(noise, a.limbs(), "relinearization"));
  Switcher switcher(params, a.limbs(), 1, pool);
  FCN_ASSIGN_OR_RETURN(std::uint64_t * memory, workspace.words(switcher.words()));
  to_coefficients(a);
  switcher.start(memory);
  for (std::size_t p = 2; p < a.components(); ++p) {
    const SwitchTerm term = {&keys.power(p), nullptr};
    switcher.decompose(a.component(p), nullptr);
    switcher.accumulate({&term, 1});
  }
  switcher.finish(a, a.component(0), a.component(1));
  a.drop_components(2);
  a.set_noise(noise);
  return {};
}

Status apply_galois_inplace(Ciphertext& a, std::size_t g, const GaloisKeys& keys, Workspace& workspace) {
  const platform::FloatingPointEnvironment nearest;
  const GaloisKey* key = nullptr;
  FCN_RETURN_IF_ERROR(find_key(key, a, g, keys));
  if (g == 1) {
    to_coefficients(a);
    return {};
  }
  const Params& params = a.params();
  const std::size_t n = params.n(), words = a.limbs() * n;
  const NoiseModel model(params);
  const Noise noise = model.key_switch(a.noise(), 1, a.limbs());
  FCN_RETURN_IF_ERROR(model.check(noise, a.limbs(), "a rotation"));
  Switcher switcher(params, a.limbs(), 1, nullptr);
  FCN_ASSIGN_OR_RETURN(std::uint64_t * image, workspace.words(words + switcher.words()));
  to_coefficients(a);
  for (std::size_t i = 0; i < a.limbs(); ++i) {
    ntt::apply_automorphism(params.modulus(i), image + i * n, a.limb(0, i), g, n);
  }
  switcher.start(image + words);
  const SwitchTerm term = {&key->key, &key->permutation};
  switcher.decompose(a.component(1), nullptr);
  switcher.accumulate({&term, 1});
  switcher.finish(a, image, nullptr);
  a.set_noise(noise);
  return {};
}

Status rotate_inplace(Ciphertext& a, std::int64_t steps, const GaloisKeys& keys, Workspace& workspace) {
  const Status status = apply_galois_inplace(a, rotation_element(a.params(), steps), keys, workspace);
  return status.ok() ? status : status.with_context(concat("rotation by ", steps));
}

Status add_rotations_inplace(Ciphertext& a, std::span<const std::int64_t> steps, const GaloisKeys& keys,
                             Workspace& workspace, platform::ThreadPool* pool) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = a.params();
  const std::size_t limbs = a.limbs();
  std::vector<SwitchTerm> terms;
  for (const std::int64_t s : steps) {
    const GaloisKey* key = nullptr;
    const Status status = find_key(key, a, rotation_element(params, s), keys);
    if (!status.ok()) return status.with_context(concat("rotation by ", s));
    if (key == nullptr) return platform::invalid_argument(concat("rotation by ", s, " is no rotation"));
    terms.push_back({&key->key, &key->permutation});
  }
  if (steps.empty()) return {};
  const NoiseModel model(params);
  const Noise rotated = model.key_switch(a.noise(), 1, limbs);
  const Noise noise = model.sum_of(rotated, static_cast<double>(steps.size() + 1), Correlation::kAny);
  FCN_RETURN_IF_ERROR(model.check(noise, limbs, "a sum of rotations"));
  Switcher switcher(params, limbs, terms.size(), pool);
  FCN_ASSIGN_OR_RETURN(std::uint64_t * memory, workspace.words(switcher.words()));
  to_coefficients(a);
  switcher.start(memory);
  switcher.decompose(a.component(1), a.component(0));
  switcher.accumulate(terms);
  switcher.finish(a, a.component(0), a.component(1));
  a.set_noise(noise);
  return {};
}

}  // namespace fcn::fv
