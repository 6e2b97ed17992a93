#include "platform/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace fcn::platform {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Each test has a folder of its own, removed at the end.
class File : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "fcn_file_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string in_folder(const std::string& name) const { return folder_ + "/" + name; }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string folder_;
};

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

unsigned mode(const std::string& path) {
  struct stat about {};
  EXPECT_EQ(stat(path.c_str(), &about), 0);
  return about.st_mode & 0777;
}

void expect_unavailable(const Status& status, const std::string& path, const std::string& reason) {
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("'" + path + "'"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find(reason), std::string::npos) << status.message();
}

TEST_F(File, WritesExactlyTheBytes) {
  Bytes bytes;
  for (int i = 0; i < 300000; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 7 + i / 256));
  const std::string path = in_folder("data");
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65536}, bytes.size()}) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_TRUE(write_file(path, part).ok());
    EXPECT_EQ(contents(path), std::string(part.begin(), part.end()));
    EXPECT_EQ(read_file(path, size).value(), part);
  }
  ASSERT_TRUE(write_file(path, std::string("text\n")).ok());
  EXPECT_EQ(contents(path), "text\n");
  EXPECT_EQ(names(), std::vector<std::string>{"data"});
}

TEST_F(File, AFileNameNeedsNoFolder) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  const Status status = write_file("plain", std::string("x"));
  std::filesystem::current_path(before);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(contents(in_folder("plain")), "x");
}

TEST_F(File, ReadStopsAtTheLimit) {
  const std::string path = in_folder("long");
  put(path, std::string(100000, 'x'));
  EXPECT_EQ(read_file(path, 100000).value().size(), 100000u);
  EXPECT_EQ(read_file(path, SIZE_MAX).value().size(), 100000u);
  for (std::size_t limit : {0, 1, 65535, 65536, 99999}) {
    const Status status = read_file(path, limit).status();
    EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
    EXPECT_EQ(status.message(), concat("'", path, "' is longer than ", limit, " bytes"));
  }
#if defined(__linux__)
  EXPECT_EQ(read_file("/dev/zero", 1 << 20).status().code(),
            StatusCode::kOutOfRange);  // endless, and no size to see
#endif
}

TEST_F(File, ReadErrorsNameThePathAndTheReason) {
  expect_unavailable(read_file(in_folder("missing"), 10).status(), in_folder("missing"), "No such file");
  expect_unavailable(read_file(folder_, 10).status(), folder_, "Is a directory");
}

TEST_F(File, WriteErrorsNameThePathAndTheReason) {
  const std::string missing = in_folder("none/file");
  expect_unavailable(write_file(missing, std::string("x")), missing, "No such file");
  expect_unavailable(write_file(folder_, std::string("x")), folder_, "Is a directory");
  expect_unavailable(write_file(in_folder("name/"), std::string("x")), in_folder("name/"), "directory");
  expect_unavailable(write_file("", std::string("x")), "", "No such file");
  EXPECT_TRUE(names().empty());
}

TEST_F(File, DevicesAreNotReplaced) {
  EXPECT_TRUE(write_file("/dev/null", std::string("x")).ok());  // but written to
  struct stat about {};
  ASSERT_EQ(stat("/dev/null", &about), 0);
  EXPECT_TRUE(S_ISCHR(about.st_mode));
#if defined(__linux__)
  expect_unavailable(write_file("/dev/full", std::string("x")), "/dev/full", "No space left");
#endif
  const std::string socket = in_folder("socket");
  ASSERT_EQ(mknod(socket.c_str(), S_IFSOCK | 0600, 0), 0);
  expect_unavailable(write_file(socket, std::string("x")), socket, "not a regular file");
}

