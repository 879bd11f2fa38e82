// SPDX-License-Identifier: Apache-2.0
#include "effects/operation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"

namespace contraflow::effects {
namespace {

std::string locks_page() {
  std::string out =
      "# What statements lock\n\nMade from `src/effects/operation.cpp`; `UPDATE_GOLDEN=1 effects_tests` renews it. \"Work\" grows with the table and is done while the lock is held. The lock of the other table: the "
      "referenced one, the parent, or the table that references.\n\n| operation | lock | on the other table | work |\n|---|---|---|---|\n";
  for (const OperationFacts* facts = begin_facts(); facts != end_facts(); ++facts) {
    out += fmt::format("| {} | {} | {} | {} |\n", facts->name, lock_name(facts->lock), facts->other == LockMode::none ? "" : lock_name(facts->other), facts->work == Work::none ? "" : work_name(facts->work));
  }
  return out;
}

TEST(Operations, CommittedPageIsCurrent) {
  const std::string path = std::string(CONTRAFLOW_SOURCE_DIR) + "/docs/locks.md";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) write_file(path, locks_page());
  EXPECT_EQ(read_file(path), locks_page()) << "run the tests with UPDATE_GOLDEN=1";
}

TEST(Operations, WorkUnderAWeakLockIsTheOnlineWay) {
  EXPECT_FALSE(blocks_writes(lock_of(Operation::validate_check, 15)));
  EXPECT_FALSE(blocks_writes(lock_of(Operation::create_index_concurrently, 15)));
  EXPECT_TRUE(blocks_writes(lock_of(Operation::create_index, 15)));
  EXPECT_TRUE(blocks_reads(lock_of(Operation::set_not_null, 15)));
}

}  // namespace
}  // namespace contraflow::effects
