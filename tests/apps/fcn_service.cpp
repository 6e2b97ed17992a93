// What clients share and how they are served, without sockets: a connection is bytes in memory here.
#include "apps/fcn/service.h"

#include <gtest/gtest.h>

#include <new>

#include "apps/fcn/memory.h"
#include "nn/client.h"
#include "support/memory_connection.h"
#include "support/toy_network.h"

namespace fcn::apps {
namespace {

using namespace std::chrono_literals;
using fv::Bytes;

TEST(PaceClock, EachByteBuysTimeAndNoneBuysMoreThanTheSilenceAllowed) {
  const PaceClock::Time start{};
  const auto ends_after = [&](std::size_t bytes, std::chrono::milliseconds every, std::uint64_t least_rate) {
    PaceClock clock({3s, least_rate}, start);
    for (auto now = start + every; now < start + 1h; now += every) {
      if (clock.left(now).count() <= 0) return now - start;
      clock.moved(bytes, now);
    }
    return PaceClock::Time::duration(1h);  // it goes on for ever
  };
  EXPECT_EQ(ends_after(20000, 1s, 10000), 1h);  // 20 kB/s
  EXPECT_EQ(ends_after(10000, 1s, 10000), 1h);
  EXPECT_EQ(ends_after(58000, 2900ms, 10000), 1h);  // stalls
  EXPECT_EQ(ends_after(60000, 3s, 10000), 3s);      // silence
  EXPECT_EQ(ends_after(5000, 1s, 10000), 5s);       // half the rate
  EXPECT_EQ(ends_after(1, 1s, 10000), 4s);          // a byte now and then
  EXPECT_EQ(ends_after(1, 1s, 0), 1h);              // where any progress will do
  // A fast start saves up no time.
  PaceClock clock({3s, 10000}, start);
  clock.moved(100000000, start + 1s);
  EXPECT_EQ(clock.left(start + 1s), 3s);
  EXPECT_EQ(clock.left(start + 4s), 0s);
  EXPECT_EQ(clock.reason(start + 4s), "silent for 3 s");
  clock.moved(1, start + 3s);
  EXPECT_EQ(clock.reason(start + 4s), "slower than 10000 bytes a second");
}

TEST(Permits, AreGivenBackByExceptionsToo) {
  Permits permits(1);
  try {
    const Permits::Permit permit = permits.acquire();
    EXPECT_FALSE(permits.acquire_within(1ms).has_value());
    throw std::bad_alloc();
  } catch (const std::bad_alloc&) {
  }
  EXPECT_TRUE(permits.acquire_within(1ms).has_value());
  EXPECT_TRUE(permits.acquire_within(1ms).has_value());
}

TEST(MemoryBudget, GivesWhatIsLeftAndTakesItBack) {
  MemoryBudget budget(100);
  auto first = budget.reserve(60);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(budget.reserve(41).has_value());
  auto second = budget.reserve(40);
  EXPECT_TRUE(second.has_value());
  EXPECT_EQ(budget.free(), 0u);
  const auto moved = std::move(*first);
  first.reset();
  EXPECT_EQ(budget.free(), 0u);
  second.reset();
  EXPECT_EQ(budget.free(), 40u);
  EXPECT_FALSE(budget.reserve(~std::uint64_t{0}).has_value());
}

TEST(ParseSize, TakesBytesAndPowersOf1024) {
  EXPECT_EQ(parse_size("1").value(), 1u);
  EXPECT_EQ(parse_size("500M").value(), 500u << 20);
  EXPECT_EQ(parse_size("2G").value(), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_size("64K").value(), 64u << 10);
  for (const char* text :
       {"", "G", "0", "0M", "1.5G", "-1", "1g", "1GB", " 1", "18446744073709551616", "99999999T"})
    EXPECT_FALSE(parse_size(text).ok()) << text;
  EXPECT_EQ(format_megabytes(1), "1 MB");
  EXPECT_EQ(format_megabytes(2000000), "2 MB");
  EXPECT_GT(usable_memory(), std::uint64_t{1} << 20);
}

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    const Bytes keys = client_.evaluation_keys().value(),
                request = client_.encrypt(std::vector<std::int64_t>(4, 1), pool_).value();
    conversation_ = keys;
    for (int i = 0; i < 2; ++i) conversation_.insert(conversation_.end(), request.begin(), request.end());
    keys_bytes_ = keys.size();
  }
  // Room for one client alone: whatever a client does not give back keeps the next one out.
  ServiceLimits tight() const {
    return {.inferences = 1,
            .clients = 1,
            .memory = client_memory(plan_),
            .greeting = 1s,
            .pace = {1s, 10000},
            .wait = 200ms};
  }
  void expect_served(Service& service) {
    test::MemoryConnection connection(conversation_);
    std::size_t answers = 0;
    const platform::Status status = serve_client(connection, service, answers);
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(answers, 2u);
  }

