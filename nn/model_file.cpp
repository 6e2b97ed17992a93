#include "model_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "../platform/bytes.h"
#include "../platform/check.h"
#include "../platform/file.h"
#include "../platform/floating_point.h"
#include "internal/layer_check.h"

namespace fcn::nn {
namespace {

using platform::concat;
using platform::corrupt;
using platform::Result;
using platform::Status;

constexpr std::size_t kShortestRun = 3;  // "0*3" is as long as "0 0", and shorter than "0 0 0"
constexpr LayerKind kKinds[] = {LayerKind::kConv2d, LayerKind::kDense, LayerKind::kSumPool,
                                LayerKind::kPolynomial, LayerKind::kFlatten};

bool has_window(LayerKind kind) noexcept {
  return kind == LayerKind::kConv2d || kind == LayerKind::kSumPool;
}

// A word of the text as it may appear in a message: in quotes, short, printable.
std::string quoted(std::string_view word) {
  constexpr std::size_t kLongest = 40;
  std::string text = "'";
  for (const char c : word.substr(0, kLongest)) text += c >= ' ' && c <= '~' ? c : '?';
  return text + (word.size() > kLongest ? "...'" : "'");
}

// Reads the text line by line and each line word by word; words are separated by spaces.
class Lines {
 public:
  Lines(const std::string& text, const std::string& source) : text_(text), source_(source) {}

  Status error(const std::string& what) const {
    return corrupt(concat(source_, ", line ", number_, ": ", what));
  }

  Status next_line() {
    ++number_;
    if (text_.empty()) return error("the text ends without the line 'end'");
    const std::size_t length = std::min(text_.find('\n'), text_.size());
    line_ = text_.substr(0, length);
    text_.remove_prefix(std::min(length + 1, text_.size()));
    return {};
  }

  // The next word of the line; empty when there is none.
  std::string_view word() {
    line_.remove_prefix(std::min(line_.find_first_not_of(' '), line_.size()));
    const std::string_view result = line_.substr(0, line_.find(' '));
    line_.remove_prefix(result.size());
    return result;
  }

  // The rest of the line after one space, if there is a rest.
  std::string_view rest() {
    line_.remove_prefix(std::min<std::size_t>(line_.size(), 1));
    return std::exchange(line_, {});
  }

  Status keyword(const char* expected) {
    const std::string_view found = word();
    return found == expected ? Status{} : error(concat("'", expected, "' expected, ", found_text(found)));
  }

  // A whole word as a number in [low, high].
  Status number(const char* what, std::string_view digits, std::int64_t low, std::int64_t high,
                std::int64_t& out) {
    const char* end = digits.data() + digits.size();
    std::int64_t value = 0;
    const auto [stop, code] = std::from_chars(digits.data(), end, value);
    if (code == std::errc::invalid_argument || stop != end) {
      return error(concat(what, ": an integer expected, ", found_text(digits)));
    }
    if (code == std::errc::result_out_of_range || value < low || value > high) {
      return error(
          concat(what, " = ", std::string(digits.substr(0, 40)), " is not in [", low, ", ", high, "]"));
    }
    out = value;
    return {};
  }
  Status number(const char* what, std::int64_t low, std::int64_t high, std::int64_t& out) {
    return number(what, word(), low, high, out);
  }
  Status extent(const char* what, int low, int& out) {
    std::int64_t value = 0;
    FCN_RETURN_IF_ERROR(number(what, low, static_cast<std::int64_t>(kMaxLayerSize), value));
    out = static_cast<int>(value);
    return {};
  }
  Status shape(const char* name, Shape& out) {
    FCN_RETURN_IF_ERROR(keyword(name));
    FCN_RETURN_IF_ERROR(extent("channels", 1, out.channels));
    FCN_RETURN_IF_ERROR(extent("height", 1, out.height));
    return extent("width", 1, out.width);
  }

  Status end_of_line() {
    const std::string_view found = word();
    return found.empty() ? Status{} : error(concat("the end of the line expected, ", found_text(found)));
  }
  Status end_of_text() const {
    return text_.empty() ? Status{} : error(concat(text_.size(), " bytes follow the line 'end'"));
  }

 private:
  static std::string found_text(std::string_view word) {
    return word.empty() ? "but the line ends" : "found " + quoted(word);
  }

