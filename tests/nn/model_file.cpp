// The text form of a network: what is written, what is read back, and every way in which a text can be wrong.
#include "nn/model_file.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>

#include "support/random_network.h"
#include "support/temporary_folder.h"

namespace fcn::nn {
namespace {

using platform::StatusCode;

const char* const kText =
    "fcn-model 1\n"                                              // line 1
    "name tiny: a 'test'\n"                                      // 2
    "input 1 3 3 max 15\n"                                       // 3
    "scale 0.1\n"                                                // 4
    "conv2d in 1 3 3 out 2 2 2 kernel 2 stride 1 padding 0\n"    // 5
    "bias -7 weights 1 0 -4 2\n"                                 // 6
    "bias 4611686018427387903 weights 0*3 -2147483647\n"         // 7
    "polynomial in 2 2 2 out 2 2 2 coefficients 2 4 1\n"         // 8
    "sum_pool in 2 2 2 out 2 1 1 kernel 2 stride 2 padding 0\n"  // 9
    "flatten in 2 1 1 out 2 1 1\n"                               // 10
    "dense in 2 1 1 out 3 1 1\n"                                 // 11
    "bias 1 weights 1 -1\n"                                      // 12
    "bias 2 weights 0 0\n"                                       // 13
    "bias 3 weights 8 16\n"                                      // 14
    "end\n";                                                     // 15

Network text_network() {
  Network network{"tiny: a 'test'", {1, 3, 3}, 15, 0.1, {}};
  network.layers = {make_conv2d({1, 3, 3}, 2, 2, 1, 0), make_polynomial({2, 2, 2}, {2, 4, 1}),
                    make_sum_pool({2, 2, 2}, 2, 2, 0), make_flatten({2, 1, 1}), make_dense({2, 1, 1}, 3)};
  network.layers[0].weights = {1, 0, -4, 2, 0, 0, 0, -kMaxWeight};
  network.layers[0].bias = {-7, kMaxBias};
  network.layers[4].weights = {1, -1, 0, 0, 8, 16};
  network.layers[4].bias = {1, 2, 3};
  return network;
}

TEST(ModelFile, TextAndNetworkStandForEachOther) {
  EXPECT_EQ(format_model(text_network()), kText);
  const auto parsed = parse_model(kText, "test");
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_TRUE(parsed.value() == text_network());
}

TEST(ModelFile, ASaltIsALineAfterTheScale) {
  Network network = text_network();
  for (const std::size_t bytes : {kMinSaltBytes, std::size_t{33}, kMaxSaltBytes}) {
    network.salt.clear();
    for (std::size_t i = 0; i < bytes; ++i) network.salt.push_back(static_cast<std::uint8_t>(37 * i + 9));
    const std::string text = format_model(network);
    EXPECT_NE(text.find("\nscale 0.1\nsalt 092e53789dc2e70c31567ba0c5ea0f34"), std::string::npos) << text;
    const auto parsed = parse_model(text, "test");
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    EXPECT_EQ(parsed->salt, network.salt);
    EXPECT_TRUE(parsed.value() == network);
    EXPECT_FALSE(parsed.value() == text_network());
  }
}

TEST(ModelFile, RandomNetworksSurviveTheRoundTrip) {
  test::Random random(41);
  for (int round = 0; round < 200; ++round) {
    Network network = test::random_network(random, {2, 5, 6}, test::pick(random, 1, 255), 7);
    const auto parsed = parse_model(format_model(network), "test");
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    ASSERT_TRUE(parsed.value() == network) << format_model(network);
  }
}

TEST(ModelFile, EveryScaleAndNameSurvives) {
  Network network = text_network();
  const double tiny = std::numeric_limits<double>::denorm_min();
  for (const double scale : {1.0, 1.0 / 3, 0.1, 1e300, 65536.0 * 3, std::nextafter(1.0, 2.0), tiny,
                             std::numeric_limits<double>::max(), std::numeric_limits<double>::min()}) {
    network.output_scale = scale;
    const auto parsed = parse_model(format_model(network), "test");
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    EXPECT_EQ(parsed->output_scale, scale);
  }
  for (const char* name : {"", "x", "two  spaces", "end", "name", "# \"quotes\" ~!"}) {
    network.name = name;
    const auto parsed = parse_model(format_model(network), "test");
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    EXPECT_EQ(parsed->name, name);
  }
}

TEST(ModelFile, DoesNotDependOnTheLocale) {
  const char* german = std::setlocale(LC_ALL, "de_DE.UTF-8");
  const std::string text = format_model(text_network());
  const bool parsed = parse_model(kText, "test").ok();
  std::setlocale(LC_ALL, "C");
  if (german == nullptr) GTEST_SKIP() << "this system has no locale with a decimal comma";
  EXPECT_EQ(text, kText);
  EXPECT_TRUE(parsed);
}

TEST(ModelFile, TheLastLineNeedsNoNewline) {
  std::string text = kText;
  text.pop_back();
  EXPECT_TRUE(parse_model(text, "test").ok());
}

struct Damage {
  const char* from;  // the first occurrence is replaced; "" means that the whole text is
  const char* to;
  const char* message_part;
};

TEST(ModelFile, NamesEveryDamage) {
  const Damage damages[] = {
      // The frame.
      {"", "", "test, line 1: the text ends without the line 'end'"},
      {"", "\n", "line 1: 'fcn-model' expected, but the line ends"},
      {"fcn-model 1", "fcn-modell 1", "line 1: 'fcn-model' expected, found 'fcn-modell'"},
      {"fcn-model 1", "fcn-model 2", "line 1: version = 2 is not in [1, 1]"},
      {"fcn-model 1", "fcn-model", "line 1: version: an integer expected, but the line ends"},
      {"fcn-model 1", "fcn-model 1 x", "line 1: the end of the line expected, found 'x'"},
      {"fcn-model 1\n", "fcn-model 1\r\n", "line 1: version: an integer expected, found '1?'"},
      {"end\n", "", "line 15: the text ends without the line 'end'"},
      {"end\n", "end\n\n", "line 15: 1 bytes follow the line 'end'"},
      {"end\n", "end\nend\n", "line 15: 4 bytes follow the line 'end'"},
      {"end\n", "end.\n", "line 15: a layer or 'end' expected, found 'end.'"},
      {"end\n", "end x\n", "line 15: the end of the line expected, found 'x'"},
      {"", "fcn-model 1\nname x\ninput 1 1 1 max 1\nscale 1\nend\n", "line 5: the network has no layers"},
      // The header.
      {"name tiny", "nam tiny", "line 2: 'name' expected, found 'nam'"},
      {"name tiny", "name  tiny", "line 2: the name ' tiny: a 'test'' begins or ends with a space"},
      {"name tiny", "name t\tiny", "line 2: the name has the byte 9"},
      {"input 1 3 3", "input 0 3 3", "line 3: channels = 0 is not in [1, 1048576]"},
      {"input 1 3 3", "input 1 -3 3", "line 3: height = -3 is not in"},
      {"input 1 3 3", "input 1 3 1048577", "line 3: width = 1048577 is not in"},
      {"input 1 3 3", "input 1 3", "line 3: width: an integer expected, found 'max'"},
      {"input 1 3 3", "input 1024 1024 3", "line 5: input 1x3x3 does not follow 1024x1024x3"},
      {"max 15", "max 0", "line 3: max = 0 is not in [1, 2147483647]"},
      {"max 15", "max 99999999999999999999", "line 3: max = 99999999999999999999 is not in"},
      {"scale 0.1\n", "scale 0.1\nsalt\n", "line 5: a salt of 0 bytes is not of 16 to 64"},
      {"scale 0.1\n", "scale 0.1\nsalt 00112233445566778899aabbccddee\n",
       "line 5: a salt of 15 bytes is not of"},
      {"scale 0.1\n", "scale 0.1\nsalt 00112233445566778899aabbccddeeff0\n", "line 5: salt: an odd number"},
      {"scale 0.1\n", "scale 0.1\nsalt 00112233445566778899aabbccddeefg\n",
       "line 5: salt: a character that is no hexadecimal digit"},
      {"scale 0.1\n", "scale 0.1\nsalt 00112233445566778899aabbccddeeff 1\n",
       "line 5: salt: more than one word"},
      {"scale 0.1\n",
       "scale 0.1\nsalt 00112233445566778899aabbccddeeff\nsalt 00112233445566778899aabbccddeeff\n",
       "line 6: a layer or 'end' expected, found 'salt'"},
      {"polynomial in", "salt 00112233445566778899aabbccddeeff\npolynomial in",
       "line 8: a layer or 'end' expected, found 'salt'"},
      {"max 15", "max 15 16", "line 3: the end of the line expected, found '16'"},
      {"max 15", "max 15.5", "line 3: max: an integer expected, found '15.5'"},
      {"scale 0.1", "scale 0", "line 4: scale: a positive number expected, found '0'"},
      {"scale 0.1", "scale -1", "line 4: scale: a positive number expected, found '-1'"},
      {"scale 0.1", "scale inf", "line 4: scale: a positive number expected, found 'inf'"},
      {"scale 0.1", "scale nan", "line 4: scale: a positive number expected, found 'nan'"},
      {"scale 0.1", "scale 1e999", "line 4: scale: a positive number expected, found '1e999'"},
      {"scale 0.1", "scale 0,1", "line 4: scale: a positive number expected, found '0,1'"},
      {"scale 0.1", "scale", "line 4: scale: a positive number expected, found ''"},
      {"scale 0.1", "scale 1 2", "line 4: the end of the line expected, found '2'"},
      // Layers.
      {"conv2d in", "conv3d in", "line 5: a layer or 'end' expected, found 'conv3d'"},
      {"conv2d in 1 3 3", "conv2d in 1 3 4", "line 5: input 1x3x4 does not follow 1x3x3"},
      {"polynomial in 2 2 2 out 2 2 2", "polynomial in 8 1 1 out 8 1 1",
       "line 8: input 8x1x1 does not follow 2x2x2"},
      {"out 2 2 2 kernel", "out 2 2 3 kernel", "line 5: output 2x2x3 where input 1x3x3 gives 2x2x2"},
      {"out 2 2 2 kernel", "to 2 2 2 kernel", "line 5: 'out' expected, found 'to'"},
      {"kernel 2 stride 1", "kernel 2 strid 1", "line 5: 'stride' expected, found 'strid'"},
      {"kernel 2 stride 1", "kernel 2", "line 5: 'stride' expected, found 'padding'"},
      {"kernel 2 stride 1", "kernel 0 stride 1", "line 5: kernel = 0 is not in [1, 1048576]"},
      {"kernel 2 stride 1", "kernel 4 stride 1",
       "line 5: a window of kernel = 4 does not fit the input 1x3x3"},
      {"stride 1 padding 0", "stride 0 padding 0", "line 5: stride = 0 is not in"},
      {"stride 1 padding 0", "stride 1 padding -1", "line 5: padding = -1 is not in [0,"},
      {"stride 1 padding 0", "stride 1 padding 2", "line 5: padding = 2 is not below kernel = 2"},
      {"coefficients 2 4 1", "coefficients 2", "line 8: 1 coefficients where 2 to 17 belong"},
      {"coefficients 2 4 1", "coefficients", "line 8: 0 coefficients where 2 to 17 belong"},
      {"coefficients 2 4 1", "2 4 1", "line 8: 'coefficients' expected, found '2'"},
      {"coefficients 2 4 1", "coefficients 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
       "line 8: a polynomial of a degree above 16"},
      {"coefficients 2 4 1", "coefficients 2 4611686018427387904 1",
       "line 8: coefficient = 4611686018427387904 is not"},
      {"coefficients 2 4 1", "coefficients 2 4 1x", "line 8: coefficient: an integer expected, found '1x'"},
      {"sum_pool in 2 2 2 out 2 1 1", "sum_pool in 2 2 2 out 1 1 1",
       "line 9: output 1x1x1 where input 2x2x2 gives 2x1x1"},
      {"flatten in 2 1 1 out 2 1 1", "flatten in 2 1 1 out 1 2 1",
       "line 10: output 1x2x1 where input 2x1x1 gives 2x1x1"},
      {"flatten in 2 1 1 out 2 1 1", "flatten in 2 1 1 out 2 1 1 1",
       "line 10: the end of the line expected, found '1'"},
      {"dense in 2 1 1 out 3 1 1", "dense in 2 1 1 out 3 1 2",
       "line 11: output 3x1x2 where input 2x1x1 gives 3x1x1"},
      // Rows.
      {"bias -7 weights 1 0 -4 2", "bias -7 weights 1 0 -4", "line 6: 3 weights where 4 belong"},
      {"bias -7 weights 1 0 -4 2", "bias -7 weights", "line 6: 0 weights where 4 belong"},
      {"bias -7 weights 1 0 -4 2", "bias -7 weights 1 0 -4 2 9", "line 6: more than 4 weights at '9'"},
      {"bias -7 weights", "bias -7 wieghts", "line 6: 'weights' expected, found 'wieghts'"},
      {"bias -7 weights", "bias weights", "line 6: bias: an integer expected, found 'weights'"},
      {"bias -7 weights", "weights", "line 6: 'bias' expected, found 'weights'"},
      {"bias -7", "bias 4611686018427387904", "line 6: bias = 4611686018427387904 is not in"},
      {"bias -7", "bias -4611686018427387904", "line 6: bias = -4611686018427387904 is not in"},
      {"bias -7", "bias +7", "line 6: bias: an integer expected, found '+7'"},
      {"bias -7", "bias 0x7", "line 6: bias: an integer expected, found '0x7'"},
      {"-2147483647", "-2147483648", "line 7: weight = -2147483648 is not in [-2147483647, 2147483647]"},
      {"-2147483647", "2147483648", "line 7: weight = 2147483648 is not in"},
      {"-2147483647", "12345678901234567890123456789012345678901234567890",
       "line 7: weight = 1234567890123456789012345678901234567890 is not in"},
      {"0*3", "0*0", "line 7: repetitions = 0 is not in [1, 33554432]"},
      {"0*3", "0*-3", "line 7: repetitions = -3 is not in"},
      {"0*3", "0*4", "line 7: more than 4 weights at '-2147483647'"},
      {"0*3", "0*5", "line 7: more than 4 weights at '0*5'"},
      {"0*3", "0*33554433", "line 7: repetitions = 33554433 is not in"},
      {"0*3", "0*", "line 7: repetitions: an integer expected, but the line ends"},
      {"0*3", "*3", "line 7: weight: an integer expected"},
      {"0*3", "0*3*1", "line 7: repetitions: an integer expected, found '3*1'"},
      {"bias 3 weights 8 16\n", "", "line 14: 'bias' expected, found 'end'"},
      {"bias 3 weights 8 16\n", "bias 3 weights 8 16\nbias 4 weights 8 16\n",
       "line 15: a layer or 'end' expected, found 'bias'"},
      {"bias 1 weights 1 -1", "bias 1 weights 1 \x01\x80",
       "line 12: weight: an integer expected, found '?\?'"},
      {"bias 1 weights 1 -1", "bias 1 weights 1 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
       "found 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"},
  };
  for (const Damage& damage : damages) {
    std::string text = kText, from = damage.from;
    if (from.empty()) {
      text = damage.to;
    } else {
      ASSERT_NE(text.find(from), std::string::npos) << from;
      text.replace(text.find(from), from.size(), damage.to);
    }
    const auto parsed = parse_model(text, "test");
    EXPECT_EQ(parsed.status().code(), StatusCode::kCorrupt) << damage.message_part;
    EXPECT_NE(parsed.status().message().find(damage.message_part), std::string::npos)
        << "expected: " << damage.message_part << "\nfound:    " << parsed.status().message();
  }
}

TEST(ModelFile, EveryTruncationIsAnError) {
  const std::string text = kText;
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {  // without the last newline it is whole
    EXPECT_EQ(parse_model(text.substr(0, length), "test").status().code(), StatusCode::kCorrupt) << length;
  }
}

// A short text must not make the reader take much memory.
TEST(ModelFile, RefusesMoreWeightsThanAllLayersMayHave) {
  std::string text = "fcn-model 1\nname x\ninput 1048576 1 1 max 1\nscale 1\n";
  const auto one_layer = parse_model(text + "dense in 1048576 1 1 out 33 1 1\n", "test");
  EXPECT_NE(one_layer.status().message().find("line 5: more than 33554432 weights"), std::string::npos)
      << one_layer.status().message();
  text += "dense in 1048576 1 1 out 31 1 1\n";
  for (int row = 0; row < 31; ++row) text += "bias 0 weights 0*1048576\n";
  // 31 * 2^20 + 31 * 33825 = 2^25 - 1.
  const auto below = parse_model(text + "dense in 31 1 1 out 33825 1 1\nbias 0 weights 0\n", "test");
  EXPECT_NE(below.status().message().find("line 38: 1 weights where 31 belong"), std::string::npos)
      << below.status().message();
  const auto above = parse_model(text + "dense in 31 1 1 out 33826 1 1\nbias 0 weights 0\n", "test");
  EXPECT_NE(above.status().message().find("line 37: more than 33554432 weights in all layers together"),
            std::string::npos)
      << above.status().message();
}

TEST(ModelFile, SavesAndLoads) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("tiny.fcn");
  const auto saved = save_model(text_network(), path);
  ASSERT_TRUE(saved.ok()) << saved.message();
  const auto loaded = load_model(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_TRUE(loaded.value() == text_network());
}

TEST(ModelFile, FileErrorsNameTheFile) {
  const test::TemporaryFolder folder;
  const std::string missing = folder.path("missing.fcn");
  const auto loaded = load_model(missing);
  EXPECT_EQ(loaded.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(loaded.status().message().find(missing), std::string::npos) << loaded.status().message();

  const auto unwritten = save_model(text_network(), folder.path("no/such/folder.fcn"));
  EXPECT_EQ(unwritten.code(), StatusCode::kUnavailable);
  EXPECT_NE(unwritten.message().find("no/such/folder.fcn"), std::string::npos) << unwritten.message();

  const std::string text = "fcn-model 7\n";
  const std::string wrong = folder.write("wrong.fcn", std::vector<std::uint8_t>(text.begin(), text.end()));
  const auto corrupt = load_model(wrong);
  EXPECT_EQ(corrupt.status().code(), StatusCode::kCorrupt);
  EXPECT_NE(corrupt.status().message().find("wrong.fcn, line 1: version = 7"), std::string::npos)
      << corrupt.status().message();
}

TEST(ModelFile, DoesNotSaveAnInvalidNetwork) {
  const test::TemporaryFolder folder;
  Network network = text_network();
  network.layers[0].bias[0] = kMaxBias + 1;
  EXPECT_EQ(save_model(network, folder.path("x.fcn")).code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(load_model(folder.path("x.fcn")).ok());
}

}  // namespace
}  // namespace fcn::nn
