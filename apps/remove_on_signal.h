// Files that are removed when a signal ends the program: the bytes of an output that is not finished, perhaps a key.
#pragma once

#include <string>

namespace fcn::apps {

// From now on SIGINT, SIGTERM and SIGHUP remove what is registered before they end the program, as they do without this
// (a signal that is ignored stays ignored). Called once by main.
void remove_files_on_signals();

// Removes path when such a signal comes while this lives. At most 8 at once, and no longer paths than the system takes;
// others, and an empty one, are not registered.
class RemoveOnSignal {
 public:
  explicit RemoveOnSignal(const std::string& path) noexcept;
  RemoveOnSignal(RemoveOnSignal&& other) noexcept;
  RemoveOnSignal& operator=(RemoveOnSignal&&) = delete;
  ~RemoveOnSignal();

 private:
  int slot_ = -1;
};

}  // namespace fcn::apps
