// Sums of ciphertexts times +-X^e: the layer of a network whose weights are powers of two.
#pragma once

#include <span>
#include <vector>

#include "../platform/aligned_buffer.h"
#include "ciphertext.h"

namespace fcn::fv {

// Collects the terms of one or more sums ("rows") of +-X^(e_i) a_i, then adds them all up at once. A tile of coefficients
// goes through every row while the tiles of all a_i stay in the cache, and nothing is reduced until 64-bit words are full,
// some 2^13 terms later.
class MonomialSum {
 public:
  // For ciphertexts of exactly limbs primes, in coefficients form.
  // correlation: how the noises of the terms add up. kIndependent is right for terms whose errors are uncorrelated:
  // fresh ciphertexts, each used once, or products of ciphertexts no two of which are multiples of one another.
  // Errors: kInvalidArgument (limbs), kOutOfMemory.
  static platform::Result<MonomialSum> create(const Params& params, std::size_t limbs,
                                              Correlation correlation);

  // The current row += (negate ? -1 : 1) * X^exponent * a, for any integer exponent. a must stay where and as it is until
  // the sums are finished. Errors: kMismatch (parameters, limbs, form).
  platform::Status add(const Ciphertext& a, std::int64_t exponent, bool negate);
  // Ends the current row and begins the next one, empty.
  void next_row();

  // out = the sums of all rows, the current one included; each of as many components as its widest term (at least 2).
  // Then everything starts again with one empty row. The memory of out is reused unless a term lies in it.
  // Errors: kOutOfRange (noise), kOutOfMemory; out is then unchanged. Cost: n additions a term, limb and component.
  platform::Status finish(std::vector<Ciphertext>& out);
  // The same for the only row. Errors: kInvalidArgument when there are more; they are then kept.
  platform::Status finish(Ciphertext& out);

 private:
  struct Term {
    const Ciphertext* a;
    std::size_t exponent;  // below 2n
  };
  struct Row {
    std::size_t end = 0;  // its terms end here, and begin where those of the row before end
    std::size_t components = 2;
    Noise noise;
  };
  MonomialSum(const Params& params, std::size_t limbs, Correlation correlation)
      : params_(params), limbs_(limbs), correlation_(correlation) {}
  platform::Status check_noise() const;
  void add_up(std::span<Ciphertext> out);
  void add_up_limb(std::span<Ciphertext> out, std::size_t component, std::size_t limb, std::size_t tile);
  bool reads_any_of(std::span<const Ciphertext> candidates) const noexcept;
  std::size_t words_of(const Row& row) const noexcept { return row.components * limbs_ * params_.n(); }
  void start_again();
  std::size_t tile_size();

  Params params_;
  std::size_t limbs_;
  Correlation correlation_;
  std::vector<Term> terms_;
  std::vector<Row> rows_ = {Row{}};
  std::vector<ntt::MonomialProduct> products_;   // the terms' polynomials, for one component and limb
  std::vector<std::size_t> ends_;                // of each row among products_
  std::vector<const Ciphertext*> inputs_;        // sorted
  platform::AlignedBuffer<std::int64_t> words_;  // (n), of which a tile is used
};

}  // namespace fcn::fv
