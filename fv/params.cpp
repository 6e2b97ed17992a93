#include "params.h"

#include <algorithm>
#include <cmath>

#include "../ntt/primes.h"
#include "../platform/bytes.h"
#include "../platform/floating_point.h"
#include "internal/level.h"
#include "noise_model.h"
#include "security.h"

namespace fcn::fv {
namespace {

using platform::concat;
using platform::invalid_argument;
using platform::Status;

constexpr unsigned kAuxBits = ntt::kMaxPrimeBits;
// A client computes no products, and has no memory for their tables.
#if defined(FCN_CLIENT_ONLY)
constexpr bool kProducts = false;
#else
constexpr bool kProducts = true;
#endif

bool is_power_of_two(std::size_t x) {
  return x != 0 && (x & (x - 1)) == 0;
}

// The digit at index i stands at X^(k i); digits beyond the last nonzero one are left out, since there may be thousands.
using Digits = std::vector<std::int64_t>;

Digits digits_of(const PlaintextModulus& t, const std::vector<std::int64_t>& polynomial) {
  std::size_t used = t.digits();
  while (used > 1 && polynomial[(used - 1) * t.length()] == 0) --used;
  Digits digits(used);
  for (std::size_t i = 0; i < used; ++i) digits[i] = polynomial[i * t.length()];
  return digits;
}

// The product of two small polynomials in X^k, as a small representative modulo t.
Digits multiply_digits(const PlaintextModulus& t, const Digits& x, const Digits& y) {
  const std::size_t m = t.digits();
  std::vector<std::int64_t> polynomial(t.n(), 0);
  if (t.is_integer()) {
    polynomial[0] = t.multiply_integers(x[0], y[0]);
    t.reduce(polynomial.data(), 1);
    return digits_of(t, polynomial);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < y.size(); ++j) {
      const std::size_t at = (i + j) % m;
      polynomial[at * t.length()] += i + j < m ? x[i] * y[j] : -x[i] * y[j];
    }
  }
  t.reduce(polynomial.data(), std::min(x.size() + y.size(), m));
  return digits_of(t, polynomial);
}

// A number below 2^50 as small digits.
Digits number_digits(const PlaintextModulus& t, std::uint64_t value) {
  std::vector<std::int64_t> polynomial(t.n(), 0);
  polynomial[0] = static_cast<std::int64_t>(value);
  t.reduce(polynomial.data(), 1);
  return digits_of(t, polynomial);
}

// floor(2^(63 + bits) / q) by long division; q has bits bits, so this is in [2^63, 2^64] and 2^64 only for q
// = 2^(bits-1).
std::uint64_t fraction_multiplier(const ntt::Modulus& q) {
  std::uint64_t quotient = 0, remainder = 1;
  for (unsigned i = 0; i < 63 + q.bits(); ++i) {
    remainder *= 2;
    quotient *= 2;
    if (remainder >= q.value()) {
      remainder -= q.value();
      ++quotient;
    }
  }
  return quotient;
}

}  // namespace

struct Params::Data {
  ParamsSpec spec;
  const ntt::KernelTable* kernels = nullptr;
  std::vector<ntt::NttTables> tables;     // q, special, auxiliary
  std::vector<PrimeConstants> constants;  // one for each table
  std::vector<Level> levels;
  std::vector<double> log2_q;
  std::size_t digits_per_limb = 1;
  unsigned digit_bits = 0;
  Fingerprint fingerprint{};
};

platform::Result<ParamsSpec> make_spec(std::size_t n, const PlaintextModulus& t,
                                       const std::vector<unsigned>& q_bits, unsigned special_bits,
                                       unsigned digit_bits) {
  ParamsSpec spec;
  spec.n = n;
  spec.t = t;
  spec.digit_bits = digit_bits;
  std::vector<std::uint64_t> taken;
  if (special_bits != 0) {  // the largest prime divides the noise of key switching best
    FCN_ASSIGN_OR_RETURN(const auto found, ntt::find_primes(n, special_bits, 1, taken));
    spec.special_prime = found[0];
    taken.push_back(found[0]);
  }
  for (unsigned bits : q_bits) {
    FCN_ASSIGN_OR_RETURN(const auto found, ntt::find_primes(n, bits, 1, taken));
    spec.q_primes.push_back(found[0]);
    taken.push_back(found[0]);
  }
  return spec;
}

