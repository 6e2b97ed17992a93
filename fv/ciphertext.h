// Ciphertexts, and the short form that a key's holder sends.
#pragma once

#include <vector>

#include "../platform/aligned_buffer.h"
#include "../platform/random.h"
#include "noise_model.h"
#include "params.h"

namespace fcn::fv {

enum class Form {
  kCoefficients,  // where monomials act as shifts, and where products are rounded
  kTransformed,   // bit-reversed transform order, where plaintext products are pointwise
};

// components() polynomials c_0, c_1, ... modulo the first limbs() primes of q; decrypts by c_0 + c_1 s + c_2
// s^2 + ... Shape: (components, limbs, n), residues canonical. Move-only: copies are made by clone().
class Ciphertext {
 public:
  // Zero: an encryption of 0 without noise, which anyone can read ("transparent") and every operation
  // accepts. Errors: kInvalidArgument unless 2 <= components <= kMaxComponents, 1 <= limbs <= q_count;
  // kOutOfMemory.
  static platform::Result<Ciphertext> create(const Params& params, std::size_t components, std::size_t limbs,
                                             Form form = Form::kCoefficients);
  // The same with residues of any value, for operations that write them all.
  static platform::Result<Ciphertext> create_uninitialized(const Params& params, std::size_t components,
                                                           std::size_t limbs,
                                                           Form form = Form::kCoefficients);
  platform::Result<Ciphertext> clone() const;

  // How operations reuse the memory of an output, which may be one of their inputs: reserve() before the inputs
  // are read, set_shape() once they are not needed any more. reserve() makes room for count words and changes
  // nothing else; set_shape() takes a shape that has been reserved and leaves residues of any value.
  // Errors: kOutOfMemory.
  platform::Status reserve(std::size_t count);
  void set_shape(const Params& params, std::size_t components, std::size_t limbs, Form form) noexcept;
  // So many ciphertexts of two components, coefficients of any value, in the memory that is there. Errors: kOutOfMemory;
  // those of check_shape.
  static platform::Status resize(std::vector<Ciphertext>& ciphertexts, std::size_t count,
                                 const Params& params, std::size_t limbs);

  const Params& params() const noexcept { return params_; }
  std::size_t components() const noexcept { return components_; }
  std::size_t limbs() const noexcept { return limbs_; }
  Form form() const noexcept { return form_; }
  std::size_t words() const noexcept { return components_ * limbs_ * params_.n(); }
  std::uint64_t* component(std::size_t i) noexcept { return data_.data() + i * limbs_ * params_.n(); }
  const std::uint64_t* component(std::size_t i) const noexcept {
    return data_.data() + i * limbs_ * params_.n();
  }
  std::uint64_t* limb(std::size_t i, std::size_t j) noexcept { return component(i) + j * params_.n(); }
  const std::uint64_t* limb(std::size_t i, std::size_t j) const noexcept {
    return component(i) + j * params_.n();
  }

  // Keeps the first so many components. Bounds: 2 <= components <= components().
  void drop_components(std::size_t components) noexcept { components_ = components; }

  // The bound that operations keep; whoever writes residues directly sets it too.
  Noise noise() const noexcept { return noise_; }
  void set_noise(Noise noise) noexcept { noise_ = noise; }
  void set_form(Form form) noexcept { form_ = form; }

 private:
  Ciphertext(const Params& params, std::size_t components, std::size_t limbs, Form form)
      : params_(params), components_(components), limbs_(limbs), form_(form) {}
  Params params_;
  std::size_t components_, limbs_;
  Form form_;
  Noise noise_;
  platform::AlignedBuffer<std::uint64_t> data_;  // words(), and perhaps room for more
};

// Errors: kInvalidArgument unless 2 <= components <= kMaxComponents and 1 <= limbs <= q_count, naming the number.
platform::Status check_shape(const Params& params, std::size_t components, std::size_t limbs);

// A secret-key encryption whose second component is the expansion of a seed: half the bytes to send.
struct SeededCiphertext {
  Params params;
  platform::Seed seed;
  platform::AlignedBuffer<std::uint64_t> c0;  // (q_count, n), coefficients

  // The whole ciphertext, in memory of its own or in that of out. Errors: kOutOfMemory.
  // Cost: the expansion of n q_count uniform residues.
  platform::Result<Ciphertext> expand() const;
  platform::Status expand(Ciphertext& out) const;
};

}  // namespace fcn::fv
