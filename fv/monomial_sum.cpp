#include "monomial_sum.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>

namespace fcn::fv {

using platform::concat;
using platform::mismatch;
using platform::Status;

platform::Result<MonomialSum> MonomialSum::create(const Params& params, std::size_t limbs,
                                                  Correlation correlation) {
  FCN_RETURN_IF_ERROR(check_shape(params, 2, limbs));
  MonomialSum sum(params, limbs, correlation);
  FCN_ASSIGN_OR_RETURN(sum.words_, platform::AlignedBuffer<std::int64_t>::create(params.n()));
  return sum;
}

Status MonomialSum::add(const Ciphertext& a, std::int64_t exponent, bool negate) {
  if (!(a.params() == params_)) return mismatch("the term has other parameters than the sum");
  if (a.limbs() != limbs_) return mismatch(concat("the term has ", a.limbs(), " primes, the sum ", limbs_));
  if (a.form() != Form::kCoefficients) return mismatch("a monomial sum needs terms in coefficients form");
  const std::size_t n = params_.n();
  Row& row = rows_.back();
  terms_.push_back({&a, (ntt::monomial_exponent(exponent, n) + (negate ? n : 0)) % (2 * n)});  // -1 = X^n
  row.end = terms_.size();
  row.components = std::max(row.components, a.components());
  row.noise = NoiseModel(params_).sum(row.noise, a.noise(), correlation_);
  return {};
}

void MonomialSum::next_row() {
  rows_.push_back(Row{});
  rows_.back().end = terms_.size();
}

// The coefficients whose tiles of all inputs fill about half of a usual second-level cache.
std::size_t MonomialSum::tile_size() {
  constexpr std::size_t kCacheWords = 32768, kSmallest = 32;
  inputs_.clear();
  for (const Term& term : terms_) inputs_.push_back(term.a);
  std::sort(inputs_.begin(), inputs_.end());
  const auto distinct =
      static_cast<std::size_t>(std::unique(inputs_.begin(), inputs_.end()) - inputs_.begin());
  std::size_t tile = kSmallest;
  while (tile < params_.n() && 2 * tile * distinct <= kCacheWords) tile *= 2;
  return std::min(tile, params_.n());
}

void MonomialSum::add_up_limb(std::span<Ciphertext> out, std::size_t c, std::size_t i, std::size_t tile) {
  const std::size_t n = params_.n();
  const ntt::Modulus& q = params_.modulus(i);
  const ntt::KernelTable& kernels = params_.kernels();
  // The first batch fills the words; a reduction leaves room for all but one of as many again.
  const std::uint64_t capacity = ntt::lazy_terms(q.value()) - 1;
  products_.clear();
  ends_.clear();
  std::size_t term = 0;
  for (const Row& row : rows_) {
    for (; term < row.end; ++term) {
      if (c < terms_[term].a->components())
        products_.push_back({terms_[term].a->limb(c, i), terms_[term].exponent});
    }
    ends_.push_back(products_.size());
  }
  for (std::size_t first = 0; first < n; first += tile) {
    std::size_t done = 0;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (c >= rows_[r].components) continue;
      std::memset(words_.data(), 0, tile * sizeof words_[0]);
      while (done < ends_[r]) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(ends_[r] - done, capacity));
        kernels.monomial_accumulate_lazy(words_.data(), products_.data() + done, count, n, first,
                                         first + tile);
        done += count;
        if (done < ends_[r]) {
          kernels.reduce_accumulator(q, reinterpret_cast<std::uint64_t*>(words_.data()), words_.data(), tile);
        }
      }
      kernels.reduce_accumulator(q, out[r].limb(c, i) + first, words_.data(), tile);
    }
  }
}

Status MonomialSum::check_noise() const {
  const NoiseModel model(params_);
  for (const Row& row : rows_) FCN_RETURN_IF_ERROR(model.check(row.noise, limbs_, "a monomial sum"));
  return {};
}

bool MonomialSum::reads_any_of(std::span<const Ciphertext> candidates) const noexcept {
  const std::less<const Ciphertext*> before;
  return std::any_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    return !before(term.a, candidates.data()) && before(term.a, candidates.data() + candidates.size());
  });
}

// out: one ciphertext a row, with room for it.
void MonomialSum::add_up(std::span<Ciphertext> out) {
  std::size_t components = 2;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    out[r].set_shape(params_, rows_[r].components, limbs_, Form::kCoefficients);
    out[r].set_noise(rows_[r].noise);
    components = std::max(components, rows_[r].components);
  }
  const std::size_t tile = tile_size();
  for (std::size_t c = 0; c < components; ++c) {
    for (std::size_t i = 0; i < limbs_; ++i) add_up_limb(out, c, i, tile);
  }
}

void MonomialSum::start_again() {
  terms_.clear();
  rows_.assign(1, Row{});
}

Status MonomialSum::finish(std::vector<Ciphertext>& out) {
  const Status status = [&]() -> Status {
    FCN_RETURN_IF_ERROR(check_noise());
    const bool separate = reads_any_of(out);
    const std::size_t reused = separate ? 0 : std::min(out.size(), rows_.size());
    std::vector<Ciphertext> fresh;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (r < reused) {
        FCN_RETURN_IF_ERROR(out[r].reserve(words_of(rows_[r])));
      } else {
        FCN_ASSIGN_OR_RETURN(Ciphertext sum,
                             Ciphertext::create_uninitialized(params_, rows_[r].components, limbs_));
        fresh.push_back(std::move(sum));
      }
    }
    if (separate) {
      add_up(fresh);
      out = std::move(fresh);
      return {};
    }
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(reused), out.end());
    std::move(fresh.begin(), fresh.end(), std::back_inserter(out));
    add_up(out);
    return {};
  }();
  start_again();
  return status;
}

Status MonomialSum::finish(Ciphertext& out) {
  if (rows_.size() != 1)
    return platform::invalid_argument(
        concat("a monomial sum of ", rows_.size(), " rows is not one ciphertext"));
  if (reads_any_of({&out, 1})) {
    std::vector<Ciphertext> sums;
    FCN_RETURN_IF_ERROR(finish(sums));
    out = std::move(sums.front());
    return {};
  }
  Status status = check_noise();
  if (status.ok()) status = out.reserve(words_of(rows_.front()));
  if (status.ok()) add_up({&out, 1});
  start_again();
  return status;
}

}  // namespace fcn::fv
