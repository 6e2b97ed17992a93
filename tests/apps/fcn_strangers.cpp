// fcn serve among strangers: silent, slow and many connections keep nobody out, and a client that finds no
// room is told.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <future>

#include "apps/fcn/lobby.h"
#include "apps/fcn/memory.h"
#include "apps/fcn/remote_server.h"
#include "support/fcn_processes.h"

namespace fcn::apps {
namespace {

using namespace std::chrono_literals;
using fv::Bytes;

class FcnStrangers : public FcnProcesses {
 protected:
  // A connection to the server from another address of this machine, or an invalid one.
  Descriptor dial_from(const char* host) const {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in from{}, to{};
    from.sin_family = to.sin_family = AF_INET;
    ::inet_pton(AF_INET, host, &from.sin_addr);
    ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address_.substr(address_.rfind(':') + 1))));
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&from), sizeof from) != 0 ||
        ::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      return Descriptor();
    ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    return socket;
  }
  Bytes keys() const { return platform::read_file(keys_, 1 << 20).value(); }
  // Its keys were accepted: it holds a slot.
  platform::Status enter(SocketConnection& connection) {
    return RemoteServer(connection, 60s).send_keys(keys());
  }

  // A query that must succeed, and soon.
  void expect_served(const char* who) {
    test::Random random(99);
    std::string expected;
    std::vector<std::string> words = query(picture_file(random, 1, expected));
    words.insert(words.end(), {"--timeout", "10"});
    EXPECT_EQ(run(words), 0) << who << said() << text_of(log_);
    EXPECT_EQ(text_of(folder_.path("out")), expected) << who;
  }
};

// Keeps `count` connections from an address, each with its first bytes of no use; those that end are made
// anew.
class Crowd {
 public:
  Crowd(std::size_t count, std::function<Descriptor()> dial, Bytes first_bytes)
      : dial_(std::move(dial)), first_bytes_(std::move(first_bytes)), guests_(count) {
    thread_ = std::thread([this] {
      while (!stop_) {
        for (Descriptor& guest : guests_) renew(guest);
        all_there_ = true;
        std::this_thread::sleep_for(1ms);
      }
    });
    while (!all_there_) std::this_thread::sleep_for(1ms);
  }
  ~Crowd() {
    stop_ = true;
    thread_.join();
  }
  std::size_t renewals() const { return renewals_; }

 private:
  void renew(Descriptor& guest) {
    char ignored[1024];
    ssize_t got = 1;
    while (guest.get() >= 0 && got > 0) got = ::recv(guest.get(), ignored, sizeof ignored, 0);
    if (guest.get() >= 0 && got < 0 && errno == EAGAIN) return;
    guest = dial_();
    ++renewals_;
    (void)!::send(guest.get(), first_bytes_.data(), first_bytes_.size(), MSG_NOSIGNAL);
  }
  std::function<Descriptor()> dial_;
  Bytes first_bytes_;
  std::vector<Descriptor> guests_;
  std::atomic<bool> stop_ = false, all_there_ = false;
  std::atomic<std::size_t> renewals_ = 0;
  std::thread thread_;
};

TEST_F(FcnStrangers, NinetySilentConnectionsKeepNobodyOut) {
  start({"--timeout", "1"});
  for (const char* host : {"127.0.0.2", "127.0.0.1"}) {  // honest clients come from 127.0.0.1
    Crowd crowd(90, [&] { return dial_from(host); }, {'F', 'C', 'N'});
    const auto begin = std::chrono::steady_clock::now();
    int served = 0;
    for (; crowd.renewals() < 3 * 90 && std::chrono::steady_clock::now() < begin + 20s; ++served)
      expect_served(host);
    EXPECT_GE(crowd.renewals(), 3u * 90) << host;
    EXPECT_GE(served, 5) << host;  // some twenty where nobody waits
  }
  stop_gracefully();
}