// The system refuses to write past a limit, as it does on a full disk: in the middle of the new file.
TEST_F(File, AFailedWriteLeavesTheOldFileAndNoOther) {
  const std::string path = in_folder("kept");
  put(path, "old contents");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 5000, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status over = write_file(path, std::string(100000, 'n'));
  const Status fresh = write_file(in_folder("fresh"), std::string(100000, 'n'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);

  expect_unavailable(over, path, "File too large");
  expect_unavailable(fresh, in_folder("fresh"), "File too large");
  EXPECT_EQ(contents(path), "old contents");
  EXPECT_EQ(names(), std::vector<std::string>{"kept"});
}

// Who is killed between two pieces leaves nothing, or nothing that has the file's name.
TEST_F(File, NothingIsLeftOfAWriterThatDies) {
  for (const Aside aside : {Aside::kNameless, Aside::kNamed}) {
    const pid_t child = fork();
    if (child == 0) {
      auto file = FileWriter::create(in_folder("key"), FileAccess::kOwnerOnly, IfExists::kRefuse, aside);
      if (!file.ok() || !file->write(Bytes(100000, 1)).ok()) _exit(1);
      kill(getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_FALSE(std::filesystem::exists(in_folder("key")));
#if defined(__linux__)
    if (aside == Aside::kNameless) {
      EXPECT_TRUE(names().empty()) << names()[0];
    }
#endif
  }
}

TEST_F(File, PiecesAppearAtOnce) {
  for (const Aside aside : {Aside::kNameless, Aside::kNamed}) {
    const std::string path = in_folder("pieces");
    put(path, "old");
    auto file = FileWriter::create(path, FileAccess::kPublic, IfExists::kReplace, aside).value();
    EXPECT_EQ(file.aside_name().empty(), aside == Aside::kNameless) << file.aside_name();
    ASSERT_TRUE(file.write(Bytes{'a', 'b'}).ok());
    FileWriter moved = std::move(file);
    ASSERT_TRUE(moved.write(Bytes{'c'}).ok());
    EXPECT_EQ(contents(path), "old");
    ASSERT_TRUE(moved.commit().ok());
    EXPECT_EQ(contents(path), "abc");
    EXPECT_EQ(names(), std::vector<std::string>{"pieces"});
    std::filesystem::remove(path);
  }
}

// What must not be replaced is not, even if it came after everything was checked.
TEST_F(File, ANewFileReplacesNothing) {
  const std::string path = in_folder("key");
  for (const Aside aside : {Aside::kNameless, Aside::kNamed}) {
    const auto make = [&] {
      return FileWriter::create(path, FileAccess::kOwnerOnly, IfExists::kRefuse, aside);
    };
    auto early = make(), late = make();
    ASSERT_TRUE(early.ok() && late.ok());
    ASSERT_TRUE(early->write(Bytes{'1'}).ok() && late->write(Bytes{'2'}).ok());
    ASSERT_TRUE(early->commit().ok());
    const Status status = late->commit();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), "'" + path + "' exists already, and is not replaced");
    EXPECT_EQ(make().status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(contents(path), "1");
    EXPECT_EQ(mode(path), 0600u);
    EXPECT_EQ(names(), std::vector<std::string>{"key"});
    late->take_back();  // it made nothing
    EXPECT_EQ(contents(path), "1");
    early->take_back();
    EXPECT_TRUE(names().empty());
    early->take_back();
  }
}

TEST_F(File, OnlyItsOwnFileIsTakenBack) {
  const std::string path = in_folder("key");
  auto file = FileWriter::create(path, FileAccess::kOwnerOnly, IfExists::kRefuse).value();
  ASSERT_TRUE(file.commit().ok());
  std::filesystem::remove(path);
  put(in_folder("other"), "somebody's");
  std::filesystem::rename(in_folder("other"), path);
  file.take_back();
  EXPECT_EQ(contents(path), "somebody's");
}

TEST_F(File, LinksAreFollowed) {
  std::filesystem::create_directory(in_folder("d"));
  put(in_folder("d/real"), "old");
  std::filesystem::create_symlink("d/real", in_folder("link"));
  std::filesystem::create_symlink("link", in_folder("chain"));
  std::filesystem::create_symlink(in_folder("d/new"), in_folder("dangling"));
  ASSERT_TRUE(write_file(in_folder("chain"), std::string("one")).ok());
  EXPECT_EQ(contents(in_folder("d/real")), "one");
  ASSERT_TRUE(write_file(in_folder("dangling"), std::string("two")).ok());
  EXPECT_EQ(contents(in_folder("d/new")), "two");
  for (const char* link : {"link", "chain", "dangling"})
    EXPECT_TRUE(std::filesystem::is_symlink(in_folder(link))) << link;
  EXPECT_EQ(follow_links(in_folder("chain")).value(), in_folder("d/real"));
  EXPECT_EQ(follow_links("nowhere").value(), "nowhere");
  EXPECT_EQ(names(), (std::vector<std::string>{"chain", "d", "dangling", "link"}));

  std::filesystem::create_symlink("b", in_folder("a"));
  std::filesystem::create_symlink("a", in_folder("b"));
  expect_unavailable(write_file(in_folder("a"), std::string("x")), in_folder("a"), "too many links");
  EXPECT_EQ(FileWriter::create(in_folder("chain"), FileAccess::kOwnerOnly, IfExists::kRefuse).status().code(),
            StatusCode::kInvalidArgument);
  if (geteuid() == 0) {  // a link that somebody else has put there
    ASSERT_EQ(lchown(in_folder("link").c_str(), 12345, 12345), 0);
    expect_unavailable(write_file(in_folder("chain"), std::string("x")), in_folder("chain"),
                       "link belongs to user 12345");
    EXPECT_EQ(contents(in_folder("d/real")), "one");
  }
}

TEST_F(File, PipesAndOpenDescriptorsAreWrittenDirectly) {
  const std::string fifo = in_folder("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = contents(fifo); });
  const Status status = write_file(fifo, std::string(100000, 'p'));
  reader.join();
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(got, std::string(100000, 'p'));
  EXPECT_EQ(names(), std::vector<std::string>{"fifo"});

  EXPECT_EQ(descriptor_named_by("/dev/stdout"), 1);
  EXPECT_EQ(descriptor_named_by("/proc/self/fd/12"), 12);
  for (const char* path : {"/dev/fd/", "/dev/fd/1x", "/dev/fd/-1", "/dev/fd/99999999999", "/dev/stdout/", ""})
    EXPECT_EQ(descriptor_named_by(path), -1) << path;
  // What a shell has opened goes on where it is, and is neither replaced nor cut.
  const int open_file = ::open(in_folder("log").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(open_file, 0);
  ASSERT_EQ(::write(open_file, "begun ", 6), 6);
  for (const char* folder : {"/dev/fd/", "/proc/self/fd/"})
    EXPECT_TRUE(write_file(concat(folder, open_file), std::string("more ")).ok());
  ASSERT_EQ(::write(open_file, "end", 3), 3);
  ::close(open_file);
  EXPECT_EQ(contents(in_folder("log")), "begun more more end");
  expect_unavailable(write_file("/dev/fd/987", std::string("x")), "/dev/fd/987", "Bad file descriptor");
}

TEST_F(File, LeftoversOfADeadProcessAreNotTouched) {
  const std::string path = in_folder("file");
  for (int attempt = 0; attempt < 3; ++attempt)
    put(concat(path, ".", getpid(), ".", attempt, ".tmp"), "left over");
  ASSERT_TRUE(write_file(path, std::string("new")).ok());
  EXPECT_EQ(contents(path), "new");
  EXPECT_EQ(names().size(), 4u);
}

TEST_F(File, OwnerOnlyWhateverTheMaskAndTheOldFile) {
  const mode_t before = umask(0);
  const std::string secret = in_folder("secret"), open = in_folder("open");
  put(secret, "old and readable");
  EXPECT_EQ(mode(secret), 0666u);
  EXPECT_TRUE(write_file(secret, std::string("key"), FileAccess::kOwnerOnly).ok());
  EXPECT_TRUE(write_file(open, std::string("answer")).ok());
  EXPECT_EQ(mode(secret), 0600u);
  EXPECT_EQ(mode(open), 0666u);
  umask(027);
  EXPECT_TRUE(write_file(open, std::string("answer")).ok());
  EXPECT_EQ(mode(open), 0640u);
  umask(before);
}

}  // namespace
}  // namespace fcn::platform
