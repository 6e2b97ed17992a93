// fcn serve: inference for several clients at once, over TCP or a Unix socket.
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <list>
#include <system_error>
#include <thread>

#include "../model_source.h"
#include "commands.h"
#include "plans.h"
#include "sockets.h"

namespace fcn::apps {

using platform::concat;
using platform::Result;
using platform::Status;

namespace {

struct ServeFlags {
  std::string model, listen;
  std::uint64_t threads = 0, clients = 16, timeout = 30;
};

// A pipe that SIGINT and SIGTERM make readable for good: whoever polls it learns that the server stops.
int stop_pipe[2] = {-1, -1};

extern "C" void request_stop(int) {
  const int error = errno;
  (void)!::write(stop_pipe[1], "", 1);
  errno = error;
}

Status catch_signals() {
  if (::pipe(stop_pipe) != 0) return {platform::StatusCode::kUnavailable, "cannot make a pipe"};
  struct sigaction action {};
  action.sa_handler = request_stop;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return {};
}

// The clients being served, a thread each.
class Clients {
 public:
  Clients(const std::vector<nn::Plan>& plans, const ServeFlags& flags)
      : plans_(plans),
        permits_(flags.threads == 0 ? platform::hardware_threads() : flags.threads),
        limits_{std::chrono::seconds(flags.timeout)},
        most_(flags.clients) {}
  ~Clients() {
    for (Client& client : clients_) client.thread.join();
  }

  bool full() {
    clients_.remove_if([](Client& client) {
      const bool done = client.done;
      if (done) client.thread.join();
      return done;
    });
    return clients_.size() >= most_;
  }

  void serve(Descriptor socket, const std::string& peer) try {
    const std::size_t number = ++accepted_;
    Client& client = clients_.emplace_back();
    client.thread = std::thread([this, &client, number, peer, socket = std::move(socket)]() mutable {
      SocketConnection connection(std::move(socket), stop_pipe[0]);
      std::size_t answers = 0;
      const Status status = serve_client(connection, plans_, permits_, limits_, answers);
      std::fprintf(stderr, "client %zu (%s): %zu answers%s%s\n", number, peer.c_str(), answers,
                   status.ok() ? "" : "; ", status.message().c_str());
      client.done = true;
    });
  } catch (const std::system_error& error) {  // no thread to be had
    clients_.pop_back();
    std::fprintf(stderr, "client %zu (%s): %s\n", accepted_, peer.c_str(), error.what());
  }

 private:
  struct Client {
    std::thread thread;
    std::atomic<bool> done = false;
  };
  const std::vector<nn::Plan>& plans_;
  Permits permits_;
  ServiceLimits limits_;
  std::size_t most_, accepted_ = 0;
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

Status serve(const ServeFlags& flags) {
  FCN_ASSIGN_OR_RETURN(const std::vector<nn::Plan> plans, make_plans(flags.model));
  FCN_RETURN_IF_ERROR(catch_signals());
  FCN_ASSIGN_OR_RETURN(Listener listener, Listener::open(flags.listen));
  std::fprintf(stderr, "listening on %s\n", listener.name().c_str());
  for (const nn::Plan& plan : plans) {
    std::fprintf(stderr, "layout %s, client spec %s\n", nn::layout_name(plan.spec().layout),
                 nn::format_fingerprint(plan.fingerprint()).c_str());
  }
  {
    Clients clients(plans, flags);
    for (;;) {
      const bool full = clients.full();  // then others wait in the system's queue
      pollfd polled[2] = {{full ? -1 : listener.descriptor(), POLLIN, 0}, {stop_pipe[0], POLLIN, 0}};
      if (::poll(polled, 2, full ? 20 : -1) < 0 && errno != EINTR)
        return {platform::StatusCode::kUnavailable, "cannot wait for clients"};
      if (polled[1].revents != 0) break;
      if (polled[0].revents == 0) continue;
      std::string peer;
      Result<Descriptor> socket = listener.accept(peer);
      if (socket.ok()) {
        clients.serve(std::move(socket).value(), peer);
      } else {  // it went away, or there are no descriptors left: others may still come
        std::fprintf(stderr, "%s\n", socket.status().message().c_str());
        ::poll(nullptr, 0, 50);
      }
    }
    std::fputs("stopping: requests that have arrived are still answered\n", stderr);
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
  flags.add_integer("max-clients", &values.clients, 1, 1024, "clients at once; more have to wait");
  flags.add_integer("timeout", &values.timeout, 1, 3600,
                    "seconds for a client to send a message or take an answer");
  return run_command(flags, "fcn serve", arguments, [&]() -> Status {
    FCN_RETURN_IF_ERROR(flags.require({"listen"}));
    return serve(values);
  });
}

}  // namespace fcn::apps