platform::Result<ParamsSpec> pixel_spec(unsigned q_bits) {
  FCN_ASSIGN_OR_RETURN(const auto t, PlaintextModulus::binomial(2048, 1, 2));
  return make_spec(2048, t, {q_bits}, 0, (q_bits + 3) / 4);
}

platform::Result<ParamsSpec> packed_spec() {
  FCN_ASSIGN_OR_RETURN(const auto t, PlaintextModulus::binomial(8192, 1024, 132));
  return make_spec(8192, t, {50, 50}, 50, 0);
}

namespace {

Status check_spec(const ParamsSpec& spec) {
  const std::size_t n = spec.n;
  if (!is_power_of_two(n)) return invalid_argument(concat("n = ", n, " is not a power of two"));
  if (n < 4 || n > 65536) return invalid_argument(concat("n = ", n, " is not in [4, 65536]"));
  if (spec.t.n() != n) return invalid_argument(concat("t is made for n = ", spec.t.n(), ", not ", n));
  if (spec.q_primes.empty() || spec.q_primes.size() > kMaxLimbs) {
    return invalid_argument(concat("q has ", spec.q_primes.size(), " primes, not 1 to ", kMaxLimbs));
  }
  if (spec.digit_bits > ntt::kMaxPrimeBits) {
    return invalid_argument(concat("digit_bits = ", spec.digit_bits, " is above ", ntt::kMaxPrimeBits));
  }
  if (spec.special_prime == 0 && spec.digit_bits == 0) {
    return invalid_argument("key switching needs a special prime or digits: both are 0");
  }
  std::vector<std::uint64_t> primes = spec.q_primes;
  if (spec.special_prime != 0) primes.push_back(spec.special_prime);
  double log2_product = 0;
  for (std::size_t i = 0; i < primes.size(); ++i) {
    const std::uint64_t q = primes[i];
    if (q >> ntt::kMaxPrimeBits != 0) return invalid_argument(concat("prime ", q, " is not below 2^50"));
    if (!ntt::is_prime_vartime(q)) return invalid_argument(concat(q, " is not a prime"));
    if (q % (2 * n) != 1) return invalid_argument(concat("prime ", q, " is not 1 modulo 2n = ", 2 * n));
    if (std::count(primes.begin(), primes.end(), q) > 1)
      return invalid_argument(concat("prime ", q, " is repeated"));
    log2_product += std::log2(static_cast<double>(q));
  }
  if (spec.security == Security::kTable128) {
    const double limit = max_log2_modulus(n);
    if (limit == 0)
      return invalid_argument(concat("n = ", n, " is not in the security table (1024 to 32768)"));
    if (log2_product > limit) {
      return invalid_argument(concat("insecure: the primes multiply to ",
                                     static_cast<int>(std::ceil(log2_product)), " bits, but n = ", n,
                                     " allows ", static_cast<int>(limit), " for 128-bit security"));
    }
  }
  return {};
}

// log2 of B/q for an auxiliary base B that holds round(t d / q), where d is a component of the product of two ciphertexts
// of c components each. d is a sum of c products of polynomials, never above c n (q/2)^2: c n norm1 / 4 after the
// division, times 2 for the sign. Mostly it is far less: components are uniform modulo q, so a coefficient of d has
// variance at most 2 c n (q^2/12)^2, and 14.5 deviations are passed with a probability below 2^-150; B need not be
// larger.
double log2_product_margin(const ParamsSpec& spec, double c) {
  const double n = static_cast<double>(spec.n);
  const double always = c / 2 * n * spec.t.norm1();
  const double almost_always = 2 * 14.5 / 12 * std::sqrt(2 * c * n * spec.t.norm2_squared());
  return std::log2(std::min(always, almost_always)) + 0.01;
}

}  // namespace

