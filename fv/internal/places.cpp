#include "places.h"

#include <cmath>

namespace fcn::fv {
namespace {

constexpr double kPi = 3.14159265358979323846;

}  // namespace

platform::Result<Places> Places::create(std::size_t n) {
  FCN_ASSIGN_OR_RETURN(auto memory, platform::SecretBuffer<double>::create(n + n / 2));
  double *cosines = memory.data() + n, *sines = cosines + n / 4;
  for (std::size_t j = 0; j < n / 4; ++j) {
    const double angle = 4 * kPi * static_cast<double>(j) / static_cast<double>(n);
    cosines[j] = std::cos(angle);
    sines[j] = std::sin(angle);
  }
  return Places(n, std::move(memory));
}

// Of each pair of roots w and conj(w) one has w^(n/2) = i. There a(w) is the sum over k < n/2 of (a_k + i a_(k + n/2)) w^k,
// and with w = exp(i pi (4 j + 1) / n) a Fourier transform over j of these numbers times exp(i pi k / n).
std::span<const double> Places::squared_moduli(const std::int64_t *a) noexcept {
  double *re = memory_.data(), *im = re + half_, *cosines = im + half_, *sines = cosines + half_ / 2;
  // exp(i pi k / n) advances by a quarter of the tables' step: the tables' entry times one of four numbers.
  double quarter_cos[4], quarter_sin[4];
  for (int r = 0; r < 4; ++r) {
    quarter_cos[r] = std::cos(kPi * r / (2 * static_cast<double>(half_)));
    quarter_sin[r] = std::sin(kPi * r / (2 * static_cast<double>(half_)));
  }
  for (std::size_t k = 0; k < half_; ++k) {
    const double c = cosines[k / 4] * quarter_cos[k % 4] - sines[k / 4] * quarter_sin[k % 4];
    const double s = sines[k / 4] * quarter_cos[k % 4] + cosines[k / 4] * quarter_sin[k % 4];
    const auto x = static_cast<double>(a[k]), y = static_cast<double>(a[k + half_]);
    re[k] = x * c - y * s;
    im[k] = x * s + y * c;
  }
  // Decimation in frequency; the order of the results does not matter.
  for (std::size_t length = half_ / 2, stride = 1; length >= 1; length /= 2, stride *= 2) {
    for (std::size_t start = 0; start < half_; start += 2 * length) {
      for (std::size_t j = 0; j < length; ++j) {
        const std::size_t low = start + j, high = low + length;
        const double c = cosines[j * stride], s = sines[j * stride];
        const double x = re[low] - re[high], y = im[low] - im[high];
        re[low] += re[high];
        im[low] += im[high];
        re[high] = x * c - y * s;
        im[high] = x * s + y * c;
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
