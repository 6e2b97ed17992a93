// What the types promise: secrets are not copied, and nothing public takes or gives them.
#include <gtest/gtest.h>

#include <type_traits>

#include "fv/encryption.h"
#include "fv/evaluation.h"
#include "fv/key_switching.h"
#include "fv/modulus_switch.h"
#include "fv/monomial_sum.h"
#include "fv/product.h"
#include "fv/serialization.h"
#include "support/fv_sets.h"

namespace fcn::test {
namespace {

template <class T>
constexpr bool kMoveOnly = std::is_move_constructible_v<T>&& std::is_move_assignable_v<T> &&
                           !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;

static_assert(kMoveOnly<fv::SecretKey>);
static_assert(kMoveOnly<fv::Plaintext>);
static_assert(kMoveOnly<fv::Ciphertext>);
static_assert(kMoveOnly<fv::SeededCiphertext>);
static_assert(kMoveOnly<fv::PublicKey>);
static_assert(kMoveOnly<platform::ChaCha20>);
static_assert(kMoveOnly<platform::SecretSeed>);
static_assert(kMoveOnly<platform::KeyBuffer<int>>);

// No public type is made of a secret key by conversion, and no function that writes public bytes takes one.
template <class T>
constexpr bool kFromSecret =
    std::is_constructible_v<T, fv::SecretKey> || std::is_convertible_v<fv::SecretKey, T> ||
    std::is_constructible_v<T, const fv::SecretKey&>;

static_assert(!kFromSecret<fv::PublicKey>);
static_assert(!kFromSecret<fv::RelinKeys>);
static_assert(!kFromSecret<fv::GaloisKeys>);
static_assert(!kFromSecret<fv::Ciphertext>);
static_assert(!kFromSecret<fv::Plaintext>);
static_assert(!kFromSecret<fv::Params>);
static_assert(!kFromSecret<fv::Bytes>);

template <class T>
concept Serializable = requires(const T& x) {
  fv::serialize(x);
};

static_assert(Serializable<fv::PublicKey>);
static_assert(Serializable<fv::RelinKeys>);
static_assert(Serializable<fv::Params>);
static_assert(!Serializable<fv::SecretKey>);
static_assert(!Serializable<fv::Plaintext>);

// The bytes of a secret key are wiped when they die, and do not turn into public ones.
using SecretBytes = decltype(fv::serialize_secret_key(std::declval<const fv::SecretKey&>()));
static_assert(std::is_same_v<SecretBytes, platform::Result<platform::SecretBuffer<std::uint8_t>>>);
static_assert(!std::is_convertible_v<platform::SecretBuffer<std::uint8_t>, fv::Bytes>);
static_assert(
    !std::is_convertible_v<platform::SecretBuffer<std::uint8_t>, platform::AlignedBuffer<std::uint8_t>>);

// Operations of the inference side: their types name ciphertexts, plaintexts and public keys only.
template <class Function>
struct NamesSecret;
template <class R, class... A>
struct NamesSecret<R (*)(A...)>
    : std::bool_constant<(std::is_same_v<std::remove_cvref_t<A>, fv::SecretKey> || ...)> {};
template <class R, class... A>
struct NamesSecret<R (*)(A...) noexcept> : NamesSecret<R (*)(A...)> {};

static_assert(!NamesSecret<decltype(&fv::add_inplace)>::value);
static_assert(!NamesSecret<decltype(&fv::multiply)>::value);
static_assert(!NamesSecret<decltype(&fv::square)>::value);
static_assert(!NamesSecret<decltype(&fv::relinearize_inplace)>::value);
static_assert(!NamesSecret<decltype(&fv::rotate_inplace)>::value);
static_assert(!NamesSecret<decltype(&fv::modulus_switch_inplace)>::value);
static_assert(NamesSecret<decltype(&fv::decrypt_into)>::value);  // the check can fail
static_assert(!std::is_invocable_v<decltype(&fv::relinearize_inplace), fv::Ciphertext&, const fv::SecretKey&,
                                   fv::Workspace&>);

TEST(Types, MovedKeysKeepTheirValue) {
  const fv::Params params = params_of(small_sets()[0]);
  platform::ChaCha20 rng = test_rng(1);
  fv::SecretKey key = must(fv::SecretKey::generate(params, rng));
  const std::vector<std::int64_t> before(key.coefficients(), key.coefficients() + params.n());
  const fv::SecretKey moved = std::move(key);
  EXPECT_EQ(std::vector<std::int64_t>(moved.coefficients(), moved.coefficients() + params.n()), before);
}

TEST(Types, SecretKeysAreTernary) {
  const fv::Params params = params_of(small_sets()[0]);
  std::vector<std::int64_t> s(params.n(), 0);
  s[3] = 1;
  s[4] = -1;
  const fv::SecretKey key = must(fv::SecretKey::from_coefficients(params, s.data()));
  EXPECT_EQ(std::vector<std::int64_t>(key.coefficients(), key.coefficients() + params.n()), s);
  for (std::int64_t value :
       {std::int64_t{2}, std::int64_t{-2}, std::int64_t{3}, std::int64_t{-3}, std::int64_t{4},
        std::int64_t{256}, INT64_MAX, INT64_MIN, INT64_MIN + 1, INT64_MIN + 2}) {
    s[7] = value;
    const auto refused = fv::SecretKey::from_coefficients(params, s.data());
    EXPECT_EQ(refused.status().code(), platform::StatusCode::kCorrupt) << value;
    EXPECT_NE(refused.status().message().find("coefficient 7 of the secret key"), std::string::npos);
  }
}

}  // namespace
}  // namespace fcn::test
