// Signed integers of any size, slow and plain: what the oracles of the tests count with.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace fcn::test {

class BigInt {
 public:
  BigInt() = default;
  template <std::integral T>
  BigInt(T value) : negative_(value < 0) {  // NOLINT: implicit, so that formulas read as formulas
    const auto word = static_cast<std::uint64_t>(value);
    const std::uint64_t magnitude = negative_ ? 0 - word : word;
    digits_ = {static_cast<std::uint32_t>(magnitude), static_cast<std::uint32_t>(magnitude >> 32)};
    trim();
  }
  static BigInt power_of_two(std::size_t exponent);

  bool is_zero() const { return digits_.empty(); }
  bool is_negative() const { return negative_; }
  // Bits of the absolute value: 0 for 0, 3 for -5.
  std::size_t bit_length() const;
  bool magnitude_bit(std::size_t i) const;
  // The nearest double or so; infinite beyond its range.
  double to_double() const;
  // The value when it fits; the test that asks must know that it does.
  std::int64_t to_int64() const;
  std::uint64_t to_uint64() const;
  std::string to_hex() const;

  BigInt operator-() const;
  BigInt& operator+=(const BigInt& y);
  BigInt& operator-=(const BigInt& y);
  friend BigInt operator+(BigInt x, const BigInt& y) { return x += y; }
  friend BigInt operator-(BigInt x, const BigInt& y) { return x -= y; }
  friend BigInt operator*(const BigInt& x, const BigInt& y);
  friend bool operator==(const BigInt& x, const BigInt& y) = default;
  friend std::strong_ordering operator<=>(const BigInt& x, const BigInt& y);

 private:
  void trim();
  void add_signed(const BigInt& y, bool negate);

  bool negative_ = false;              // never for 0
  std::vector<std::uint32_t> digits_;  // of the absolute value, lowest first, the highest nonzero

  friend struct Division;
};

// x / y for y > 0: rounded down, and to the nearest integer (a tie goes up).
BigInt divide_floor(const BigInt& x, const BigInt& y);
BigInt divide_round(const BigInt& x, const BigInt& y);
// x modulo y for y > 0: in [0, y), and in (-y/2, y/2].
BigInt modulo(const BigInt& x, const BigInt& y);
BigInt centered_modulo(const BigInt& x, const BigInt& y);
BigInt absolute(const BigInt& x);
BigInt power(const BigInt& x, std::size_t exponent);
// x^-1 modulo y for y > 1 and x without common factor.
BigInt inverse_modulo(const BigInt& x, const BigInt& y);

inline std::ostream& operator<<(std::ostream& out, const BigInt& x) {
  return out << x.to_hex();
}

}  // namespace fcn::test
