#include "noise_tail.h"

#include <algorithm>
#include <cmath>

namespace fcn::fv {
namespace {

constexpr auto& kOrders = NoiseTail::kOrders;
constexpr unsigned kLastOrder = kOrders.back();
// log2 of k! at the kept orders; a test recomputes them.
constexpr std::array<double, 12> kLog2Factorials = {0.0,
                                                    1.0,
                                                    2.584962500721156,
                                                    4.584962500721156,
                                                    9.491853096329674,
                                                    15.29920801838728,
                                                    28.835455234075408,
                                                    44.25014046988262,
                                                    79.03765741910044,
                                                    117.6632636523603,
                                                    202.94957202970025,
                                                    295.99514394172405};
constexpr double kSurely = -512;     // log2 of a probability that needs no better bound
constexpr double kLog2Drawn = 0.54;  // log2 of exp(1/e): how many keys are drawn for one that is used

// log2 of k!: the product where it is exact in doubles, Stirling's series beyond (its error is below 1 / (1260 k^5)).
double log2_factorial(unsigned k) noexcept {
  if (k <= 20) {
    double product = 1;
    for (unsigned i = 2; i <= k; ++i) product *= i;
    return std::log2(product);
  }
  const double x = k;
  const double ln = (x + 0.5) * std::log(x) - x + 0.91893853320467274 + 1 / (12 * x) - 1 / (360 * x * x * x);
  return ln / std::log(2.0);
}

double log2_add(double a, double b) noexcept {
  const double high = a > b ? a : b, low = a > b ? b : a;
  return high + std::log2(1 + std::exp2(low - high));
}

// log2 of the two-sided normal tail P(|x| >= z sigma), from erfc where it does not underflow and its asymptote beyond.
double log2_normal_tail(double z) noexcept {
  if (z < 30) return std::log2(std::erfc(z / std::sqrt(2.0)));
  return -z * z / 2 / std::log(2.0) - std::log2(z) + 0.5 * std::log2(2 / 3.14159265358979323846);
}

}  // namespace

double largest_key_place(std::size_t n) noexcept {
  return std::log(static_cast<double>(n) / 2) + 1;
}

TailModel::TailModel(std::size_t n, bool checked_keys) noexcept
    : n_(static_cast<double>(n)), key_limit_(checked_keys ? largest_key_place(n) : 0) {}

// log2 of a bound on the moment of order k of L^d, over the power k of its mean, m! for m = d k over (d!)^k. Where L has a
// limit c below m, the integral of x^m exp(-x) up to c is below c^(m+1) exp(-c) / (m - c), since the integrand's logarithm
// is concave with the slope m/c - 1 at c.
double TailModel::log2_key_moment(unsigned degree, unsigned k) const noexcept {
  if (degree == 0) return 0;
  const unsigned m = degree * k;
  double moment = log2_factorial(m);
  if (key_limit_ > 0 && m > key_limit_) {
    const double limited =
        (m + 1) * std::log2(key_limit_) - key_limit_ / std::log(2.0) - std::log2(m - key_limit_);
    moment = std::min(moment, limited);
  }
  return std::max(moment - k * log2_factorial(degree), 0.0);
}

// Bounds by one moment: a coefficient is normal given A, so its moment of order 2k is (2k)! / (2^k k!) E (mean of A)^k,
// and the mean over places of A has no larger moments than A. Far above the truth, but quick.
double TailModel::log2_by_one_moment(const NoiseTail& a, unsigned degree, double log2_z) const noexcept {
  double best = 0;
  for (const std::size_t at : {7, 9, 11, 5}) {  // orders 16, 32, 64, 8
    const unsigned k = kOrders[at];
    const double normal = log2_factorial(2 * k) - k - kLog2Factorials[at];
    const double moment = normal + a.log2_moments[at] + log2_key_moment(degree, k);
    best = std::min(best, std::log2(n_) + moment - 2.0 * k * log2_z);
    if (best < kSurely) break;
  }
  return best;
}

// The bound of fv/README.md for one choice of y and lambda. With N = n/2 pairs of places and Y_h = E(w_h) / deviation, a
// coefficient is 2 / sqrt(n) times the sum of the real parts of Y_h. Either some |Y_h| passes y, or the exponential moment
// of the truncated sum decides (Chernoff).
class TailModel::PlaceBound {
 public:
  PlaceBound(const TailModel& model, const NoiseTail& a, unsigned degree, double z) noexcept
      : pairs_(model.n_ / 2), threshold_(z * std::sqrt(model.n_) / 2) {
    double before = 0;
    for (std::size_t at = 0; at < kOrders.size(); ++at) {
      // The moments of |E(w)|^2 = |g|^2 A L^d, g a complex Gaussian number: E |g|^2k = k!.
      const unsigned k = kOrders[at], steps = k - (at == 0 ? 0 : kOrders[at - 1]);
      const double moment = kLog2Factorials[at] + a.log2_moments[at] + model.log2_key_moment(degree, k);
      // The true slopes rise; those of bounds are made to.
      slopes_[at] = std::max((moment - before) / steps, at == 0 ? 0 : slopes_[at - 1]);
      ratios_[at] = std::exp2(slopes_[at]);
      before += slopes_[at] * steps;
    }
  }

