// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sql/name.h"

namespace contraflow::effects {

// Table-level lock modes, weakest first.
enum class LockMode {
  none,
  access_share,
  row_share,
  row_exclusive,
  share_update_exclusive,
  share,
  share_row_exclusive,
  exclusive,
  access_exclusive,
};
std::string_view lock_name(LockMode mode);  // "ACCESS EXCLUSIVE"
bool blocks_reads(LockMode mode);
bool blocks_writes(LockMode mode);

// What grows with the table.
enum class Work { none,
                  scan,
                  rewrite,
                  index_build };
std::string_view work_name(Work work);  // "none", "scan", "rewrite", "index_build"

struct Effect {
  sql::QualifiedName relation;
  LockMode lock = LockMode::none;
  Work work = Work::none;
};

}  // namespace contraflow::effects
