// Random damage to model texts and IDX files: an error or a valid object, never a crash. The seed is fixed.
#include <gtest/gtest.h>

#include "nn/idx_file.h"
#include "nn/model_file.h"
#include "nn/plain_run.h"
#include "nn/range_analysis.h"
#include "support/random_network.h"
#include "support/temporary_folder.h"

namespace fcn::nn {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::size_t position(test::Random& random, std::size_t size) {
  return static_cast<std::size_t>(random() % size);
}

// One to four changes of any kind: a byte replaced, a bit flipped, a piece cut out, doubled or moved, the end cut off.
template <class Text>
void damage(test::Random& random, Text& text) {
  using Byte = typename Text::value_type;
  for (std::int64_t changes = test::pick(random, 1, 4); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = position(random, text.size());
    const std::size_t length = std::min(text.size() - at, 1 + position(random, 12));
    const auto first = text.begin() + static_cast<std::ptrdiff_t>(at);
    const Text piece(first, first + static_cast<std::ptrdiff_t>(length));
    const std::size_t to = position(random, text.size());
    switch (test::pick(random, 0, 5)) {
      case 0:
        text[at] = static_cast<Byte>(random());
        break;
      case 1:
        text[at] = static_cast<Byte>(text[at] ^ 1 << test::pick(random, 0, 7));
        break;
      case 2:
        text.erase(first, first + static_cast<std::ptrdiff_t>(length));
        break;
      case 3:
        text.insert(text.begin() + static_cast<std::ptrdiff_t>(to), piece.begin(), piece.end());
        break;
      case 4:
        for (std::size_t i = 0; i < length && to + i < text.size(); ++i) text[to + i] = piece[i];
        break;
      default:
        text.resize(at);
    }
  }
}

// One number or word of the text replaced by one that is on an edge of what the format allows.
void replace_word(test::Random& random, std::string& text) {
  const char* const words[] = {"0",
                               "1",
                               "-1",
                               "2",
                               "17",
                               "1048576",
                               "1048577",
                               "2147483647",
                               "2147483648",
                               "-2147483648",
                               "4611686018427387903",
                               "4611686018427387904",
                               "9223372036854775808",
                               "0*2",
                               "1*3",
                               "0*33554432",
                               "nan",
                               "inf",
                               "end",
                               "dense",
                               "conv2d",
                               "flatten",
                               "in",
                               "out",
                               ""};
  std::size_t start = position(random, text.size());
  while (start > 0 && text[start - 1] != ' ' && text[start - 1] != '\n') --start;
  const std::size_t end = std::min(text.find_first_of(" \n", start), text.size());
  text.replace(start, end - start, words[position(random, std::size(words))]);
}

// One digit of the text replaced by another.
void replace_digit(test::Random& random, std::string& text) {
  std::size_t at = position(random, text.size());
  while (text[at] < '0' || text[at] > '9') at = position(random, text.size());
  text[at] = static_cast<char>('0' + random() % 10);
}

void expect_error_or_valid(const std::string& text, int& valid, int& errors) {
  const auto parsed = parse_model(text, "damaged");
  if (!parsed.ok()) {
    ++errors;
    EXPECT_EQ(parsed.status().code(), platform::StatusCode::kCorrupt);
    EXPECT_EQ(parsed.status().message().rfind("damaged, line ", 0), 0u) << parsed.status().message();
    return;
  }
  ++valid;
  const auto status = validate(parsed.value());
  ASSERT_TRUE(status.ok()) << status.message() << "\n" << text;
  const auto again = parse_model(format_model(parsed.value()), "again");
  ASSERT_TRUE(again.ok()) << again.status().message();
  ASSERT_TRUE(again.value() == parsed.value()) << text;
  const Network& network = parsed.value();
  if (network.input.size() > 1000) return;
  // Whatever was read runs: to values inside its ranges, or to an error.
  const auto ranges = analyze_ranges(network);
  const auto result = plain_run(network, std::vector<std::int64_t>(network.input.size(), network.input_max));
  if (!ranges.ok()) return;
  ASSERT_TRUE(result.ok()) << result.status().message() << "\n" << text;
  for (std::size_t o = 0; o < result->size(); ++o) {
    ASSERT_LE(ranges->back().values[o].low, result.value()[o]) << text;
    ASSERT_GE(ranges->back().values[o].high, result.value()[o]) << text;
  }
}

TEST(DamagedInput, ModelTextsGiveAnErrorOrAValidNetwork) {
  test::Random random(51);
  int valid = 0, errors = 0;
  for (int round = 0; round < 6000; ++round) {
    const Network network = test::random_network(random, {1, 4, 4}, 15, 5);
    std::string text = format_model(network);
    for (std::int64_t changes = test::pick(random, 1, 3); changes > 0; --changes) {
      if (round % 3 == 0) replace_word(random, text);
      if (round % 3 == 1) replace_digit(random, text);
    }
    if (round % 3 == 2) damage(random, text);
    expect_error_or_valid(text, valid, errors);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
  // Both outcomes are exercised.
  EXPECT_GT(valid, 300);
  EXPECT_GT(errors, 3000);
}

TEST(DamagedInput, NoiseIsNoModel) {
  test::Random random(52);
  for (int round = 0; round < 2000; ++round) {
    std::string text(position(random, 300), '\0');
    for (char& c : text) c = static_cast<char>(random());
    EXPECT_FALSE(parse_model(text, "noise").ok()) << "round " << round;
  }
}

TEST(DamagedInput, IdxFilesGiveAnErrorOrAWholeDataset) {
  test::Random random(53);
  const test::TemporaryFolder folder;
  int valid = 0, errors = 0;
  for (int round = 0; round < 1000; ++round) {
    const auto count = static_cast<std::uint8_t>(test::pick(random, 1, 5));
    const auto height = static_cast<std::uint8_t>(test::pick(random, 1, 6));
    const auto width = static_cast<std::uint8_t>(test::pick(random, 1, 6));
    Bytes images = {0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, height, 0, 0, 0, width};
    Bytes labels = {0, 0, 8, 1, 0, 0, 0, count};
    for (int i = 0; i < count * height * width; ++i) images.push_back(static_cast<std::uint8_t>(random()));
    for (int i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(random() % 10));
    damage(random, round % 3 == 0 ? labels : images);
    const auto data = load_idx(folder.write("images", images), folder.write("labels", labels));
    if (!data.ok()) {
      ++errors;
      EXPECT_NE(data.status().message().find(folder.path("")), std::string::npos) << data.status().message();
      continue;
    }
    ++valid;
    ASSERT_EQ(data->pixels.size(), data->count() * static_cast<std::size_t>(data->height * data->width));
    ASSERT_EQ(data->pixels, Bytes(images.begin() + 16, images.end())) << "round " << round;
    ASSERT_EQ(data->labels, Bytes(labels.begin() + 8, labels.end())) << "round " << round;
    for (const std::uint8_t label : data->labels) ASSERT_LE(label, 9);
  }
  EXPECT_GT(valid, 30);
  EXPECT_GT(errors, 500);
}

}  // namespace
}  // namespace fcn::nn
