// A plaintext: a small polynomial that stands for its class modulo t.
#pragma once

#include "../platform/aligned_buffer.h"
#include "params.h"

namespace fcn::fv {

// n signed coefficients of at most t.digit_bound(). May be somebody's data: wiped when it dies.
class Plaintext {
 public:
  // Zero. Errors: kOutOfMemory.
  static platform::Result<Plaintext> create(const Params& params);

  const Params& params() const noexcept { return params_; }
  std::int64_t* coefficients() noexcept { return coefficients_.data(); }
  const std::int64_t* coefficients() const noexcept { return coefficients_.data(); }
  // Digit rows (of t.length() coefficients) that may be nonzero come first; their number is public and saves
  // work.
  std::size_t used_rows() const noexcept { return used_rows_; }
  void set_used_rows(std::size_t rows) noexcept { used_rows_ = rows; }

 private:
  Plaintext(const Params& params, platform::SecretBuffer<std::int64_t> coefficients)
      : params_(params), coefficients_(std::move(coefficients)) {}
  Params params_;
  platform::SecretBuffer<std::int64_t> coefficients_;
  std::size_t used_rows_ = 0;
};

}  // namespace fcn::fv
