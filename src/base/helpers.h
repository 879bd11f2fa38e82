// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

namespace contraflow {

// As many as the system has, asked once.
unsigned processors();

// Other threads that do `work` beside the caller. They stay for whoever needs some next: one that begins costs a heap of its own, and one that ends has to give it back.
class Helpers {
 public:
  Helpers(unsigned count, std::function<void()> work);  // called once on each of `count` threads, or on fewer; it may not throw
  ~Helpers();                                           // waits for those that have begun; the others do not begin any more
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

 private:
  struct Job;
  struct Pool;
  static Pool& pool();
  static void serve(Pool& pool);
  std::shared_ptr<Job> job_;
};

}  // namespace contraflow
