#include "sockets.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace fcn::apps {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;
using platform::StatusCode;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr int kBacklog = 1024;  // connections that the system holds until accept() is called
// Bytes that wait in the kernel unsent before a writer waits, too. Without this limit the kernel buffers
// megabytes, and the minutes that a slow link takes for them look like a server that is silent.
constexpr int kMostUnsent = 128 << 10;

Status unavailable(const std::string& what, int reason) {
  return {StatusCode::kUnavailable, concat(what, ": ", std::generic_category().message(reason))};
}

Status set_nonblocking(int socket) {
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags < 0 || ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(socket, F_SETFD, FD_CLOEXEC) != 0)
    return unavailable("cannot set up a socket", errno);
  const int one = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one,
                     sizeof one);  // refused by Unix sockets: no matter
  return {};
}

// A socket address of either family.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<Address> unix_address(const std::string& path) {
  Address address;
  sockaddr_un un{};
  if (path.empty() || path.size() >= sizeof un.sun_path)
    return invalid_argument(concat("a Unix socket's path has 1 to ", sizeof un.sun_path - 1, " bytes"));
  un.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), un.sun_path);
  std::memcpy(&address.storage, &un, sizeof un);
  address.length = sizeof un;
  return address;
}

Result<std::vector<Address>> resolve(const std::string& text, bool listening) {
  if (text.starts_with(kUnixPrefix)) {
    FCN_ASSIGN_OR_RETURN(const Address address, unix_address(text.substr(kUnixPrefix.size())));
    return std::vector<Address>{address};
  }
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, std::min(colon, text.size()));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool number = !port.empty() && port.size() <= 5 &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (host.empty() || !number || std::stoul(port) > 65535)
    return invalid_argument(concat("\"", text, "\" is no address; host:port or unix:path are"));
  addrinfo wish{}, *found = nullptr;
  wish.ai_socktype = SOCK_STREAM;
  if (listening) wish.ai_flags = AI_PASSIVE;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &wish, &found); error != 0)
    return Status(StatusCode::kUnavailable, concat("cannot find ", host, ": ", ::gai_strerror(error)));
  std::vector<Address> addresses;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, a->ai_addr, a->ai_addrlen);
    address.length = a->ai_addrlen;
  }
  ::freeaddrinfo(found);
  return addresses;
}

// Accepted::host.
std::string host_of(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    const in_addr& v4 = reinterpret_cast<const sockaddr_in&>(storage).sin_addr;
    return std::string(reinterpret_cast<const char*>(&v4), sizeof v4);
  }
  if (storage.ss_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
    const std::size_t length = IN6_IS_ADDR_V4MAPPED(&v6) ? sizeof v6 : sizeof v6 / 2;
    return std::string(reinterpret_cast<const char*>(&v6), length);
  }
  return {};
}

std::string address_name(const sockaddr_storage& storage, socklen_t length) {
  if (storage.ss_family == AF_UNIX) return "unix";
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&storage), length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown";
  }
  return storage.ss_family == AF_INET6 ? concat("[", host, "]:", port) : concat(host, ":", port);
}

// Removes the file of a Unix socket that nobody listens on any more: the trace of a server that was killed.
void remove_stale(const Address& address, const std::string& path) {
  struct stat about;
  if (::lstat(path.c_str(), &about) != 0 || !S_ISSOCK(about.st_mode)) return;
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (::connect(probe.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED)
    ::unlink(path.c_str());
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) ::close(number_);
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

void SocketConnection::set_time_limit(std::chrono::milliseconds limit) {
  deadline_ = Clock::now() + limit;
}

// Until the socket is ready, the deadline passes, or a reader must stop.
Status SocketConnection::wait(short events) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    if (left <= 0) return {StatusCode::kUnavailable, "the time limit passed"};
    pollfd polled[2] = {{socket_.get(), events, 0}, {stop_, POLLIN, 0}};
    const bool stoppable = stop_ >= 0 && events == POLLIN;
    const int ready = ::poll(polled, stoppable ? 2 : 1, static_cast<int>(std::min<long long>(left, 1 << 30)));
    if (ready < 0 && errno != EINTR) return unavailable("cannot wait for the other side", errno);
    if (ready <= 0) continue;
    if (stoppable && polled[1].revents != 0) return {StatusCode::kUnavailable, "the server stops"};
    return {};
  }
}

Result<std::size_t> SocketConnection::read(std::span<std::uint8_t> out) {
  for (;;) {
    FCN_RETURN_IF_ERROR(wait(POLLIN));
    const ssize_t got = ::recv(socket_.get(), out.data(), out.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
      return unavailable("cannot receive", errno);
  }
}

Status SocketConnection::write(fv::ByteSpan bytes) {
  while (!bytes.empty()) {
    FCN_RETURN_IF_ERROR(wait(POLLOUT));
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      return unavailable("cannot send", errno);
    }
  }
  return {};
}

Result<Listener> Listener::open(const std::string& text) {
  FCN_ASSIGN_OR_RETURN(const std::vector<Address> addresses, resolve(text, true));
  int reason = EADDRNOTAVAIL;
  for (const Address& address : addresses) {
    const bool local = address.storage.ss_family == AF_UNIX;
    const std::string path = local ? text.substr(kUnixPrefix.size()) : "";
    Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM, 0));
    const int one = 1;
    if (socket.get() < 0) {
      reason = errno;
      continue;
    }
    FCN_RETURN_IF_ERROR(set_nonblocking(socket.get()));
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (local) remove_stale(address, path);
    if (::bind(socket.get(), address.get(), address.length) != 0 || ::listen(socket.get(), kBacklog) != 0) {
      reason = errno;
      continue;
    }
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &length);
    return Listener(std::move(socket), local ? text : address_name(bound, length), path);
  }
  return unavailable(concat("cannot listen on ", text), reason);
}

Listener::~Listener() {
  if (!file_.empty()) ::unlink(file_.c_str());
}

Result<std::optional<Accepted>> Listener::accept() {
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  Descriptor socket(::accept(socket_.get(), reinterpret_cast<sockaddr*>(&from), &length));
  if (socket.get() < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    return std::optional<Accepted>();
  if (socket.get() < 0) return unavailable("cannot accept a client", errno);
  FCN_RETURN_IF_ERROR(set_nonblocking(socket.get()));
  return std::optional<Accepted>({std::move(socket), address_name(from, length), host_of(from)});
}

Result<Descriptor> connect_to(const std::string& text, std::chrono::milliseconds limit) {
  FCN_ASSIGN_OR_RETURN(const std::vector<Address> addresses, resolve(text, false));
  int reason = EADDRNOTAVAIL;
  for (const Address& address : addresses) {
    Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM, 0));
    if (socket.get() < 0) {
      reason = errno;
      continue;
    }
    FCN_RETURN_IF_ERROR(set_nonblocking(socket.get()));
#if defined(TCP_NOTSENT_LOWAT)
    (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMostUnsent, sizeof kMostUnsent);
#endif
    if (::connect(socket.get(), address.get(), address.length) == 0) return socket;
    reason = errno;
    if (reason != EINPROGRESS) continue;
    pollfd polled = {socket.get(), POLLOUT, 0};
    const int ready = ::poll(&polled, 1, static_cast<int>(limit.count()));
    socklen_t length = sizeof reason;
    if (ready <= 0) {
      reason = ready == 0 ? ETIMEDOUT : errno;
    } else if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &reason, &length) == 0 && reason == 0) {
      return socket;
    }
  }
  return unavailable(concat("cannot connect to ", text), reason);
}

}  // namespace fcn::apps
