// An allocation that fails on demand. A test program that compiles failing_allocations.cpp has its operator new.
#pragma once

#include <cstddef>

namespace fcn::test {

// While it lives, allocation `number` from now on (0 is the next, counted over all threads) fails, once.
class FailingAllocation {
 public:
  explicit FailingAllocation(std::size_t number);
  ~FailingAllocation() { disarm(); }
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  void disarm();
  bool failed() const;
};

}  // namespace fcn::test
