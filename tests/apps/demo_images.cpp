#include "apps/demo_images.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "apps/model_source.h"
#include "nn/plain_run.h"
#include "nn/quantize_pixels.h"
#include "platform/file.h"

namespace fcn::apps {
namespace {

using platform::StatusCode;

TEST(DemoImages, BuiltInNetworkReadsTheDrawnDigits) {
  const auto network = load_network("");
  ASSERT_TRUE(network.ok()) << network.status().message();
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::vector<DemoImage> images = draw_demo_images(30, seed);
    ASSERT_EQ(images.size(), 30u);
    for (const DemoImage& image : images) {
      const auto scores =
          nn::plain_run(network.value(), nn::quantize_pixels(image.pixels, network.value().input_max));
      ASSERT_TRUE(scores.ok()) << scores.status().message();
      EXPECT_EQ(static_cast<int>(nn::argmax(scores.value())), image.label)
          << image.source << ", seed " << seed;
    }
  }
}

TEST(DemoImages, FilesAreReadAndNormalised) {
  const std::string path = testing::TempDir() + "fcn_demo_image_" + std::to_string(getpid()) + ".pgm";
  std::string pgm = "P5 28 28 255\n" + std::string(784, '\0');
  pgm[pgm.size() - 300] = '\x50';
  ASSERT_TRUE(platform::write_file(path, pgm).ok());
  const auto images = read_demo_images({path, path});
  ASSERT_TRUE(images.ok()) << images.status().message();
  ASSERT_EQ(images.value().size(), 2u);
  EXPECT_EQ(images.value()[1].source, path);
  EXPECT_EQ(images.value()[1].label, -1);
  EXPECT_EQ(images.value()[1].pixels[784 - 300], 0x50);
  std::remove(path.c_str());
}

TEST(DemoImages, TheFirstBadFileIsNamed) {
  const auto images = read_demo_images({"/nonexistent/three.pgm"});
  EXPECT_EQ(images.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(images.status().message().find("/nonexistent/three.pgm"), std::string::npos);
}

TEST(ModelSource, AFileTakesThePlaceOfTheBuiltInModel) {
  const auto network = load_network("/nonexistent/model.fcn");
  EXPECT_EQ(network.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(network.status().message().find("/nonexistent/model.fcn"), std::string::npos);
}

}  // namespace
}  // namespace fcn::apps
