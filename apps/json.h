// A writer of JSON text: one object, nested objects and arrays, strings and numbers that read back as they were.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace fcn::apps {

// Keys in the order in which they are added. Every begin_object needs its end_object.
class JsonWriter {
 public:
  JsonWriter() { open(); }

  void add(std::string_view key, std::string_view value) { start(key) += quoted(value); }
  void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }
  void add(std::string_view key, bool value) { start(key) += value ? "true" : "false"; }
  template <std::integral Integer>
  void add(std::string_view key, Integer value) {
    start(key) += std::to_string(value);
  }
  // The shortest text that reads back to the same double; infinities and not-a-number, which JSON lacks,
  // become null.
  void add(std::string_view key, double value) {
    char text[40];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    start(key) += std::isfinite(value) ? std::string(text, end) : "null";
  }

  void begin_object(std::string_view key) {
    start(key);
    open();
  }
  void end_object() { close("}"); }

  // Its elements have no keys. Every begin_array needs its end_array.
  void begin_array(std::string_view key) {
    start(key);
    open("[");
  }
  void end_array() { close("]"); }
  void begin_object() {
    start_element();
    open();
  }
  void add(std::string_view value) { start_element() += quoted(value); }

  // Ends the outermost object and takes the text, with a newline at its end.
  std::string finish() && {
    end_object();
    return std::move(text_) + "\n";
  }

  // value between quotes; quotes, backslashes and control characters escaped.
  static std::string quoted(std::string_view value) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : value) {
      const unsigned code = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if (code < 0x20) {
        out += "\\u00";
        out += kHex[code >> 4];
        out += kHex[code & 15];
      } else {
        out += c;
      }
    }
    return out + "\"";
  }

 private:
  void open(const char* bracket = "{") {
    text_ += bracket;
    ++depth_;
    first_ = true;
  }
  void close(const char* bracket) {
    --depth_;
    text_.append("\n").append(2 * depth_, ' ').append(bracket);
    first_ = false;
  }
  std::string& start_element() {
    text_.append(first_ ? "\n" : ",\n").append(2 * depth_, ' ');
    first_ = false;
    return text_;
  }
  std::string& start(std::string_view key) { return start_element().append(quoted(key)).append(": "); }

  std::string text_;
  std::size_t depth_ = 0;
  bool first_ = true;
};

}  // namespace fcn::apps
