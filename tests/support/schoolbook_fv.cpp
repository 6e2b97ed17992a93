#include "schoolbook_fv.h"

#include <algorithm>
#include <cmath>

namespace fcn::test {
namespace {

// Sums of products below 2^127, where the compiler has such an integer.
#if defined(__SIZEOF_INT128__)
__extension__ using Sum = __int128;
BigInt to_big_int(Sum x) {
  return BigInt(static_cast<std::int64_t>(x >> 64)) * BigInt::power_of_two(64) +
         BigInt(static_cast<std::uint64_t>(x));
}
#else
using Sum = BigInt;
const BigInt& to_big_int(const Sum& x) {
  return x;
}
#endif

// coefficient * X^exponent added to x, exponent < 2n: X^n = -1.
void add_term(Poly& x, const BigInt& coefficient, std::size_t exponent) {
  const std::size_t n = x.size();
  BigInt& place = x[exponent % n];
  exponent / n % 2 == 1 ? place -= coefficient : place += coefficient;
}

}  // namespace

Poly to_poly(const std::int64_t* coefficients, std::size_t n) {
  return Poly(coefficients, coefficients + n);
}

Poly sum(const Poly& x, const Poly& y) {
  Poly z = x;
  for (std::size_t i = 0; i < z.size(); ++i) z[i] += y[i];
  return z;
}

Poly difference(const Poly& x, const Poly& y) {
  Poly z = x;
  for (std::size_t i = 0; i < z.size(); ++i) z[i] -= y[i];
  return z;
}

Poly negacyclic_product(const Poly& x, const Poly& y) {
  Poly product(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < y.size() && !x[i].is_zero(); ++j) {
      if (!y[j].is_zero()) add_term(product, x[i] * y[j], i + j);
    }
  }
  return product;
}

Poly negacyclic_product(const Poly& x, const SmallPoly& y) {
  const std::size_t n = x.size();
  std::size_t bits = 0;
  for (const BigInt& c : x) bits = std::max(bits, c.bit_length());
  Poly product(n);
  std::vector<std::int64_t> piece(n);
  for (std::size_t low = 0; low < bits; low += 32) {
    for (std::size_t i = 0; i < n; ++i) {
      piece[i] = 0;
      for (std::size_t b = 32; b-- > 0;) piece[i] = 2 * piece[i] + (x[i].magnitude_bit(low + b) ? 1 : 0);
      if (x[i].is_negative()) piece[i] = -piece[i];
    }
    std::vector<Sum> sums(n, Sum(0));
    for (std::size_t j = 0; j < n; ++j) {
      if (y[j] == 0) continue;
      for (std::size_t i = 0; i < n - j; ++i) sums[i + j] += Sum(piece[i]) * Sum(y[j]);
      for (std::size_t i = n - j; i < n; ++i) sums[i + j - n] -= Sum(piece[i]) * Sum(y[j]);
    }
    for (std::size_t i = 0; i < n; ++i) product[i] += to_big_int(sums[i]) * BigInt::power_of_two(low);
  }
  return product;
}

Poly times_monomial(const Poly& x, std::int64_t exponent) {
  const auto period = static_cast<std::int64_t>(2 * x.size());
  const auto shift = static_cast<std::size_t>((exponent % period + period) % period);
  Poly product(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) add_term(product, x[i], i + shift);
  return product;
}

Poly substitute_power(const Poly& x, std::size_t g) {
  Poly image(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) add_term(image, x[i], i * g % (2 * x.size()));
  return image;
}

Poly class_of(const Poly& x, std::size_t length, const BigInt& base) {
  const std::size_t digits = x.size() / length;
  const BigInt p = digits == 1 ? base : power(base, digits) + 1;
  Poly values(length);
  for (std::size_t j = 0; j < length; ++j) {
    for (std::size_t i = digits; i-- > 0;) values[j] = values[j] * base + x[i * length + j];  // X^k = b
    values[j] = modulo(values[j], p);
  }
  return values;
}

SchoolbookFv::SchoolbookFv(const fv::Params& params, std::size_t limbs)
    : params_(params),
      n_(params.n()),
      length_(params.t().length()),
      digits_(n_ / length_),
      limbs_(limbs),
      base_(params.t().base()),
      p_(length_ == n_ ? base_ : power(base_, digits_) + 1),
      q_(1) {
  const std::vector<std::uint64_t>& primes = params.spec().q_primes;
  for (std::size_t i = 0; i < limbs; ++i) q_ = q_ * primes[i];
  for (std::size_t i = 0; i < limbs; ++i) {
    const BigInt others = divide_floor(q_, primes[i]);
    garner_.push_back(others * inverse_modulo(others, primes[i]));
  }
}

Poly SchoolbookFv::times_t(const Poly& x) const {
  Poly product(n_);
  for (std::size_t i = 0; i < n_; ++i) {
    if (length_ == n_) {
      product[i] = x[i] * base_;
    } else {
      add_term(product, x[i], i + length_);
      product[i] -= x[i] * base_;
    }
  }
  return product;
}

