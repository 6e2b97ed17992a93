// Overwriting memory in a way that the compiler may not remove.
#pragma once

#include <cstddef>
#include <type_traits>

namespace fcn::platform {

// Sets bytes bytes to zero. memory may be null when bytes is 0.
void secure_wipe(void* memory, std::size_t bytes) noexcept;

// Overwrites what a function that has just returned to the caller may have left below the caller's frame: its spilled
// registers and local arrays, up to kWipedStackBytes of them.
inline constexpr std::size_t kWipedStackBytes = 1088;
void wipe_stack_below() noexcept;

// Wipes the elements of a container when the scope is left, however it is left. The container may be replaced or grow
// in the meantime; what it gave back before that is not wiped.
template <class Container>
class WipeAtExit {
 public:
  explicit WipeAtExit(Container& container) noexcept : container_(container) {}
  WipeAtExit(const WipeAtExit&) = delete;
  WipeAtExit& operator=(const WipeAtExit&) = delete;
  ~WipeAtExit() { wipe(container_); }

 private:
  template <class C>
  static void wipe(C& c) noexcept {
    using Element = typename C::value_type;
    if constexpr (std::is_trivially_copyable_v<Element>) {
      if (c.size() != 0) secure_wipe(c.data(), c.size() * sizeof(Element));
    } else {
      for (Element& inner : c) wipe(inner);
    }
  }
  Container& container_;
};

}  // namespace fcn::platform
