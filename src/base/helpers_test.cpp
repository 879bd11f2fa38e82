// SPDX-License-Identifier: Apache-2.0
#include "base/helpers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

namespace contraflow {
namespace {

// Waits until each of `count` threads is in the work.
std::set<std::thread::id> threads_at_once(unsigned count) {
  std::mutex mutex;
  std::set<std::thread::id> ids;
  std::atomic<unsigned> there = 0;
  const Helpers helpers(count, [&] {
    {
      const std::lock_guard lock(mutex);
      ids.insert(std::this_thread::get_id());
    }
    ++there;
    while (there < count) std::this_thread::yield();
  });
  while (there < count) std::this_thread::yield();
  const std::lock_guard lock(mutex);
  return ids;
}

std::ptrdiff_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

TEST(Helpers, AreOtherThreadsAllAtOnceAndStay) {
  const std::set<std::thread::id> first = threads_at_once(3);
  EXPECT_EQ(first.size(), 3U);
  EXPECT_FALSE(first.contains(std::this_thread::get_id()));
  const std::ptrdiff_t threads = threads_of_this_process();
  EXPECT_GE(threads, 4);
  EXPECT_EQ(threads_at_once(3).size(), 3U);
  EXPECT_EQ(threads_of_this_process(), threads);
}

TEST(Helpers, WhatHasBegunIsWaitedFor) {
  for (int i = 0; i < 200; ++i) {
    std::atomic<int> begun = 0, ended = 0;
    {
      const Helpers helpers(2, [&] {
        ++begun;
        std::this_thread::yield();
        ++ended;
      });
    }
    EXPECT_EQ(begun, ended);
    EXPECT_LE(begun, 2);
  }
}

TEST(Helpers, HelpersMayHaveHelpers) {
  std::atomic<int> done = 0;
  {
    const Helpers outer(2, [&] {
      const Helpers inner(2, [&] { ++done; });
      ++done;
    });
    while (done < 2) std::this_thread::yield();
  }
  EXPECT_GE(done, 2);
}

TEST(Helpers, NoneIsNone) {
  const Helpers helpers(0, [] { FAIL(); });
}

}  // namespace
}  // namespace contraflow
