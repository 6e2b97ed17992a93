#include "evaluation.h"

#include <cmath>
#include <cstring>

#include "../platform/floating_point.h"
#include "internal/sampling.h"
#include "internal/scaling.h"

namespace fcn::fv {
namespace {

using platform::concat;
using platform::mismatch;
using platform::Result;
using platform::Status;

Status check_pair(const Ciphertext& a, const Ciphertext& b) {
  if (!(a.params() == b.params())) return mismatch("the ciphertexts have different parameters");
  if (a.limbs() != b.limbs()) {
    return mismatch(concat("the ciphertexts have ", a.limbs(), " and ", b.limbs(), " primes"));
  }
  if (a.form() != b.form())
    return mismatch("one ciphertext is in coefficients form, the other in transformed form");
  return {};
}

Status check_coefficients(const Ciphertext& a, const char* operation) {
  if (a.form() == Form::kCoefficients) return {};
  return mismatch(concat(operation, " needs a ciphertext in coefficients form"));
}

using Combine = void (*)(const ntt::Modulus&, std::uint64_t*, const std::uint64_t*, const std::uint64_t*,
                         std::size_t) noexcept;

// a = a (+ or -) b, component by component; a grows to b's components first.
Status combine(Ciphertext& a, const Ciphertext& b, Correlation correlation, Combine kernel,
               const char* operation) {
  const platform::FloatingPointEnvironment nearest;
  FCN_RETURN_IF_ERROR(check_pair(a, b));
  const NoiseModel model(a.params());
  const Noise noise = model.sum(a.noise(), b.noise(), correlation);
  FCN_RETURN_IF_ERROR(model.check(noise, a.limbs(), operation));
  if (a.components() < b.components()) {
    const std::size_t words = a.words();
    FCN_RETURN_IF_ERROR(a.reserve(b.words()));
    a.set_shape(b.params(), b.components(), b.limbs(), b.form());
    std::memset(a.component(0) + words, 0, (a.words() - words) * sizeof(std::uint64_t));
  }
  const std::size_t n = a.params().n();
  for (std::size_t c = 0; c < b.components(); ++c) {
    for (std::size_t i = 0; i < a.limbs(); ++i) {
      kernel(a.params().modulus(i), a.limb(c, i), a.limb(c, i), b.limb(c, i), n);
    }
  }
  a.set_noise(noise);
  return {};
}

}  // namespace

Status add_inplace(Ciphertext& a, const Ciphertext& b, Correlation correlation) {
  return combine(a, b, correlation, a.params().kernels().add, "addition");
}

Status subtract_inplace(Ciphertext& a, const Ciphertext& b, Correlation correlation) {
  return combine(a, b, correlation, a.params().kernels().subtract, "subtraction");
}

void negate_inplace(Ciphertext& a) noexcept {
  const platform::FloatingPointEnvironment nearest;
  for (std::size_t c = 0; c < a.components(); ++c) {
    for (std::size_t i = 0; i < a.limbs(); ++i) {
      a.params().kernels().negate(a.params().modulus(i), a.limb(c, i), a.limb(c, i), a.params().n());
    }
  }
}

Status add_plain_inplace(Ciphertext& a, const Plaintext& m, Workspace& workspace) {
  const platform::FloatingPointEnvironment nearest;
  if (!(a.params() == m.params())) return mismatch("the plaintext has other parameters than the ciphertext");
  FCN_RETURN_IF_ERROR(check_coefficients(a, "adding a plaintext"));
  const Params& params = a.params();
  const NoiseModel model(params);
  const Noise noise = model.add_plain(a.noise());
  FCN_RETURN_IF_ERROR(model.check(noise, a.limbs(), "adding a plaintext"));
  FCN_ASSIGN_OR_RETURN(std::uint64_t * scratch, workspace.words(2 * params.n()));
  add_scaled_up(params, a.limbs(), a.component(0), m.coefficients(), m.used_rows(), scratch);
  a.set_noise(noise);
  return {};
}

Status multiply_scalar_inplace(Ciphertext& a, std::int64_t w) {
  const platform::FloatingPointEnvironment nearest;
  const NoiseModel model(a.params());
  const double magnitude = std::fabs(static_cast<double>(w));
  const Noise noise = w == 0 ? Noise{} : model.multiply_plain(a.noise(), magnitude);
  FCN_RETURN_IF_ERROR(model.check(noise, a.limbs(), "multiplying by a scalar"));
  for (std::size_t c = 0; c < a.components(); ++c) {
    for (std::size_t i = 0; i < a.limbs(); ++i) {
      const ntt::Modulus& q = a.params().modulus(i);
      a.params().kernels().scalar_multiply(q, a.limb(c, i), a.limb(c, i), ntt::reduce_signed(w, q),
                                           a.params().n());
    }
  }
  a.set_noise(noise);
  return {};
}

Status multiply_monomial_inplace(Ciphertext& a, std::int64_t exponent, Workspace& workspace) {
  const platform::FloatingPointEnvironment nearest;
  FCN_RETURN_IF_ERROR(check_coefficients(a, "a monomial product"));
  const std::size_t n = a.params().n(), e = ntt::monomial_exponent(exponent, n);
  FCN_ASSIGN_OR_RETURN(std::uint64_t * copy, workspace.words(n));
  for (std::size_t c = 0; c < a.components(); ++c) {
    for (std::size_t i = 0; i < a.limbs(); ++i) {
      std::memcpy(copy, a.limb(c, i), n * sizeof *copy);
      a.params().kernels().monomial_multiply(a.params().modulus(i), a.limb(c, i), copy, e, n);
    }
  }
  return {};
}

// E is t times a polynomial without structure; m t has a Euclidean norm of at most norm1 ||m||, of which norm2 is in E.
Result<TransformedPlaintext> transform(const Plaintext& m, Correlation correlation) {
  const platform::FloatingPointEnvironment nearest;
  const Params& params = m.params();
  FCN_ASSIGN_OR_RETURN(auto values,
                       platform::AlignedBuffer<std::uint64_t>::create(params.q_count() * params.n()));
  to_residues(params, values.data(), params.q_count(), m.coefficients());
  for (std::size_t i = 0; i < params.q_count(); ++i) params.table(i).forward(values.data() + i * params.n());
  double squares = 0, sum = 0;
  for (std::size_t j = 0; j < params.n(); ++j) {
    const double magnitude = std::fabs(static_cast<double>(m.coefficients()[j]));
    squares += magnitude * magnitude;
    sum += magnitude;
  }
  const PlaintextModulus& t = params.t();
  const double euclidean = std::sqrt(squares * t.norm1() * t.norm1() / t.norm2_squared());
  const bool random = correlation == Correlation::kIndependent && euclidean < sum;
  return TransformedPlaintext{params, std::move(values), random ? euclidean : sum,
                              tail_of_factors(random ? 1 : 0)};
}

Status multiply_plain_inplace(Ciphertext& a, const TransformedPlaintext& m) {
  const platform::FloatingPointEnvironment nearest;
  if (!(a.params() == m.params)) return mismatch("the plaintext has other parameters than the ciphertext");
  const Params& params = a.params();
  const NoiseModel model(params);
  const Noise noise = m.norm == 0 ? Noise{} : model.multiply_random(a.noise(), m.norm, m.places);
  FCN_RETURN_IF_ERROR(model.check(noise, a.limbs(), "multiplying by a plaintext"));
  const Form form = a.form();
  to_transformed(a);
  for (std::size_t c = 0; c < a.components(); ++c) {
    for (std::size_t i = 0; i < a.limbs(); ++i) {
      params.kernels().multiply(params.modulus(i), a.limb(c, i), a.limb(c, i),
                                m.values.data() + i * params.n(), params.n());
    }
  }
  if (form == Form::kCoefficients) to_coefficients(a);
  a.set_noise(noise);
  return {};
}

void to_transformed(Ciphertext& a) noexcept {
  const platform::FloatingPointEnvironment nearest;
  if (a.form() == Form::kTransformed) return;
  for (std::size_t c = 0; c < a.components(); ++c) {
    for (std::size_t i = 0; i < a.limbs(); ++i) a.params().table(i).forward(a.limb(c, i));
  }
  a.set_form(Form::kTransformed);
}

void to_coefficients(Ciphertext& a) noexcept {
  const platform::FloatingPointEnvironment nearest;
  if (a.form() == Form::kCoefficients) return;
  for (std::size_t c = 0; c < a.components(); ++c) {
    for (std::size_t i = 0; i < a.limbs(); ++i) a.params().table(i).inverse(a.limb(c, i));
  }
  a.set_form(Form::kCoefficients);
}

}  // namespace fcn::fv
