#include "product.h"

#include <algorithm>
#include <cstring>

#include "../platform/floating_point.h"
#include "internal/level.h"

namespace fcn::fv {
namespace {

using platform::concat;
using platform::Status;

// One product in the base Q B of `total` primes, of which the first `limbs` are those of q. Inputs are extended to B;
// then everything happens one prime after another, whose few polynomials stay in the cache; then each component is
// rounded.
class TensorProduct {
 public:
  // b null: the square of a. No pointer into a or b is kept.
  TensorProduct(const Ciphertext& a, const Ciphertext* b, platform::ThreadPool* pool)
      : params_(a.params()),
        pool_(pool),
        base_(a.components() == 2 && (b == nullptr || b->components() == 2)
                  ? params_.level(a.limbs()).pairs
                  : params_.level(a.limbs()).triples),
        n_(params_.n()),
        limbs_(a.limbs()),
        total_(limbs_ + base_.count),
        left_(a.components()),
        right_(b == nullptr ? 0 : b->components()),
        products_(a.components() + (b == nullptr ? a : *b).components() - 1) {}

  std::size_t products() const { return products_; }
  std::size_t words() const {
    return ((left_ + right_) * base_.count + products_ * total_) * n_ + workers() * scratch_words();
  }

  // memory: words(); stays the caller's. Afterwards a and b are not needed any more.
  void multiply(const Ciphertext& a, const Ciphertext* b, std::uint64_t* memory) {
    std::uint64_t* right_extended = memory + left_ * base_.count * n_;
    sums_ = right_extended + right_ * base_.count * n_;
    scratch_ = sums_ + products_ * total_ * n_;
    // Tile by tile, but all at once what must be transformed back first.
    const bool transformed =
        a.form() == Form::kTransformed || (b != nullptr && b->form() == Form::kTransformed);
    const std::size_t tile = transformed ? n_ : std::min(n_, kBaseTile), tiles = n_ / tile;
    platform::parallel_for(pool_, (left_ + right_) * tiles, [&](std::size_t task, std::size_t worker) {
      const std::size_t c = task / tiles, first = task % tiles * tile;
      const Ciphertext& factor = c < left_ ? a : *b;
      extend(memory + c * base_.count * n_ + first, factor, c < left_ ? c : c - left_, first, tile,
             scratch(worker));
    });
    const Factor left = {a, memory, 0}, right = b == nullptr ? left : Factor{*b, right_extended, left_};
    const auto prepare = [&](std::size_t c, std::size_t i, std::uint64_t* rows) {
      if (c >= left_) return transform(right, c - left_, i, rows);
      transform(left, c, i, rows);
      if (!params_.t().is_integer()) multiply_by_t(left, c, i, rows);
    };
    // As many primes for each worker; those that are left over, by components.
    const std::size_t inputs = left_ + right_, whole = total_ - total_ % workers();
    platform::parallel_for(pool_, whole, [&](std::size_t i, std::size_t worker) {
      for (std::size_t c = 0; c < inputs; ++c) prepare(c, i, scratch(worker));
      for (std::size_t c = 0; c < products_; ++c) add_up(left, right, c, i, scratch(worker));
    });
    platform::parallel_for(pool_, (total_ - whole) * inputs, [&](std::size_t task, std::size_t) {
      prepare(task % inputs, whole + task / inputs, scratch(task / inputs));
    });
    platform::parallel_for(pool_, (total_ - whole) * products_, [&](std::size_t task, std::size_t) {
      add_up(left, right, task % products_, whole + task / products_, scratch(task / products_));
    });
  }

  // The components of the product, rounded; coefficients. out has their shape.
  void round(Ciphertext& out) const {
    const std::size_t tile = std::min(n_, kBaseTile), tiles = n_ / tile;
    platform::parallel_for(pool_, products_ * tiles, [&](std::size_t task, std::size_t worker) {
      const std::size_t c = task / tiles, first = task % tiles * tile;
      base_.rounding.apply(out.component(c) + first, sums_ + c * total_ * n_ + first, n_, tile,
                           scratch(worker));
    });
  }

 private:
  static constexpr std::size_t kMaxFactor = 3;  // components

