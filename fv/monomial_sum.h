// Sums of ciphertexts times +-X^e: the layer of a network whose weights are powers of two.
#pragma once

#include <span>
#include <vector>

#include "../platform/aligned_buffer.h"
#include "ciphertext.h"

namespace fcn::fv {

// Collects the terms of one or more sums ("rows") of +-X^(e_i) a_i, then adds them all up at once. A tile of coefficients
// goes through every row while the tiles of all a_i stay in the cache, and nothing is reduced until 64-bit words are
// full, some 2^13 terms later. Where many rows read the same inputs, the tiles are first copied side by side: inputs
// lie a power of two apart, and would push one another out of the cache.
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
    std::size_t exponent;   // below 2n
    std::size_t input = 0;  // a = inputs_[input]
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
  void add_up_limb(std::span<Ciphertext> out, std::size_t component, std::size_t limb);
  void add_up_tile(std::span<Ciphertext> out, std::size_t component, std::size_t limb,
                   const std::vector<ntt::MonomialProduct>& products, std::size_t from, std::size_t to);
  void copy_tiles(std::size_t component, std::size_t limb, std::size_t first);
  bool reads_any_of(std::span<const Ciphertext> candidates) const noexcept;
  std::size_t words_of(const Row& row) const noexcept { return row.components * limbs_ * params_.n(); }
  void start_again();
  platform::Status plan_tiles();

  Params params_;
  std::size_t limbs_;
  Correlation correlation_;
  std::vector<Term> terms_;
  std::vector<Row> rows_ = {Row{}};
  std::vector<ntt::MonomialProduct> products_;  // the terms' polynomials, for one component and limb
  std::vector<ntt::MonomialProduct> copied_;    // the same, of copied tiles
  std::vector<std::size_t> ends_;               // of each row among products_
  std::vector<const Ciphertext*> inputs_;       // sorted, each once
  std::size_t tile_ = 0;                        // coefficients added up at once
  std::size_t margin_ = 0;         // of a copied tile: the coefficients before it that exponents reach
  std::size_t copied_stride_ = 0;  // words between copied tiles; 0: they are not copied
  platform::AlignedBuffer<std::uint64_t> tiles_;  // (inputs, copied_stride_): margin and tile
  platform::AlignedBuffer<std::int64_t> words_;   // (n), of which a tile is used
};

}  // namespace fcn::fv
