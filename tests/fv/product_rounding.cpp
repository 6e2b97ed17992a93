// round(f x / q) modulo q from residues modulo q and an auxiliary base, against big integers.
#include <gtest/gtest.h>

#include "fv/internal/rounding.h"
#include "ntt/primes.h"
#include "support/fv_sets.h"
#include "support/schoolbook_fv.h"

namespace fcn::test {
namespace {

class ProductRoundings : public KernelTest {};

TEST_P(ProductRoundings, EqualTheRoundedQuotient) {
  struct Shape {
    std::vector<unsigned> own, aux;
  };
  const Shape shapes[] = {{{41}, {50}},
                          {{50}, {50, 50}},
                          {{50, 49}, {50, 50, 30}},
                          {{20, 50, 50}, {50, 50, 50, 50}},
                          {{50, 50, 50, 50, 50}, {50, 50, 50, 50, 50, 50}}};
  Random random(3);
  for (const std::size_t n : {4, 64, 2048}) {  // less than a tile, and more
    for (const Shape& shape : shapes) {
      std::vector<std::uint64_t> taken;
      std::vector<ntt::NttTables> tables;
      for (const auto* base : {&shape.own, &shape.aux}) {
        for (unsigned bits : *base) {
          taken.push_back(must(ntt::find_primes(n, bits, 1, taken))[0]);
          tables.push_back(
              must(ntt::NttTables::create(n, must(ntt::Modulus::create(taken.back())), kernels())));
        }
      }
      const std::size_t u = shape.own.size(), total = tables.size();
      std::vector<const ntt::NttTables*> own, aux;
      BigInt q = 1, b = 1;
      for (std::size_t i = 0; i < total; ++i) {
        (i < u ? own : aux).push_back(&tables[i]);
        (i < u ? q : b) = (i < u ? q : b) * taken[i];
      }
      for (const std::uint64_t factor :
           {std::uint64_t{1}, std::uint64_t{65537}, (std::uint64_t{1} << 40) - 2}) {
        const fv::ProductRounding rounding(own, aux, factor);
        // |f x / q| below B/2 by one part in a thousand, or nearly 0.
        const BigInt largest = divide_floor(q * b * 499, BigInt(factor) * 1000);
        std::vector<std::uint64_t> x(total * n), out(u * n, ~std::uint64_t{0}),
            scratch(rounding.scratch_words(n));
        Poly values(n);
        for (std::size_t c = 0; c < n; ++c) {
          BigInt value;
          for (std::size_t bits = 0; bits <= largest.bit_length(); bits += 64)
            value = value * BigInt::power_of_two(64) + random();
          value = modulo(value, 2 * largest + 1) - largest;
          values[c] = c == 0 ? largest : c == 1 ? -largest : c == 2 ? BigInt(c % 5) - 2 : value;
          for (std::size_t i = 0; i < total; ++i) x[i * n + c] = modulo(values[c], taken[i]).to_uint64();
        }
        rounding.apply(out.data(), x.data(), n, n, scratch.data());
        for (std::size_t c = 0; c < n; ++c) {
          const BigInt expected = divide_round(values[c] * factor, q);
          for (std::size_t i = 0; i < u; ++i) {
            ASSERT_EQ(out[i * n + c], modulo(expected, taken[i]).to_uint64())
                << "n " << n << ", " << u << " primes";
          }
        }
      }
    }
  }
}

FCN_ON_ALL_KERNELS(ProductRoundings);

}  // namespace
}  // namespace fcn::test
