// TCP and Unix sockets: "host:port", "[::1]:port" or "unix:path".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "connection.h"

namespace fcn::apps {

// An open file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const noexcept { return number_; }

 private:
  int number_;
};

// Bytes over a connected socket. Each read and write waits, and no longer than the time limit says.
class SocketConnection final : public Connection {
 public:
  // stop: a descriptor that becomes readable when reading must end; -1: none.
  explicit SocketConnection(Descriptor socket, int stop = -1) : socket_(std::move(socket)), stop_(stop) {}
  platform::Result<std::size_t> read(std::span<std::uint8_t> out) override;
  platform::Status write(fv::ByteSpan bytes) override;
  void set_time_limit(std::chrono::milliseconds limit) override;

 private:
  platform::Status wait(short events);
  Descriptor socket_;
  int stop_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

// A client that connected.
struct Accepted {
  Descriptor socket;
  std::string peer;  // "127.0.0.1:40000", "unix"
  // Equal for connections that count together: the address without its port, of IPv6 the first 64 bits, which
  // one customer of a provider has; empty for Unix sockets.
  std::string host;
};

// A listening socket. A Unix socket's file is removed when it dies.
class Listener {
 public:
  // Errors: kInvalidArgument (what is no address), kUnavailable (a port in use, with the system's reason).
  static platform::Result<Listener> open(const std::string& address);
  Listener(Listener&& other) noexcept
      : socket_(std::move(other.socket_)),
        name_(std::move(other.name_)),
        file_(std::exchange(other.file_, {})) {}
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  int descriptor() const noexcept { return socket_.get(); }
  const std::string& name() const noexcept { return name_; }  // with the real port where 0 was asked for
  // The next client, if one waits. Errors: kUnavailable (it went away; there are no descriptors left).
  platform::Result<std::optional<Accepted>> accept();

 private:
  Listener(Descriptor socket, std::string name, std::string file)
      : socket_(std::move(socket)), name_(std::move(name)), file_(std::move(file)) {}
  Descriptor socket_;
  std::string name_, file_;
};

// The kernel takes little more from the socket's writer than the network takes from the kernel: a writer that
// makes no progress learns it. Errors: kInvalidArgument, kUnavailable (refused, no answer within the limit).
platform::Result<Descriptor> connect_to(const std::string& address, std::chrono::milliseconds limit);

}  // namespace fcn::apps