  double threshold() const noexcept { return threshold_; }

  // log2 of N P(|Y| > y), by the best of the moments.
  double log2_jump(double y) const noexcept {
    const double log2_y2 = 2 * std::log2(y);
    double sum = std::log2(pairs_);
    for (std::size_t at = 0; at < kOrders.size() && slopes_[at] < log2_y2; ++at)
      sum += (slopes_[at] - log2_y2) * (kOrders[at] - (at == 0 ? 0 : kOrders[at - 1]));
    return sum;
  }

  // log2 of exp(-lambda threshold) (E exp(lambda Re Y); |Y| <= y)^N. Term k of the series is (lambda/2)^2k / (k!)^2 times
  // the truncated moment, which grows by the least of the moments' ratio and y^2 from one k to the next.
  double log2_chernoff(double y, double lambda) const noexcept {
    const double x = lambda * lambda / 4, y2 = y * y;
    double term = 1, sum = 0;
    std::size_t at = 0;
    for (unsigned k = 1;; ++k) {
      while (at < kOrders.size() && k > kOrders[at]) ++at;
      const double ratio = at < kOrders.size() ? std::min(ratios_[at], y2) : y2;
      const double step = x * ratio / (static_cast<double>(k) * k);
      term *= step;
      sum += term;
      if (!(sum <= 1e3)) return 0;  // no bound
      if (step < 0.5 && term <= 1e-18 * sum && k > kLastOrder) break;
    }
    return (pairs_ * std::log1p(sum) - lambda * threshold_) / std::log(2.0);
  }

