#include "encoding.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../ntt/primes.h"
#include "../platform/floating_point.h"
#include "../platform/secure_wipe.h"
#include "../platform/wide.h"

namespace fcn::fv {
namespace {

using platform::concat;
using platform::out_of_range;
using platform::Result;
using platform::Status;
using platform::StatusCode;

constexpr std::int64_t kLargestInteger = std::int64_t{1} << 62;

Status check_words(const Params& params) {
  if (params.t().residue_modulus() != 0) return {};
  return Status(StatusCode::kUnsupported,
                "the plaintext modulus p has more than 61 bits: use the integer encoder");
}

std::int64_t balanced_max(std::uint64_t p) {
  return static_cast<std::int64_t>((p - 1) / 2);
}

// value in [-p/2, (p-1)/2] to [0, p), and back. Constant time.
std::uint64_t to_residue(std::int64_t value, std::uint64_t p) {
  return static_cast<std::uint64_t>(value) + (p & (0 - (static_cast<std::uint64_t>(value) >> 63)));
}
std::int64_t to_balanced(std::uint64_t residue, std::uint64_t p) {
  const std::uint64_t upper_half = 0 - (((p - 1) / 2 - residue) >> 63);
  return static_cast<std::int64_t>(residue - (p & upper_half));
}

Status check_value(std::int64_t value, std::int64_t low, std::int64_t high, std::size_t index) {
  if (value >= low && value <= high) return {};
  return out_of_range(concat("value ", value, " at index ", index, " is not in [", low, ", ", high, "]"));
}
Status check_balanced(std::int64_t value, std::uint64_t p, std::size_t index) {
  return check_value(value, -static_cast<std::int64_t>(p / 2), balanced_max(p), index);
}

// All ones when x != 0, or when x < y; else 0. Constant time.
std::uint64_t nonzero_mask(std::uint64_t x) {
  return 0 - ((x | (0 - x)) >> 63);
}
std::uint64_t less_mask(std::uint64_t x, std::uint64_t y) {
  return 0 - (((~x & y) | (~(x ^ y) & (x - y))) >> 63);  // the borrow of x - y
}

// Whether so many words hold no more than decode_integer gives; and the bits of a number in more of them.
bool is_narrow(const PlaintextModulus& t, std::size_t words) {
  return t.residue_modulus() != 0 || words < 2;
}
std::size_t wide_bits(std::size_t words) {
  return 64 * words - 2;
}

// For p above 61 bits: the largest h with b^h <= 2^63 and h < m. Magnitudes below b^h - 4 are decoded with
// digits 0 .. h.
struct IntegerDigits {
  std::size_t h = 0;
  std::uint64_t power = 1;  // b^h
};
IntegerDigits integer_digits(const PlaintextModulus& t) {
  IntegerDigits digits;
  while (digits.h + 1 < t.digits() && digits.power <= (std::uint64_t{1} << 63) / t.base()) {
    digits.power *= t.base();
    ++digits.h;
  }
  return digits;
}

// The m digits in [0, b) of the number that the plaintext stands for, plus b^h; h < m. Constant time.
void shifted_digits(const PlaintextModulus& t, const std::int64_t* coefficients, std::size_t h,
                    std::int64_t* digits) {
  // With b^h added, a value above -(b^h - 4) is a number in [4, 2 b^h - 4]. Carries turn balanced digits into
  // digits in [0, b); what leaves the top re-enters at the bottom, negated, since b^m = -1. After the first
  // round the digits stand for that number exactly (any other multiple of b^m + 1 is out of their reach), and
  // the second settles digit 0.
  const std::size_t m = t.digits();
  const std::int64_t base = static_cast<std::int64_t>(t.base());
  const double inverse_base = 1.0 / static_cast<double>(base);
  for (std::size_t i = 0; i < m; ++i) digits[i] = coefficients[i * t.length()];
  digits[h] += 1;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < m; ++i) {
      // floor(x / b) for small x: x + 0.5 is never a multiple of b, so the double's rounding cannot cross an
      // integer.
      const auto carry =
          static_cast<std::int64_t>((static_cast<double>(digits[i]) + 0.5) * inverse_base + 65536.0) - 65536;
      digits[i] -= base * carry;
      if (i + 1 < m) {
        digits[i + 1] += carry;
      } else {
        digits[0] -= carry;
      }
    }
  }
}

}  // namespace

