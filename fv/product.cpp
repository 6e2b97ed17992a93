#include "product.h"

#include <cstring>

#include "internal/level.h"
#include "internal/rounding.h"

namespace fcn::fv {
namespace {

using platform::concat;
using platform::Result;
using platform::Status;

// One product in the base Q B: `total` primes, of which the first `limbs` are those of q.
class TensorProduct {
 public:
  TensorProduct(const Params& params, std::size_t limbs, const ProductBase& base)
      : params_(params), base_(base), n_(params.n()), limbs_(limbs), total_(limbs + base.count) {}

  std::size_t poly_words() const { return total_ * n_; }
  std::size_t scratch_words() const {
    const std::size_t up = base_.to_aux.scratch_words(n_), down = base_.from_aux.scratch_words(n_);
    return base_.count * n_ + (up > down ? up : down);
  }
  const ntt::NttTables& table(std::size_t i) const { return params_.table(index(i)); }

  // Every component of a, extended to Q B, in transform order. Shape: dst (components, total, n).
  void extend(std::uint64_t* dst, const Ciphertext& a, std::uint64_t* scratch) const {
    for (std::size_t c = 0; c < a.components(); ++c) {
      std::uint64_t* x = dst + c * poly_words();
      std::memcpy(x, a.component(c), limbs_ * n_ * sizeof *x);
      if (a.form() == Form::kTransformed) {
        for (std::size_t i = 0; i < limbs_; ++i) table(i).inverse(x + i * n_);
      }
      base_.to_aux.convert(x + limbs_ * n_, x, n_, scratch);
      for (std::size_t i = 0; i < total_; ++i) table(i).forward(x + i * n_);
    }
  }

  // dst = t x, over components polynomials in transform order. dst may be x.
  void multiply_by_t(std::uint64_t* dst, const std::uint64_t* x, std::size_t components) const {
    for (std::size_t c = 0; c < components; ++c) {
      for (std::size_t i = 0; i < total_; ++i) {
        const std::size_t at = c * poly_words() + i * n_;
        params_.kernels().multiply(table(i).modulus(), dst + at, x + at,
                                   params_.constants(index(i)).t_transformed.data(), n_);
      }
    }
  }

  // dst = x y, or dst += x y, for one component each.
  void multiply(std::uint64_t* dst, const std::uint64_t* x, const std::uint64_t* y, bool add_to_dst) const {
    const auto kernel = add_to_dst ? params_.kernels().multiply_add : params_.kernels().multiply;
    for (std::size_t i = 0; i < total_; ++i)
      kernel(table(i).modulus(), dst + i * n_, x + i * n_, y + i * n_, n_);
  }
  void add(std::uint64_t* dst, const std::uint64_t* x) const {
    for (std::size_t i = 0; i < total_; ++i) {
      params_.kernels().add(table(i).modulus(), dst + i * n_, dst + i * n_, x + i * n_, n_);
    }
  }

  // dst = round(x / q) modulo q, coefficients; x in transform order, overwritten. Shape: dst (limbs, n), x
  // (total, n).
  void round(std::uint64_t* dst, std::uint64_t* x, std::uint64_t* scratch) const {
    for (std::size_t i = 0; i < total_; ++i) table(i).inverse(x + i * n_);
    std::uint64_t* aux = x + limbs_ * n_;
    subtract_and_divide(params_, aux, aux_first(params_), base_.count, x, base_.to_aux,
                        base_.q_inverse.data(), scratch);
    base_.from_aux.convert(dst, aux, n_, scratch);
  }

 private:
  std::size_t index(std::size_t i) const { return i < limbs_ ? i : aux_first(params_) + i - limbs_; }

  const Params& params_;
  const ProductBase& base_;
  std::size_t n_, limbs_, total_;
};

Status check_factor(const Ciphertext& a) {
  if (a.components() <= 3) return {};
  return platform::invalid_argument(
      concat("a factor of ", a.components(), " components; relinearize it to 3 or fewer"));
}

// b null: the square of a.
Status multiply_or_square(Ciphertext& out, const Ciphertext& a, const Ciphertext* b, Workspace& workspace) {
  const Params& params = a.params();
  const Ciphertext& right = b == nullptr ? a : *b;
  const std::size_t products = a.components() + right.components() - 1;
  const NoiseModel model(params);
  const Noise noise =
      model.multiply(a.noise(), a.components(), right.noise(), right.components(), a.limbs(), b == nullptr);
  FCN_RETURN_IF_ERROR(model.check(noise, a.limbs(), b == nullptr ? "a square" : "a product"));

  const Level& level = params.level(a.limbs());
  const bool pairs = a.components() == 2 && right.components() == 2;
  const TensorProduct tensor(params, a.limbs(), pairs ? level.pairs : level.triples);
  const std::size_t words = tensor.poly_words(), right_words = right.components() * words;
  FCN_ASSIGN_OR_RETURN(Ciphertext result, Ciphertext::create(params, products, a.limbs()));
  FCN_ASSIGN_OR_RETURN(std::uint64_t * ta, workspace.words(a.components() * words + right_words + words +
                                                           tensor.scratch_words()));
  std::uint64_t* y = ta + a.components() * words;  // the right factor, extended
  std::uint64_t* sum = y + right_words;            // one component of t a b
  std::uint64_t* scratch = sum + words;
  tensor.extend(y, right, scratch);
  if (b == nullptr) {
    tensor.multiply_by_t(ta, y, a.components());
  } else {
    tensor.extend(ta, a, scratch);
    tensor.multiply_by_t(ta, ta, a.components());
  }
  for (std::size_t c = 0; c < products; ++c) {
    bool empty = true;
    const auto add_product = [&](std::size_t i, std::size_t j) {
      if (i >= a.components() || j >= right.components()) return;
      tensor.multiply(sum, ta + i * words, y + j * words, !empty);
      empty = false;
    };
    if (b == nullptr) {  // the pairs i < j = c - i count twice
      for (std::size_t i = 0; 2 * i < c; ++i) add_product(i, c - i);
      if (!empty) tensor.add(sum, sum);
      if (c % 2 == 0) add_product(c / 2, c / 2);
    } else {
      for (std::size_t i = 0; i <= c; ++i) add_product(i, c - i);
    }
    tensor.round(result.component(c), sum, scratch);
  }
  result.set_noise(noise);
  out = std::move(result);
  return {};
}

}  // namespace

Status multiply(Ciphertext& out, const Ciphertext& a, const Ciphertext& b, Workspace& workspace) {
  if (!(a.params() == b.params())) return platform::mismatch("the factors have different parameters");
  if (a.limbs() != b.limbs())
    return platform::mismatch(concat("the factors have ", a.limbs(), " and ", b.limbs(), " primes"));
  FCN_RETURN_IF_ERROR(check_factor(a));
  FCN_RETURN_IF_ERROR(check_factor(b));
  return multiply_or_square(out, a, &b, workspace);
}

Status square(Ciphertext& out, const Ciphertext& a, Workspace& workspace) {
  FCN_RETURN_IF_ERROR(check_factor(a));
  return multiply_or_square(out, a, nullptr, workspace);
}

}  // namespace fcn::fv
