#include "monomial_sum.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>

#include "../platform/floating_point.h"

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
  const platform::FloatingPointEnvironment nearest;
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

// Tiles of all inputs fill about half of a usual second-level cache; kernels like 64 coefficients or more.
Status MonomialSum::plan_tiles() {
  constexpr std::size_t kCacheWords = 32768, kSmallest = 64, kLargestMargin = 64, kFewInputs = 16;
  const std::size_t n = params_.n();
  inputs_.clear();
  std::size_t largest_shift = 0;
  for (const Term& term : terms_) {
    if (inputs_.empty() || inputs_.back() != term.a) inputs_.push_back(term.a);
    largest_shift = std::max(largest_shift, term.exponent % n);
  }
  const std::less<const Ciphertext*> before;
  std::sort(inputs_.begin(), inputs_.end(), before);
  inputs_.erase(std::unique(inputs_.begin(), inputs_.end()), inputs_.end());
  tile_ = kSmallest;
  while (tile_ < n && 2 * tile_ * inputs_.size() <= kCacheWords) tile_ *= 2;
  tile_ = std::min(tile_, n);
  // A copy is worth it when each is read several times.
  margin_ = (largest_shift + 7) / 8 * 8;
  const bool copy = inputs_.size() > kFewInputs && terms_.size() >= 4 * inputs_.size() &&
                    margin_ <= kLargestMargin && margin_ <= tile_ && 2 * tile_ <= n;
  copied_stride_ = copy ? margin_ + tile_ + 8 : 0;
  if (!copy) return {};
  if (tiles_.size() < inputs_.size() * copied_stride_) {
    FCN_ASSIGN_OR_RETURN(tiles_, platform::AlignedBuffer<std::uint64_t>::create_uninitialized(
                                     inputs_.size() * copied_stride_));
  }
  std::size_t begin = 0;
  for (const Row& row : rows_) {
    const auto terms = std::span(terms_).subspan(begin, row.end - begin);
    begin = row.end;
    for (Term& term : terms) {
      term.input = static_cast<std::size_t>(std::lower_bound(inputs_.begin(), inputs_.end(), term.a, before) -
                                            inputs_.begin());
    }
    // Terms of one sign together: kernels then guess the sign right.
    std::partition(terms.begin(), terms.end(), [n](const Term& term) { return term.exponent < n; });
  }
  return {};
}

// Coefficients first - margin_ .. first + tile_ - 1 of every input, for first >= margin_.
void MonomialSum::copy_tiles(std::size_t c, std::size_t i, std::size_t first) {
  for (std::size_t d = 0; d < inputs_.size(); ++d) {
    if (c >= inputs_[d]->components()) continue;
    std::memcpy(tiles_.data() + d * copied_stride_, inputs_[d]->limb(c, i) + first - margin_,
                (margin_ + tile_) * sizeof(std::uint64_t));
  }
}

// Coefficients from .. from + tile_ - 1 of the products, added up into those from `to` on of the rows.
void MonomialSum::add_up_tile(std::span<Ciphertext> out, std::size_t c, std::size_t i,
                              const std::vector<ntt::MonomialProduct>& products, std::size_t from,
                              std::size_t to) {
  const ntt::Modulus& q = params_.modulus(i);
  const ntt::KernelTable& kernels = params_.kernels();
  // The first batch fills the words; a reduction leaves room for all but one of as many again.
  const std::uint64_t capacity = ntt::lazy_terms(q.value()) - 1;
  std::size_t done = 0;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    if (c >= rows_[r].components) continue;
    std::memset(words_.data(), 0, tile_ * sizeof words_[0]);
    while (done < ends_[r]) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(ends_[r] - done, capacity));
      kernels.monomial_accumulate_lazy(words_.data(), products.data() + done, count, params_.n(), from,
                                       from + tile_);
      done += count;
      if (done < ends_[r]) {
        kernels.reduce_accumulator(q, reinterpret_cast<std::uint64_t*>(words_.data()), words_.data(), tile_);
      }
    }
    kernels.reduce_accumulator(q, out[r].limb(c, i) + to, words_.data(), tile_);
  }
}

void MonomialSum::add_up_limb(std::span<Ciphertext> out, std::size_t c, std::size_t i) {
  products_.clear();
  copied_.clear();
  ends_.clear();
  std::size_t term = 0;
  for (const Row& row : rows_) {
    for (; term < row.end; ++term) {
      if (c >= terms_[term].a->components()) continue;
      products_.push_back({terms_[term].a->limb(c, i), terms_[term].exponent});
      if (copied_stride_ != 0)
        copied_.push_back({tiles_.data() + terms_[term].input * copied_stride_, terms_[term].exponent});
    }
    ends_.push_back(products_.size());
  }
  for (std::size_t first = 0; first < params_.n(); first += tile_) {
    if (copied_stride_ == 0 || first < margin_) {  // the first tile reaches around to the last coefficients
      add_up_tile(out, c, i, products_, first, first);
    } else {  // coefficient `first` of an input is coefficient margin_ of its copy
      copy_tiles(c, i, first);
      add_up_tile(out, c, i, copied_, margin_, first);
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
  for (std::size_t c = 0; c < components; ++c) {
    for (std::size_t i = 0; i < limbs_; ++i) add_up_limb(out, c, i);
  }
}

void MonomialSum::start_again() {
  terms_.clear();
  rows_.assign(1, Row{});
}

Status MonomialSum::finish(std::vector<Ciphertext>& out) {
  const platform::FloatingPointEnvironment nearest;
  const Status status = [&]() -> Status {
    FCN_RETURN_IF_ERROR(check_noise());
    FCN_RETURN_IF_ERROR(plan_tiles());
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
  const platform::FloatingPointEnvironment nearest;
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
  if (status.ok()) status = plan_tiles();
  if (status.ok()) status = out.reserve(words_of(rows_.front()));
  if (status.ok()) add_up({&out, 1});
  start_again();
  return status;
}

}  // namespace fcn::fv
