// Homomorphic operations (HOPs), counted as in the paper's table.
#pragma once

#include <cstdint>

namespace fcn::nn {

// A monomial product counts as one plaintext product, a squaring as one ciphertext product.
struct OpCounts {
  std::uint64_t pt_ct_adds = 0;
  std::uint64_t ct_ct_adds = 0;
  std::uint64_t pt_ct_mults = 0;
  std::uint64_t ct_ct_mults = 0;
  std::uint64_t relinearizations = 0;  // not part of the total
  std::uint64_t rotations = 0;         // not part of the total

  std::uint64_t total() const noexcept { return pt_ct_adds + ct_ct_adds + pt_ct_mults + ct_ct_mults; }
  OpCounts& operator+=(const OpCounts& other) noexcept {
    pt_ct_adds += other.pt_ct_adds;
    ct_ct_adds += other.ct_ct_adds;
    pt_ct_mults += other.pt_ct_mults;
    ct_ct_mults += other.ct_ct_mults;
    relinearizations += other.relinearizations;
    rotations += other.rotations;
    return *this;
  }
  friend bool operator==(const OpCounts&, const OpCounts&) = default;
};

}  // namespace fcn::nn
