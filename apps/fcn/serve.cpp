// fcn serve: inference for several clients at once, over TCP or a Unix socket.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <limits>
#include <list>
#include <map>
#include <new>
#include <thread>

#include "../model_source.h"
#include "commands.h"
#include "lobby.h"
#include "memory.h"
#include "plans.h"
#include "service.h"
#include "sockets.h"

namespace fcn::apps {

using platform::concat;
using platform::Result;
using platform::Status;

namespace {

struct ServeFlags {
  std::string model, listen, memory;
  std::uint64_t threads = 0, clients = 16, per_address = 8, timeout = 30;
};

// A pipe that SIGINT and SIGTERM make readable for good: whoever polls it learns that the server stops.
int stop_pipe[2] = {-1, -1};

extern "C" void request_stop(int) {
  const int error = errno;
  (void)!::write(stop_pipe[1], "", 1);
  errno = error;
}

// A pipe that no read or write waits for.
Status open_pipe(int (&ends)[2]) {
  if (::pipe(ends) != 0) return {platform::StatusCode::kUnavailable, "cannot make a pipe"};
  for (const int end : ends) ::fcntl(end, F_SETFL, O_NONBLOCK);
  return {};
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = request_stop;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

// One line about a client that is gone. Numbers, addresses and reasons are of this program's words.
void log_end(std::size_t number, const std::string& peer, std::size_t answers, const std::string& reason) {
  std::fprintf(stderr, "client %zu (%s): %zu answers%s%s\n", number, peer.c_str(), answers,
               reason.empty() ? "" : "; ", reason.c_str());
}

// The clients that left the lobby, a thread each: those whose keys are arriving, or wait for a slot, or have
// one.
class Clients {
 public:
  Clients(Service& service, const ServeFlags& flags, int wake)
      : service_(service),
        most_(4 * flags.clients),
        most_of_host_(flags.per_address),
        stop_(stop_pipe[0]),
        wake_(wake) {}
  ~Clients() {
    for (Client& client : clients_) client.thread.join();
  }

  // Forgets those that are done.
  void reap() {
    clients_.remove_if([this](Client& client) {
      if (!client.done) return false;
      client.thread.join();
      count_out(client.from.host);
      return true;
    });
  }

  // Takes a guest in or refuses it; false when it has to wait.
  bool take(Guest& guest, Lobby& lobby) try {
    const std::string host = guest.from.host;
    const auto same = of_host_.find(host);
    if (clients_.size() >= most_ ||
        (!host.empty() && same != of_host_.end() && same->second >= most_of_host_))
      return false;
    Result<Service::Admission> admission =
        service_.admit(std::span<const std::uint8_t>(guest.header).first(guest.filled));
    if (!admission.ok()) {
      lobby.refuse(guest, admission.status().message());
      return true;
    }
    Client& client = clients_.emplace_back();
    try {
      client.number = guest.number;
      client.header = guest.header;
      client.admission.emplace(std::move(admission).value());
      client.peer = guest.from.peer;
      ++of_host_[host];
      client.from = std::move(guest.from);
      client.thread = std::thread([this, &client] { run(client); });
    } catch (const std::exception&) {  // no thread to be had, or no memory
      if (client.from.socket.get() >= 0) {
        guest.from = std::move(client.from);
        count_out(host);
      }
      clients_.pop_back();
      throw;
    }
    return true;
  } catch (const std::exception& error) {
    lobby.refuse(guest, concat("the service has no room for this client, try again later: ", error.what()));
    return true;
  }

 private:
  struct Client {
    std::thread thread;
    std::size_t number = 0;
    std::string peer;
    Accepted from;
    std::array<std::uint8_t, nn::kMessageHeaderBytes> header{};
    std::optional<Service::Admission> admission;
    std::atomic<bool> done = false;
  };

  void run(Client& client) noexcept {
    std::size_t answers = 0;
    {
      SocketConnection connection(std::move(client.from.socket), stop_);
      const Status status = service_.serve(connection, *client.admission, client.header, answers);
      log_end(client.number, client.peer, answers, status.message());
    }
    client.admission.reset();  // its memory is free again
    client.done = true;
    (void)!::write(wake_, "", 1);
  }
  void count_out(const std::string& host) {
    const auto same = of_host_.find(host);
    if (--same->second == 0) of_host_.erase(same);
  }

  Service& service_;
  std::size_t most_, most_of_host_;
  int stop_, wake_;
  std::map<std::string, std::size_t> of_host_;  // threads; of Unix sockets too, where nobody looks at it
  std::list<Client> clients_;
};

Result<std::vector<nn::Plan>> make_plans(const std::string& model) {
  FCN_ASSIGN_OR_RETURN(const nn::Network network, load_network(model));
  std::vector<nn::Plan> plans;
  Status error;
  for (const nn::Layout layout : kLayouts) {
    Result<nn::Plan> plan = nn::Plan::create(network, layout);
    if (plan.ok()) {
      plans.push_back(std::move(plan).value());
    } else {
      error = plan.status();
    }
  }
  if (plans.empty()) return error;
  return plans;
}

// Bytes for all clients: the flag's, or half of what this process may use. The other half is for the plans,
// the library's tables and the system's own buffers.
Result<std::uint64_t> memory_for_clients(const ServeFlags& flags) {
  if (flags.memory.empty()) return usable_memory() / 2;
  Result<std::uint64_t> bytes = parse_size(flags.memory);
  if (!bytes.ok()) return bytes.status().with_context("--memory");
  return bytes;
}

// Says what is served; an error when there is not memory for a single client.
Status announce(const Listener& listener, const std::vector<nn::Plan>& plans, std::uint64_t memory) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (const nn::Plan& plan : plans) least = std::min(least, client_memory(plan));
  if (least > memory) {
    return platform::invalid_argument(concat("a client takes ", format_megabytes(least),
                                             ", and all together may take ", format_megabytes(memory),
                                             "; --memory SIZE allows more"));
  }
  std::fprintf(stderr, "listening on %s\n", listener.name().c_str());
  for (const nn::Plan& plan : plans) {
    std::fprintf(stderr, "layout %s, client spec %s: %s of %s for each client\n",
                 nn::layout_name(plan.spec().layout), nn::format_fingerprint(plan.fingerprint()).c_str(),
                 format_megabytes(client_memory(plan)).c_str(), format_megabytes(memory).c_str());
  }
  return {};
}

// Accepts, and moves connections through the lobby to the clients, until the stop pipe says so.
Status run_until_stopped(Listener& listener, Lobby& lobby, Clients& clients, int wake) {
  std::vector<pollfd> polled;
  for (;;) {
    constexpr std::size_t kFixed = 3;
    polled.assign({{listener.descriptor(), POLLIN, 0}, {stop_pipe[0], POLLIN, 0}, {wake, POLLIN, 0}});
    lobby.append(polled);
    if (::poll(polled.data(), static_cast<nfds_t>(polled.size()), lobby.milliseconds_left()) < 0) {
      if (errno == EINTR) continue;
      return {platform::StatusCode::kUnavailable, "cannot wait for clients"};
    }
    if (polled[1].revents != 0) return {};
    std::array<char, 256> ignored;
    if (polled[2].revents != 0) (void)!::read(wake, ignored.data(), ignored.size());
    clients.reap();
    lobby.look(std::span<const pollfd>(polled).subspan(kFixed));
    for (int i = 0; polled[0].revents != 0 && i < 64; ++i) {
      Result<std::optional<Accepted>> accepted = listener.accept();
      if (accepted.ok() && !accepted.value().has_value()) break;
      if (accepted.ok()) {
        lobby.enter(std::move(*std::move(accepted).value()));
      } else {  // it went away, or there are no descriptors left: others may still come
        std::fprintf(stderr, "%s\n", accepted.status().message().c_str());
        if (!lobby.send_one_away()) ::poll(nullptr, 0, 50);
        break;
      }
    }
    lobby.offer([&](Guest& guest) { return clients.take(guest, lobby); });
  }
}

Status serve(const ServeFlags& flags) {
#if defined(__GLIBC__)
  // Memory that one thread's client gives back serves those of others, and a limit on the address space is
  // not used up by an arena of 64 MB for each thread. What is computed with is allocated once for a client:
  // nobody waits for an arena.
  ::mallopt(M_ARENA_MAX, 1);
#endif
  FCN_ASSIGN_OR_RETURN(const std::uint64_t memory, memory_for_clients(flags));
  FCN_ASSIGN_OR_RETURN(std::vector<nn::Plan> plans, make_plans(flags.model));
  FCN_RETURN_IF_ERROR(open_pipe(stop_pipe));
  int wake[2] = {-1, -1};
  FCN_RETURN_IF_ERROR(open_pipe(wake));
  const Descriptor wake_read(wake[0]), wake_write(wake[1]);
  catch_signals();
  FCN_ASSIGN_OR_RETURN(Listener listener, Listener::open(flags.listen));
  FCN_RETURN_IF_ERROR(announce(listener, plans, memory));
  const Pace pace{std::chrono::seconds(flags.timeout), ServiceLimits{}.pace.least_rate};
  const std::chrono::milliseconds greeting = std::min(pace.silence, ServiceLimits{}.greeting);
  Service service(std::move(plans),
                  {.inferences = flags.threads == 0 ? platform::hardware_threads() : flags.threads,
                   .clients = flags.clients,
                   .memory = memory,
                   .greeting = greeting,
                   .pace = pace});
  Lobby lobby({.greeting = greeting, .room = service.limits().wait},
              [](const Guest& guest, const std::string& reason) {
                log_end(guest.number, guest.from.peer, 0, reason);
              });
  {
    Clients clients(service, flags, wake_write.get());
    const Status status = [&] {
      for (;;) {
        try {
          return run_until_stopped(listener, lobby, clients, wake_read.get());
        } catch (const std::bad_alloc&) {  // whoever it was for; the others are served on
          std::fputs("out of memory: a connection was given up\n", stderr);
          lobby.send_one_away();
        }
      }
    }();
    FCN_RETURN_IF_ERROR(status);
    std::fputs("stopping: requests that have arrived are still answered\n", stderr);
    lobby.refuse_all("the server stops");
  }
  std::fputs("stopped\n", stderr);
  return {};
}

}  // namespace

int run_serve(std::span<const std::string> arguments) {
  ServeFlags values;
  FlagSet flags(
      "serve [flags] --listen ADDRESS",
      "Answers encrypted requests of several clients at once, until SIGINT or SIGTERM. The protocol is in\n"
      "apps/fcn/PROTOCOL.md; it does not hide who talks to whom: put TLS in front where that matters.");
  flags.add_text("model", "FILE", &values.model, "a model file (default: the built-in model)");
  flags.add_text("listen", "ADDRESS", &values.listen, "host:port (port 0: any free one) or unix:path");
  flags.add_integer("threads", &values.threads, 0, 1024, "inferences at once; 0: one for each processor");
  flags.add_integer("max-clients", &values.clients, 1, 1024,
                    "clients at once whose keys are good; more have to wait");
  flags.add_integer(
      "max-per-address", &values.per_address, 1, 1024,
      "clients of one TCP address at once, from the first byte of their keys; more have to wait");
  flags.add_text(
      "memory", "SIZE", &values.memory,
      "memory for all clients, as 500M or 2G; who finds none left is refused (default: half of what "
      "this process may use)");
  flags.add_integer(
      "timeout", &values.timeout, 1, 3600,
      "seconds that a client may be silent: no byte sent or taken; it may not be slower than 10 kB/s");
  return run_command(flags, "fcn serve", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"listen"}));
    return serve(values);
  });
}

}  // namespace fcn::apps
