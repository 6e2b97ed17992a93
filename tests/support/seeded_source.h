// A source of randomness that gives known bytes, counts its calls, and fails when it is told to.
#pragma once

#include "platform/random.h"

namespace fcn::test {

class SeededSource {
 public:
  explicit SeededSource(std::uint8_t seed) : rng_(platform::Seed{seed}) {}
  SeededSource(const SeededSource&) = delete;
  SeededSource& operator=(const SeededSource&) = delete;

  platform::RandomSource source() {
    return {[](void* user, std::uint8_t* out, std::size_t size) {
              auto& self = *static_cast<SeededSource*>(user);
              ++self.calls;
              if (self.broken) return 1;
              self.rng_.fill({out, size});
              return 0;
            },
            this};
  }

  std::size_t calls = 0;
  bool broken = false;

 private:
  platform::ChaCha20 rng_;
};

}  // namespace fcn::test
