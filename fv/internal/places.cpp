#include "places.h"

#include <cmath>

namespace fcn::fv {
namespace {

constexpr double kPi = 3.14159265358979323846;

// The powers of exp(i angle), from 1 on.
struct Root {
  explicit Root(double angle) noexcept : step_c(std::cos(angle)), step_s(std::sin(angle)) {}
  void advance() noexcept {
    const double next = c * step_c - s * step_s;
    s = s * step_c + c * step_s;
    c = next;
  }
  double c = 1, s = 0, step_c, step_s;
};

}  // namespace

platform::Result<Places> Places::create(std::size_t n) {
  FCN_ASSIGN_OR_RETURN(auto memory, platform::SecretBuffer<double>::create(n));
  return Places(n, std::move(memory));
}

// Of each pair of roots w and conj(w) one has w^(n/2) = i. There a(w) is the sum over k < n/2 of (a_k + i a_(k + n/2)) w^k,
// and with w = exp(i pi (4 j + 1) / n) a Fourier transform over j of these numbers times exp(i pi k / n). Roots of unity
// are multiplied up instead of kept in a table: a small client has no memory for one, and n steps lose 12 bits of 53.
std::span<const double> Places::squared_moduli(const std::int64_t* a) noexcept {
  double *re = memory_.data(), *im = re + half_;
  Root turn(kPi / (2 * static_cast<double>(half_)));
  for (std::size_t k = 0; k < half_; ++k, turn.advance()) {
    const auto x = static_cast<double>(a[k]), y = static_cast<double>(a[k + half_]);
    re[k] = x * turn.c - y * turn.s;
    im[k] = x * turn.s + y * turn.c;
  }
  // Decimation in frequency; the order of the results does not matter.
  for (std::size_t length = half_ / 2; length >= 1; length /= 2) {
    const Root first(kPi / static_cast<double>(length));
    for (std::size_t start = 0; start < half_; start += 2 * length) {
      Root root = first;
      for (std::size_t low = start; low < start + length; ++low, root.advance()) {
        const std::size_t high = low + length;
        const double x = re[low] - re[high], y = im[low] - im[high];
        re[low] += re[high];
        im[low] += im[high];
        re[high] = x * root.c - y * root.s;
        im[high] = x * root.s + y * root.c;
      }
    }
  }
  for (std::size_t j = 0; j < half_; ++j) re[j] = re[j] * re[j] + im[j] * im[j];
  return {re, half_};
}

double largest_value(std::span<const double> values) noexcept {
  double largest = 0;
  for (const double value : values) largest = largest > value ? largest : value;
  return largest;
}

}  // namespace fcn::fv
