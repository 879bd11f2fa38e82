// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>

namespace contraflow {

// As many as the system has, asked once.
unsigned processors();

// Waits, without the lock, until ready() or for some microseconds: who sleeps wakes late, and later still where the processor sleeps, too, while what threads wait
// for here comes at once or not soon. To be followed by a wait that sleeps.
void linger(std::unique_lock<std::mutex>& lock, const std::function<bool()>& ready);

// Other threads that do `work` beside the caller. They stay for whoever needs some next: one that begins costs a heap of its own, and one that ends has to give it back.
class Helpers {
 public:
  Helpers(unsigned count, std::function<void()> work);  // called once on each of `count` threads, or on fewer; it may not throw
  ~Helpers();                                           // waits for those that have begun; the others do not begin any more
  static void expect();                                 // starts one that is soon wanted: it takes its time to begin
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

 private:
  struct Job;
  struct Pool;
  static Pool& pool();
  static void serve(Pool& pool);
  static void start(Pool& pool, std::size_t threads);  // until there are so many
  std::shared_ptr<Job> job_;
};

}  // namespace contraflow
