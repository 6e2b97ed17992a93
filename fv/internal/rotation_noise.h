// What the noise of ciphertexts, rotated in different ways and multiplied by known plaintexts, adds up to.
//
// An output is the sum over products r of W_r times the input, rotated: F = sum sigma_g(W_r sigma_b(E)). Rotations move
// coefficients, sigma_h: X^j -> X^(j h), and undoing them, coefficient i of F is coefficient 0 of V_i E with
//   V_i = sum over r of X^(-i / h) sigma_b^-1(W_r),   h = g b, 1/h modulo 2n.
// So its variance is ||V_i||^2 times that of E's coefficients. When the W_r are unrelated this is the sum of the ||W_r||^2
// for every i. But where all rows of a layer are equal, sigma_b^-1(W_r) is the same polynomial for every r, and at i = 0
// (and the other multiples of k, that every rotation fixes) the terms add up as one: count^2 instead of count times
// ||W||^2. With alternating signs that happens at i = k/2. V_i depends on i modulo k only, up to a monomial; it is computed
// for the multiples of k/16, which patterns of period 2, 4, 8 and 16 meet, and for a few others.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../../platform/aligned_buffer.h"
#include "../linear_transform.h"
#include "places.h"

namespace fcn::fv {

class RotationNoise {
 public:
  // Errors: kOutOfMemory.
  static platform::Result<RotationNoise> create(const Params& params);

  // One product of the current output: w (n coefficients) times the input rotated by the Galois element baby, the product
  // rotated by giant. Cost: some 40 n additions.
  void add(std::uint32_t input, std::size_t giant, std::size_t baby, const std::int64_t* w);
  // The current output's sum, rotated_giants apart; then the next one begins.
  OutputSum finish();

 private:
  struct
      Group {  // what is rotated together: an input, or the error of the key switch of an input's baby step
    std::uint32_t input;
    std::size_t baby;         // 0: the input itself
    std::vector<float> sums;  // (classes, n): V_i
  };
  RotationNoise(const Params& params, Places places);
  void add_to(std::uint32_t input, std::size_t baby, std::size_t total, std::span<const float> w);

  std::size_t n_;
  std::vector<std::size_t> classes_;  // values of i
  Places places_;
  std::vector<Group> groups_;
  std::vector<float> w_, unrotated_;
  double norm2_ = 0, largest_norm2_ = 0;  // of all ||W_r||^2: their sum and the largest
  NoiseTail moments_;
};

}  // namespace fcn::fv