// More than the lobby holds: whoever comes most often is sent away first.
TEST_F(FcnStrangers, NorDoFourHundred) {
  start({});
  Crowd crowd(400, [&] { return dial_from("127.0.0.2"); }, {});
  expect_served("another address");
  EXPECT_GT(crowd.renewals(), 400u);
}

// Keys that begin well and never end take no slot; of one address only few are let in.
TEST_F(FcnStrangers, HalfSentKeysTakeNoSlot) {
  start({"--max-clients", "2", "--max-per-address", "3", "--timeout", "20"});
  Bytes half = keys();
  half.resize(1000);
  Crowd crowd(
      20, [&] { return dial_from("127.0.0.2"); }, half);
  for (int i = 0; i < 2; ++i) expect_served("beside half-sent keys");
}

TEST_F(FcnStrangers, SteadyClientsAreWaitedForAndTricklersAreNot) {
  const std::string packed_keys = folder_.path("packed.pub");
  ASSERT_EQ(run({FCN_PROGRAM, "keygen", "--layout", "packed", "--model", model_, "--secret",
                 folder_.path("packed"), "--keys", packed_keys}),
            0);
  const Bytes message = platform::read_file(packed_keys, 1 << 28).value();
  start({"--timeout", "1"});
  // A byte now and then, never silent for a second.
  std::string told;
  std::thread trickler([&] {
    SocketConnection connection = dial();
    connection.set_time_limit(60s);
    ASSERT_TRUE(connection.write(fv::ByteSpan(message).first(nn::kMessageHeaderBytes)).ok());
    for (std::size_t i = nn::kMessageHeaderBytes; i < nn::kMessageHeaderBytes + 100; ++i) {
      if (!connection.write(fv::ByteSpan(message).subspan(i, 1)).ok()) break;
      std::this_thread::sleep_for(50ms);
      if (text_of(log_).find("slower than 10000") != std::string::npos) break;
    }
    Bytes reply(200);
    const auto got = read_up_to(connection, reply);
    if (got.ok()) told.assign(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(got.value()));
  });
  // Steady, for longer than a second in all.
  SocketConnection steady = dial();
  steady.set_time_limit(60s);
  const auto start_time = std::chrono::steady_clock::now();
  constexpr std::size_t kPieces = 50;
  ASSERT_GT(message.size() / 3, 20000u);
  for (std::size_t i = 0; i < kPieces; ++i) {
    const std::size_t from = i * message.size() / kPieces, to = (i + 1) * message.size() / kPieces;
    ASSERT_TRUE(steady.write(fv::ByteSpan(message).subspan(from, to - from)).ok()) << text_of(log_);
    std::this_thread::sleep_until(start_time + (i + 1) * 3000ms / kPieces);
  }
  Bytes reply(12, 1);
  ASSERT_TRUE(read_up_to(steady, reply).ok());
  EXPECT_EQ(reply, Bytes(12)) << text_of(log_);
  EXPECT_GT(std::chrono::steady_clock::now() - start_time, 2s);
  trickler.join();
  EXPECT_NE(told.find("the client was slower than 10000 bytes a second"), std::string::npos) << told;
  stop_gracefully();
}

TEST_F(FcnStrangers, AnAddressHasItsShareAndOthersWait) {
  start({"--max-per-address", "1"});
  auto held = std::make_optional(dial());
  ASSERT_TRUE(enter(*held).ok());
  auto second = std::async(std::launch::async, [&] {
    SocketConnection connection = dial();
    return enter(connection);
  });
  EXPECT_EQ(second.wait_for(300ms), std::future_status::timeout);
  SocketConnection other(dial_from("127.0.0.2"));
  EXPECT_TRUE(enter(other).ok()) << text_of(log_);
  held.reset();
  EXPECT_TRUE(second.get().ok()) << text_of(log_);
  stop_gracefully();
}