std::int64_t max_integer(const Params& params) noexcept {
  const PlaintextModulus& t = params.t();
  if (t.residue_modulus() != 0) return balanced_max(t.residue_modulus());
  const std::uint64_t limit = integer_digits(t).power - 4;
  return limit > static_cast<std::uint64_t>(kLargestInteger) ? kLargestInteger
                                                             : static_cast<std::int64_t>(limit);
}

Result<Plaintext> encode_integer(const Params& params, std::int64_t value) {
  FCN_ASSIGN_OR_RETURN(Plaintext plaintext, Plaintext::create(params));
  std::size_t used_rows = 0;
  FCN_RETURN_IF_ERROR(encode_integer_into(params, value, plaintext.coefficients(), used_rows));
  plaintext.set_used_rows(used_rows);
  return plaintext;
}

Status encode_integer_into(const Params& params, std::int64_t value, std::int64_t* coefficients,
                           std::size_t& used_rows) {
  const PlaintextModulus& t = params.t();
  const std::uint64_t p = t.residue_modulus();
  if (p != 0) {
    FCN_RETURN_IF_ERROR(check_balanced(value, p, 0));
  } else {
    FCN_RETURN_IF_ERROR(check_value(value, -max_integer(params), max_integer(params), 0));
  }
  std::memset(coefficients, 0, params.n() * sizeof *coefficients);
  used_rows = p != 0 ? t.digits() : integer_digits(t).h + 1;
  if (p != 0) {
    t.set_residue(coefficients, 0, to_residue(value, p));
    return {};
  }
  // Balanced digits of the magnitude, with the sign of the value.
  const std::int64_t sign = 1 - 2 * static_cast<std::int64_t>(static_cast<std::uint64_t>(value) >> 63);
  std::uint64_t rest = static_cast<std::uint64_t>(value * sign);
  const std::uint64_t base = t.base(), reciprocal = ~std::uint64_t{0} / base;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < used_rows; ++i) {
    std::uint64_t quotient = platform::multiply_high(rest, reciprocal);  // floor(rest / b) or one less
    std::uint64_t digit = rest - quotient * base;
    const std::uint64_t correction = digit >= base;
    digit += carry - base * correction;
    rest = quotient + correction;
    carry = digit > base / 2;
    coefficients[i * t.length()] =
        sign * (static_cast<std::int64_t>(digit) - static_cast<std::int64_t>(base * carry));
  }
  FCN_CHECK(rest == 0 && carry == 0);
  return {};
}

Result<std::int64_t> decode_integer(const Plaintext& plaintext) {
  const Params& params = plaintext.params();
  FCN_ASSIGN_OR_RETURN(auto digits, platform::SecretBuffer<std::int64_t>::create(params.t().digits()));
  std::int64_t value = 0;
  FCN_RETURN_IF_ERROR(decode_integer_from(params, plaintext.coefficients(), digits.data(), value));
  return value;
}

Status decode_integer_from(const Params& params, const std::int64_t* coefficients, std::int64_t* digits,
                           std::int64_t& value) {
  if (decode_integer_into(params, coefficients, digits, value) != 0) return integer_out_of_range(params);
  return {};
}

std::uint64_t decode_integer_into(const Params& params, const std::int64_t* coefficients,
                                  std::int64_t* digits, std::int64_t& result) noexcept {
  const platform::FloatingPointEnvironment nearest;
  const PlaintextModulus& t = params.t();
  if (t.residue_modulus() != 0) {
    result = to_balanced(t.residue(coefficients, 0), t.residue_modulus());
    return 0;
  }
  const auto [h, power] = integer_digits(t);
  shifted_digits(t, coefficients, h, digits);
  const std::size_t m = t.digits();
  std::uint64_t value = 0, above = 0;
  for (std::size_t i = m; i-- > h + 1;) above |= static_cast<std::uint64_t>(digits[i]);
  above |= static_cast<std::uint64_t>(digits[h]) >> 1;  // the number is below 2 b^h, which fits 64 bits
  for (std::size_t i = h + 1; i-- > 0;) value = value * t.base() + static_cast<std::uint64_t>(digits[i]);
  // -limit <= value - power <= limit, as a number modulo 2^64 in [0, 2 limit].
  value -= power;
  const auto limit = static_cast<std::uint64_t>(max_integer(params));
  const std::uint64_t out_of_range = nonzero_mask(above) | less_mask(2 * limit, value + limit);
  result = static_cast<std::int64_t>(value & ~out_of_range);
  return out_of_range;
}

Status integer_out_of_range(const Params& params) {
  return out_of_range(concat("the decrypted number is not within +-", max_integer(params)));
}

