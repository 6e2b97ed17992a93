#include "key_switching.h"

#include <cstring>

#include "../ntt/automorphism.h"
#include "evaluation.h"
#include "internal/level.h"
#include "internal/rounding.h"

namespace fcn::fv {
namespace {

using platform::concat;
using platform::mismatch;
using platform::Status;

// Sums of digit times key pair, over any number of switched polynomials; one division by the special prime at
// the end.
class KeySwitch {
 public:
  KeySwitch(const Params& params, std::size_t limbs)
      : params_(params), n_(params.n()), limbs_(limbs), total_(limbs + (params.has_special() ? 1 : 0)) {}

  std::size_t words() const {
    return (2 * total_ + 2) * n_ +
           (params_.has_special() ? limbs_ * n_ + params_.level(limbs_).from_special.scratch_words(n_) : 0);
  }

  // memory: words(); stays the caller's.
  void start(std::uint64_t* memory) {
    sums_ = memory;
    digit_ = reinterpret_cast<std::int64_t*>(memory + 2 * total_ * n_);
    residues_ = memory + (2 * total_ + 1) * n_;
    scratch_ = residues_ + n_;
    empty_ = true;
  }

  // + x s', where key switches from s'. Shape: x (limbs, n), coefficients.
  void accumulate(const std::uint64_t* x, const KeySwitchKey& key) {
    const std::size_t digits = params_.digits_per_limb();
    const ntt::KernelTable& kernels = params_.kernels();
    for (std::size_t i = 0; i < limbs_; ++i) {
      for (std::size_t j = 0; j < digits; ++j) {
        extract_digit(x + i * n_, params_.modulus(i), j);
        const std::size_t pair = (i * digits + j) * params_.key_limbs() * n_;
        for (std::size_t l = 0; l < total_; ++l) {
          const std::size_t prime = key_index(l);
          const ntt::Modulus& q = params_.modulus(prime);
          kernels.reduce_accumulator(q, residues_, digit_, n_);
          params_.table(prime).forward(residues_);
          const std::size_t at = pair + prime * n_;
          const auto add_product = empty_ ? kernels.multiply : kernels.multiply_add;
          add_product(q, sums_ + l * n_, residues_, key.b() + at, n_);
          add_product(q, sums_ + (total_ + l) * n_, residues_, key.a() + at, n_);
        }
        empty_ = false;
      }
    }
  }

  // dst = c + part 0 or 1 of the sums, divided by the special prime with rounding; c null: 0. Shape: (limbs, n) each,
  // coefficients.
  void finish(std::size_t part, std::uint64_t* dst, const std::uint64_t* c) {
    std::uint64_t* sum = sums_ + part * total_ * n_;
    for (std::size_t l = 0; l < total_; ++l) params_.table(key_index(l)).inverse(sum + l * n_);
    if (params_.has_special()) {
      const Level& level = params_.level(limbs_);
      subtract_and_divide(params_, sum, 0, limbs_, sum + limbs_ * n_, level.from_special,
                          level.special_inverse.data(), scratch_);
    }
    if (c == nullptr) {
      std::memcpy(dst, sum, limbs_ * n_ * sizeof *dst);
      return;
    }
    for (std::size_t i = 0; i < limbs_; ++i) {
      params_.kernels().add(params_.modulus(i), dst + i * n_, c + i * n_, sum + i * n_, n_);
    }
  }

 private:
  std::size_t key_index(std::size_t l) const { return l < limbs_ ? l : params_.q_count(); }

