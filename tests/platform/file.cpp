#include "platform/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

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
  expect_unavailable(write_file("/dev/null", std::string("x")), "/dev/null", "not a regular file");
  struct stat about {};
  ASSERT_EQ(stat("/dev/null", &about), 0);
  EXPECT_TRUE(S_ISCHR(about.st_mode));
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