 private:
  double pairs_, threshold_;
  std::array<double, kOrders.size()> slopes_, ratios_;
};

NoiseTail multiply_tails(const NoiseTail& a, const NoiseTail& b) noexcept {
  NoiseTail out = a;
  for (std::size_t at = 0; at < kOrders.size(); ++at) out.log2_moments[at] += b.log2_moments[at];
  return out;
}

NoiseTail tail_of_factors(unsigned factors) noexcept {
  NoiseTail out;
  for (std::size_t at = 0; at < kOrders.size(); ++at) out.log2_moments[at] = factors * kLog2Factorials[at];
  return out;
}

NoiseTail tail_of_repeated_factor(unsigned times) noexcept {
  NoiseTail out;
  for (std::size_t at = 0; at < kOrders.size(); ++at) {
    const unsigned k = kOrders[at];
    out.log2_moments[at] =
        log2_factorial((times + 1) * k) - log2_factorial(times * k) - k * std::log2(times + 1);
  }
  return out;
}

unsigned count_factors(const NoiseTail& a) noexcept {
  double most = 0;
  for (std::size_t at = 1; at < kOrders.size(); ++at)
    most = std::max(most, a.log2_moments[at] / kLog2Factorials[at]);
  return static_cast<unsigned>(std::ceil(most - 1e-9));
}

NoiseTail larger_tail(const NoiseTail& a, const NoiseTail& b) noexcept {
  NoiseTail out = a;
  for (std::size_t at = 0; at < kOrders.size(); ++at)
    out.log2_moments[at] = std::max(a.log2_moments[at], b.log2_moments[at]);
  return out;
}

NoiseTail TailModel::with_key(const NoiseTail& a, unsigned degree) const noexcept {
  NoiseTail out = a;
  for (std::size_t at = 0; at < kOrders.size(); ++at)
    out.log2_moments[at] += log2_key_moment(degree, kOrders[at]);
  return out;
}

NoiseTail TailModel::mix(const NoiseTail& a, unsigned a_degree, double a_share, const NoiseTail& b,
                         unsigned b_degree, double b_share, int power) const noexcept {
  if (a_degree == b_degree && a == b) return a;
  const unsigned degree = std::max(a_degree, b_degree);
  const double log2_a = std::log2(a_share), log2_b = std::log2(b_share);
  NoiseTail out;
  for (std::size_t at = 0; at < kOrders.size(); ++at) {
    // The norm of order 2k of E(w), or of order k of A.
    const unsigned k = kOrders[at];
    const double root = power == 1 ? 2.0 * k : 1.0 * k;
    const double own = log2_key_moment(degree, k);
    const double from_a =
        log2_a + (a.log2_moments[at] + (a_degree == degree ? own : log2_key_moment(a_degree, k))) / root;
    const double from_b =
        log2_b + (b.log2_moments[at] + (b_degree == degree ? own : log2_key_moment(b_degree, k))) / root;
    out.log2_moments[at] = root * log2_add(from_a, from_b) - own;
  }
  return out;
}

NoiseTail average_tail(const NoiseTail& a, double count) noexcept {
  if (count <= 1) return a;
  // G(x) = sum of E A^k x^k / k! is the moment generating function of A; that of the mean of count terms is the power count
  // of G(x / count). The coefficients are scaled so that none overflows.
  std::array<double, kLastOrder + 1> log2_factorials{}, log2_g{}, g{}, power{};
  for (unsigned k = 2; k <= kLastOrder; ++k) log2_factorials[k] = log2_factorials[k - 1] + std::log2(k);
  double scale = -1e9;
  for (std::size_t at = 0, k = 1; at < kOrders.size(); ++at) {
    const unsigned first = at == 0 ? 0 : kOrders[at - 1];
    const double from = at == 0 ? 0 : a.log2_moments[at - 1],
                 slope = (a.log2_moments[at] - from) / (kOrders[at] - first);
    for (; k <= kOrders[at]; ++k) {
      const auto order = static_cast<double>(k);
      log2_g[k] = from + slope * (order - first) - log2_factorials[k] - order * std::log2(count);
      scale = std::max(scale, log2_g[k] / order);
    }
  }
  g[0] = power[0] = 1;
  for (std::size_t k = 1; k <= kLastOrder; ++k) g[k] = std::exp2(log2_g[k] - scale * static_cast<double>(k));
  for (std::size_t k = 1; k <= kLastOrder; ++k) {  // Euler's recurrence for a power of a series
    for (std::size_t i = 1; i <= k; ++i)
      power[k] += (count * static_cast<double>(i) - static_cast<double>(k - i)) * g[i] * power[k - i];
    power[k] /= static_cast<double>(k);
  }
  NoiseTail out;
  for (std::size_t at = 1; at < kOrders.size(); ++at) {
    const unsigned k = kOrders[at];
    out.log2_moments[at] = std::max(std::log2(power[k]) + scale * k + log2_factorials[k], 0.0);
  }
  return out;
}

double TailModel::log2_probability(const NoiseTail& a, unsigned degree, double z) const noexcept {
  if (!(z > 1)) return 0;
  const double log2_z = std::log2(z), log2_n = std::log2(n_);
  const bool gaussian = degree == 0 && std::all_of(a.log2_moments.begin(), a.log2_moments.end(),
                                                   [](double moment) { return moment <= 0; });
  if (gaussian) return log2_z > 100 ? -1e30 : std::min(0.0, log2_n + log2_normal_tail(z));
  double best = log2_by_one_moment(a, degree, log2_z);
  if (best < kSurely) return best;
  const PlaceBound bound(*this, a, degree, z);
  for (const double part : {1.0, 0.85}) {
    const double y = part * bound.threshold(), jump = bound.log2_jump(y);
    if (jump >= best) continue;
    // Convex in lambda where it is a bound: from that of a normal law downwards.
    double least = 0;
    for (double lambda = 2 * z / std::sqrt(n_); lambda * bound.threshold() > 1; lambda *= 0.88) {
      const double value = bound.log2_chernoff(y, lambda);
      if (value > least && least < 0) break;
      least = std::min(least, value);
    }
    // Two-sided, for each coefficient; a place where |Y| is large serves all of them.
    best = std::min(best, log2_add(jump, least + 1 + log2_n));
  }
  // Keys that were drawn again make those that are used as much more likely.
  return std::min(best + (key_limit_ > 0 && degree > 0 ? kLog2Drawn : 0), 0.0);
}

}  // namespace fcn::fv
