#include "apps/fcn/streams.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "apps/fcn/files.h"
#include "support/temporary_folder.h"

namespace fcn::apps {
namespace {

using fv::Bytes;
using nn::MessageKind;
using platform::StatusCode;

// Gives its bytes in pieces of any size, as pipes and sockets do.
class Pieces final : public ByteSource {
 public:
  Pieces(Bytes bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  platform::Result<std::size_t> read(std::span<std::uint8_t> out) override {
    const std::size_t size = std::min({piece_, out.size(), bytes_.size() - at_});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), size, out.begin());
    at_ += size;
    largest_ = std::max(largest_, out.size());
    return size;
  }
  std::size_t largest_ = 0;  // room that was ever offered at once

 private:
  Bytes bytes_;
  std::size_t piece_, at_ = 0;
};

Bytes message(MessageKind kind, std::size_t payload_bytes) {
  Bytes payload(payload_bytes);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i * 7);
  return nn::make_message(kind, nn::Fingerprint{5}, nn::KeyId{9}, payload);
}

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 39;

TEST(Streams, MessagesComeOneAfterAnotherInAnyPieces) {
  for (const std::size_t piece : {1, 3, 40, 4096}) {
    Bytes all = message(MessageKind::kRequest, 100);
    const Bytes second = message(MessageKind::kRequest, 0);
    all.insert(all.end(), second.begin(), second.end());
    Pieces source(all, piece);
    EXPECT_EQ(read_message(source, MessageKind::kRequest, kPlenty).value(),
              message(MessageKind::kRequest, 100));
    EXPECT_EQ(read_message(source, MessageKind::kRequest, kPlenty).value(), second);
    EXPECT_EQ(read_message(source, MessageKind::kRequest, kPlenty).value(), std::nullopt);
  }
}

TEST(Streams, EveryTruncationIsFound) {
  const Bytes whole = message(MessageKind::kRequest, 9000);
  for (std::size_t length = 1; length < whole.size(); length += length < 60 ? 1 : 97) {
    Pieces source(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)), 1000);
    const auto read = read_message(source, MessageKind::kRequest, kPlenty);
    ASSERT_EQ(read.status().code(), StatusCode::kCorrupt) << length;
  }
}

TEST(Streams, OtherKindsAndLongMessagesAreRefusedByTheirHeader) {
  Pieces other(message(MessageKind::kAnswer, 1 << 20), 40);
  EXPECT_EQ(read_message(other, MessageKind::kRequest, kPlenty).status().message(),
            "this is an answer, not a request");
  constexpr std::size_t kFrame = nn::kMessageHeaderBytes + nn::kMessageChecksumBytes;
  Pieces longer(message(MessageKind::kRequest, 100), 40);
  EXPECT_EQ(read_message(longer, MessageKind::kRequest, kFrame + 99).status().code(), StatusCode::kOutOfRange);
  Pieces fits(message(MessageKind::kRequest, 100), 40);
  EXPECT_TRUE(read_message(fits, MessageKind::kRequest, kFrame + 100).ok());
  Pieces object(Bytes{'F', 'C', 'N', 2, 1, 0, 0, 0}, 40);
  EXPECT_EQ(read_message(object, MessageKind::kRequest, kPlenty).status().message(),
            "this is a secret key, not a request");
}

TEST(Streams, APromiseOfTerabytesTakesNoMemory) {
  Bytes liar = message(MessageKind::kRequest, 100);
  liar[nn::kMessageLengthAt + 4] = 0x7f;  // the length: 545 GB
  Pieces source(liar, 40);
  EXPECT_EQ(read_message(source, MessageKind::kRequest, ~std::uint64_t{0}).status().code(),
            StatusCode::kCorrupt);
  EXPECT_LE(source.largest_, std::size_t{1} << 20);
}

TEST(Streams, OutputsAppearWholeOrNotAtAll) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("out");
  const auto names = [&] {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path("")))
      found.push_back(entry.path().filename());
    return found;
  };
  {
    auto file = OutputFile::create(path, platform::FileAccess::kPublic).value();
    ASSERT_TRUE(file.write(Bytes{1, 2}).ok());
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_TRUE(names().empty());
  {
    auto file = OutputFile::create(path, platform::FileAccess::kOwnerOnly).value();
    ASSERT_TRUE(file.write(Bytes{1, 2}).ok());
    ASSERT_TRUE(file.write(Bytes{3}).ok());
    ASSERT_TRUE(file.commit().ok());
  }
  EXPECT_EQ(names(), std::vector<std::string>{"out"});
  EXPECT_EQ(platform::read_file(path, 10).value(), (Bytes{1, 2, 3}));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

// Where files have names from the beginning, a signal removes them: a key must not be left behind.
TEST(Streams, ASignalRemovesWhatIsNotFinished) {
  const test::TemporaryFolder folder;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const pid_t child = fork();
    if (child == 0) {
      remove_files_on_signals();
      const std::string key = folder.path("key");
      auto writer = platform::FileWriter::create(key, platform::FileAccess::kOwnerOnly,
                                                 platform::IfExists::kRefuse, platform::Aside::kNamed);
      if (!writer.ok() || !writer->write(Bytes(1000, 7)).ok() ||
          !std::filesystem::exists(writer->aside_name()))
        _exit(1);
      RemoveOnSignal first(writer->aside_name());
      const RemoveOnSignal moved = std::move(first), none(""), longest(std::string(5000, 'x'));
      std::ofstream(folder.path("finished")) << "kept";
      { const RemoveOnSignal finished(folder.path("finished")); }
      raise(signal);
      _exit(2);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;  // as without a handler
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path("")))
      names.push_back(entry.path().filename());
    EXPECT_EQ(names, std::vector<std::string>{"finished"});
  }
  const pid_t child = fork();
  if (child == 0) {  // as under nohup
    std::signal(SIGHUP, SIG_IGN);
    remove_files_on_signals();
    raise(SIGHUP);
    _exit(0);
  }
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Streams, AKeyThatCameInTheMeantimeIsKept) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("out");
  const Bytes key{'F', 'C', 'N', 20, 1, 2, 3};
  auto file = OutputFile::create(path, platform::FileAccess::kPublic).value();
  ASSERT_TRUE(file.write(Bytes{1, 2}).ok());
  ASSERT_TRUE(platform::write_file(path, key).ok());
  EXPECT_EQ(file.commit().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(OutputFile::create(path, platform::FileAccess::kPublic).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(platform::read_file(path, 100).value(), key);
}

}  // namespace
}  // namespace fcn::apps
