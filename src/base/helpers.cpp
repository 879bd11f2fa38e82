// SPDX-License-Identifier: Apache-2.0
#include "base/helpers.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace contraflow {

namespace {

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

unsigned processors() {
  static const unsigned count = std::max(1U, std::thread::hardware_concurrency());
  return count;
}

void linger(std::unique_lock<std::mutex>& lock, const std::function<bool()>& ready) {
  constexpr auto kLongest = std::chrono::microseconds(60);
  constexpr int kPauses = 16;
  if (processors() == 1 || ready()) return;
  const auto end = std::chrono::steady_clock::now() + kLongest;
  do {
    lock.unlock();
    for (int i = 0; i < kPauses; ++i) pause_briefly();
    lock.lock();
  } while (!ready() && std::chrono::steady_clock::now() < end);
}

struct Helpers::Job {
  std::function<void()> work;
  unsigned running = 0;
};

struct Helpers::Pool {
  std::mutex mutex;  // of all of it, and of the jobs
  std::condition_variable wanted, left;
  std::deque<std::shared_ptr<Job>> waiting;  // each once for every thread that it may have
  std::size_t threads = 0, busy = 0;
};

namespace {

// A thread that has just begun shares its maker's processor where no other is idle, however little is done there, and moves milliseconds later, when a short
// command is over. So it leaves at once; where it runs afterwards is the system's business.
void leave_processor(int number) {
  cpu_set_t all, others;
  if (number < 0 || ::sched_getaffinity(0, sizeof all, &all) != 0) return;
  others = all;
  CPU_CLR(static_cast<std::size_t>(number), &others);
  if (CPU_COUNT(&others) == 0 || ::sched_setaffinity(0, sizeof others, &others) != 0) return;
  ::sched_setaffinity(0, sizeof all, &all);
}

}  // namespace

// Never destroyed: its threads wait in it while the program ends.
Helpers::Pool& Helpers::pool() {
  static Pool* const kept = new Pool;
  return *kept;
}

void Helpers::serve(Pool& pool) {
  std::unique_lock lock(pool.mutex);
  while (true) {
    const auto is_wanted = [&] { return !pool.waiting.empty(); };
    linger(lock, is_wanted);
    pool.wanted.wait(lock, is_wanted);
    const std::shared_ptr<Job> job = std::move(pool.waiting.front());
    pool.waiting.pop_front();
    ++pool.busy;
    ++job->running;
    lock.unlock();
    job->work();
    lock.lock();
    --job->running;
    --pool.busy;
    pool.left.notify_all();
  }
}

Helpers::Helpers(unsigned count, std::function<void()> work) {
  if (count == 0) return;
  job_ = std::make_shared<Job>();
  job_->work = std::move(work);
  Pool& all = pool();
  const std::lock_guard lock(all.mutex);
  for (unsigned i = 0; i < count; ++i) all.waiting.push_back(job_);
  start(all, all.busy + all.waiting.size());
  all.wanted.notify_all();
}

void Helpers::expect() {
  if (processors() == 1) return;
  Pool& all = pool();
  const std::lock_guard lock(all.mutex);
  start(all, 1);
}

void Helpers::start(Pool& pool, std::size_t threads) {
  try {
    for (; pool.threads < threads; ++pool.threads) {
      std::thread([&pool, maker = ::sched_getcpu()] {
        leave_processor(maker);
        void* volatile first = std::malloc(1);  // its heap begins before there is work
        std::free(first);
        serve(pool);
      }).detach();
    }
  } catch (const std::system_error&) {
    // The system gives no more threads: the caller does what nobody helps with.
  }
}

Helpers::~Helpers() {
  if (job_ == nullptr) return;
  Pool& all = pool();
  std::unique_lock lock(all.mutex);
  std::erase(all.waiting, job_);
  const auto done = [&] { return job_->running == 0; };
  linger(lock, done);
  all.left.wait(lock, done);
}

}  // namespace contraflow
