// Encoders: numbers into plaintexts and back. Constant time in the numbers, but for refusing those out of
// range.
//
// The plaintext ring has t.length() coefficients modulo p (plaintext_modulus.h). Values are balanced residues:
// integers in [-(p-1)/2, (p-1)/2], and -p/2 for an even p; arithmetic on ciphertexts acts on them modulo p, and
// p must be large enough that nothing wraps.
#pragma once

#include <span>
#include <vector>

#include "plaintext.h"

namespace fcn::fv {

// Balanced base-b integer: one number, at coefficient 0. With t = X - 2 and n = 2048 there is room for
// 2^2048; the interface takes 62 bits. A weight 2^e is then the monomial X^e. Errors: kOutOfRange naming the
// largest allowed magnitude, max_integer(params).
platform::Result<Plaintext> encode_integer(const Params& params, std::int64_t value);
// Errors: kOutOfRange when the number at coefficient 0 has a larger magnitude.
platform::Result<std::int64_t> decode_integer(const Plaintext& plaintext);
// The same in memory of the caller's; nothing is allocated but the message of an error. coefficients: n words, all
// written; used_rows as in Plaintext. digits: t.digits() words of scratch.
platform::Status encode_integer_into(const Params& params, std::int64_t value, std::int64_t* coefficients,
                                     std::size_t& used_rows);
platform::Status decode_integer_from(const Params& params, const std::int64_t* coefficients,
                                     std::int64_t* digits, std::int64_t& value);
std::int64_t max_integer(const Params& params) noexcept;
// The same number in as many words of two's complement, the lowest first; up to 64 words.size() - 2 bits for a p above
// 61 bits. Errors: kOutOfRange for a larger one; words are then 0.
platform::Status decode_wide_integer(const Plaintext& plaintext, std::span<std::uint64_t> words);
// Both for whoever decodes many numbers and must not tell by the time which of them are out of range: 0 and the number,
// or all ones and 0. Nothing branches on it here. The two errors are what to report at the end.
std::uint64_t decode_integer_into(const Params& params, const std::int64_t* coefficients,
                                  std::int64_t* digits, std::int64_t& value) noexcept;
std::uint64_t decode_wide_integer_into(const Params& params, const std::int64_t* coefficients,
                                       std::int64_t* digits, std::span<std::uint64_t> words) noexcept;
platform::Status integer_out_of_range(const Params& params);
platform::Status wide_integer_out_of_range(const Params& params, std::size_t words);

// values[j] at coefficient j of Z_p[X]; at most t.length() values. Needs p below 2^61.
// Errors: kUnsupported (larger p), kInvalidArgument (too many values), kOutOfRange (a value, with its index).
platform::Result<Plaintext> encode_coefficients(const Params& params, std::span<const std::int64_t> values);
platform::Result<std::vector<std::int64_t>> decode_coefficients(const Plaintext& plaintext);

// Slots: values at the roots of t modulo a prime p = 1 mod 2n, so that products act slot by slot.
//   X^k - b:   k slots; slot j is the value at psi^(g^j), psi^k = b, g = 1 + 2n/k: rotations form one cycle.
//   integer t: n slots, two rows of n/2; slot j of row 0 is the value at psi^(3^j), of row 1 at psi^-(3^j).
class SlotEncoder {
 public:
  // Errors: kUnsupported unless p is a prime below 2^61, 1 modulo 2n, and t.length() >= 4.
  static platform::Result<SlotEncoder> create(const Params& params);

  const Params& params() const noexcept { return params_; }
  std::size_t slots() const noexcept { return position_.size(); }
  std::uint64_t modulus() const noexcept { return tables_.modulus().value(); }

  // At most slots() values; the rest are 0. Errors: kInvalidArgument, kOutOfRange. Cost: one scalar
  // transform.
  platform::Result<Plaintext> encode(std::span<const std::int64_t> values) const;
  // All slots. Errors: kMismatch (other parameters).
  platform::Result<std::vector<std::int64_t>> decode(const Plaintext& plaintext) const;

 private:
  explicit SlotEncoder(const Params& params) : params_(params) {}
  Params params_;
  ntt::NttTables tables_;                       // length t.length() modulo p
  std::vector<std::size_t> position_;           // slot -> index in transform order
  std::vector<std::uint64_t> twist_, untwist_;  // (psi/phi)^j and its inverse: X^k - b becomes X^k + 1
};

}  // namespace fcn::fv
