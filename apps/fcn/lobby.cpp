#include "lobby.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "service.h"

namespace fcn::apps {

using platform::concat;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kFarewell{1};  // for a refused guest to finish what it is sending
constexpr int kPiecesAtOnce = 16;             // read from one guest before the others get their turn

}  // namespace

void Lobby::enter(Accepted connection) {
  if (guests_.size() >= limits_.guests) send_one_away();
  Guest& guest = guests_.emplace_back();
  guest.from = std::move(connection);
  guest.number = ++entered_;
  guest.deadline = Clock::now() + limits_.greeting;
  if (!read(guest)) guests_.pop_back();
}

bool Lobby::send_one_away() {
  if (guests_.empty()) return false;
  std::map<std::string, std::size_t> of_host;
  for (const Guest& guest : guests_) ++of_host[guest.from.host];
  auto chosen = guests_.begin();
  const auto is_rather = [&](const Guest& a, const Guest& b) {  // sent away than b, which is older
    const std::size_t of_a = of_host[a.from.host], of_b = of_host[b.from.host];
    return of_a != of_b ? of_a > of_b : !a.ready() && b.ready();
  };
  for (auto guest = guests_.begin(); guest != guests_.end(); ++guest)
    if (is_rather(*guest, *chosen)) chosen = guest;
  if (!chosen->leaving) refuse(*chosen, "too many connections wait, try again later");
  guests_.erase(chosen);
  return true;
}

void Lobby::append(std::vector<pollfd>& polled) const {
  // A guest that is ready has its keys in the kernel's buffers: they would wake us up at once, over and over.
  for (const Guest& guest : guests_)
    polled.push_back({guest.from.socket.get(), static_cast<short>(guest.ready() ? 0 : POLLIN), 0});
}

int Lobby::milliseconds_left() const {
  if (guests_.empty()) return -1;
  const auto first = std::min_element(guests_.begin(), guests_.end(),
                                      [](const Guest& a, const Guest& b) { return a.deadline < b.deadline; });
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first->deadline - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30));
}

void Lobby::look(std::span<const pollfd> polled) {
  const auto now = Clock::now();
  std::size_t i = 0;
  for (auto guest = guests_.begin(); guest != guests_.end(); ++i) {
    bool stays = true;
    if (i < polled.size() && polled[i].revents != 0) {
      if (guest->ready()) {  // both directions are closed: nobody is there to answer
        log_(*guest, "it went while it waited");
        stays = false;
      } else {
        stays = read(*guest);
      }
    }
    if (stays && now >= guest->deadline) {
      if (guest->leaving) {
        stays = false;
      } else if (guest->ready()) {
        refuse(*guest, "the service is full, try again later: too many clients of this address or in all");
      } else {
        refuse(*guest,
               concat("no evaluation keys began to arrive within ", limits_.greeting.count() / 1000, " s"));
      }
    }
    guest = stays ? std::next(guest) : guests_.erase(guest);
  }
}

void Lobby::offer(const std::function<bool(Guest&)>& take) {
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    const bool taken = guest->ready() && take(*guest) && !guest->leaving;
    guest = taken ? guests_.erase(guest) : std::next(guest);
  }
}

void Lobby::refuse(Guest& guest, const std::string& reason) {
  log_(guest, reason);
  guest.leaving = true;
  guest.deadline = Clock::now() + kFarewell;
  const fv::Bytes reply = make_refusal(reason);  // fits the buffer of a socket that nothing was written to
  (void)::send(guest.from.socket.get(), reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(guest.from.socket.get(), SHUT_WR);
}

void Lobby::refuse(Accepted connection, std::size_t number, const std::string& reason) {
  Guest& guest = guests_.emplace_back();
  guest.from = std::move(connection);
  guest.number = number;
  refuse(guest, reason);
}

void Lobby::refuse_all(const std::string& reason) {
  for (Guest& guest : guests_)
    if (!guest.leaving) refuse(guest, reason);
  guests_.clear();
}

bool Lobby::read(Guest& guest) {
  std::array<std::uint8_t, 16384> ignored;
  for (int piece = 0; piece < kPiecesAtOnce && !guest.ready(); ++piece) {
    const std::span<std::uint8_t> out =
        guest.leaving ? std::span<std::uint8_t>(ignored) : std::span(guest.header).subspan(guest.filled);
    const ssize_t got = ::recv(guest.from.socket.get(), out.data(), out.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (got <= 0) {
      guest.ended = true;
      if (guest.ready()) {  // part of a header: whoever takes it will say what is wrong
        guest.deadline = Clock::now() + limits_.room;
        return true;
      }
      if (!guest.leaving) log_(guest, "");
      return false;
    }
    if (guest.leaving) continue;
    guest.filled += static_cast<std::size_t>(got);
    if (guest.ready()) guest.deadline = Clock::now() + limits_.room;
  }
  return true;
}

}  // namespace fcn::apps