platform::Result<Params> Params::create(const ParamsSpec& spec, const ntt::KernelTable& kernels) {
  const platform::FloatingPointEnvironment nearest;
  FCN_RETURN_IF_ERROR(check_spec(spec));
  auto data = std::make_shared<Data>();
  data->spec = spec;
  data->kernels = &kernels;
  const std::size_t n = spec.n, limbs = spec.q_primes.size();
  const PlaintextModulus& t = spec.t;

  double log2_q_total = 0;
  for (std::uint64_t q : spec.q_primes) log2_q_total += std::log2(static_cast<double>(q));
  std::vector<std::uint64_t> primes = spec.q_primes;
  if (spec.special_prime != 0) primes.push_back(spec.special_prime);
  double log2_aux = spec.special_prime != 0 ? std::log2(static_cast<double>(spec.special_prime)) : 0;
  while (kProducts && log2_aux < log2_q_total + log2_product_margin(spec, 3)) {
    FCN_ASSIGN_OR_RETURN(const auto found, ntt::find_primes(n, kAuxBits, 1, primes));
    primes.push_back(found[0]);
    log2_aux += std::log2(static_cast<double>(found[0]));
  }
  for (std::uint64_t q : primes) {
    FCN_ASSIGN_OR_RETURN(const auto modulus, ntt::Modulus::create(q));
    FCN_ASSIGN_OR_RETURN(auto table, ntt::NttTables::create(n, modulus, kernels));
    data->tables.push_back(std::move(table));
  }

  // t and t^-1 modulo each prime.
  for (const ntt::NttTables& table : data->tables) {
    const ntt::Modulus& q = table.modulus();
    PrimeConstants constants;
    const std::uint64_t base = ntt::reduce(t.base(), q);
    if (kProducts) {
      FCN_ASSIGN_OR_RETURN(constants.t_transformed, platform::AlignedBuffer<std::uint64_t>::create(n));
      constants.t_transformed[0] = t.is_integer() ? base : ntt::negate_mod(base, q);
      if (!t.is_integer()) constants.t_transformed[t.length()] = 1;
      table.forward(constants.t_transformed.data());
    }
    const std::uint64_t p =
        t.is_integer() ? 1 : ntt::add_mod(ntt::power_mod_vartime(base, t.digits(), q), 1, q);
    if (base == 0 || p == 0)
      return invalid_argument(concat("t is not invertible modulo the prime ", q.value()));
    constants.base_inverse = ntt::inverse_mod(base, q);
    if (t.length() == 1) {
      FCN_ASSIGN_OR_RETURN(constants.base_inverse_powers, platform::AlignedBuffer<std::uint64_t>::create(n));
      std::uint64_t power = 1;
      for (std::uint64_t& entry : constants.base_inverse_powers) {
        entry = power = ntt::multiply_mod(power, constants.base_inverse, q);
      }
    }
    constants.p_inverse = ntt::inverse_mod(p, q);
    data->constants.push_back(std::move(constants));
  }

  // Levels.
  Digits q_digits = number_digits(t, 1);
  double log2_q = 0;
  for (std::size_t l = 1; l <= limbs; ++l) {
    Level level;
    level.limbs = l;
    const ntt::Modulus& last = data->tables[l - 1].modulus();
    log2_q += std::log2(last.value_double());
    data->log2_q.push_back(log2_q);
    q_digits = multiply_digits(t, q_digits, number_digits(t, last.value()));
    level.q_digits = q_digits;
    std::vector<const ntt::NttTables*> own;
    for (std::size_t i = 0; i < l; ++i) own.push_back(&data->tables[i]);
    for (int components = 2; kProducts && components <= 3; ++components) {
      std::vector<const ntt::NttTables*> aux;
      ProductBase& base = components == 2 ? level.pairs : level.triples;
      double log2_b = 0;
      for (std::size_t i = limbs; log2_b < log2_q + log2_product_margin(spec, components); ++i) {
        const ntt::Modulus& m = data->tables[i].modulus();
        aux.push_back(&data->tables[i]);
        log2_b += std::log2(m.value_double());
      }
      base.count = aux.size();
      base.to_aux = BaseConverter(own, aux);
      base.rounding = ProductRounding(own, aux, t.is_integer() ? t.base() : 1);
    }
    for (std::size_t i = 0; i < l; ++i) {
      const ntt::Modulus& m = own[i]->modulus();
      level.hat_inverse.push_back(ntt::inverse_mod(product_except(own, i, m), m));
      level.fraction.push_back(fraction_multiplier(m));
      if (i + 1 < l) level.last_inverse.push_back(ntt::inverse_mod(ntt::reduce(last.value(), m), m));
      if (spec.special_prime != 0) {
        level.special_inverse.push_back(ntt::inverse_mod(ntt::reduce(spec.special_prime, m), m));
      }
    }
    if (kProducts) level.from_last = BaseConverter({own.back()}, {own.begin(), own.end() - 1});
    if (kProducts && spec.special_prime != 0) level.from_special = BaseConverter({&data->tables[limbs]}, own);
    data->levels.push_back(std::move(level));
  }

  unsigned largest_bits = 0;
  for (std::size_t i = 0; i < limbs; ++i)
    largest_bits = std::max(largest_bits, data->tables[i].modulus().bits());
  data->digit_bits = spec.digit_bits == 0 ? largest_bits : spec.digit_bits;
  data->digits_per_limb = (largest_bits + data->digit_bits - 1) / data->digit_bits;
  if (limbs * data->digits_per_limb > kMaxDigits) {
    return invalid_argument(concat("digits of ", data->digit_bits, " bits cut q into ",
                                   limbs * data->digits_per_limb, " digits, more than ", kMaxDigits));
  }

  platform::ByteWriter bytes;
  bytes.u64(n);
  bytes.u64(t.length());
  bytes.u64(t.base());
  bytes.u64(spec.special_prime);
  bytes.u64(spec.digit_bits);
  bytes.u64(spec.security == Security::kTable128 ? 1 : 0);
  for (std::uint64_t q : spec.q_primes) bytes.u64(q);
  data->fingerprint = platform::blake2s(bytes.data());

  Params params(std::move(data));
  if (spec.security == Security::kTable128) {
    const NoiseModel model(params);
    FCN_RETURN_IF_ERROR(model.check(model.fresh_public_key(), limbs, "public-key encryption"));
  }
  return params;
}

