#include "apps/flags.h"

#include <gtest/gtest.h>

namespace fcn::apps {
namespace {

using platform::Status;
using platform::StatusCode;

struct Values {
  bool json = false;
  std::uint64_t count = 20;
  std::string model = "default";
  std::string layout = "pixel";
  std::vector<std::string> images;
};

FlagSet flag_set(Values& values) {
  FlagSet flags("test [flags]", "Tests.");
  flags.add_switch("json", &values.json, "JSON on stdout");
  flags.add_integer("count", &values.count, 1, 1000, "how many");
  flags.add_text("model", "FILE", &values.model, "a model file");
  flags.add_choice("layout", "NAME", &values.layout, {"pixel", "packed", "batch"}, "the layout");
  flags.add_list("image", "FILE", &values.images, "an image");
  return flags;
}

Status parse(Values& values, const std::vector<std::string>& words) {
  return flag_set(values).parse(words);
}

TEST(Flags, NothingGivenKeepsDefaults) {
  Values values;
  ASSERT_TRUE(parse(values, {}).ok());
  EXPECT_FALSE(values.json);
  EXPECT_EQ(values.count, 20u);
  EXPECT_EQ(values.model, "default");
  EXPECT_TRUE(values.images.empty());
}

TEST(Flags, BothSpellings) {
  Values values;
  ASSERT_TRUE(parse(values, {"--count", "7", "--model=a=b", "--json", "--image", "x", "--image=y", "--layout",
                             "batch"})
                  .ok());
  EXPECT_TRUE(values.json);
  EXPECT_EQ(values.count, 7u);
  EXPECT_EQ(values.model, "a=b");
  EXPECT_EQ(values.layout, "batch");
  EXPECT_EQ(values.images, (std::vector<std::string>{"x", "y"}));
}

TEST(Flags, WordsAreTakenOnlyWhereWanted) {
  Values values;
  std::vector<std::string> words;
  FlagSet flags = flag_set(values);
  flags.take_words(&words);
  ASSERT_TRUE(flags.parse(std::vector<std::string>{"a", "--count", "7", "-", "b"}).ok());
  EXPECT_EQ(words, (std::vector<std::string>{"a", "-", "b"}));
  EXPECT_TRUE(flags.given("count"));
  EXPECT_FALSE(flags.given("model"));
  FlagSet needs = flag_set(values);
  words.clear();
  needs.take_words(&words);
  EXPECT_EQ(needs.parse({}).code(), StatusCode::kInvalidArgument);
  EXPECT_NE(flags.help("fcn").find("usage: fcn test"), std::string::npos);
}

TEST(Flags, IntegerLimitsAreInclusive) {
  Values values;
  EXPECT_TRUE(parse(values, {"--count=1"}).ok());
  EXPECT_EQ(values.count, 1u);
  EXPECT_TRUE(parse(values, {"--count=1000"}).ok());
  EXPECT_EQ(values.count, 1000u);
}

TEST(Flags, HelpEndsTheParsing) {
  Values values;
  FlagSet flags = flag_set(values);
  ASSERT_TRUE(flags.parse(std::vector<std::string>{"--count=3", "--help", "--nonsense"}).ok());
  EXPECT_TRUE(flags.help_wanted());
  const std::string help = flags.help("fcn-mnist");
  for (const char* part : {"usage: fcn-mnist test [flags]", "--count N", "(1 to 1000; default 20)", "--json ",
                           "pixel, packed or batch", "may be given several times", "--help"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part << "\n" << help;
  }
}

TEST(Flags, BadWordsAreNamed) {
  const struct {
    std::vector<std::string> words;
    const char* part;
  } cases[] = {
      {{"--nonsense"}, "unknown flag --nonsense"},
      {{"--nonsense=3"}, "unknown flag --nonsense;"},
      {{"--"}, "unknown flag --"},
      {{"stray"}, "unexpected word \"stray\""},
      {{"-x"}, "unexpected word \"-x\""},
      {{""}, "unexpected word \"\""},
      {{"--count"}, "--count needs a value (N)"},
      {{"--count="}, "--count takes an integer from 1 to 1000, not \"\""},
      {{"--count=0"}, "not \"0\""},
      {{"--count", "1001"}, "not \"1001\""},
      {{"--count", "-1"}, "not \"-1\""},
      {{"--count", "+5"}, "not \"+5\""},
      {{"--count", "5x"}, "not \"5x\""},
      {{"--count", " 5"}, "not \" 5\""},
      {{"--count", "18446744073709551617"}, "not \"18446744073709551617\""},
      {{"--count=1", "--count=2"}, "--count was given twice"},
      {{"--json=yes"}, "--json takes no value"},
      {{"--layout=cube"}, "--layout takes pixel, packed or batch, not \"cube\""},
      {{"--model="}, "--model was given an empty value"},
      {{"--image="}, "--image was given an empty value"},
  };
  for (const auto& c : cases) {
    Values values;
    const Status status = parse(values, c.words);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << c.part;
    EXPECT_NE(status.message().find(c.part), std::string::npos) << status.message();
  }
}

TEST(Flags, ChoicesAreListed) {
  EXPECT_EQ(list_choices({}), "");
  EXPECT_EQ(list_choices({"a"}), "a");
  EXPECT_EQ(list_choices({"a", "b"}), "a or b");
  EXPECT_EQ(list_choices({"a", "b", "c"}), "a, b or c");
}

}  // namespace
}  // namespace fcn::apps
