// Scratch memory that operations borrow, so that repeating one allocates nothing.
#pragma once

#include "../platform/aligned_buffer.h"

namespace fcn::fv {

// Grows to the largest request and keeps it. One a thread; wiped when it dies, since secrets may pass through
// it.
class Workspace {
 public:
  // At least count words, of any content; valid until the next call. Errors: kOutOfMemory.
  platform::Result<std::uint64_t*> words(std::size_t count) {
    if (buffer_.size() < count) {
      FCN_ASSIGN_OR_RETURN(buffer_, platform::SecretBuffer<std::uint64_t>::create(count));
    }
    return buffer_.data();
  }

 private:
  platform::SecretBuffer<std::uint64_t> buffer_;
};

}  // namespace fcn::fv