Poly SchoolbookFv::representative(const Poly& residues) const {
  Poly x(n_);
  for (std::size_t j = 0; j < length_; ++j) {
    BigInt rest = centered_modulo(residues[j], p_);
    if (length_ == n_) {
      x[j] = rest;
      continue;
    }
    for (std::size_t i = 0; i < digits_; ++i) {
      const BigInt digit = centered_modulo(rest, base_);
      rest = divide_floor(rest - digit, base_);
      x[i * length_ + j] = digit;
    }
    x[j] -= rest;  // b^(n/k) = -1
  }
  return x;
}

Poly SchoolbookFv::scale(const Poly& m) const {
  // q m / t = -q m (sum over i < n/k of b^(n/k-1-i) X^(k i)) / p.
  Poly scaled(n_);
  if (length_ == n_) {
    for (std::size_t i = 0; i < n_; ++i) scaled[i] = divide_round(q_ * m[i], p_);
    return scaled;
  }
  for (std::size_t a = 0; a < n_; ++a) {
    if (m[a].is_zero()) continue;
    BigInt weight = m[a];
    for (std::size_t i = digits_; i-- > 0;) {
      add_term(scaled, -weight, a + i * length_);
      weight = weight * base_;
    }
  }
  for (BigInt& c : scaled) c = divide_round(q_ * c, p_);
  return scaled;
}

PolyVector SchoolbookFv::lift(const fv::Ciphertext& c) const {
  PolyVector components(c.components(), Poly(n_));
  for (std::size_t l = 0; l < c.components(); ++l) {
    for (std::size_t j = 0; j < n_; ++j) {
      BigInt value;
      for (std::size_t i = 0; i < limbs_; ++i) value += garner_[i] * c.limb(l, i)[j];
      components[l][j] = centered_modulo(value, q_);
    }
  }
  return components;
}

fv::Ciphertext SchoolbookFv::lower(const PolyVector& c, fv::Noise noise) const {
  auto out = fv::Ciphertext::create(params_, c.size(), limbs_);
  for (std::size_t l = 0; l < c.size(); ++l) {
    for (std::size_t i = 0; i < limbs_; ++i) {
      const BigInt prime = params_.spec().q_primes[i];
      for (std::size_t j = 0; j < n_; ++j) out->limb(l, i)[j] = modulo(c[l][j], prime).to_uint64();
    }
  }
  out->set_noise(noise);
  return std::move(out).value();
}

PolyVector SchoolbookFv::encrypt(const Poly& m, const SmallPoly& s, const SmallPoly& error,
                                 Random& random) const {
  Poly c1(n_);
  for (BigInt& c : c1) {
    for (std::size_t i = 0; i <= limbs_; ++i) c = c * BigInt::power_of_two(64) + random();
    c = modulo(c, q_);
  }
  Poly c0 = sum(difference(scale(m), negacyclic_product(c1, s)), to_poly(error.data(), n_));
  for (BigInt& c : c0) c = modulo(c, q_);
  return {c0, c1};
}

Poly SchoolbookFv::phase(const PolyVector& c, const SmallPoly& s) const {
  Poly value = c[0];
  SmallPoly power_of_s = s;
  for (std::size_t l = 1; l < c.size(); ++l) {
    value = sum(value, negacyclic_product(c[l], power_of_s));
    if (l + 1 == c.size()) break;
    const Poly next = negacyclic_product(Poly(power_of_s.begin(), power_of_s.end()), s);
    for (std::size_t i = 0; i < n_; ++i) power_of_s[i] = next[i].to_int64();
  }
  return value;
}

Poly SchoolbookFv::decrypt(const PolyVector& c, const SmallPoly& s) const {
  Poly m = times_t(phase(c, s));
  for (BigInt& x : m) x = divide_round(x, q_);
  return residues(m);
}

Poly SchoolbookFv::noise(const PolyVector& c, const SmallPoly& s) const {
  Poly e = times_t(phase(c, s));
  for (BigInt& x : e) x = centered_modulo(x, q_);
  return e;
}

PolyVector SchoolbookFv::multiply(const PolyVector& a, const PolyVector& b) const {
  PolyVector product(a.size() + b.size() - 1, Poly(n_));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j)
      product[i + j] = sum(product[i + j], negacyclic_product(a[i], b[j]));
  }
  for (Poly& component : product) {
    component = times_t(component);
    for (BigInt& x : component) x = divide_round(x, q_);
  }
  return product;
}

Poly SchoolbookFv::random_residues(Random& random) const {
  Poly values(length_);
  for (BigInt& value : values) {
    for (std::size_t i = 0; i <= p_.bit_length(); i += 64)
      value = value * BigInt::power_of_two(64) + random();
    value = modulo(value, p_);
  }
  return values;
}

SmallPoly secret_of(const fv::SecretKey& key) {
  return SmallPoly(key.coefficients(), key.coefficients() + key.params().n());
}

MeasuredNoise measure(const Poly& noise) {
  double squares = 0, largest = 0;
  for (const BigInt& e : noise) {
    const double magnitude = std::fabs(e.to_double());
    squares += magnitude * magnitude;
    largest = std::max(largest, magnitude);
  }
  return {0.5 * std::log2(squares / static_cast<double>(noise.size())), std::log2(largest)};
}

}  // namespace fcn::test
