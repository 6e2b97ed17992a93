// Products of ciphertexts: equal to round(t (a (x) b) / q) in big integers, component by component.
#include "fv/product.h"

#include <gtest/gtest.h>

#include "fv/encoding.h"
#include "platform/thread_pool.h"
#include "support/ciphertext_lab.h"

namespace fcn::test {
namespace {

using fv::Ciphertext;
using platform::StatusCode;

// The library may differ by 1 where t d / q lies within about 2^-48 of the middle between two integers: there the sum of
// doubles that picks the nearest multiple of q may pick its neighbour. Random coefficients come that close once in 2^48,
// so the tests demand equality.
void expect_equal_to_model(const Ciphertext& out, const PolyVector& expected, const SchoolbookFv& model) {
  ASSERT_EQ(out.components(), expected.size());
  const PolyVector got = model.lift(out);
  for (std::size_t c = 0; c < expected.size(); ++c) {
    for (std::size_t i = 0; i < got[c].size(); ++i) {
      ASSERT_EQ(got[c][i], centered_modulo(expected[c][i], model.q()))
          << "component " << c << ", coefficient " << i;
    }
  }
}

class Product : public SmallSetTest {};

TEST_P(Product, EqualsTheModelForEveryShape) {
  CiphertextLab lab(params(), 21);
  for (std::size_t limbs = 1; limbs <= params().q_count(); ++limbs) {
    const SchoolbookFv model(params(), limbs);
    for (std::size_t left = 2; left <= 3; ++left) {
      for (std::size_t right = 2; right <= 3; ++right) {
        // No noise is claimed, so that small levels without room for a product are rounded all the same.
        Ciphertext a = lab.encrypt_long(lab.model.random_residues(lab.random), left, limbs);
        Ciphertext b = lab.encrypt_long(lab.model.random_residues(lab.random), right, limbs);
        a.set_noise({});
        b.set_noise({});
        Ciphertext out = must(Ciphertext::create(params(), 2, limbs));
        if (!fv::multiply(out, a, b, lab.workspace).ok()) continue;
        expect_equal_to_model(out, model.multiply(model.lift(a), model.lift(b)), model);
      }
    }
  }
}

TEST_P(Product, SquareIsMultiplyByItself) {
  CiphertextLab lab(params(), 22);
  const Ciphertext a = lab.encrypt(lab.model.random_residues(lab.random));
  Ciphertext square = must(a.clone()), product = must(a.clone()), transformed = must(a.clone());
  fv::to_transformed(transformed);
  for (std::size_t components : {2, 3}) {
    Ciphertext x = lab.encrypt_long(lab.model.random_residues(lab.random), components, params().q_count());
    x.set_noise({});
    ASSERT_TRUE(fv::square(square, x, lab.workspace).ok());
    ASSERT_TRUE(fv::multiply(product, x, x, lab.workspace).ok());
    ASSERT_EQ(square.words(), product.words());
    EXPECT_TRUE(std::equal(square.component(0), square.component(0) + square.words(), product.component(0)));
    expect_equal_to_model(square, lab.model.multiply(lab.model.lift(x), lab.model.lift(x)), lab.model);
    fv::to_transformed(x);
    Ciphertext from_transformed = must(a.clone());
    ASSERT_TRUE(fv::square(from_transformed, x, lab.workspace).ok());
    EXPECT_EQ(from_transformed.form(), fv::Form::kCoefficients);
    EXPECT_TRUE(
        std::equal(square.component(0), square.component(0) + square.words(), from_transformed.component(0)));
  }
}

// Factors in either form, out as either factor, with room to spare or not: the same bits.
TEST_P(Product, FormsAndOutputs) {
  CiphertextLab lab(params(), 28);
  for (std::size_t right_components : {2, 3}) {
    const auto make = [&](std::size_t components) {
      Ciphertext c = lab.encrypt_long(lab.model.random_residues(lab.random), components, params().q_count());
      c.set_noise({});
      return c;
    };
    const Ciphertext a = make(2), b = make(right_components);
    Ciphertext expected = must(a.clone());
    ASSERT_TRUE(fv::multiply(expected, a, b, lab.workspace).ok());
    const auto expect_same = [&](const Ciphertext& got) {
      ASSERT_EQ(got.words(), expected.words());
      EXPECT_EQ(got.form(), fv::Form::kCoefficients);
      EXPECT_TRUE(std::equal(got.component(0), got.component(0) + got.words(), expected.component(0)));
    };
    for (int forms = 0; forms < 4; ++forms) {
      Ciphertext x = must(a.clone()), y = must(b.clone());
      if (forms % 2 != 0) fv::to_transformed(x);
      if (forms / 2 != 0) fv::to_transformed(y);
      Ciphertext out = must(Ciphertext::create(params(), fv::kMaxComponents, params().q_count()));
      const std::uint64_t* memory = out.component(0);
      ASSERT_TRUE(fv::multiply(out, x, y, lab.workspace).ok());
      expect_same(out);
      EXPECT_EQ(out.component(0), memory) << "the memory of out is reused";
      ASSERT_TRUE(fv::multiply(out, y, x, lab.workspace).ok());
      expect_same(out);
      Ciphertext x_out = must(x.clone()), y_out = must(y.clone());
      ASSERT_TRUE(fv::multiply(x_out, x_out, y, lab.workspace).ok());
      expect_same(x_out);
      ASSERT_TRUE(fv::multiply(y_out, x, y_out, lab.workspace).ok());
      expect_same(y_out);
      Ciphertext square = must(Ciphertext::create(params(), 2, params().q_count()));
      ASSERT_TRUE(fv::square(square, y, lab.workspace).ok());
      ASSERT_TRUE(fv::square(y, y, lab.workspace).ok());
      ASSERT_EQ(y.words(), square.words());
      EXPECT_TRUE(std::equal(y.component(0), y.component(0) + y.words(), square.component(0)));
    }
  }
}

// More workers than primes, fewer, and numbers that divide theirs or do not.
TEST_P(Product, TheSameBitsOnAnyNumberOfThreads) {
  CiphertextLab lab(params(), 29);
  const std::size_t limbs = params().q_count();
  Ciphertext a = lab.encrypt_long(lab.model.random_residues(lab.random), 2, limbs);
  Ciphertext b = lab.encrypt_long(lab.model.random_residues(lab.random), 3, limbs);
  a.set_noise({});
  b.set_noise({});
  fv::to_transformed(b);
  Ciphertext product = must(a.clone()), square = must(a.clone());
  ASSERT_TRUE(fv::multiply(product, a, b, lab.workspace).ok());
  ASSERT_TRUE(fv::square(square, a, lab.workspace).ok());
  for (const std::size_t threads : {2, 3, 4, 5, 16}) {
    platform::ThreadPool pool(threads);
    Ciphertext out = must(a.clone());
    ASSERT_TRUE(fv::multiply(out, a, b, lab.workspace, &pool).ok());
    ASSERT_EQ(out.words(), product.words());
    EXPECT_TRUE(std::equal(out.component(0), out.component(0) + out.words(), product.component(0)))
        << threads << " threads";
    ASSERT_TRUE(fv::square(out, a, lab.workspace, &pool).ok());
    ASSERT_EQ(out.words(), square.words());
    EXPECT_TRUE(std::equal(out.component(0), out.component(0) + out.words(), square.component(0)))
        << threads << " threads";
  }
}

TEST_P(Product, DecryptsToTheProduct) {
  CiphertextLab lab(params(), 23);
  for (int round = 0; round < 3; ++round) {
    const Poly x =
        round == 0 ? Poly(lab.model.length(), lab.model.p() - 1) : lab.model.random_residues(lab.random);
    const Poly y = lab.model.random_residues(lab.random);
    Ciphertext a = lab.encrypt(x);
    const Ciphertext b = lab.encrypt(y);
    Ciphertext out = must(a.clone());
    if (!fv::multiply(out, a, b, lab.workspace).ok()) GTEST_SKIP() << "no room for a product";
    EXPECT_EQ(lab.decrypt(out), lab.model.multiply_residues(x, y));
    EXPECT_EQ(lab.model.residues(must(fv::decrypt(lab.key, out, lab.workspace))),
              lab.model.multiply_residues(x, y));
    ASSERT_TRUE(fv::multiply(a, a, b, lab.workspace).ok());  // out may be a factor
    EXPECT_TRUE(std::equal(a.component(0), a.component(0) + a.words(), out.component(0)));
  }
}

TEST_P(Product, ComponentsAtTheEdgesOfTheirRange) {
  // Residues 0, 1, q-1 and near q/2 in every place.
  CiphertextLab lab(params(), 24);
  const BigInt half = divide_floor(lab.model.q(), 2);
  for (const BigInt& edge : {BigInt(0), BigInt(1), BigInt(-1), half - divide_floor(half, 1 << 20),
                             divide_floor(half, 1 << 20) - half}) {
    PolyVector c(2, Poly(params().n()));
    for (Poly& x : c) {
      for (BigInt& v : x) v = lab.random() % 2 == 0 ? edge : -edge;
    }
    const Ciphertext a = lab.model.lower(c, {});
    Ciphertext out = must(a.clone());
    ASSERT_TRUE(fv::square(out, a, lab.workspace).ok());
    // All equal: rounding may meet a tie, which either neighbour settles.
    const PolyVector expected = lab.model.multiply(c, c), got = lab.model.lift(out);
    for (std::size_t l = 0; l < expected.size(); ++l) {
      for (std::size_t i = 0; i < params().n(); ++i) {
        EXPECT_LE(absolute(centered_modulo(got[l][i] - expected[l][i], lab.model.q())), 1);
      }
    }
  }
}

FCN_ON_ALL_KERNELS_AND_SMALL_SETS(Product);

class ProductOfNamedSets : public KernelTest {};

TEST_P(ProductOfNamedSets, PixelSquareEqualsTheModel) {
  const fv::Params params = must(fv::Params::create(must(fv::pixel_spec()), kernels()));
  CiphertextLab lab(params, 25);
  const auto m = must(fv::encode_integer(params, 1234567));
  const Ciphertext a = must(must(fv::encrypt(lab.key, m, lab.rng, lab.workspace)).expand());
  Ciphertext out = must(a.clone());
  ASSERT_TRUE(fv::square(out, a, lab.workspace).ok());
  const PolyVector c = lab.model.lift(a), got = lab.model.lift(out);
  // c_0 c_1, twice: the component with the largest sums. Its product needs n^2 big products; the others are alike.
  Poly middle = lab.model.times_t(negacyclic_product(c[0], c[1]));
  for (std::size_t i = 0; i < params.n(); ++i) {
    ASSERT_EQ(got[1][i], centered_modulo(divide_round(2 * middle[i], lab.model.q()), lab.model.q())) << i;
  }
  EXPECT_EQ(must(fv::decode_integer(must(fv::decrypt(lab.key, out, lab.workspace)))), 1234567LL * 1234567);
}

FCN_ON_ALL_KERNELS(ProductOfNamedSets);

TEST(ProductRefusals, ComponentsLimbsAndParameters) {
  CiphertextLab lab(params_of(small_sets()[6]), 26), other(params_of(small_sets()[5]), 27);
  const Poly zero(lab.model.length()), other_zero(other.model.length());
  const Ciphertext a = lab.encrypt(zero), low = lab.encrypt_long(zero, 2, 1),
                   four = lab.encrypt_long(zero, 4, 2);
  const Ciphertext foreign = other.encrypt(other_zero);
  Ciphertext out = must(a.clone());
  const auto expect = [&](const platform::Status& status, StatusCode code, const char* part) {
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  };
  expect(fv::multiply(out, a, low, lab.workspace), StatusCode::kMismatch, "have 2 and 1 primes");
  expect(fv::multiply(out, a, foreign, lab.workspace), StatusCode::kMismatch, "different parameters");
  expect(fv::multiply(out, four, a, lab.workspace), StatusCode::kInvalidArgument, "a factor of 4 components");
  expect(fv::multiply(out, a, four, lab.workspace), StatusCode::kInvalidArgument, "a factor of 4 components");
  expect(fv::square(out, four, lab.workspace), StatusCode::kInvalidArgument, "a factor of 4 components");
}

}  // namespace
}  // namespace fcn::test