Status decode_wide_integer(const Plaintext& plaintext, std::span<std::uint64_t> words) {
  const Params& params = plaintext.params();
  FCN_ASSIGN_OR_RETURN(auto digits, platform::SecretBuffer<std::int64_t>::create(params.t().digits()));
  if (decode_wide_integer_into(params, plaintext.coefficients(), digits.data(), words) != 0)
    return wide_integer_out_of_range(params, words.size());
  return {};
}

std::uint64_t decode_wide_integer_into(const Params& params, const std::int64_t* coefficients,
                                       std::int64_t* digits, std::span<std::uint64_t> words) noexcept {
  const platform::FloatingPointEnvironment nearest;
  const PlaintextModulus& t = params.t();
  if (is_narrow(t, words.size())) {
    std::int64_t value = 0;
    const std::uint64_t out_of_range = decode_integer_into(params, coefficients, digits, value);
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = static_cast<std::uint64_t>(i == 0 ? value : value >> 63);
    }
    return out_of_range;
  }
  const auto fitting = static_cast<std::size_t>(static_cast<double>(wide_bits(words.size())) /
                                                std::log2(static_cast<double>(t.base())));
  const std::size_t h = std::min(fitting, t.digits() - 1);
  shifted_digits(t, coefficients, h, digits);
  std::uint64_t above = static_cast<std::uint64_t>(digits[h]) >> 1;
  for (std::size_t i = t.digits(); i-- > h + 1;) above |= static_cast<std::uint64_t>(digits[i]);
  const std::uint64_t out_of_range = nonzero_mask(above);
  // Without b^h: digit h - 1 is 0 or -1, all ones. Then words = words * b + digit, in two's complement.
  std::fill(words.begin(), words.end(), static_cast<std::uint64_t>(digits[h] - 1));
  for (std::size_t i = h; i-- > 0;) {
    auto carry = static_cast<std::uint64_t>(digits[i]);
    for (std::uint64_t& word : words) {
      const platform::Wide product = platform::multiply_wide(word, t.base());
      word = product.low + carry;
      carry = product.high + (word < product.low);
    }
  }
  for (std::uint64_t& word : words) word &= ~out_of_range;
  return out_of_range;
}

Status wide_integer_out_of_range(const Params& params, std::size_t words) {
  if (is_narrow(params.t(), words)) return integer_out_of_range(params);
  return out_of_range(concat("the decrypted number has more than ", wide_bits(words), " bits"));
}

Result<Plaintext> encode_coefficients(const Params& params, std::span<const std::int64_t> values) {
  FCN_RETURN_IF_ERROR(check_words(params));
  const PlaintextModulus& t = params.t();
  const std::uint64_t p = t.residue_modulus();
  if (values.size() > t.length()) {
    return platform::invalid_argument(
        concat(values.size(), " values do not fit ", t.length(), " coefficients"));
  }
  FCN_ASSIGN_OR_RETURN(Plaintext plaintext, Plaintext::create(params));
  for (std::size_t j = 0; j < values.size(); ++j) {
    FCN_RETURN_IF_ERROR(check_balanced(values[j], p, j));
    t.set_residue(plaintext.coefficients(), j, to_residue(values[j], p));
  }
  plaintext.set_used_rows(t.digits());
  return plaintext;
}

Result<std::vector<std::int64_t>> decode_coefficients(const Plaintext& plaintext) {
  const platform::FloatingPointEnvironment nearest;
  FCN_RETURN_IF_ERROR(check_words(plaintext.params()));
  const PlaintextModulus& t = plaintext.params().t();
  std::vector<std::int64_t> values(t.length());
  for (std::size_t j = 0; j < values.size(); ++j) {
    values[j] = to_balanced(t.residue(plaintext.coefficients(), j), t.residue_modulus());
  }
  return values;
}

