// Ciphertexts and keys of one small set, and their decryption by the schoolbook model.
#pragma once

#include "fv/evaluation.h"
#include "fv/key_switching.h"
#include "fv_sets.h"
#include "schoolbook_fv.h"

namespace fcn::test {

class CiphertextLab {
 public:
  CiphertextLab(const fv::Params& params_in, std::uint8_t seed)
      : params(params_in),
        model(params),
        random(seed),
        rng(test_rng(seed)),
        key(must(fv::SecretKey::generate(params, rng))),
        s(secret_of(key)) {}

  fv::Plaintext plaintext(const Poly& residues) const {
    fv::Plaintext m = must(fv::Plaintext::create(params));
    const Poly x = model.representative(residues);
    for (std::size_t i = 0; i < x.size(); ++i) m.coefficients()[i] = x[i].to_int64();
    m.set_used_rows(params.t().digits());
    return m;
  }
  fv::Ciphertext encrypt(const Poly& residues) {
    return must(must(fv::encrypt(key, plaintext(residues), rng, workspace)).expand());
  }
  // A ciphertext of residues with so many components at a level, the further ones random: made by the model.
  fv::Ciphertext encrypt_long(const Poly& residues, std::size_t components, std::size_t limbs) {
    const SchoolbookFv at(params, limbs);
    SmallPoly error(params.n());
    for (std::int64_t& e : error) e = static_cast<std::int64_t>(random() % 7) - 3;
    PolyVector c = at.encrypt(at.representative(residues), s, error, random);
    PolyVector extra(components, Poly(params.n()));
    for (std::size_t i = 2; i < components; ++i) {
      for (BigInt& x : extra[i]) {
        for (std::size_t l = 0; l <= limbs; ++l) x = x * BigInt::power_of_two(64) + random();
        x = centered_modulo(x, at.q());
      }
      c.push_back(extra[i]);
    }
    c[0] = difference(c[0], at.phase(extra, s));
    return at.lower(c, fv::NoiseModel(params).fresh_secret_key());
  }
  // By the model, from either form; also checks that the measured noise is far enough from q/2 to mean something.
  Poly decrypt(const fv::Ciphertext& c) {
    fv::Ciphertext copy = must(c.clone());
    fv::to_coefficients(copy);
    const SchoolbookFv at(params, copy.limbs());
    const PolyVector components = at.lift(copy);
    EXPECT_LT(measure(at.noise(components, s)).log2_max, params.log2_q(copy.limbs()) - 1.5);
    return at.decrypt(components, s);
  }

  fv::Params params;
  SchoolbookFv model;
  Random random;
  platform::ChaCha20 rng;
  fv::Workspace workspace;
  fv::SecretKey key;
  SmallPoly s;
};

}  // namespace fcn::test
