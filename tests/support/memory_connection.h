// A connection whose other side has said everything beforehand.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <string_view>

#include "apps/fcn/connection.h"

namespace fcn::test {

class MemoryConnection final : public apps::Connection {
 public:
  explicit MemoryConnection(fv::ByteSpan input) : input_(input) {}

  platform::Result<std::size_t> read(std::span<std::uint8_t> out) override {
    count_call();
    const std::size_t taken = std::min(out.size(), input_.size() - read_);
    std::copy_n(input_.begin() + static_cast<std::ptrdiff_t>(read_), taken, out.begin());
    read_ += taken;
    return taken;
  }
  platform::Status write(fv::ByteSpan bytes) override {
    count_call();
    if (written_ == 0) read_before_first_write_ = read_;
    written_ += bytes.size();
    last_bytes_ = std::min(bytes.size(), last_.size());
    std::copy_n(bytes.begin(), last_bytes_, last_.begin());
    return {};
  }
  void set_time_limit(std::chrono::milliseconds) override {}

  // This call of read or write, counted from 0, finds no memory.
  void throw_at(std::size_t call) { throw_at_ = call; }
  std::size_t calls() const { return calls_; }
  std::size_t read_before_first_write() const { return read_before_first_write_; }
  // The beginning of the last write.
  std::string_view last_written() const { return {last_.data(), last_bytes_}; }

 private:
  void count_call() {
    if (calls_++ == throw_at_) throw std::bad_alloc();
  }
  fv::ByteSpan input_;
  std::array<char, 2048> last_;  // no memory that a test counts
  std::size_t last_bytes_ = 0;
  std::size_t read_ = 0, written_ = 0, read_before_first_write_ = 0, calls_ = 0;
  std::size_t throw_at_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace fcn::test
