#include "thread_pool.h"

#include <algorithm>

#if defined(FCN_THREADS)
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "floating_point.h"
#endif

namespace fcn::platform {

#if defined(FCN_THREADS)

namespace {

constexpr std::size_t kMaxThreads = 1024;
// How often a thread looks before it sleeps. Some 20 microseconds at once: more than most loops that follow one another
// are apart. Then for about as long as waking a thread up may take, and as the work between two loops does, but letting
// others run.
constexpr int kLooks = 1000, kYieldingLooks = 500;

void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Whether the condition came true while this thread was looking.
template <class Condition>
bool look_for(Condition condition) {
  for (int look = 0; look < kLooks + kYieldingLooks; ++look) {
    if (condition()) return true;
    if (look < kLooks) {
      pause();
    } else {
      sched_yield();
    }
  }
  return false;
}

}  // namespace

// A loop is announced by a new generation; every thread takes part in every loop, and the caller waits for
// them all. Both announcements, of a loop and of its end, change under the mutex, so that no sleeper misses them; who is
// awake sees them without it.
//
// Everything is allocated before the first thread starts: nothing throws afterwards, so that no thread is left behind with
// memory that was freed.
struct ThreadPool::Shared {
  struct Worker {
    Shared* shared;
    std::size_t number;
    pthread_t thread;
  };
  // Indices of a loop that one worker begins with; when they are all taken, it helps the next one with theirs. In a line
  // of the cache of its own.
  struct alignas(64) Share {
    std::atomic<std::size_t> next{0};
    std::size_t end = 0;
  };

  explicit Shared(std::size_t threads) : shares(threads) { workers.reserve(threads - 1); }

  const pid_t owner = getpid();  // the process in which the threads run
  std::vector<Worker>
      workers;  // without the calling thread, which is worker 0; threads keep pointers to their own
  std::mutex mutex;
  std::condition_variable started, finished;
  std::atomic<std::size_t> generation{0};
  std::atomic<std::size_t> busy{0};  // workers that have not finished the current loop
  std::atomic<bool> stop{false};
  // Written before a generation begins, while no worker is busy.
  const std::function<void(std::size_t, std::size_t)>* body = nullptr;
  FloatingPointControl floating_point{};
  std::vector<Share>
      shares;  // one for each worker, the caller's first; more than that where the system refused threads
#if defined(__cpp_exceptions)
  std::exception_ptr thrown;  // by the current loop, first; written under the mutex
#endif

  std::size_t size() const noexcept {
    return workers.size() + 1;
  }

  // After a fork no thread but the caller's exists, and the mutex and the conditions are as somebody left them that will
  // never come back: they must not be touched. The system call takes some 70 ns, a loop 20 us.
  bool is_orphan() const noexcept {
    return getpid() != owner;
  }

  void run_body(std::size_t worker) {
    for (std::size_t i = 0; i < size(); ++i) {
      Share& share = shares[(worker + i) % size()];
      for (;;) {
        const std::size_t index = share.next.fetch_add(1, std::memory_order_relaxed);
        if (index >= share.end) break;
        (*body)(index, worker);
      }
    }
  }

  // The part of a loop that falls to one worker. An exception ends the loop for all and is kept for the caller.
  void run(std::size_t worker) noexcept {
#if defined(__cpp_exceptions)
    try {
      run_body(worker);
    } catch (...) {
      for (std::size_t i = 0; i < size(); ++i) shares[i].next.store(shares[i].end);
      const std::lock_guard lock(mutex);
      if (thrown == nullptr) thrown = std::current_exception();
    }
#else
    run_body(worker);
#endif
  }

  void serve(std::size_t worker) {
    for (std::size_t seen = 0;; ++seen) {
      const auto is_called = [&] { return stop.load() || generation.load() != seen; };
      if (!look_for(is_called)) {
        std::unique_lock lock(mutex);
        started.wait(lock, is_called);
      }
      if (stop.load()) return;
      set_floating_point_control(floating_point);
      run(worker);
      if (busy.fetch_sub(1) == 1) {
        const std::lock_guard lock(mutex);
        finished.notify_one();
      }
    }
  }

  static void* entry(void* argument) noexcept {
    auto* worker = static_cast<Worker*>(argument);
    worker->shared->serve(worker->number);
    return nullptr;
  }
};

ThreadPool::ThreadPool(std::size_t threads)
    : shared_(std::make_unique<Shared>(std::min(threads == 0 ? hardware_threads() : threads, kMaxThreads))) {
  auto& workers = shared_->workers;
  while (shared_->size() < shared_->shares.size()) {
    workers.push_back({shared_.get(), workers.size() + 1, {}});
    if (pthread_create(&workers.back().thread, nullptr, Shared::entry, &workers.back()) != 0) {
      workers.pop_back();
      break;
    }
  }
}

ThreadPool::~ThreadPool() {
  if (!shared_->workers.empty() && shared_->is_orphan()) {
    // Not freed: destroying a condition waits for those who sleep on it.
    static_cast<void>(shared_.release());
    return;
  }
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
  }
  shared_->started.notify_all();
  for (auto& worker : shared_->workers) pthread_join(worker.thread, nullptr);
}

std::size_t ThreadPool::size() const noexcept {
  return shared_->size();
}

void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t, std::size_t)>& body) {
  Shared& shared = *shared_;
  if (shared.workers.empty() || count <= 1 || shared.is_orphan()) {
    for (std::size_t index = 0; index < count; ++index) body(index, 0);
    return;
  }
  const std::size_t workers = shared.size();
  shared.body = &body;
  shared.floating_point = floating_point_control();
  for (std::size_t i = 0; i < workers; ++i) {
    shared.shares[i].next.store(count * i / workers);
    shared.shares[i].end = count * (i + 1) / workers;
  }
  shared.busy.store(workers - 1);
  {
    const std::lock_guard lock(shared.mutex);
    shared.generation.fetch_add(1);
  }
  shared.started.notify_all();
  shared.run(0);
  const auto is_done = [&] { return shared.busy.load() == 0; };
  if (!look_for(is_done)) {
    std::unique_lock lock(shared.mutex);
    shared.finished.wait(lock, is_done);
  }
#if defined(__cpp_exceptions)
  if (shared.thrown != nullptr) std::rethrow_exception(std::exchange(shared.thrown, nullptr));
#endif
}

std::size_t hardware_threads() noexcept {
#if defined(__linux__)
  // The kernel refuses a mask that is too short for its processors; double it until it fits.
  for (int processors = 1024; processors <= 1 << 20; processors *= 2) {
    cpu_set_t* mask = CPU_ALLOC(processors);
    if (mask == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(processors);
    const bool known = sched_getaffinity(0, bytes, mask) == 0;
    const int allowed = known ? CPU_COUNT_S(bytes, mask) : 0;
    CPU_FREE(mask);
    if (allowed > 0) return static_cast<std::size_t>(allowed);
  }
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<std::size_t>(online) : 1;
}

#else

struct ThreadPool::Shared {};

ThreadPool::ThreadPool(std::size_t) {}
ThreadPool::~ThreadPool() = default;
std::size_t ThreadPool::size() const noexcept {
  return 1;
}
void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t, std::size_t)>& body) {
  for (std::size_t index = 0; index < count; ++index) body(index, 0);
}
std::size_t hardware_threads() noexcept {
  return 1;
}

#endif

}  // namespace fcn::platform