  std::string_view text_;  // what follows the current line
  std::string_view line_;  // what is left of it
  const std::string& source_;
  std::size_t number_ = 0;
};

Status read_scale(Lines& lines, double& scale) {
  const std::string_view digits = lines.word();
  const char* end = digits.data() + digits.size();
  const auto [stop, code] = std::from_chars(digits.data(), end, scale);
  if (digits.empty() || stop != end || code != std::errc{} || !std::isfinite(scale) || scale <= 0) {
    return lines.error(concat("scale: a positive number expected, found ", quoted(digits)));
  }
  return lines.end_of_line();
}

Status read_header(Lines& lines, Network& network) {
  FCN_RETURN_IF_ERROR(lines.next_line());
  FCN_RETURN_IF_ERROR(lines.keyword("fcn-model"));
  std::int64_t version = 0;
  FCN_RETURN_IF_ERROR(lines.number("version", kModelVersion, kModelVersion, version));
  FCN_RETURN_IF_ERROR(lines.end_of_line());
  FCN_RETURN_IF_ERROR(lines.next_line());
  FCN_RETURN_IF_ERROR(lines.keyword("name"));
  network.name = std::string(lines.rest());
  if (const Status status = internal::check_name(network.name); !status.ok())
    return lines.error(status.message());
  FCN_RETURN_IF_ERROR(lines.next_line());
  FCN_RETURN_IF_ERROR(lines.shape("input", network.input));
  FCN_RETURN_IF_ERROR(lines.keyword("max"));
  FCN_RETURN_IF_ERROR(lines.number("max", 1, kMaxInput, network.input_max));
  FCN_RETURN_IF_ERROR(lines.end_of_line());
  FCN_RETURN_IF_ERROR(lines.next_line());
  FCN_RETURN_IF_ERROR(lines.keyword("scale"));
  return read_scale(lines, network.output_scale);
}

int hexadecimal_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// `salt HEX`, of which the first word was read already. Messages do not repeat the digits, which are a secret.
Status read_salt(Lines& lines, std::vector<std::uint8_t>& salt) {
  const std::string_view digits = lines.word();
  if (digits.size() % 2 != 0) return lines.error("salt: an odd number of hexadecimal digits");
  if (const Status status = internal::check_salt_size(digits.size() / 2); !status.ok())
    return lines.error(status.message());
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = hexadecimal_digit(digits[i]), low = hexadecimal_digit(digits[i + 1]);
    if (high < 0 || low < 0) return lines.error("salt: a character that is no hexadecimal digit");
    salt.push_back(static_cast<std::uint8_t>(16 * high + low));
  }
  return lines.word().empty() ? Status{} : lines.error("salt: more than one word");
}

// `bias B weights W ...`: one output's bias and row of weights.
Status read_row(Lines& lines, std::size_t row_size, Layer& layer) {
  FCN_RETURN_IF_ERROR(lines.next_line());
  FCN_RETURN_IF_ERROR(lines.keyword("bias"));
  std::int64_t bias = 0;
  FCN_RETURN_IF_ERROR(lines.number("bias", -kMaxBias, kMaxBias, bias));
  layer.bias.push_back(bias);
  FCN_RETURN_IF_ERROR(lines.keyword("weights"));
  std::size_t read = 0;
  for (std::string_view word = lines.word(); !word.empty(); word = lines.word()) {
    const std::size_t star = std::min(word.find('*'), word.size());
    std::int64_t weight = 0, count = 1;
    FCN_RETURN_IF_ERROR(lines.number("weight", word.substr(0, star), -kMaxWeight, kMaxWeight, weight));
    if (star < word.size()) {
      FCN_RETURN_IF_ERROR(lines.number("repetitions", word.substr(star + 1), 1,
                                       static_cast<std::int64_t>(kMaxWeights), count));
    }
    if (static_cast<std::size_t>(count) > row_size - read) {
      return lines.error(concat("more than ", row_size, " weights at ", quoted(word)));
    }
    layer.weights.insert(layer.weights.end(), static_cast<std::size_t>(count), weight);
    read += static_cast<std::size_t>(count);
  }
  if (read != row_size) return lines.error(concat(read, " weights where ", row_size, " belong"));
  return {};
}

Status read_coefficients(Lines& lines, Layer& layer) {
  FCN_RETURN_IF_ERROR(lines.keyword("coefficients"));
  for (std::string_view word = lines.word(); !word.empty(); word = lines.word()) {
    if (layer.coefficients.size() > kMaxDegree) {
      return lines.error(concat("a polynomial of a degree above ", kMaxDegree));
    }
    std::int64_t coefficient = 0;
    FCN_RETURN_IF_ERROR(lines.number("coefficient", word, -kMaxBias, kMaxBias, coefficient));
    layer.coefficients.push_back(coefficient);
  }
  return {};
}

// A layer whose first word was read already. previous: the shape it must follow.
Status read_layer(Lines& lines, std::string_view kind, const Shape& previous, std::size_t& weights_left,
                  Layer& layer) {
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [kind](LayerKind known) { return kind == layer_kind_name(known); });
  if (found == std::end(kKinds))
    return lines.error(concat("a layer or 'end' expected, found ", quoted(kind)));
  layer.kind = *found;
  FCN_RETURN_IF_ERROR(lines.shape("in", layer.in));
  FCN_RETURN_IF_ERROR(lines.shape("out", layer.out));
  if (has_window(layer.kind)) {
    FCN_RETURN_IF_ERROR(lines.keyword("kernel"));
    FCN_RETURN_IF_ERROR(lines.extent("kernel", 1, layer.kernel));
    FCN_RETURN_IF_ERROR(lines.keyword("stride"));
    FCN_RETURN_IF_ERROR(lines.extent("stride", 1, layer.stride));
    FCN_RETURN_IF_ERROR(lines.keyword("padding"));
    FCN_RETURN_IF_ERROR(lines.extent("padding", 0, layer.padding));
  }
  if (layer.kind == LayerKind::kPolynomial) FCN_RETURN_IF_ERROR(read_coefficients(lines, layer));
  FCN_RETURN_IF_ERROR(lines.end_of_line());
  if (layer.in != previous) {
    return lines.error(concat("input ", internal::shape_text(layer.in), " does not follow ",
                              internal::shape_text(previous)));
  }
  if (const Status status = internal::check_geometry(layer); !status.ok())
    return lines.error(status.message());
  if (!internal::has_weights(layer)) {
    const Status status = internal::check_arrays(layer);
    return status.ok() ? Status{} : lines.error(status.message());
  }
  const auto rows = static_cast<std::size_t>(layer.out.channels);
  const std::size_t row_size = internal::weights_per_output(layer);
  if (rows * row_size > weights_left) {
    return lines.error(concat("more than ", kMaxWeights, " weights in all layers together"));
  }
  weights_left -= rows * row_size;
  for (std::size_t o = 0; o < rows; ++o) FCN_RETURN_IF_ERROR(read_row(lines, row_size, layer));
  return {};
}

