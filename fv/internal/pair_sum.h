// Two sums of any number of products.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../../ntt/kernels.h"

namespace fcn::fv {

// The sums of factor * a and of factor * b over one tile, reduced once for many terms. fetch: what comes from memory.
// scratch: two tiles.
class PairSum {
 public:
  PairSum(const ntt::KernelTable& kernels, const ntt::Modulus& q, std::uint64_t* dst_a, std::uint64_t* dst_b,
          std::size_t tile, ntt::Fetch fetch, std::uint64_t* scratch) noexcept
      : kernels_(kernels),
        q_(q),
        dst_a_(dst_a),
        dst_b_(dst_b),
        tile_(tile),
        fetch_(fetch),
        scratch_(scratch) {}

  void add(const std::uint64_t* factor, const std::uint64_t* a, const std::uint64_t* b) noexcept {
    terms_[count_++] = {factor, a, b};
    if (count_ == kMaxTerms) flush();
  }
  void finish() noexcept {
    flush();
    if (!empty_) return;
    std::memset(dst_a_, 0, tile_ * sizeof *dst_a_);
    std::memset(dst_b_, 0, tile_ * sizeof *dst_b_);
  }

 private:
  static constexpr std::size_t kMaxTerms = 64;
  void flush() noexcept {
    if (count_ == 0) return;
    if (empty_) {
      kernels_.inner_product_pair(q_, dst_a_, dst_b_, terms_, count_, tile_, fetch_);
    } else {
      kernels_.inner_product_pair(q_, scratch_, scratch_ + tile_, terms_, count_, tile_, fetch_);
      kernels_.add(q_, dst_a_, dst_a_, scratch_, tile_);
      kernels_.add(q_, dst_b_, dst_b_, scratch_ + tile_, tile_);
    }
    empty_ = false;
    count_ = 0;
  }

  const ntt::KernelTable& kernels_;
  const ntt::Modulus& q_;
  std::uint64_t *dst_a_, *dst_b_;
  std::size_t tile_;
  ntt::Fetch fetch_;
  std::uint64_t* scratch_;
  std::size_t count_ = 0;
  bool empty_ = true;
  ntt::PairProduct terms_[kMaxTerms];
};

}  // namespace fcn::fv