Result<SlotEncoder> SlotEncoder::create(const Params& params) {
  const platform::FloatingPointEnvironment nearest;
  const PlaintextModulus& t = params.t();
  const std::size_t n = params.n(), k = t.length();
  const std::uint64_t p = t.residue_modulus();
  FCN_RETURN_IF_ERROR(check_words(params));
  if (!ntt::is_prime_vartime(p) || p % (2 * n) != 1 || k < 4) {
    return Status(StatusCode::kUnsupported,
                  concat("no slots modulo p = ", p, ": not a prime that is 1 modulo 2n = ", 2 * n,
                         ", or fewer than 4"));
  }
  SlotEncoder encoder(params);
  FCN_ASSIGN_OR_RETURN(const auto q, ntt::Modulus::create(p));
  FCN_ASSIGN_OR_RETURN(encoder.tables_, ntt::NttTables::create(k, q, ntt::scalar_kernels()));
  const std::uint64_t phi = encoder.tables_.psi(), omega = ntt::multiply_mod(phi, phi, q);
  // psi: a primitive 2n-th root with psi^k = b (b has order 2m = 2n/k); phi itself for an integer t, where k
  // = n.
  std::uint64_t psi = phi;
  if (!t.is_integer()) {
    FCN_ASSIGN_OR_RETURN(const std::uint64_t root, ntt::primitive_root(n, q));
    const std::uint64_t root_squared = ntt::multiply_mod(root, root, q);
    psi = root;
    while (ntt::power_mod_vartime(psi, k, q) != t.base()) psi = ntt::multiply_mod(psi, root_squared, q);
  }
  // Index i of the transform, i' = bitreverse(i), is the value at psi omega^i'. Slot j is the value at
  // psi^(g^j) = psi (psi^2m)^((g^j - 1)/2m), and omega is a power of psi^2m, or the reverse: omega^step =
  // psi^2m.
  const std::size_t spacing = 2 * t.digits();
  const std::uint64_t next = ntt::power_mod_vartime(psi, spacing, q);
  std::size_t step = 1;
  for (std::uint64_t power = omega; power != next; power = ntt::multiply_mod(power, omega, q)) ++step;
  const auto bit_reverse = [&](std::size_t x) {
    std::size_t reversed = 0;
    for (std::size_t bit = 1; bit < k; bit *= 2, x /= 2) reversed = 2 * reversed + x % 2;
    return reversed;
  };
  std::size_t exponent = 1;
  for (std::size_t j = 0; j < k; ++j) {
    if (t.is_integer() && j == k / 2) exponent = 2 * n - 1;
    encoder.position_.push_back(bit_reverse((exponent - 1) / spacing * step % k));
    exponent = exponent * (t.is_integer() ? 3 : 1 + spacing) % (2 * n);
  }
  const std::uint64_t ratio = ntt::multiply_mod(psi, ntt::inverse_mod(phi, q), q),
                      inverse = ntt::inverse_mod(ratio, q);
  std::uint64_t forward = 1, backward = 1;
  for (std::size_t j = 0; j < k; ++j) {
    encoder.twist_.push_back(forward);
    encoder.untwist_.push_back(backward);
    forward = ntt::multiply_mod(forward, ratio, q);
    backward = ntt::multiply_mod(backward, inverse, q);
  }
  return encoder;
}

Result<Plaintext> SlotEncoder::encode(std::span<const std::int64_t> values) const {
  const platform::FloatingPointEnvironment nearest;
  const ntt::Modulus& q = tables_.modulus();
  if (values.size() > slots()) {
    return platform::invalid_argument(concat(values.size(), " values do not fit ", slots(), " slots"));
  }
  FCN_ASSIGN_OR_RETURN(auto residues, platform::SecretBuffer<std::uint64_t>::create(slots()));
  for (std::size_t j = 0; j < values.size(); ++j) {
    FCN_RETURN_IF_ERROR(check_balanced(values[j], q.value(), j));
    residues[position_[j]] = to_residue(values[j], q.value());
  }
  tables_.inverse(residues.data());
  FCN_ASSIGN_OR_RETURN(Plaintext plaintext, Plaintext::create(params_));
  for (std::size_t j = 0; j < slots(); ++j) {
    params_.t().set_residue(plaintext.coefficients(), j, ntt::multiply_mod(residues[j], untwist_[j], q));
  }
  plaintext.set_used_rows(params_.t().digits());
  return plaintext;
}

Result<std::vector<std::int64_t>> SlotEncoder::decode(const Plaintext& plaintext) const {
  const platform::FloatingPointEnvironment nearest;
  const ntt::Modulus& q = tables_.modulus();
  if (!(plaintext.params() == params_))
    return platform::mismatch("the plaintext has other parameters than the encoder");
  FCN_ASSIGN_OR_RETURN(auto residues, platform::SecretBuffer<std::uint64_t>::create(slots()));
  for (std::size_t j = 0; j < slots(); ++j) {
    residues[j] = ntt::multiply_mod(params_.t().residue(plaintext.coefficients(), j), twist_[j], q);
  }
  tables_.forward(residues.data());
  std::vector<std::int64_t> values(slots());
  for (std::size_t j = 0; j < slots(); ++j) values[j] = to_balanced(residues[position_[j]], q.value());
  return values;
}

}  // namespace fcn::fv
