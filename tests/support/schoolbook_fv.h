// The scheme from its formulas alone, in big integers and schoolbook products: the oracle of the tests of fv.
//
// R = Z[X]/(X^n + 1), t = an integer or X^k - b, q the product of the first limbs primes. A ciphertext is a
// vector of polynomials (c_0, c_1, ...), c(s) = sum c_i s^i.
//   encryption   c_0 = round(q m / t) - c_1 s + e
//   decryption   round(t c(s) / q) modulo t
//   product      c_l = round(t (sum of a_i b_(l-i)) / q)
//   noise        E = t c(s) - q (round(t c(s) / q)), that is t c(s) modulo q, centred
// Nothing here uses arithmetic of the library: it reads primes, t's two numbers, secret coefficients and
// residues.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "big_int.h"
#include "fv/ciphertext.h"
#include "fv/keys.h"
#include "fv/plaintext.h"

namespace fcn::test {

using Poly = std::vector<BigInt>;             // coefficients, modulo X^n + 1
using SmallPoly = std::vector<std::int64_t>;  // the same, of a secret, an error or a plaintext
using PolyVector = std::vector<Poly>;         // the components of a ciphertext
using Random = std::mt19937_64;

Poly to_poly(const std::int64_t* coefficients, std::size_t n);
Poly sum(const Poly& x, const Poly& y);
Poly difference(const Poly& x, const Poly& y);
Poly negacyclic_product(const Poly& x, const Poly& y);
// The same, faster, for coefficients of y below 2^45 or so: x in pieces of 32 bits, sums in 128.
Poly negacyclic_product(const Poly& x, const SmallPoly& y);
Poly times_monomial(const Poly& x, std::int64_t exponent);
Poly substitute_power(const Poly& x, std::size_t g);  // x(X^g)

// The class of x modulo X^length - base, or modulo the integer base when length is n: residues modulo
// base^(n/length) + 1, or modulo base.
Poly class_of(const Poly& x, std::size_t length, const BigInt& base);

class SchoolbookFv {
 public:
  explicit SchoolbookFv(const fv::Params& params) : SchoolbookFv(params, params.q_count()) {}
  SchoolbookFv(const fv::Params& params, std::size_t limbs);

  std::size_t n() const { return n_; }
  std::size_t length() const { return length_; }  // k, or n for an integer t
  const BigInt& q() const { return q_; }
  const BigInt& p() const { return p_; }  // b^(n/k) + 1, or t

  Poly times_t(const Poly& x) const;
  // The class of x modulo t: length() residues in [0, p).
  Poly residues(const Poly& x) const { return class_of(x, length_, base_); }
  Poly residues(const fv::Plaintext& m) const { return residues(to_poly(m.coefficients(), n_)); }
  // A small representative of the class of given residues: balanced base-b digits.
  Poly representative(const Poly& residues) const;
  // round(q m / t) by the formula for 1/t.
  Poly scale(const Poly& m) const;

  // Ciphertexts of the library as polynomials with coefficients in (-q/2, q/2], and back. Coefficients form.
  PolyVector lift(const fv::Ciphertext& c) const;
  fv::Ciphertext lower(const PolyVector& c, fv::Noise noise) const;

  PolyVector encrypt(const Poly& m, const SmallPoly& s, const SmallPoly& error, Random& random) const;
  Poly phase(const PolyVector& c, const SmallPoly& s) const;    // c(s), as an integer
  Poly decrypt(const PolyVector& c, const SmallPoly& s) const;  // residues
  Poly noise(const PolyVector& c, const SmallPoly& s) const;
  PolyVector multiply(const PolyVector& a, const PolyVector& b) const;

  // The class of a sum or product of classes.
  Poly add_residues(const Poly& x, const Poly& y) const {
    return residues(sum(representative(x), representative(y)));
  }
  Poly multiply_residues(const Poly& x, const Poly& y) const {
    return residues(negacyclic_product(representative(x), representative(y)));
  }

  Poly random_residues(Random& random) const;

 private:
  fv::Params params_;
  std::size_t n_, length_, digits_, limbs_;
  BigInt base_, p_, q_;
  std::vector<BigInt> garner_;  // 1 modulo one prime of q and 0 modulo the others
};

SmallPoly secret_of(const fv::SecretKey& key);

// Of the coefficients of a noise polynomial, as logarithms: the root of their mean square, and the largest.
struct MeasuredNoise {
  double log2_sigma, log2_max;
};
MeasuredNoise measure(const Poly& noise);

}  // namespace fcn::test