  // Digit j of the balanced expansion x = sum of d_j 2^(w j), d_j in [-2^(w-1), 2^(w-1)), of the centred residues; the
  // highest digit takes what is left, of either sign.
  void extract_digit(const std::uint64_t* x, const ntt::Modulus& q, std::size_t j) {
    const std::size_t digits = params_.digits_per_limb();
    const unsigned w = params_.digit_bits(), shift = w * static_cast<unsigned>(j);
    const bool top = j + 1 == digits;
    // Half of every lower digit makes those non-negative; 2^62, a multiple of 2^shift, the highest.
    const std::uint64_t half = std::uint64_t{1} << (w - 1), two62 = std::uint64_t{1} << 62;
    std::uint64_t offset = two62;
    for (std::size_t i = 0; i + 1 < digits; ++i) offset += half << (w * i);
    const std::uint64_t mask = top ? ~std::uint64_t{0} : 2 * half - 1, excess = top ? two62 >> shift : half;
    for (std::size_t c = 0; c < n_; ++c) {
      const std::uint64_t shifted = (static_cast<std::uint64_t>(ntt::centered(x[c], q)) + offset) >> shift;
      digit_[c] = static_cast<std::int64_t>((shifted & mask) - excess);
    }
  }

  const Params& params_;
  std::size_t n_, limbs_, total_;
  bool empty_ = true;              // nothing is in sums_ yet
  std::uint64_t* sums_ = nullptr;  // (2, total, n)
  std::int64_t* digit_ = nullptr;  // (n)
  std::uint64_t* residues_ = nullptr;
  std::uint64_t* scratch_ = nullptr;
};

}  // namespace

Status relinearize_inplace(Ciphertext& a, const RelinKeys& keys, Workspace& workspace) {
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
  KeySwitch key_switch(params, a.limbs());
  FCN_ASSIGN_OR_RETURN(Ciphertext out, Ciphertext::create(params, 2, a.limbs()));
  FCN_ASSIGN_OR_RETURN(std::uint64_t * memory, workspace.words(key_switch.words()));
  to_coefficients(a);
  key_switch.start(memory);
  for (std::size_t p = 2; p < a.components(); ++p) key_switch.accumulate(a.component(p), keys.power(p));
  for (std::size_t part = 0; part < 2; ++part)
    key_switch.finish(part, out.component(part), a.component(part));
  out.set_noise(noise);
  a = std::move(out);
  return {};
}

Status apply_galois_inplace(Ciphertext& a, std::size_t g, const GaloisKeys& keys, Workspace& workspace) {
  const Params& params = a.params();
  const std::size_t n = params.n();
  if (!(params == keys.params()))
    return mismatch("the Galois keys have other parameters than the ciphertext");
  if (!is_galois_element(params, g)) {
    return platform::invalid_argument(
        concat("Galois element ", g, " is not 1 modulo ", 2 * params.t().digits(), " and below ", 2 * n));
  }
  if (a.components() != 2) {
    return platform::invalid_argument(
        concat("a rotation of ", a.components(), " components; relinearize first"));
  }
  if (g == 1) {
    to_coefficients(a);
    return {};
  }
  const KeySwitchKey* key = keys.find(g);
  if (key == nullptr) return mismatch(concat("no Galois key for element ", g));
  const NoiseModel model(params);
  const Noise noise = model.key_switch(a.noise(), 1, a.limbs());
  FCN_RETURN_IF_ERROR(model.check(noise, a.limbs(), "a rotation"));
  KeySwitch key_switch(params, a.limbs());
  FCN_ASSIGN_OR_RETURN(Ciphertext out, Ciphertext::create(params, 2, a.limbs()));
  FCN_ASSIGN_OR_RETURN(std::uint64_t * image, workspace.words(a.limbs() * n + key_switch.words()));
  to_coefficients(a);
  for (std::size_t i = 0; i < a.limbs(); ++i) {
    ntt::apply_automorphism(params.modulus(i), out.limb(0, i), a.limb(0, i), g, n);
    ntt::apply_automorphism(params.modulus(i), image + i * n, a.limb(1, i), g, n);
  }
  key_switch.start(image + a.limbs() * n);
  key_switch.accumulate(image, *key);
  key_switch.finish(0, out.component(0), out.component(0));
  key_switch.finish(1, out.component(1), nullptr);
  out.set_noise(noise);
  a = std::move(out);
  return {};
}

Status rotate_inplace(Ciphertext& a, std::int64_t steps, const GaloisKeys& keys, Workspace& workspace) {
  const Status status = apply_galois_inplace(a, rotation_element(a.params(), steps), keys, workspace);
  return status.ok() ? status : status.with_context(concat("rotation by ", steps));
}

}  // namespace fcn::fv
