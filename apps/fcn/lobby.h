// Where connections wait until their first header has arrived and there is room for them. A descriptor and a
// few bytes each, no thread: strangers who say nothing cost next to nothing and keep nobody else out.
#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <functional>
#include <list>
#include <string>

#include "../../nn/message.h"
#include "sockets.h"

namespace fcn::apps {

// One connection in the lobby.
struct Guest {
  Accepted from;
  std::size_t number = 0;  // counted from 1, for the log
  std::array<std::uint8_t, nn::kMessageHeaderBytes> header{};
  std::size_t filled = 0;  // of header
  bool ended = false;      // it will send no more
  bool leaving = false;    // it was refused; what it still sends is read away, so that it can read the reason
  std::chrono::steady_clock::time_point deadline;

  bool ready() const noexcept { return !leaving && (filled == header.size() || (ended && filled > 0)); }
};

struct LobbyLimits {
  std::size_t guests = 256;
  std::chrono::milliseconds greeting{5000};  // to a whole header
  std::chrono::milliseconds room{45000};     // then, until there is room
};

// For one thread.
class Lobby {
 public:
  // log: why a guest left, empty when it left without a word.
  using Log = std::function<void(const Guest& guest, const std::string& reason)>;
  Lobby(const LobbyLimits& limits, Log log) : limits_(limits), log_(std::move(log)) {}

  // Takes a connection in and reads what it has sent. When the lobby is full, the oldest of the host with
  // most guests goes, rather one that is silent: one address, however often it connects, pushes out its own.
  void enter(Accepted connection);
  // False when there was nobody. For when there are no descriptors left.
  bool send_one_away();

  // What to wait for: appended in the order of the guests; and for how long at most, -1: for ever.
  void append(std::vector<pollfd>& polled) const;
  int milliseconds_left() const;
  // What append() asked for has come: reads headers, forgets who went, refuses whose time is up.
  void look(std::span<const pollfd> polled);

  // Offers every guest that is ready to `take`, oldest first. take: true when the guest has been taken over
  // or refused; false: it goes on waiting.
  void offer(const std::function<bool(Guest&)>& take);
  // Tells the guest why, without waiting, and lets it go soon. Noted in the log.
  void refuse(Guest& guest, const std::string& reason);
  // A connection that had left the lobby, to be refused as above.
  void refuse(Accepted connection, std::size_t number, const std::string& reason);
  void refuse_all(const std::string& reason);

 private:
  // Whether the guest stays.
  bool read(Guest& guest);
  LobbyLimits limits_;
  Log log_;
  std::size_t entered_ = 0;
  std::list<Guest> guests_;  // oldest first
};

}  // namespace fcn::apps
