#include "rotation_noise.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace fcn::fv {
namespace {

// 1/h modulo 2n, a power of two, by Newton's iteration: each step doubles the bits that are right, from three on.
std::size_t inverse_of_odd(std::size_t h, std::size_t n) noexcept {
  std::size_t inverse = h;
  for (int i = 0; i < 5; ++i) inverse *= 2 - h * inverse;
  return inverse & (2 * n - 1);
}

// sum += X^exponent a.
void add_shifted(float* sum, const float* a, std::size_t exponent, std::size_t n) noexcept {
  const std::size_t shift = exponent & (n - 1);
  const float sign = (exponent & n) != 0 ? -1.0f : 1.0f;
  for (std::size_t j = 0; j < n - shift; ++j) sum[j + shift] += sign * a[j];
  for (std::size_t j = n - shift; j < n; ++j) sum[j + shift - n] -= sign * a[j];
}

double squares(std::span<const float> a) noexcept {
  double sum = 0;
  for (const float x : a) sum += static_cast<double>(x) * x;
  return sum;
}

// The moments of the squared moduli over their mean, as those of a tail.
NoiseTail moments_of(std::span<const double> squared, double mean) {
  // Each kept order is a sum of two before it, or the first.
  constexpr std::array<std::pair<int, int>, 12> kSums = {
      {{-1, -1}, {0, 0}, {0, 1}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}, {7, 7}, {8, 8}, {9, 9}}};
  std::array<double, 12> sums{}, powers{};
  for (const double value : squared) {
    powers[0] = value / mean;
    for (std::size_t at = 1; at < kSums.size(); ++at)
      powers[at] = powers[static_cast<std::size_t>(kSums[at].first)] *
                   powers[static_cast<std::size_t>(kSums[at].second)];
    for (std::size_t at = 0; at < sums.size(); ++at) sums[at] += powers[at];
  }
  NoiseTail tail;
  for (std::size_t at = 1; at < sums.size(); ++at)
    tail.log2_moments[at] = std::max(std::log2(sums[at] / static_cast<double>(squared.size())), 0.0);
  return tail;
}

}  // namespace

RotationNoise::RotationNoise(const Params& params, Places places)
    : n_(params.n()), places_(std::move(places)), w_(n_), unrotated_(n_) {
  const std::size_t period = params.t().is_integer() ? n_ : params.t().length();
  const std::size_t step = std::max<std::size_t>(period / 16, 1);
  for (std::size_t i = 0; i < period; i += step) classes_.push_back(i);
  for (const std::size_t i : {1, 3, 6, 20})
    if (i < period) classes_.push_back(i);
}

platform::Result<RotationNoise> RotationNoise::create(const Params& params) {
  FCN_ASSIGN_OR_RETURN(Places places, Places::create(params.n()));
  return RotationNoise(params, std::move(places));
}

void RotationNoise::add_to(std::uint32_t input, std::size_t baby, std::size_t total,
                           std::span<const float> w) {
  auto group = std::find_if(groups_.begin(), groups_.end(),
                            [&](const Group& known) { return known.input == input && known.baby == baby; });
  if (group == groups_.end()) {
    groups_.push_back({input, baby, std::vector<float>(classes_.size() * n_)});
    group = groups_.end() - 1;
  }
  const std::size_t inverse = inverse_of_odd(total, n_);
  for (std::size_t c = 0; c < classes_.size(); ++c)
    add_shifted(group->sums.data() + c * n_, w.data(), (0 - classes_[c] * inverse) & (2 * n_ - 1), n_);
}

void RotationNoise::add(std::uint32_t input, std::size_t giant, std::size_t baby, const std::int64_t* w) {
  double norm2 = 0;
  for (std::size_t j = 0; j < n_; ++j) {
    w_[j] = static_cast<float>(w[j]);
    norm2 += static_cast<double>(w[j]) * static_cast<double>(w[j]);
  }
  if (norm2 == 0) return;
  norm2_ += norm2;
  largest_norm2_ = std::max(largest_norm2_, norm2);
  // The mean of the squared moduli is n times the mean square of the coefficients.
  moments_ = larger_tail(moments_, moments_of(places_.squared_moduli(w), norm2));
  const std::size_t inverse = inverse_of_odd(baby, n_);
  for (std::size_t j = 0; j < n_; ++j) {
    const std::size_t place = j * inverse & (2 * n_ - 1);
    unrotated_[place & (n_ - 1)] = (place & n_) != 0 ? -w_[j] : w_[j];
  }
  add_to(input, 0, giant * baby & (2 * n_ - 1), unrotated_);
  if (baby != 1) add_to(input, baby, giant, w_);  // the key switch comes after the baby step
}

OutputSum RotationNoise::finish() {
  OutputSum sum;
  sum.places = moments_;
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    double unrelated = 0, deviations = 0, babies = 0;
    for (const Group& group : groups_) {
      const double norm2 = squares({group.sums.data() + c * n_, n_});
      if (group.baby != 0) {
        babies += norm2;
      } else {
        unrelated += norm2;
        deviations += std::sqrt(norm2);
      }
    }
    sum.norm2 = std::max(sum.norm2, unrelated);
    sum.related_norm2 = std::max(sum.related_norm2, deviations * deviations);
    sum.baby_norm2 = std::max(sum.baby_norm2, babies);
  }
  // What sums of n squares scatter by in the classes that were not looked at.
  const double scatter = 1 + 4 * std::sqrt(2 / static_cast<double>(n_));
  for (double* norm2 : {&sum.norm2, &sum.related_norm2, &sum.baby_norm2}) *norm2 *= scatter;
  if (norm2_ > 0) sum.terms = norm2_ / largest_norm2_ * std::min(norm2_ / sum.norm2, 1.0);
  groups_.clear();
  norm2_ = largest_norm2_ = 0;
  moments_ = {};
  return sum;
}

}  // namespace fcn::fv