std::string shape_words(const Shape& shape) {
  return concat(shape.channels, ' ', shape.height, ' ', shape.width);
}

void append_row(std::string& text, const std::int64_t* row, std::size_t row_size) {
  for (std::size_t i = 0; i < row_size;) {
    std::size_t run = 1;
    while (i + run < row_size && row[i + run] == row[i]) ++run;
    if (run >= kShortestRun) {
      text += concat(' ', row[i], '*', run);
      i += run;
    } else {
      text += concat(' ', row[i++]);
    }
  }
}

// The shortest decimal that reads back as the same double.
std::string scale_text(double scale) {
  char digits[32];
  const auto [end, code] = std::to_chars(std::begin(digits), std::end(digits), scale);
  return code == std::errc{} ? std::string(digits, end)
                             : std::string();  // 24 characters are enough for every double
}

}  // namespace

std::string format_model(const Network& network) {
  std::string text =
      concat("fcn-model ", kModelVersion, "\nname ", network.name, "\ninput ", shape_words(network.input),
             " max ", network.input_max, "\nscale ", scale_text(network.output_scale), "\n");
  if (!network.salt.empty()) text += concat("salt ", platform::hexadecimal(network.salt), "\n");
  for (const Layer& layer : network.layers) {
    text +=
        concat(layer_kind_name(layer.kind), " in ", shape_words(layer.in), " out ", shape_words(layer.out));
    if (has_window(layer.kind)) {
      text += concat(" kernel ", layer.kernel, " stride ", layer.stride, " padding ", layer.padding);
    }
    if (layer.kind == LayerKind::kPolynomial) text += " coefficients";
    for (const std::int64_t coefficient : layer.coefficients) text += concat(' ', coefficient);
    text += '\n';
    const std::size_t row_size = internal::weights_per_output(layer);
    for (std::size_t o = 0; o < layer.bias.size(); ++o) {
      text += concat("bias ", layer.bias[o], " weights");
      append_row(text, layer.weights.data() + o * row_size, row_size);
      text += '\n';
    }
  }
  return text + "end\n";
}

Result<Network> parse_model(const std::string& text, const std::string& source) {
  const platform::FloatingPointEnvironment nearest;
  Lines lines(text, source);
  Network network;
  FCN_RETURN_IF_ERROR(read_header(lines, network));
  std::size_t weights_left = kMaxWeights;
  Shape previous = network.input;
  while (true) {
    FCN_RETURN_IF_ERROR(lines.next_line());
    const std::string_view first = lines.word();
    if (first == "end") break;
    if (first == "salt" && network.salt.empty() && network.layers.empty()) {
      FCN_RETURN_IF_ERROR(read_salt(lines, network.salt));
      continue;
    }
    Layer layer;
    FCN_RETURN_IF_ERROR(read_layer(lines, first, previous, weights_left, layer));
    previous = layer.out;
    network.layers.push_back(std::move(layer));
  }
  if (network.layers.empty()) return lines.error("the network has no layers");
  FCN_RETURN_IF_ERROR(lines.end_of_line());
  FCN_RETURN_IF_ERROR(lines.end_of_text());
  FCN_CHECK(validate(network).ok());
  return network;
}

Result<Network> load_model(const std::string& path) {
  FCN_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, platform::read_file(path, kMaxModelBytes));
  return parse_model(std::string(bytes.begin(), bytes.end()), path);
}

Status save_model(const Network& network, const std::string& path) {
  FCN_RETURN_IF_ERROR(validate(network));
  return platform::write_file(path, format_model(network));
}

}  // namespace fcn::nn
