// A small pool of threads. With FCN_THREADS=OFF it is the calling thread alone.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace fcn::platform {

// Threads that process the indices of a loop. Results do not depend on their number as long as
// iterations write to different places. One parallel_for at a time; not from inside an iteration.
//
// fork() leaves a child process the thread that called it and no other. A pool that is older than the process runs its
// loops on the calling thread alone, as worker 0, and keeps its size(); its destructor joins nobody and gives up a
// kilobyte or so. A fork from inside an iteration has no such remedy: what other workers were at is lost to the child.
class ThreadPool {
 public:
  // threads >= 1 counts the calling thread; 0 means hardware_threads(). At most 1024; fewer where the system refuses.
  // Throws std::bad_alloc, and then has started none.
  explicit ThreadPool(std::size_t threads = 1);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t size() const noexcept;

  // body(index, worker) for every index in [0, count), each once, worker in [0, size()); returns when all are done.
  // Each worker begins with its own share, consecutive indices, and then helps others: in loops over the same places, a
  // place mostly stays with the thread that has it in its cache. All workers run body in the caller's floating-point
  // environment (floating_point.h), whatever that of the pool's creator was.
  //
  // Where body throws, no further index is handed out; when all workers are done, the first exception is thrown here, and
  // the pool can be used again. Neither body nor anything it calls may throw where the library is built without exceptions.
  void parallel_for(std::size_t count,
                    const std::function<void(std::size_t index, std::size_t worker)>& body);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

// body(index, worker) for every index in [0, count), on the pool, or on the calling thread where there is none. Allocates
// nothing.
template <class Body>
void parallel_for(ThreadPool* pool, std::size_t count, Body&& body) {
  if (pool != nullptr) return pool->parallel_for(count, std::ref(body));
  for (std::size_t index = 0; index < count; ++index) body(index, std::size_t{0});
}

// Processors this process may use; 1 where it cannot be asked or FCN_THREADS=OFF.
std::size_t hardware_threads() noexcept;

}  // namespace fcn::platform
