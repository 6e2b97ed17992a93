#include "apps/mnist_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace fcn::apps {
namespace {

using platform::StatusCode;

// A fresh folder to be in, without FCN_MNIST_DIR; both as before at the end.
class MnistFolder : public testing::Test {
 protected:
  void SetUp() override {
    const char* variable = std::getenv("FCN_MNIST_DIR");
    was_set_ = variable != nullptr;
    if (was_set_) variable_ = variable;
    unsetenv("FCN_MNIST_DIR");
    before_ = std::filesystem::current_path();
    here_ = std::filesystem::path(testing::TempDir()) / ("fcn_mnist_folder_" + std::to_string(getpid()));
    std::filesystem::create_directories(here_ / "deep" / "deeper");
    here_ = std::filesystem::canonical(here_);
    std::filesystem::current_path(here_ / "deep" / "deeper");
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(here_);
    if (was_set_) setenv("FCN_MNIST_DIR", variable_.c_str(), 1);
  }

  bool was_set_ = false;
  std::string variable_;
  std::filesystem::path before_, here_;
};

TEST_F(MnistFolder, FlagComesBeforeVariableBeforeDataFolder) {
  std::filesystem::create_directories(here_ / "data" / "mnist");
  std::filesystem::create_directories(here_ / "flag");
  std::filesystem::create_directories(here_ / "variable");
  EXPECT_EQ(find_mnist_folder("").value(), (here_ / "data" / "mnist").string());
  setenv("FCN_MNIST_DIR", (here_ / "variable").c_str(), 1);
  EXPECT_EQ(find_mnist_folder("").value(), (here_ / "variable").string());
  EXPECT_EQ(find_mnist_folder((here_ / "flag").string()).value(), (here_ / "flag").string());
}

TEST_F(MnistFolder, NothingFoundNamesTheDownload) {
  const auto folder = find_mnist_folder("");
  EXPECT_EQ(folder.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(folder.status().message().find("apps/download_mnist.sh"), std::string::npos);
}

TEST_F(MnistFolder, WrongNamesAreNotReplacedByAnotherFolder) {
  std::filesystem::create_directories(here_ / "data" / "mnist");
  auto folder = find_mnist_folder("/nonexistent/a");
  EXPECT_EQ(folder.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(folder.status().message().find("--mnist names /nonexistent/a"), std::string::npos);
  setenv("FCN_MNIST_DIR", "/nonexistent/b", 1);
  folder = find_mnist_folder("");
  EXPECT_EQ(folder.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(folder.status().message().find("FCN_MNIST_DIR names /nonexistent/b"), std::string::npos);
}

}  // namespace
}  // namespace fcn::apps
