#include "remove_on_signal.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace fcn::apps {
namespace {

// A handler may read these whenever it comes: a path is there before its state says so, and until after it no longer
// does.
enum State { kFree, kTaken, kReady };
struct Slot {
  std::atomic<int> state{kFree};
  std::array<char, 4096> path;
};
std::array<Slot, 8> slots;
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void remove_and_end(int signal) {
  for (Slot& slot : slots) {
    if (slot.state == kReady) ::unlink(slot.path.data());
  }
  std::signal(signal, SIG_DFL);
  ::raise(signal);  // ends the program when the handler returns
}

}  // namespace

void remove_files_on_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before;
    if (::sigaction(signal, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) continue;
    struct sigaction action {};
    action.sa_handler = remove_and_end;
    ::sigaction(signal, &action, nullptr);
  }
}

RemoveOnSignal::RemoveOnSignal(const std::string& path) noexcept {
  if (path.empty() || path.size() >= slots[0].path.size()) return;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    int expected = kFree;
    if (!slots[i].state.compare_exchange_strong(expected, kTaken)) continue;
    std::memcpy(slots[i].path.data(), path.c_str(), path.size() + 1);
    slots[i].state = kReady;
    slot_ = static_cast<int>(i);
    return;
  }
}

RemoveOnSignal::RemoveOnSignal(RemoveOnSignal&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}

RemoveOnSignal::~RemoveOnSignal() {
  if (slot_ >= 0) slots[static_cast<std::size_t>(slot_)].state = kFree;
}

}  // namespace fcn::apps
