#include "platform/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>
#include <new>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>
#if defined(__linux__)
#include <sched.h>
#endif

#include "support/failing_allocations.h"
#include "support/rounding_modes.h"

// EXPECT_THREADS is set where the pool was built with threads.
#if defined(EXPECT_THREADS)
constexpr bool kThreads = true;
#else
constexpr bool kThreads = false;
#endif

namespace fcn::platform {
namespace {

TEST(ThreadPool, HasTheSizeAskedFor) {
  EXPECT_EQ(ThreadPool().size(), 1u);
  for (std::size_t threads : {1, 2, 3, 8}) EXPECT_EQ(ThreadPool(threads).size(), kThreads ? threads : 1);
  EXPECT_EQ(ThreadPool(0).size(), hardware_threads());
  EXPECT_LE(ThreadPool(SIZE_MAX).size(), 1024u);
}

TEST(ThreadPool, VisitsEveryIndexOnce) {
  for (std::size_t threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (std::size_t count : {0, 1, 2, 3, 7, 8, 9, 1000, 50000}) {
      std::vector<std::atomic<int>> visits(count);
      std::atomic<bool> strange_worker{false};
      pool.parallel_for(count, [&](std::size_t index, std::size_t worker) {
        if (worker >= pool.size()) strange_worker = true;
        visits.at(index).fetch_add(1);
      });
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(visits[i], 1) << threads << " threads, index " << i;
      EXPECT_FALSE(strange_worker);
    }
  }
}

// Two iterations with one worker number never run at once: scratch memory per worker is safe.
TEST(ThreadPool, AWorkerNumberBelongsToOneThread) {
  ThreadPool pool(4);
  std::vector<std::set<std::thread::id>> ids(pool.size());
  for (int repeat = 0; repeat < 20; ++repeat) {
    pool.parallel_for(
        2000, [&](std::size_t, std::size_t worker) { ids[worker].insert(std::this_thread::get_id()); });
  }
  std::set<std::thread::id> all;
  for (std::size_t worker = 0; worker < pool.size(); ++worker) {
    EXPECT_LE(ids[worker].size(), 1u) << worker;
    for (const auto id : ids[worker]) EXPECT_TRUE(all.insert(id).second) << "one thread, two workers";
  }
  EXPECT_TRUE(ids[0].empty() || ids[0].count(std::this_thread::get_id()) == 1);
}

#if defined(EXPECT_THREADS)
// Two iterations that wait for each other end only if two threads run them.
TEST(ThreadPool, ReallyRunsAtOnce) {
  ThreadPool pool(2);
  std::atomic<int> arrived{0};
  pool.parallel_for(2, [&](std::size_t, std::size_t) {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 2);
}

// Nobody goes on before everybody has begun, so that no share is helped with.
TEST(ThreadPool, EachWorkerBeginsWithItsOwnShare) {
  ThreadPool pool(3);
  std::atomic<int> arrived{0};
  std::vector<std::size_t> first(3, SIZE_MAX);
  pool.parallel_for(10, [&](std::size_t index, std::size_t worker) {
    if (first[worker] != SIZE_MAX) return;
    first[worker] = index;
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
  });
  EXPECT_EQ(first, (std::vector<std::size_t>{0, 3, 6}));
}

// Worker 0 stays with its first index until somebody has taken another of its share.
TEST(ThreadPool, WhoIsDoneHelpsOthers) {
  ThreadPool pool(2);
  std::atomic<bool> helped{false};
  pool.parallel_for(8, [&](std::size_t index, std::size_t worker) {
    if (worker == 1 && index < 4) helped = true;
    while (worker == 0 && !helped) std::this_thread::yield();
  });
  EXPECT_TRUE(helped);
}
#endif

TEST(ThreadPool, OneThreadIsTheCallerInOrder) {
  ThreadPool pool(1);
  const auto caller = std::this_thread::get_id();
  std::vector<std::size_t> order;
  pool.parallel_for(100, [&](std::size_t index, std::size_t worker) {
    EXPECT_EQ(worker, 0u);
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(index);
  });
  std::vector<std::size_t> expected(100);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  EXPECT_EQ(order, expected);
}

TEST(ThreadPool, WorksAgainAndAgain) {
  ThreadPool pool(3);
  std::size_t total = 0, expected = 0;
  std::vector<std::size_t> values(64);
  for (std::size_t repeat = 0; repeat < 1000; ++repeat) {
    const std::size_t count = repeat % values.size();
    std::fill(values.begin(), values.end(), 0);
    pool.parallel_for(count, [&](std::size_t index, std::size_t) { values[index] = repeat + index; });
    total = std::accumulate(values.begin(), values.end(), total);
    for (std::size_t index = 0; index < count; ++index) expected += repeat + index;
  }
  EXPECT_EQ(total, expected);
}

TEST(ThreadPool, ResultsDoNotDependOnItsSize) {
  std::vector<double> reference;
  for (std::size_t threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    std::vector<double> values(3000);
    pool.parallel_for(values.size(), [&](std::size_t index, std::size_t) {
      double x = static_cast<double>(index) + 1;
      for (int i = 0; i < 50; ++i) x = x / 3 + 1 / x;
      values[index] = x;
    });
    if (reference.empty()) reference = values;
    EXPECT_EQ(values, reference) << threads;
  }
}

TEST(ThreadPool, StartsAndEndsWithoutWork) {
  for (int repeat = 0; repeat < 200; ++repeat) ThreadPool pool(4);
}

// A loop of 1000 over the pool is right.
void expect_usable(ThreadPool& pool) {
  std::vector<std::atomic<int>> visits(1000);
  pool.parallel_for(visits.size(), [&](std::size_t index, std::size_t) { ++visits[index]; });
  for (const auto& count : visits) ASSERT_EQ(count, 1);
}

#if defined(__cpp_exceptions)
// Whoever is to throw does at its first index, once every worker has begun; then nobody gets another index but those
// that are in the middle of one.
enum class Thrower { kCaller, kOther, kBoth };
void expect_exception_of(Thrower thrower, std::size_t threads) {
  ThreadPool pool(threads);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::atomic<std::size_t> arrived{0}, thrown{0}, visits{0};
    std::vector<int> begun(pool.size());
    std::string message;
    try {
      std::vector<std::size_t> local(100, 1);  // gone when the exception leaves
      pool.parallel_for(100000, [&](std::size_t index, std::size_t worker) {
        visits += local[index % local.size()];
        if (begun[worker]++ != 0) return;
        ++arrived;
        while (arrived < pool.size()) std::this_thread::yield();
        const bool throws = thrower == Thrower::kBoth || (worker == 0) == (thrower == Thrower::kCaller);
        if (!throws) {
          while (thrown == 0) std::this_thread::yield();
          return;
        }
        ++thrown;
        throw std::runtime_error("worker " + std::to_string(worker));
      });
      ADD_FAILURE() << "no exception";
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    EXPECT_EQ(message.substr(0, 7), "worker ");
    if (thrower != Thrower::kBoth) {
      EXPECT_EQ(message == "worker 0", thrower == Thrower::kCaller) << message;
    }
    EXPECT_LT(visits, 100000u);
    expect_usable(pool);
  }
}

TEST(ThreadPool, AnExceptionOfTheCallerLeavesWhenAllAreDone) {
  expect_exception_of(Thrower::kCaller, 1);
  if (kThreads) expect_exception_of(Thrower::kCaller, 2);
  if (kThreads) expect_exception_of(Thrower::kCaller, 4);
}
TEST(ThreadPool, AnExceptionOfAnotherWorkerIsThrownInTheCaller) {
  if (!kThreads) GTEST_SKIP() << "a pool without threads has no other worker";
  expect_exception_of(Thrower::kOther, 2);
  expect_exception_of(Thrower::kOther, 4);
}
TEST(ThreadPool, OfSeveralExceptionsOneIsThrown) {
  if (!kThreads) GTEST_SKIP() << "a pool without threads has no other worker";
  expect_exception_of(Thrower::kBoth, 2);
  expect_exception_of(Thrower::kBoth, 4);
}

TEST(ThreadPool, EveryAllocationOfItsConstructorMayFail) {
  bool made = false;
  for (std::size_t number = 0; !made; ++number) {
    ASSERT_LT(number, 100u);
    test::FailingAllocation failing(number);
    try {
      ThreadPool pool(4);
      made = !failing.failed();
      EXPECT_TRUE(made) << "allocation " << number << " failed without notice";
      failing.disarm();
      expect_usable(pool);
    } catch (const std::bad_alloc&) {
      EXPECT_TRUE(failing.failed());
    }
  }
}
#endif

TEST(ThreadPool, WorkersRoundAsTheirCallerDoes) {
  const auto workers_in = [](ThreadPool& pool, const test::Observed& mode) {
    std::atomic<std::size_t> same{0}, arrived{0};
    pool.parallel_for(pool.size(), [&](std::size_t, std::size_t) {
      same += test::observe() == mode;
      ++arrived;
      while (arrived < pool.size()) std::this_thread::yield();
    });
    return same.load();
  };
  ThreadPool old(3);
  const test::Observed nearest = test::observe();
  for (const test::Rounding mode : test::roundings()) {
    if (mode == test::Rounding::kTrapping) continue;  // observe() would trap
    std::unique_ptr<ThreadPool> young;
    std::size_t in_old = 0, in_young = 0;
    test::run_in(mode, [&] {
      const test::Observed here = test::observe();
      young = std::make_unique<ThreadPool>(3);
      in_old = workers_in(old, here);
      in_young = workers_in(*young, here);
    });
    EXPECT_EQ(in_old, old.size()) << test::name_of(mode);
    EXPECT_EQ(in_young, young->size()) << test::name_of(mode);
    EXPECT_EQ(workers_in(old, nearest), old.size()) << test::name_of(mode);
    EXPECT_EQ(workers_in(*young, nearest), young->size()) << test::name_of(mode);
  }
}

// The child must end by itself within 20 seconds.
template <class Body>
int exit_code_of_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(body());
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// Forked while workers look for work, while they sleep, and while they may hold the mutex.
TEST(ThreadPool, AChildProcessRunsItAloneAndDestroysIt) {
  for (const int pause_us : {0, 10, 100, 20000}) {
    for (int repeat = 0; repeat < 10; ++repeat) {
      auto pool = std::make_unique<ThreadPool>(3);
      const std::size_t size = pool->size();
      expect_usable(*pool);
      usleep(static_cast<useconds_t>(pause_us));
      const int code = exit_code_of_child([&] {
        const auto caller = std::this_thread::get_id();
        int failed = pool->size() == size ? 0 : 1;
        for (int loop = 0; loop < 3; ++loop) {
          std::size_t sum = 0;
          pool->parallel_for(100, [&](std::size_t index, std::size_t worker) {
            sum += index;
            if (worker != 0 || std::this_thread::get_id() != caller) failed = 2;
          });
          if (sum != 4950) failed = 3;
        }
        pool.reset();
        return failed;
      });
      ASSERT_EQ(code, 0) << "after " << pause_us << " us";
      expect_usable(*pool);
    }
  }
}

TEST(ThreadPool, AChildProcessMayMakeItsOwn) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer starts no threads after a fork";
#elif defined(EXPECT_EMULATOR)
  GTEST_SKIP() << "qemu starts no threads after a fork";
#endif
  ThreadPool pool(2);
  expect_usable(pool);
  EXPECT_EQ(exit_code_of_child([] {
              ThreadPool own(2);
              std::atomic<std::size_t> sum{0};
              own.parallel_for(100, [&](std::size_t index, std::size_t) { sum += index; });
              return sum == 4950 ? 0 : 1;
            }),
            0);
}

TEST(HardwareThreads, FollowsTheAffinityMask) {
  const std::size_t all = hardware_threads();
  ASSERT_GE(all, 1u);
  if (!kThreads) {
    EXPECT_EQ(all, 1u);
    return;
  }
#if defined(__linux__)
  cpu_set_t before;
  if (sched_getaffinity(0, sizeof before, &before) != 0) GTEST_SKIP() << "the affinity mask cannot be read";
  EXPECT_EQ(all, static_cast<std::size_t>(CPU_COUNT(&before)));
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const std::size_t pinned = hardware_threads();
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(pinned, 1u);
#endif
}

#if defined(__linux__) && defined(EXPECT_THREADS) && !defined(__SANITIZE_ADDRESS__)
// 200 stacks of 8 MB do not fit in 100 MB of addresses; what could be started must do the work.
[[noreturn]] void run_with_few_addresses() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t limit = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{100} << 20);
  const rlimit few{.rlim_cur = limit, .rlim_max = limit};
  if (setrlimit(RLIMIT_AS, &few) != 0) _exit(3);
  int failed = 0;
  {
    ThreadPool pool(200);
    if (pool.size() >= 200) failed = 1;
    std::atomic<std::size_t> sum{0};
    pool.parallel_for(1000, [&](std::size_t index, std::size_t) { sum += index; });
    if (sum != 499500) failed = 2;
  }
  _exit(failed);
}

// Emulators of one program ignore the limit, and say that there is none. Tried with one that does not hurt.
bool addresses_can_be_limited() {
  rlimit before{}, after{};
  if (getrlimit(RLIMIT_AS, &before) != 0) return false;
  const rlimit many{.rlim_cur = ~rlim_t{0} >> 16, .rlim_max = before.rlim_max};
  const bool done = setrlimit(RLIMIT_AS, &many) == 0 && getrlimit(RLIMIT_AS, &after) == 0 &&
                    after.rlim_cur == many.rlim_cur;
  return setrlimit(RLIMIT_AS, &before) == 0 && done;
}

TEST(ThreadPoolDeathTest, TakesFewerThreadsWhereTheSystemRefuses) {
  if (!addresses_can_be_limited()) GTEST_SKIP() << "the limit of addresses has no effect here";
  EXPECT_EXIT(run_with_few_addresses(), testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace fcn::platform