TEST_F(FcnStrangers, WhoFindsNoMemoryIsToldAndComesBackLater) {
  const nn::Plan plan = nn::Plan::create(network_, nn::Layout::kPixel).value();
  start({"--memory", std::to_string(client_memory(plan) * 3 / 2)});
  auto held = std::make_optional(dial());
  ASSERT_TRUE(enter(*held).ok()) << text_of(log_);
  SocketConnection late = dial();
  EXPECT_NE(
      enter(late).message().find("the server refused: the service is full, try again later: a client takes"),
      std::string::npos);
  held.reset();
  const auto end = std::chrono::steady_clock::now() + kPatience;
  bool served = false;
  while (!served && std::chrono::steady_clock::now() < end) {
    SocketConnection again = dial();
    served = enter(again).ok();
  }
  EXPECT_TRUE(served) << text_of(log_);
  stop_gracefully();
}

TEST_F(FcnStrangers, LessMemoryThanAClientTakesIsRefusedAtTheStart) {
  EXPECT_EQ(run({FCN_PROGRAM, "serve", "--model", model_, "--listen", "127.0.0.1:0", "--memory", "64K"}), 2);
  EXPECT_NE(said().find("--memory SIZE allows more"), std::string::npos) << said();
  EXPECT_EQ(run({FCN_PROGRAM, "serve", "--model", model_, "--listen", "127.0.0.1:0", "--memory", "much"}), 2);
  EXPECT_NE(said().find("\"much\" is no size"), std::string::npos) << said();
}

// The lobby alone. Hosts are letters; the other ends of the connections stay here.
class LobbyTest : public testing::Test {
 protected:
  void enter(char host, const Bytes& sent = {}) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    others_.emplace_back(ends[1]);
    ASSERT_EQ(::send(ends[1], sent.data(), sent.size(), 0), static_cast<ssize_t>(sent.size()));
    lobby_.enter({Descriptor(ends[0]), std::string(1, host), std::string(1, host)});
  }
  std::string ready() {
    std::string hosts;
    lobby_.offer([&](Guest& guest) {
      hosts += guest.from.host;
      return false;
    });
    return hosts;
  }
  Lobby lobby_{{.guests = 4, .greeting = 60s, .room = 60s}, [this](const Guest& guest, const std::string&) {
                 gone_ += guest.from.host + std::to_string(guest.number) + " ";
               }};
  std::string gone_;
  std::vector<Descriptor> others_;
};

TEST_F(LobbyTest, TheHostWithMostGuestsLosesItsOldestSilentOne) {
  const Bytes header(nn::kMessageHeaderBytes);
  enter('a');
  enter('b', header);
  enter('b');
  enter('c');
  enter('c');  // full: of b's and c's the oldest silent one
  EXPECT_EQ(gone_, "b3 ");
  enter('c');
  EXPECT_EQ(gone_, "b3 c4 ");
  enter('d');
  EXPECT_EQ(gone_, "b3 c4 c5 ");
  enter('e');  // all have one guest each: the oldest silent one
  EXPECT_EQ(gone_, "b3 c4 c5 a1 ");
  EXPECT_EQ(ready(), "b");
}

TEST_F(LobbyTest, AHeaderCountsOnceItIsWholeOrTheClientHasEnded) {
  const Bytes header(nn::kMessageHeaderBytes);
  enter('a', Bytes(header.begin(), header.end() - 1));
  enter('b', {'x'});
  ::shutdown(others_[1].get(), SHUT_WR);
  EXPECT_EQ(ready(), "");
  ASSERT_EQ(::send(others_[0].get(), "x", 1, 0), 1);
  std::vector<pollfd> polled;
  lobby_.append(polled);
  ASSERT_EQ(::poll(polled.data(), polled.size(), 1000), 2);
  lobby_.look(polled);
  EXPECT_EQ(ready(), "ab");
}

}  // namespace
}  // namespace fcn::apps