  const nn::Plan plan_ = nn::Plan::create(test::toy_network(), nn::Layout::kPixel).value();
  nn::Client client_ = nn::Client::create_from_seed(plan_.spec(), platform::Seed{7}).value();
  platform::ThreadPool pool_;
  Bytes conversation_;
  std::size_t keys_bytes_ = 0;
};

TEST_F(ServiceTest, AnExceptionEndsOneConversationAndGivesEverythingBack) {
  Service service({plan_}, tight());
  expect_served(service);
  test::MemoryConnection counting(conversation_);
  std::size_t answers = 0;
  ASSERT_TRUE(serve_client(counting, service, answers).ok());
  ASSERT_GT(counting.calls(), 6u);
  for (std::size_t call = 0; call < counting.calls(); ++call) {  // each read and each write once
    test::MemoryConnection connection(conversation_);
    connection.throw_at(call);
    const platform::Status status = serve_client(connection, service, answers);
    EXPECT_EQ(status.code(), platform::StatusCode::kOutOfMemory) << call;
    EXPECT_NE(connection.last_written().find("no memory left for this client, try again later"),
              std::string::npos)
        << call;
    expect_served(service);
  }
}

TEST_F(ServiceTest, MemoryIsReservedBeforeTheKeysAreRead) {
  Service service({plan_}, tight());
  test::MemoryConnection late(conversation_);
  std::size_t answers = 0;
  {
    const auto held = service.admit(fv::ByteSpan(conversation_).first(nn::kMessageHeaderBytes));
    ASSERT_TRUE(held.ok());
    const platform::Status status = serve_client(late, service, answers);
    EXPECT_NE(status.message().find("the service is full, try again later"), std::string::npos);
    EXPECT_EQ(late.read_before_first_write(), nn::kMessageHeaderBytes);
  }
  expect_served(service);
  ServiceLimits none = tight();
  none.memory -= 1;
  Service small({plan_}, none);
  EXPECT_NE(small.admit(fv::ByteSpan(conversation_).first(nn::kMessageHeaderBytes))
                .status()
                .message()
                .find("a client with layout pixel takes"),
            std::string::npos);
}

TEST_F(ServiceTest, HeadersOfOtherThingsAreRefusedBeforeAnythingElse) {
  Service service({plan_}, tight());
  Bytes header(conversation_.begin(), conversation_.begin() + nn::kMessageHeaderBytes);
  const auto told = [&](const Bytes& bytes) { return service.admit(bytes).status().message(); };
  EXPECT_EQ(told(Bytes(40, 'x')), "not an fcn file: it does not begin with FCN");
  EXPECT_NE(told({'F', 'C'}), "");
  EXPECT_NE(told(Bytes(header.begin(), header.begin() + 20)), "");
  Bytes other = header;
  other[8] ^= 1;
  EXPECT_NE(told(other).find("evaluation keys for another model"), std::string::npos);
  std::fill_n(header.begin() + nn::kMessageLengthAt, 5, std::uint8_t{0xff});
  EXPECT_NE(told(header).find("at most " + std::to_string(keys_bytes_)), std::string::npos);
}

// Good keys without a slot.
TEST_F(ServiceTest, WhoWaitsForASlotTooLongIsTold) {
  ServiceLimits limits = tight();
  limits.memory *= 2;
  limits.clients = 0;
  Service service({plan_}, limits);
  test::MemoryConnection connection(conversation_);
  std::size_t answers = 0;
  EXPECT_NE(serve_client(connection, service, answers).message().find("the service is full, try again later"),
            std::string::npos);
}

}  // namespace
}  // namespace fcn::apps
