// SPDX-License-Identifier: Apache-2.0
#include "effects/effect.h"

#include <stdexcept>

namespace contraflow::effects {

std::string_view lock_name(LockMode mode) {
  switch (mode) {
    case LockMode::none: return "none";
    case LockMode::access_share: return "ACCESS SHARE";
    case LockMode::row_share: return "ROW SHARE";
    case LockMode::row_exclusive: return "ROW EXCLUSIVE";
    case LockMode::share_update_exclusive: return "SHARE UPDATE EXCLUSIVE";
    case LockMode::share: return "SHARE";
    case LockMode::share_row_exclusive: return "SHARE ROW EXCLUSIVE";
    case LockMode::exclusive: return "EXCLUSIVE";
    case LockMode::access_exclusive: return "ACCESS EXCLUSIVE";
  }
  throw std::logic_error("internal error: lock mode out of range");
}

// Lock conflict table of the PostgreSQL documentation, section 13.3.1: a SELECT takes ACCESS SHARE, a write ROW EXCLUSIVE.
bool blocks_reads(LockMode mode) { return mode == LockMode::access_exclusive; }
bool blocks_writes(LockMode mode) { return mode >= LockMode::share; }

std::string_view work_name(Work work) {
  switch (work) {
    case Work::none: return "none";
    case Work::scan: return "scan";
    case Work::rewrite: return "rewrite";
    case Work::index_build: return "index_build";
  }
  throw std::logic_error("internal error: work out of range");
}

}  // namespace contraflow::effects
