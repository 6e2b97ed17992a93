// Everything a client does with secrets, for the tests of constant time: those mark secrets as undefined
// memory, or run the operations with several secrets and compare.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fv/params.h"
#include "ntt/kernels.h"

namespace fcn::test {

// variant chooses the secrets; hide is told where they are, and may be null.
struct Secrets {
  unsigned variant = 0;
  void (*hide)(const void* bytes, std::size_t count) = nullptr;

  template <class T>
  void mark(const T* values, std::size_t count) const {
    if (hide != nullptr) hide(values, count * sizeof(T));
  }
};

struct SecretOperation {
  std::string name;
  // What comes before the secrets are used, and returns what uses them.
  std::function<std::function<void()>(const Secrets&)> prepare;
  // Declared exceptions: branches that refuse values out of range, of which every value is one or a few. They
  // are never taken for valid values, so the comparison of runs allows none; memcheck cannot know and counts
  // them.
  unsigned range_checks = 0;
};

// Tiny rings for each kind of plaintext modulus: X - 2, X^k - b, an integer.
std::vector<fv::Params> tiny_parameters(const ntt::KernelTable& kernels);

// Keys, encoders, encryption and decryption of fv.
std::vector<SecretOperation> scheme_operations(const fv::Params& params);
// nn::Client in both layouts, its streams and its key file, quantize_pixels.
std::vector<SecretOperation> client_operations(const ntt::KernelTable& kernels);

}  // namespace fcn::test