  // A factor: its components modulo the auxiliary primes, (components, base_.count, n), and the first of its rows.
  struct Factor {
    const Ciphertext& ciphertext;
    std::uint64_t* extended;
    std::size_t first_row;
  };

  std::size_t workers() const { return pool_ == nullptr ? 1 : pool_->size(); }
  // Of one worker: enough for any of the three steps.
  std::size_t scratch_words() const {
    return std::max({(2 * left_ + right_) * n_, limbs_ * n_ + base_.to_aux.scratch_words(n_),
                     base_.rounding.scratch_words(n_)});
  }
  std::uint64_t* scratch(std::size_t worker) const { return scratch_ + worker * scratch_words(); }
  std::size_t index(std::size_t i) const { return i < limbs_ ? i : aux_first(params_) + i - limbs_; }
  const ntt::NttTables& table(std::size_t i) const { return params_.table(index(i)); }

  // The coefficients first .. first + count of component c of a modulo the primes of B. Shape: rows of dst n words apart.
  void extend(std::uint64_t* dst, const Ciphertext& a, std::size_t c, std::size_t first, std::size_t count,
              std::uint64_t* scratch) const {
    const std::uint64_t* x = a.component(c);
    if (a.form() == Form::kTransformed) {
      std::memcpy(scratch, x, limbs_ * n_ * sizeof *x);
      for (std::size_t i = 0; i < limbs_; ++i) table(i).inverse(scratch + i * n_);
      x = scratch;
    }
    base_.to_aux.convert(dst, x + first, n_, count, scratch + limbs_ * n_);
  }

  // What follows works modulo prime i, in transform order, with one row for each input and one for t times each of the
  // left ones.

  // Whether a component is there already; the memory of one that is not: its extension or its row; where it is.
  bool is_there(const Factor& f, std::size_t i) const {
    return i < limbs_ && f.ciphertext.form() == Form::kTransformed;
  }
  std::uint64_t* own(const Factor& f, std::size_t c, std::size_t i, std::uint64_t* rows) const {
    return i < limbs_ ? rows + (f.first_row + c) * n_ : f.extended + (c * base_.count + i - limbs_) * n_;
  }
  const std::uint64_t* place(const Factor& f, std::size_t c, std::size_t i, std::uint64_t* rows) const {
    return is_there(f, i) ? f.ciphertext.limb(c, i) : own(f, c, i, rows);
  }
  void transform(const Factor& f, std::size_t c, std::size_t i, std::uint64_t* rows) const {
    if (is_there(f, i)) return;
    std::uint64_t* row = own(f, c, i, rows);
    if (i < limbs_) std::memcpy(row, f.ciphertext.limb(c, i), n_ * sizeof *row);
    table(i).forward(row);
  }
  // An integer t is a factor of the rounding instead.
  std::uint64_t* times_t(std::size_t c, std::uint64_t* rows) const {
    return rows + (left_ + right_ + c) * n_;
  }
  void multiply_by_t(const Factor& f, std::size_t c, std::size_t i, std::uint64_t* rows) const {
    params_.kernels().multiply(table(i).modulus(), times_t(c, rows), place(f, c, i, rows),
                               params_.constants(index(i)).t_transformed.data(), n_);
  }

  // Component c of the product, in coefficients.
  void add_up(const Factor& left, const Factor& right, std::size_t c, std::size_t i,
              std::uint64_t* rows) const {
    const std::uint64_t *x[kMaxFactor], *y[kMaxFactor];
    for (std::size_t j = 0; j < left_; ++j)
      x[j] = params_.t().is_integer() ? place(left, j, i, rows) : times_t(j, rows);
    for (std::size_t j = 0; j < right.ciphertext.components(); ++j) y[j] = place(right, j, i, rows);
    std::uint64_t* sum = sums_ + (c * total_ + i) * n_;
    if (right_ == 0) {
      add_up_square(sum, x, y, c, i);
    } else {
      add_up_products(sum, x, y, 0, c, c, i);
    }
    table(i).inverse(sum);
  }

