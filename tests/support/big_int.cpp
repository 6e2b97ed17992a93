#include "big_int.h"

#include <bit>
#include <cmath>

namespace fcn::test {
namespace {

using Digits = std::vector<std::uint32_t>;

// The absolute values' order.
std::strong_ordering compare(const Digits& x, const Digits& y) {
  if (x.size() != y.size()) return x.size() <=> y.size();
  for (std::size_t i = x.size(); i-- > 0;) {
    if (x[i] != y[i]) return x[i] <=> y[i];
  }
  return std::strong_ordering::equal;
}

// x + y into x; y may be x itself.
void add(Digits& x, const Digits& y) {
  if (x.size() < y.size()) x.resize(y.size());
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < x.size() && (i < y.size() || carry != 0); ++i) {
    carry += std::uint64_t{x[i]} + (i < y.size() ? y[i] : 0);
    x[i] = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0) x.push_back(static_cast<std::uint32_t>(carry));
}

// x - y for x >= y, into x.
void subtract(Digits& x, const Digits& y) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < x.size() && (i < y.size() || borrow != 0); ++i) {
    const std::uint64_t difference = std::uint64_t{x[i]} - (i < y.size() ? y[i] : 0) - borrow;
    x[i] = static_cast<std::uint32_t>(difference);
    borrow = difference >> 63;
  }
}

}  // namespace

void BigInt::trim() {
  while (!digits_.empty() && digits_.back() == 0) digits_.pop_back();
  if (digits_.empty()) negative_ = false;
}

BigInt BigInt::power_of_two(std::size_t exponent) {
  BigInt x;
  x.digits_.assign(exponent / 32 + 1, 0);
  x.digits_.back() = std::uint32_t{1} << (exponent % 32);
  return x;
}

std::size_t BigInt::bit_length() const {
  if (digits_.empty()) return 0;
  return 32 * digits_.size() - static_cast<std::size_t>(std::countl_zero(digits_.back()));
}

bool BigInt::magnitude_bit(std::size_t i) const {
  return i / 32 < digits_.size() && (digits_[i / 32] >> (i % 32) & 1) != 0;
}

double BigInt::to_double() const {
  double value = 0;
  for (std::size_t i = digits_.size(); i-- > 0;) value = value * 4294967296.0 + digits_[i];
  return negative_ ? -value : value;
}

std::uint64_t BigInt::to_uint64() const {
  std::uint64_t value = 0;
  for (std::size_t i = digits_.size(); i-- > 0;) value = value << 32 | digits_[i];
  return negative_ ? 0 - value : value;
}

std::int64_t BigInt::to_int64() const {
  return static_cast<std::int64_t>(to_uint64());
}

std::string BigInt::to_hex() const {
  std::string text = negative_ ? "-0x" : "0x";
  if (digits_.empty()) text += '0';
  for (std::size_t i = (bit_length() + 3) / 4; i-- > 0;) {
    text += "0123456789abcdef"[digits_[i / 8] >> (4 * (i % 8)) & 15];
  }
  return text;
}

BigInt BigInt::operator-() const {
  BigInt x = *this;
  x.negative_ = !digits_.empty() && !negative_;
  return x;
}

void BigInt::add_signed(const BigInt& y, bool negate) {
  const bool y_negative = y.negative_ != negate;
  if (negative_ == y_negative) {
    add(digits_, y.digits_);
  } else if (compare(digits_, y.digits_) >= 0) {
    subtract(digits_, y.digits_);
  } else {
    Digits larger = y.digits_;
    subtract(larger, digits_);
    digits_ = std::move(larger);
    negative_ = y_negative;
  }
  trim();
}

BigInt& BigInt::operator+=(const BigInt& y) {
  add_signed(y, false);
  return *this;
}

BigInt& BigInt::operator-=(const BigInt& y) {
  add_signed(y, true);
  return *this;
}

BigInt operator*(const BigInt& x, const BigInt& y) {
  BigInt product;
  product.negative_ = x.negative_ != y.negative_;
  product.digits_.assign(x.digits_.size() + y.digits_.size(), 0);
  for (std::size_t i = 0; i < x.digits_.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < y.digits_.size(); ++j) {
      carry += std::uint64_t{x.digits_[i]} * y.digits_[j] + product.digits_[i + j];
      product.digits_[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    product.digits_[i + y.digits_.size()] = static_cast<std::uint32_t>(carry);
  }
  product.trim();
  return product;
}

std::strong_ordering operator<=>(const BigInt& x, const BigInt& y) {
  if (x.negative_ != y.negative_)
    return x.negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  return x.negative_ ? compare(y.digits_, x.digits_) : compare(x.digits_, y.digits_);
}

// School division in base 2, one bit of the quotient a step.
struct Division {
  BigInt quotient, remainder;  // of the absolute value of x

  Division(const BigInt& x, const BigInt& y) {
    const Digits one = {1};
    std::size_t left = x.bit_length();
    if (left >= y.bit_length()) {  // the leading bits that cannot hold y yet
      left -= y.bit_length() - 1;
      remainder = shifted_down(x, left);
    }
    quotient.digits_.assign(left / 32 + 1, 0);
    for (std::size_t i = left; i-- > 0;) {
      add(remainder.digits_, remainder.digits_);
      if (x.magnitude_bit(i)) add(remainder.digits_, one);
      if (compare(remainder.digits_, y.digits_) < 0) continue;
      subtract(remainder.digits_, y.digits_);
      remainder.trim();
      quotient.digits_[i / 32] |= std::uint32_t{1} << (i % 32);
    }
    quotient.trim();
  }

  static BigInt shifted_down(const BigInt& x, std::size_t bits) {
    BigInt shifted;
    for (std::size_t i = bits; i < x.bit_length(); i += 32) {
      const std::uint64_t low = x.digits_[i / 32],
                          high = i / 32 + 1 < x.digits_.size() ? x.digits_[i / 32 + 1] : 0;
      shifted.digits_.push_back(static_cast<std::uint32_t>((high << 32 | low) >> (i % 32)));
    }
    shifted.trim();
    return shifted;
  }
};

BigInt divide_floor(const BigInt& x, const BigInt& y) {
  const Division division(x, y);
  if (!x.is_negative()) return division.quotient;
  return division.remainder.is_zero() ? -division.quotient : -division.quotient - 1;
}

BigInt divide_round(const BigInt& x, const BigInt& y) {
  return divide_floor(x + x + y, y + y);
}

BigInt modulo(const BigInt& x, const BigInt& y) {
  return x - divide_floor(x, y) * y;
}

BigInt centered_modulo(const BigInt& x, const BigInt& y) {
  const BigInt remainder = modulo(x, y);
  return remainder + remainder > y ? remainder - y : remainder;
}

BigInt absolute(const BigInt& x) {
  return x.is_negative() ? -x : x;
}

BigInt power(const BigInt& x, std::size_t exponent) {
  BigInt product = 1;
  for (std::size_t i = 0; i < exponent; ++i) product = product * x;
  return product;
}

// Euclid's algorithm: remainders with the factor of x that each stands for.
BigInt inverse_modulo(const BigInt& x, const BigInt& y) {
  BigInt previous = y, current = modulo(x, y), previous_factor = 0, factor = 1;
  while (current != 1 && !current.is_zero()) {
    const BigInt quotient = divide_floor(previous, current);
    const BigInt next = previous - quotient * current, next_factor = previous_factor - quotient * factor;
    previous = current;
    current = next;
    previous_factor = factor;
    factor = next_factor;
  }
  return modulo(factor, y);
}

}  // namespace fcn::test
