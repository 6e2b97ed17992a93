#include "modulus_switch.h"

#include <cstring>

#include "../platform/floating_point.h"
#include "evaluation.h"
#include "internal/level.h"
#include "internal/rounding.h"

namespace fcn::fv {

platform::Status modulus_switch_inplace(Ciphertext& a, Workspace& workspace) {
  const platform::FloatingPointEnvironment nearest;
  const std::size_t limbs = a.limbs(), n = a.params().n();
  if (limbs == 1) return platform::invalid_argument("modulus switch: the ciphertext has one prime left");
  const Params& params = a.params();
  const NoiseModel model(params);
  const Noise noise = model.modulus_switch(a.noise(), limbs, a.components());
  FCN_RETURN_IF_ERROR(model.check(noise, limbs - 1, "a modulus switch"));
  const Level& level = params.level(limbs);
  FCN_ASSIGN_OR_RETURN(std::uint64_t * scratch,
                       workspace.words((limbs - 1) * n + level.from_last.scratch_words(n)));
  to_coefficients(a);
  for (std::size_t c = 0; c < a.components();
       ++c) {  // in place, and moved to where it is without the last prime
    std::uint64_t* x = a.component(c);
    subtract_and_divide(params, x, 0, limbs - 1, a.limb(c, limbs - 1), level.from_last,
                        level.last_inverse.data(), scratch);
    std::memmove(a.component(0) + c * (limbs - 1) * n, x, (limbs - 1) * n * sizeof *x);
  }
  a.set_shape(params, a.components(), limbs - 1, Form::kCoefficients);
  a.set_noise(noise);
  return {};
}

}  // namespace fcn::fv