  // sum = the sum of x[j] y[c - j] over first <= j <= last; false, and sum unchanged, if there are none.
  bool add_up_products(std::uint64_t* sum, const std::uint64_t* const* x, const std::uint64_t* const* y,
                       std::size_t first, std::size_t last, std::size_t c, std::size_t i) const {
    ntt::PointwiseProduct terms[kMaxFactor];
    std::size_t count = 0;
    const std::size_t right = right_ == 0 ? left_ : right_;
    for (std::size_t j = first; j <= last; ++j) {
      if (j < left_ && c - j < right) terms[count++] = {x[j], y[c - j]};
    }
    const ntt::KernelTable& kernels = params_.kernels();
    if (count == 1) kernels.multiply(table(i).modulus(), sum, terms[0].a, terms[0].b, n_);
    if (count > 1) kernels.inner_product(table(i).modulus(), sum, terms, count, n_);
    return count != 0;
  }

  // The same for a square: the pairs j < c - j count twice.
  void add_up_square(std::uint64_t* sum, const std::uint64_t* const* x, const std::uint64_t* const* y,
                     std::size_t c, std::size_t i) const {
    const ntt::KernelTable& kernels = params_.kernels();
    const ntt::Modulus& q = table(i).modulus();
    const bool pairs = c != 0 && add_up_products(sum, x, y, 0, (c - 1) / 2, c, i);
    if (pairs) kernels.add(q, sum, sum, sum, n_);
    if (c % 2 == 0) (pairs ? kernels.multiply_add : kernels.multiply)(q, sum, x[c / 2], y[c / 2], n_);
  }

  Params params_;
  platform::ThreadPool* pool_;
  const ProductBase& base_;
  std::size_t n_, limbs_, total_;
  std::size_t left_, right_, products_;  // components; right_ = 0 for a square
  std::uint64_t* sums_ = nullptr;        // (products, total, n)
  std::uint64_t* scratch_ = nullptr;
};

Status check_factor(const Ciphertext& a) {
  if (a.components() <= 3) return {};
  return platform::invalid_argument(
      concat("a factor of ", a.components(), " components; relinearize it to 3 or fewer"));
}

// b null: the square of a.
Status multiply_or_square(Ciphertext& out, const Ciphertext& a, const Ciphertext* b, Workspace& workspace,
                          platform::ThreadPool* pool) {
  const platform::FloatingPointEnvironment nearest;
  const Params params = a.params();
  const Ciphertext& right = b == nullptr ? a : *b;
  const std::size_t limbs = a.limbs();
  const NoiseModel model(params);
  const Noise noise =
      model.multiply(a.noise(), a.components(), right.noise(), right.components(), limbs, b == nullptr);
  FCN_RETURN_IF_ERROR(model.check(noise, limbs, b == nullptr ? "a square" : "a product"));
  TensorProduct tensor(a, b, pool);
  FCN_ASSIGN_OR_RETURN(std::uint64_t * memory, workspace.words(tensor.words()));
  FCN_RETURN_IF_ERROR(out.reserve(tensor.products() * limbs * params.n()));
  tensor.multiply(a, b, memory);
  out.set_shape(params, tensor.products(), limbs, Form::kCoefficients);  // out may have been a or b
  tensor.round(out);
  out.set_noise(noise);
  return {};
}

}  // namespace

Status multiply(Ciphertext& out, const Ciphertext& a, const Ciphertext& b, Workspace& workspace,
                platform::ThreadPool* pool) {
  if (!(a.params() == b.params())) return platform::mismatch("the factors have different parameters");
  if (a.limbs() != b.limbs())
    return platform::mismatch(concat("the factors have ", a.limbs(), " and ", b.limbs(), " primes"));
  FCN_RETURN_IF_ERROR(check_factor(a));
  FCN_RETURN_IF_ERROR(check_factor(b));
  return multiply_or_square(out, a, &b, workspace, pool);
}

Status square(Ciphertext& out, const Ciphertext& a, Workspace& workspace, platform::ThreadPool* pool) {
  FCN_RETURN_IF_ERROR(check_factor(a));
  return multiply_or_square(out, a, nullptr, workspace, pool);
}

}  // namespace fcn::fv