const ParamsSpec& Params::spec() const noexcept {
  return data_->spec;
}
std::size_t Params::n() const noexcept {
  return data_->spec.n;
}
const PlaintextModulus& Params::t() const noexcept {
  return data_->spec.t;
}
std::size_t Params::q_count() const noexcept {
  return data_->spec.q_primes.size();
}
bool Params::has_special() const noexcept {
  return data_->spec.special_prime != 0;
}
std::size_t Params::key_limbs() const noexcept {
  return q_count() + (has_special() ? 1 : 0);
}
const ntt::NttTables& Params::table(std::size_t i) const noexcept {
  return data_->tables[i];
}
const ntt::KernelTable& Params::kernels() const noexcept {
  return *data_->kernels;
}
std::size_t Params::digits_per_limb() const noexcept {
  return data_->digits_per_limb;
}
unsigned Params::digit_bits() const noexcept {
  return data_->digit_bits;
}
double Params::log2_q(std::size_t limbs) const noexcept {
  return limbs == 0 ? 0 : data_->log2_q[limbs - 1];
}
const Fingerprint& Params::fingerprint() const noexcept {
  return data_->fingerprint;
}
const Level& Params::level(std::size_t limbs) const noexcept {
  FCN_CHECK(limbs >= 1 && limbs <= q_count());
  return data_->levels[limbs - 1];
}

const PrimeConstants& Params::constants(std::size_t table) const noexcept {
  return data_->constants[table];
}

}  // namespace fcn::fv
